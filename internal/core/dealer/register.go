package dealer

import (
	"fmt"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Register adds the peer to the registration of m.Procedure and m.Match, which
// comes into being with its first callee. It sends REGISTERED or ERROR.
//
// Registering again for a registration that the peer shares already changes
// nothing (SHR-3). With m.ForceReregister, all callees of an existing
// registration lose it to the peer (REV-4).
func (d *Dealer) Register(from *core.Peer, m *wamp.Register, now time.Time, out *core.Deliveries) {
	if r := d.refuseRegister(from, m); r != nil {
		out.Refuse(from, wamp.CodeRegister, m.Request, r.uri, r.why)
		return
	}
	r, exists := d.procedures.Get(m.Procedure, m.Match)
	if exists && m.ForceReregister {
		d.revokeAll(r, out)
		exists = false
	}
	if exists && (r.invoke == wamp.InvokeSingle || r.invoke != m.Invoke) {
		out.Refuse(from, wamp.CodeRegister, m.Request, wamp.ErrProcedureAlreadyExists, alreadyExists(r, m))
		return
	}
	s := d.session(from)
	if !exists || s.endpoints[r.id] == nil {
		if len(s.endpoints) >= d.o.MaxRegistrations {
			r := tooMany("registrations", d.o.MaxRegistrations)
			out.Refuse(from, wamp.CodeRegister, m.Request, r.uri, r.why)
			return
		}
		if !exists {
			r = d.create(from, m, now, out)
		}
		d.enroll(s, r, m, out)
	}
	out.Send(from, &wamp.Registered{Request: m.Request, Registration: r.id})
	d.serve(r, out) // ORD-4: not before REGISTERED
}

// refuseRegister returns why a REGISTER is refused whatever is registered, or nil.
func (d *Dealer) refuseRegister(from *core.Peer, m *wamp.Register) *refusal {
	switch {
	case !m.Procedure.ValidPattern(m.Match, d.o.URIRule):
		return invalidURI(m.Match.String()+" registration", m.Procedure, d.o.URIRule)
	case m.Procedure.Reserved() && !from.Trusted: // URI-3
		return &refusal{wamp.ErrInvalidURI, core.ReservedURI("procedure", m.Procedure)}
	case m.DiscloseCaller && d.o.RefuseDisclosure && !from.Trusted:
		return &refusal{wamp.ErrDiscloseMeNotAllowed, "this realm does not disclose who calls: leave disclose_caller out"}
	}
	return nil
}

// alreadyExists says what is in the way of a REGISTER.
func alreadyExists(r *registration, m *wamp.Register) string {
	if r.invoke == m.Invoke {
		return fmt.Sprintf("procedure %s is registered already, for one callee only", core.Quote(m.Procedure))
	}
	return fmt.Sprintf("procedure %s is registered already, with invoke %v", core.Quote(m.Procedure), r.invoke)
}

// create adds a registration. Its ID continues a sequence, since there are
// clients that cannot send back IDs above 2^32.
func (d *Dealer) create(by *core.Peer, m *wamp.Register, now time.Time, out *core.Deliveries) *registration {
	d.lastID = d.lastID.Next()
	r := &registration{
		id: d.lastID, uri: m.Procedure, match: m.Match, invoke: m.Invoke,
		created: now, limit: d.queueLimit(m.Procedure, m.Match),
	}
	d.procedures.Set(r.uri, r.match, r)
	d.byID[r.id] = r
	d.stats.Registrations++
	changed(core.Created, by, r, out)
	return r
}

func (d *Dealer) enroll(s *session, r *registration, m *wamp.Register, out *core.Deliveries) {
	e := &endpoint{
		registration:   r,
		callee:         s,
		discloseCaller: m.DiscloseCaller,
		forwardTimeout: m.ForwardTimeout && s.announced(wamp.FeatureCallTimeout),
		takesChunks:    s.announced(wamp.FeatureProgressiveCallInvocations) && s.announced(wamp.FeatureCallCanceling),
		mayRefuse:      s.announced(wamp.FeatureCallReroute),
		concurrency:    m.Concurrency,
	}
	r.endpoints = append(r.endpoints, e)
	if s.endpoints == nil {
		s.endpoints = map[wamp.ID]*endpoint{}
	}
	s.endpoints[r.id] = e
	changed(core.Entered, s.peer, r, out)
}

// Unregister withdraws the peer from a registration. Calls that it was invoked
// for stay pending and may be answered (RPC-7). It sends UNREGISTERED or ERROR.
func (d *Dealer) Unregister(from *core.Peer, m *wamp.Unregister, out *core.Deliveries) {
	e := d.endpoint(from, m.Registration)
	if e == nil {
		out.Refuse(from, wamp.CodeUnregister, m.Request, wamp.ErrNoSuchRegistration,
			fmt.Sprintf("this session has no registration %d", m.Registration))
		return
	}
	out.Send(from, &wamp.Unregistered{Request: m.Request})
	d.withdraw(e, out)
}

// endpoint returns the peer's endpoint in the registration with the given ID,
// or nil.
func (d *Dealer) endpoint(p *core.Peer, id wamp.ID) *endpoint {
	if s := d.sessions[p]; s != nil {
		return s.endpoints[id]
	}
	return nil
}

// withdraw removes an endpoint, and its registration with the last one.
func (d *Dealer) withdraw(e *endpoint, out *core.Deliveries) {
	r := e.registration
	delete(e.callee.endpoints, r.id)
	r.remove(e)
	changed(core.Parted, e.callee.peer, r, out)
	if len(r.endpoints) == 0 {
		d.procedures.Delete(r.uri, r.match)
		delete(d.byID, r.id)
		d.stats.Registrations--
		changed(core.Deleted, e.callee.peer, r, out)
		d.disband(r, out)
	}
}

// changed has the meta API tell of a registration (RM-1).
func changed(k core.ChangeKind, by *core.Peer, r *registration, out *core.Deliveries) {
	out.Change(core.Change{Kind: k, Of: wamp.CodeRegister, Peer: by, Entry: r.entry()})
}
