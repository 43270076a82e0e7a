package dealer

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// maxFree bounds the call records kept for reuse, about 100 KiB.
const maxFree = 1024

// call is a CALL that waits for its final answer. From open to end it is in the
// caller's table, and in the deadlines if it has one; besides in the callee's
// table or, as long as there is no callee, in its registration's queue.
type call struct {
	caller     *session
	request    link     // of the CALL
	callee     *session // nil while the call is queued
	invocation link     // of the INVOCATION
	endpoint   *endpoint
	kept       *kept // what the CALL said, of the few calls that need it again; nil for most

	receiveProgress bool            // the caller asked for progressive results
	progressed      bool            // it got one
	interrupted     wamp.CancelMode // of the last INTERRUPT; CancelDefault: none was sent

	timeout  time.Duration // kept by the dealer; 0: none
	deadline time.Time
	place    int // index in the deadlines
}

// Call hands a call to a callee: it sends an INVOCATION, or an ERROR to the
// caller. If all callees have as many calls as they take, the call waits in the
// registration's queue, if it has one.
//
// A CALL with the request ID of a progressive call that is pending continues
// that call (PCI-1). It is a protocol error to use the request ID of any other
// call that is pending: whatever the answer were, the caller could not tell
// which it is for.
func (d *Dealer) Call(from *core.Peer, m *wamp.Call, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	caller := d.session(from)
	switch c, over, violation := d.place(caller, m); {
	case c != nil:
		d.resume(c, m, now, out)
		return nil
	case over || violation != nil:
		return violation
	}
	r, e, refused := d.route(caller, m)
	switch {
	case refused != nil:
		d.refuse(caller, m, refused, out)
	case e == nil:
		d.enqueue(caller, r, m, now, out)
	default:
		d.invoke(caller, e, m, now, out)
	}
	return nil
}

// Refuse answers a CALL that the shell does not let through, with an ERROR of
// the given URI and words for humans. If it would continue a call, that one ends
// by it: there is one answer, however many chunks are refused (RPC-1). It is a
// protocol error where Call has one.
func (d *Dealer) Refuse(from *core.Peer, m *wamp.Call, uri wamp.ErrorURI, why string, out *core.Deliveries) *wamp.ProtocolError {
	caller := d.session(from)
	switch c, over, violation := d.place(caller, m); {
	case c != nil:
		c.kept.open = m.Progress
		c.interrupt(wamp.CancelKillNoWait, uri, out)
		d.fail(c, uri, why, out)
		return nil
	case over || violation != nil:
		return violation
	}
	d.refuse(caller, m, &refusal{uri, why}, out)
	return nil
}

// refuse answers a CALL that leads to nothing.
func (d *Dealer) refuse(caller *session, m *wamp.Call, r *refusal, out *core.Deliveries) {
	if m.Progress {
		caller.unfinished.add(m.Request, m.Procedure)
	}
	out.Refuse(caller.peer, wamp.CodeCall, m.Request, r.uri, r.why)
}

// route finds the registration and the endpoint for a call, or says why there
// is none. Without an endpoint and a refusal, the call is to be queued.
func (d *Dealer) route(caller *session, m *wamp.Call) (*registration, *endpoint, *refusal) {
	r, ok := d.procedures.Best(m.Procedure)
	// A URI that is registered exactly was checked then; to check it again
	// would double the cost of a call (BenchmarkCall).
	checked := ok && r.match == wamp.MatchExact
	switch {
	case !checked && !m.Procedure.Valid(d.o.URIRule):
		return nil, nil, invalidURI("procedure", m.Procedure, d.o.URIRule)
	case !ok:
		return nil, nil, noSuchProcedure(m.Procedure)
	case m.DiscloseMe && d.o.RefuseDisclosure:
		return nil, nil, &refusal{wamp.ErrDiscloseMeNotAllowed, "this realm does not disclose who calls: leave disclose_me out"}
	case caller.calls.used >= d.o.MaxPending:
		return nil, nil, tooMany("calls that wait for an answer", d.o.MaxPending)
	}
	e := r.pick(d.o.IDs)
	if e == nil {
		return r, nil, d.refuseQueueing(r, m)
	}
	return r, e, e.refuse(m)
}

