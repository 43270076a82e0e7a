package dealer

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// The methods below answer the registration meta API (section 3.24). They only
// read, and do not know the registrations below "wamp." (META-2).

// IDs returns the IDs of all registrations by matching policy, in no order.
func (d *Dealer) IDs() (ids [3][]wamp.ID) {
	for id, r := range d.byID {
		if !r.uri.Reserved() {
			ids[r.match] = append(ids[r.match], id)
		}
	}
	return ids
}

// Entry returns the registration with the given ID, if there is one.
func (d *Dealer) Entry(id wamp.ID) (core.Entry, bool) { return known(d.byID[id]) }

// Lookup returns the registration of exactly this URI and policy (RM-2).
func (d *Dealer) Lookup(uri wamp.URI, m wamp.Match) (core.Entry, bool) {
	r, _ := d.procedures.Get(uri, m)
	return known(r)
}

// Match returns the registration that decides a call of the URI (RM-2).
func (d *Dealer) Match(uri wamp.URI) (core.Entry, bool) {
	r, _ := d.procedures.Best(uri)
	return known(r)
}

// Callees returns the callees of a registration, in order of registration.
func (d *Dealer) Callees(id wamp.ID) (callees []wamp.ID, ok bool) {
	if _, ok := d.Entry(id); !ok {
		return nil, false
	}
	for _, e := range d.byID[id].endpoints {
		callees = append(callees, e.callee.peer.ID)
	}
	return callees, true
}

// known returns what the meta API may tell of a registration, which may be nil.
func known(r *registration) (core.Entry, bool) {
	if r == nil || r.uri.Reserved() {
		return core.Entry{}, false
	}
	return r.entry(), true
}

func (r *registration) entry() core.Entry {
	return core.Entry{ID: r.id, URI: r.uri, Match: r.match, Invoke: r.invoke, Created: r.created}
}
