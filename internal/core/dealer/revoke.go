package dealer

import (
	"cmp"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// revoked is the reason in UNREGISTERED that Crossbar.io gives and clients know.
const revoked = "wamp.error.unregistered"

// RemoveCallee takes a registration from the session with the given ID; reason
// may be empty. It reports whether there is such a registration, and whether
// the session was one of its callees.
func (d *Dealer) RemoveCallee(registration, callee wamp.ID, reason string, out *core.Deliveries) (exists, removed bool) {
	if _, ok := d.Entry(registration); !ok {
		return false, false
	}
	for _, e := range d.byID[registration].endpoints {
		if e.callee.peer.ID == callee {
			d.revoke(e, cmp.Or(reason, revoked), out)
			return true, true
		}
	}
	return true, false
}

// revokeAll takes a registration from all its callees.
func (d *Dealer) revokeAll(r *registration, out *core.Deliveries) {
	for len(r.endpoints) > 0 {
		d.revoke(r.endpoints[0], revoked, out)
	}
}

// revoke takes a registration from a callee, and tells it if it announced to
// understand that (REV-1). Pending calls may be answered (REV-3).
func (d *Dealer) revoke(e *endpoint, reason string, out *core.Deliveries) {
	d.withdraw(e, out)
	if e.callee.announced(wamp.FeatureRegistrationRevocation) {
		out.Send(e.callee.peer, &wamp.Unregistered{Registration: e.registration.id, Reason: reason})
	}
}