// refuse says why a callee cannot be given a call: it did not announce what the
// caller uses, or the procedure is not its to serve. A prefix such as "wam" is
// anyone's to register, what is below "wamp" is not (URI-3).
func (e *endpoint) refuse(m *wamp.Call) *refusal {
	switch {
	case m.Procedure.Reserved() && !e.callee.peer.Trusted:
		return noSuchProcedure(m.Procedure)
	case m.Progress && !e.takesChunks: // PCI-3
		return notSupported(m.Procedure, "progressive_call_invocations and call_canceling")
	case passthru(m.Attributes) && !e.callee.announced(wamp.FeaturePayloadPassthruMode): // PPT-4
		return notSupported(m.Procedure, "payload_passthru_mode")
	}
	return nil
}

// open makes a call pending.
func (d *Dealer) open(caller *session, m *wamp.Call) *call {
	c := d.newCall()
	c.caller, c.request.id = caller, m.Request
	c.receiveProgress = m.ReceiveProgress
	caller.calls.put(c)
	d.stats.Pending++
	return c
}

// invoke makes a call pending and hands it to the callee.
func (d *Dealer) invoke(caller *session, e *endpoint, m *wamp.Call, now time.Time, out *core.Deliveries) {
	k, refused := d.keepFor(e, m)
	if refused != nil {
		d.refuse(caller, m, refused, out)
		return
	}
	c := d.open(caller, m)
	c.kept = k
	c.assign(e)
	if !e.forwardTimeout {
		d.startTimeout(c, m, now)
	}
	d.send(c, m, out)
}

// assign gives the call to a callee. Each time it is another invocation, with
// the next ID of that callee (ID-3).
func (c *call) assign(e *endpoint) {
	callee := e.callee
	callee.lastInvocation = callee.lastInvocation.Next()
	c.callee, c.invocation.id, c.endpoint = callee, callee.lastInvocation, e
	callee.invocations.put(c)
	e.pending++
}

// unassign takes the call from its callee.
func (c *call) unassign() {
	c.callee.invocations.delete(c)
	c.endpoint.pending--
}

// send sends the INVOCATION for m to the call's callee.
func (d *Dealer) send(c *call, m *wamp.Call, out *core.Deliveries) {
	e := c.endpoint
	if c.kept != nil {
		c.kept.sent++
	}
	inv := out.Invocation()
	inv.Request, inv.Registration = c.invocation.id, e.registration.id
	inv.Attributes, inv.Payload = m.Attributes, m.Payload
	inv.Progress = m.Progress
	if e.registration.match != wamp.MatchExact {
		inv.Procedure = m.Procedure // PREG-6
	}
	// Many a callee announces progressive_call_results without call_canceling
	// (Autobahn|JS does); demanding both, as PCR-1 has it, would take
	// progressive results away from its callers.
	inv.ReceiveProgress = m.ReceiveProgress && e.callee.announced(wamp.FeatureProgressiveCallResults)
	if m.DiscloseMe || e.discloseCaller {
		disclose(inv, c.caller.peer)
	}
	if m.TrustLevel != nil && e.callee.announced(wamp.FeatureCallTrustLevels) {
		inv.TrustLevel = m.TrustLevel // TRL-1
	}
	if e.forwardTimeout && c.timeout == 0 {
		inv.TimeoutMillis = forwarded(d.timeout(m.TimeoutMillis))
	}
	out.Send(e.callee.peer, inv)
}

// disclose tells a callee who calls (CID-1).
func disclose(inv *wamp.Invocation, caller *core.Peer) {
	inv.Caller = caller.ID
	inv.CallerAuthID = caller.Principal.AuthID
	inv.CallerAuthRole = caller.Principal.AuthRole
}

// fail ends a call with an ERROR to its caller.
func (d *Dealer) fail(c *call, uri wamp.ErrorURI, why string, out *core.Deliveries) {
	out.Refuse(c.caller.peer, wamp.CodeCall, c.request.id, uri, why)
	d.end(c, out)
}

// end forgets a call. It may not be used any more. Who waits for the place that
// becomes free gets it.
func (d *Dealer) end(c *call, out *core.Deliveries) {
	d.stopTimeout(c)
	c.caller.calls.delete(c)
	d.stats.Pending--
	if c.kept != nil {
		d.release(c)
	}
	e := c.endpoint
	if e != nil {
		c.unassign()
	}
	*c = call{}
	if len(d.free) < maxFree {
		d.free = append(d.free, c)
	}
	if e != nil && e.concurrency > 0 {
		d.serve(e.registration, out)
	}
}

func byRequest(c *call) *link    { return &c.request }
func byInvocation(c *call) *link { return &c.invocation }

func (d *Dealer) newCall() *call {
	if n := len(d.free); n > 0 {
		c := d.free[n-1]
		d.free = d.free[:n-1]
		return c
	}
	return new(call)
}
