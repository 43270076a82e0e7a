package link

import (
	"slices"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// Whatever passes a link carries the trace of the links that it has passed, in
// the attribute forward_for that Crossbar.io's routers and their own links use
// too (R2R-1): for each of them its session in the realm that it took the
// message from. Two rules rest on it:
//
//   - Nothing passes the same link twice: neither of its sessions may be in the
//     trace. That alone ends every circle.
//   - Nothing passes more links than allowed. This ends circles before they
//     begin, and those in which links came back with new sessions meanwhile.
//
// The trace is not to be trusted: a client can make one up. All that this gives
// is that its own event or call is not passed on.

// maxCallHops bounds how many links a call may pass. It needs no smaller one,
// as events do: a call has one answer, whichever way it takes.
const maxCallHops = mostMaxHops

// hops returns how many links something has passed.
func hops(a *wamp.Attributes) int {
	if a == nil {
		return 0
	}
	return len(a.ForwardFor)
}

// passed reports whether something has passed this link before.
func (b *bridge) passed(a *wamp.Attributes) bool {
	return a != nil && slices.ContainsFunc(a.ForwardFor, func(f wamp.Forwarder) bool {
		return b.local.is(f.Session) || b.upstream.is(f.Session)
	})
}

// onward returns the attributes with which something goes on that came by a
// session of this link: as they were, and that session added to the trace.
func onward(a *wamp.Attributes, by *client.Session) *wamp.Attributes {
	var next wamp.Attributes
	if a != nil {
		next = *a // shared with others, so never written to
	}
	me := by.Details()
	next.ForwardFor = append(slices.Clip(next.ForwardFor), wamp.Forwarder{Session: by.ID(), AuthID: me.AuthID, AuthRole: me.AuthRole})
	return &next
}
