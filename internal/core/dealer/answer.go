package dealer

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Yield hands a callee's result to the caller: a progressive one if the caller
// asked for those (else it is discarded, PCR-6), or the final one, which ends
// the call. A result for a call that is over is discarded (PV-3); one for an
// invocation that the peer never got is a protocol error (PV-1).
func (d *Dealer) Yield(from *core.Peer, m *wamp.Yield, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	c, violation := d.answered(from, wamp.CodeYield, m.Request)
	if c == nil {
		return violation
	}
	if m.Progress && !c.receiveProgress {
		d.stats.Unasked++
		return nil
	}
	if passthru(m.Attributes) && !c.caller.peer.Roles.HasFeature(wamp.RoleCaller, wamp.FeaturePayloadPassthruMode) {
		d.refusePassthru(c, out)
		return nil
	}
	r := out.Result()
	r.Request, r.Progress = c.request.id, m.Progress
	r.Attributes, r.Payload = m.Attributes, m.Payload
	out.Send(c.caller.peer, r)
	if m.Progress {
		c.progressed = true
		d.restartTimeout(c, now)
	} else {
		d.end(c, out)
	}
	return nil
}

// refusePassthru ends a call whose callee answers in payload passthru mode,
// which the caller did not announce: both are told (PPT-4).
func (d *Dealer) refusePassthru(c *call, out *core.Deliveries) {
	const why = "the caller did not announce payload_passthru_mode"
	out.Refuse(c.callee.peer, wamp.CodeInvocation, c.invocation.id, wamp.ErrFeatureNotSupported, why)
	d.fail(c, wamp.ErrFeatureNotSupported, "the callee answers in payload passthru mode, which this session did not announce", out)
}

// Error hands a callee's error to the caller, which ends the call (RPC-5),
// unless it is wamp.ErrUnavailable and another callee can be asked (RER-1). An
// error for a call that is over is discarded (PV-3); one for an invocation that
// the peer never got, or for anything but an invocation, is a protocol error
// (PV-1).
func (d *Dealer) Error(from *core.Peer, m *wamp.Error, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	if m.RequestType != wamp.CodeInvocation {
		return wamp.Violation("ERROR: request type %d, a client may only send %d", uint16(m.RequestType), uint16(wamp.CodeInvocation))
	}
	c, violation := d.answered(from, wamp.CodeError, m.Request)
	if c == nil {
		return violation
	}
	if c.refusedBy(m) {
		d.reroute(c, m, now, out)
		return nil
	}
	uri := m.URI
	if !wamp.URI(uri).Valid(wamp.URILoose) {
		uri = wamp.ErrInvalidURI // the caller's library may end its session over the original
	}
	forward(c, m, uri, out)
	d.end(c, out)
	return nil
}

// forward hands a callee's error to the caller, under the given URI.
func forward(c *call, m *wamp.Error, uri wamp.ErrorURI, out *core.Deliveries) {
	out.Send(c.caller.peer, &wamp.Error{
		RequestType: wamp.CodeCall,
		Request:     c.request.id,
		URI:         uri,
		Attributes:  m.Attributes,
		Payload:     m.Payload,
	})
}

// answered returns the pending call that a callee answers. If there is none,
// the violation is nil in case there once was.
func (d *Dealer) answered(callee *core.Peer, by wamp.Code, invocation wamp.ID) (*call, *wamp.ProtocolError) {
	s := d.sessions[callee]
	if s == nil || invocation == 0 || invocation > s.lastInvocation {
		return nil, wamp.Violation("%v: there was no INVOCATION with request ID %d", by, invocation)
	}
	c := s.invocations.get(invocation)
	if c == nil {
		d.stats.Late++
	}
	return c, nil
}

// Undelivered ends the call behind an INVOCATION that the shell could not put
// on its way; the caller gets an ERROR with the given URI:
// wamp.ErrPayloadSizeExceeded if it was too large for the callee (RS-20),
// wamp.ErrNetworkFailure if the callee's outbox was full. An invocation that is
// not pending is ignored.
func (d *Dealer) Undelivered(callee *core.Peer, invocation wamp.ID, uri wamp.ErrorURI, out *core.Deliveries) {
	s := d.sessions[callee]
	if s == nil {
		return
	}
	c := s.invocations.get(invocation)
	if c == nil {
		return
	}
	if c.kept != nil && c.kept.sent > 1 { // the callee has begun with earlier chunks
		c.interrupt(wamp.CancelKillNoWait, uri, out)
	}
	d.fail(c, uri, "the call does not reach its callee", out)
}

// ResultUndelivered answers a caller to whom the shell could not send m, with
// an ERROR of the given URI (RS-20).
//
// If m was a progressive result then the call, rather than go on with a gap,
// ends, and its callee is interrupted (PCR-10). The shell may find out late: if
// the call is over already, its final answer stands (RPC-1) and nothing is sent.
func (d *Dealer) ResultUndelivered(caller *core.Peer, m *wamp.Result, uri wamp.ErrorURI, out *core.Deliveries) {
	switch {
	case d.sessions[caller] == nil: // left since
	case !m.Progress: // Yield has ended the call
		out.Refuse(caller, wamp.CodeCall, m.Request, uri, resultLost)
	default:
		if c := d.callBy(caller, m.Request); c != nil {
			c.interrupt(wamp.CancelKillNoWait, uri, out)
			d.fail(c, uri, resultLost, out)
		}
	}
}

const resultLost = "the result does not reach this session"
