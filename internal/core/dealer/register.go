package dealer

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// revoked is the reason in UNREGISTERED that Crossbar.io gives and clients know.
const revoked = "wamp.error.unregistered"

// Register adds the peer to the registration of m.Procedure and m.Match, which
// comes into being with its first callee. It sends REGISTERED or ERROR.
//
// Registering again for a registration that the peer shares already changes
// nothing (SHR-3). With m.ForceReregister, all callees of an existing
// registration lose it to the peer (REV-4).
func (d *Dealer) Register(from *core.Peer, m *wamp.Register, out *core.Deliveries) {
	if refusal := d.refuseRegister(from, m); refusal != "" {
		out.SendError(from, wamp.CodeRegister, m.Request, refusal)
		return
	}
	r, exists := d.procedures.Get(m.Procedure, m.Match)
	if exists && m.ForceReregister {
		d.revoke(r, out)
		exists = false
	}
	if exists && (r.invoke == wamp.InvokeSingle || r.invoke != m.Invoke) {
		out.SendError(from, wamp.CodeRegister, m.Request, wamp.ErrProcedureAlreadyExists)
		return
	}
	s := d.session(from)
	if !exists || s.endpoints[r.id] == nil {
		if len(s.endpoints) >= d.o.MaxRegistrations {
			out.SendError(from, wamp.CodeRegister, m.Request, wamp.ErrLimitExceeded)
			return
		}
		if !exists {
			r = d.create(m)
		}
		s.enroll(r, m)
	}
	out.Send(from, &wamp.Registered{Request: m.Request, Registration: r.id})
}

// refuseRegister returns why a REGISTER is refused whatever is registered, or "".
func (d *Dealer) refuseRegister(from *core.Peer, m *wamp.Register) wamp.ErrorURI {
	switch {
	case !m.Procedure.ValidPattern(m.Match, d.o.URIRule):
		return wamp.ErrInvalidURI
	case m.Procedure.Reserved() && !from.Trusted: // URI-3
		return wamp.ErrInvalidURI
	case m.DiscloseCaller && d.o.RefuseDisclosure:
		return wamp.ErrDiscloseMeNotAllowed
	}
	return ""
}

// create adds a registration. Its ID continues a sequence, since there are
// clients that cannot send back IDs above 2^32.
func (d *Dealer) create(m *wamp.Register) *registration {
	d.registration = d.registration.Next()
	r := &registration{id: d.registration, uri: m.Procedure, match: m.Match, invoke: m.Invoke}
	d.procedures.Set(r.uri, r.match, r)
	d.stats.Registrations++
	return r
}

func (s *session) enroll(r *registration, m *wamp.Register) {
	e := &endpoint{
		registration:   r,
		callee:         s,
		discloseCaller: m.DiscloseCaller,
		forwardTimeout: m.ForwardTimeout && s.announced(wamp.FeatureCallTimeout),
		concurrency:    m.Concurrency,
	}
	r.endpoints = append(r.endpoints, e)
	if s.endpoints == nil {
		s.endpoints = map[wamp.ID]*endpoint{}
	}
	s.endpoints[r.id] = e
}

// Unregister withdraws the peer from a registration. Calls that it was invoked
// for stay pending and may be answered (RPC-7). It sends UNREGISTERED or ERROR.
func (d *Dealer) Unregister(from *core.Peer, m *wamp.Unregister, out *core.Deliveries) {
	e := d.endpoint(from, m.Registration)
	if e == nil {
		out.SendError(from, wamp.CodeUnregister, m.Request, wamp.ErrNoSuchRegistration)
		return
	}
	d.withdraw(e)
	out.Send(from, &wamp.Unregistered{Request: m.Request})
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
func (d *Dealer) withdraw(e *endpoint) {
	r := e.registration
	delete(e.callee.endpoints, r.id)
	r.remove(e)
	if len(r.endpoints) == 0 {
		d.procedures.Delete(r.uri, r.match)
		d.stats.Registrations--
	}
}

// revoke takes a registration from all its callees, and tells those that
// announced to understand it (REV-1). Pending calls may be answered (REV-3).
func (d *Dealer) revoke(r *registration, out *core.Deliveries) {
	for len(r.endpoints) > 0 {
		e := r.endpoints[0]
		d.withdraw(e)
		if e.callee.announced(wamp.FeatureRegistrationRevocation) {
			out.Send(e.callee.peer, &wamp.Unregistered{Registration: r.id, Reason: revoked})
		}
	}
}
