package dealer

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Cancel cancels a call of the peer. With skip and killnowait, the caller gets
// ERROR wamp.ErrCanceled now; with kill, whatever the callee answers to its
// INTERRUPT. Without a mode it is killnowait (CAN-2), and skip whenever the
// callee did not announce call_canceling (CAN-1). A CANCEL for anything but a
// pending call of the peer is ignored (CAN-3).
//
// A further CANCEL after kill has an effect only with another mode (CAN-4).
func (d *Dealer) Cancel(from *core.Peer, m *wamp.Cancel, out *core.Deliveries) {
	c := d.callBy(from, m.Request)
	if c == nil {
		return
	}
	if m.Mode == wamp.CancelKill && c.interruptible() {
		c.interrupt(wamp.CancelKill, wamp.ErrCanceled, out)
		return
	}
	if m.Mode != wamp.CancelSkip {
		c.interrupt(wamp.CancelKillNoWait, wamp.ErrCanceled, out)
	}
	d.fail(c, wamp.ErrCanceled, "", out)
}

// callBy returns the pending call that the caller made with the request ID, or nil.
func (d *Dealer) callBy(caller *core.Peer, request wamp.ID) *call {
	if s := d.sessions[caller]; s != nil {
		return s.calls.get(request)
	}
	return nil
}

// abandon ends a call whose caller is gone (CAN-7).
func (d *Dealer) abandon(c *call, out *core.Deliveries) {
	if c.callee != c.caller { // RPC-6: who called itself is gone as the callee too
		c.interrupt(wamp.CancelKillNoWait, wamp.ErrCanceled, out)
	}
	d.end(c, out)
}

// interruptible reports whether there is a callee that understands INTERRUPT.
// There are clients that die of one they did not ask for.
func (c *call) interruptible() bool {
	return c.callee != nil && c.callee.announced(wamp.FeatureCallCanceling)
}

// interrupt sends INTERRUPT to a callee that understands it, once for each mode.
func (c *call) interrupt(mode wamp.CancelMode, reason wamp.ErrorURI, out *core.Deliveries) {
	if !c.interruptible() || c.interrupted == mode {
		return
	}
	c.interrupted = mode
	out.Send(c.callee.peer, &wamp.Interrupt{Request: c.invocation.id, Mode: mode, Reason: wamp.URI(reason)})
}
