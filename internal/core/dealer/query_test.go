package dealer_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// told is what the changes of a dealer have told: the callees of each registration.
type told map[wamp.ID][]wamp.ID

// hear takes changes in and reports whether each can follow what was before (RM-1).
func (r told) hear(changes []core.Change) bool {
	for _, c := range changes {
		id, peer := c.Entry.ID, c.Peer.ID
		callees, there := r[id]
		is := slices.Contains(callees, peer)
		switch {
		case c.Of != wamp.CodeRegister:
			return false
		case c.Entry.URI.Reserved(): // not told of (META-2)
		case c.Kind == core.Created && !there:
			r[id] = nil
		case c.Kind == core.Entered && there && !is:
			r[id] = append(callees, peer)
		case c.Kind == core.Parted && is:
			r[id] = slices.DeleteFunc(callees, func(p wamp.ID) bool { return p == peer })
		case c.Kind == core.Deleted && there && len(callees) == 0:
			delete(r, id)
		default:
			return false
		}
	}
	return true
}

// check compares with what the dealer answers.
func (r told) check(t *rapid.T, d *dealer.Dealer) {
	ids := d.IDs()
	if n := len(ids[0]) + len(ids[1]) + len(ids[2]); n != len(r) {
		t.Fatalf("the dealer has %d registrations, was told of %d", n, len(r))
	}
	for id, want := range r {
		if got, ok := d.Callees(id); !ok || !slices.Equal(got, want) {
			t.Fatalf("registration %d has the callees %v, was told of %v", id, got, want)
		}
	}
}

func TestQueries(t *testing.T) { // RM-2, META-2
	t.Parallel()
	r := newRealm(t, dealer.Options{})
	alice, service := r.join("alice"), r.join("service")
	service.Trusted = true
	for i, m := range []wamp.Register{
		{Procedure: "com.example.one"},
		{Procedure: "com.example", Match: wamp.MatchPrefix, Invoke: wamp.InvokeLast},
		{Procedure: "com..two", Match: wamp.MatchWildcard},
	} {
		m.Request = wamp.ID(i + 1)
		r.dealer.Register(alice, &m, r.now, &r.out)
	}
	r.dealer.Register(service, &wamp.Register{Request: 1, Procedure: "wamp.own"}, r.now, &r.out)
	r.out.Reset()

	if diff := cmp.Diff([3][]wamp.ID{{1}, {2}, {3}}, r.dealer.IDs()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
	want := core.Entry{ID: 2, URI: "com.example", Match: wamp.MatchPrefix, Invoke: wamp.InvokeLast, Created: r.now}
	if got, ok := r.dealer.Entry(2); !ok || got != want {
		t.Errorf("Entry(2) = %+v, %v, want %+v", got, ok, want)
	}
	for uri, want := range map[wamp.URI]wamp.ID{"com.example.one": 1, "com.example.two": 2, "com.x.two": 3, "org": 0, "wamp.own": 0} {
		if got, ok := r.dealer.Match(uri); got.ID != want || ok != (want != 0) {
			t.Errorf("Match(%q) = %d, %v, want %d", uri, got.ID, ok, want)
		}
	}
	if got, ok := r.dealer.Lookup("com.example", wamp.MatchExact); ok {
		t.Errorf("Lookup finds %+v by another policy", got)
	}
	if got, ok := r.dealer.Lookup("com..two", wamp.MatchWildcard); !ok || got.ID != 3 {
		t.Errorf("Lookup = %+v, %v, want registration 3", got, ok)
	}
	if _, ok := r.dealer.Callees(4); ok {
		t.Error("what is registered below wamp. has callees to tell of")
	}
}

func TestRemoveCallee(t *testing.T) { // REV-1, REV-4
	t.Parallel()
	r := newRealm(t, dealer.Options{})
	informed, ignorant := r.join("informed", all...), r.join("ignorant")
	for _, p := range r.present {
		r.dealer.Register(p, &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeFirst}, r.now, &r.out)
	}
	r.out.Reset()
	remove := func(registration wamp.ID, p *core.Peer, reason string) (exists, removed bool) {
		return r.dealer.RemoveCallee(registration, p.ID, reason, &r.out)
	}
	if exists, _ := remove(2, informed, ""); exists {
		t.Error("a registration that there is not exists")
	}
	if exists, removed := remove(1, informed, ""); !exists || !removed {
		t.Error("a callee was not removed")
	}
	r.check("remove informed", []sent{to(informed, &wamp.Unregistered{Registration: 1, Reason: "wamp.error.unregistered"})})
	if exists, removed := remove(1, informed, ""); !exists || removed {
		t.Error("a callee was removed again")
	}
	if exists, removed := remove(1, ignorant, "why"); !exists || !removed {
		t.Error("the last callee was not removed")
	}
	r.check("remove ignorant", nil)
	if exists, _ := remove(1, ignorant, ""); exists {
		t.Error("a registration without callees exists")
	}
}
