package dealer

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// maxFree bounds the call records kept for reuse, about 100 KiB.
const maxFree = 1024

// call is a CALL that waits for its final answer. From invoke to end it is in
// the caller's and in the callee's table, and in the deadlines if it has one.
type call struct {
	caller     *session
	request    link // of the CALL
	callee     *session
	invocation link // of the INVOCATION
	endpoint   *endpoint

	receiveProgress bool            // the caller asked for progressive results
	interrupted     wamp.CancelMode // of the last INTERRUPT; CancelDefault: none was sent

	timeout  time.Duration // kept by the dealer; 0: none
	deadline time.Time
	place    int // index in the deadlines
}

// Call hands a call to a callee: it sends an INVOCATION, or an ERROR to the
// caller. It is a protocol error to call progressively, which the dealer does
// not announce (PCI-2), and to use the request ID of a call that is still
// pending: whatever the answer were, the caller could not tell which it is for.
func (d *Dealer) Call(from *core.Peer, m *wamp.Call, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	if m.Progress {
		return wamp.Violation("CALL %d: option progress needs progressive_call_invocations, which this router did not announce", m.Request)
	}
	caller := d.session(from)
	if caller.calls.get(m.Request) != nil {
		return wamp.Violation("CALL %d: the request ID is that of a call which is still pending", m.Request)
	}
	e, refusal := d.route(caller, m)
	if refusal != "" {
		out.SendError(from, wamp.CodeCall, m.Request, refusal)
		return nil
	}
	d.invoke(caller, e, m, now, out)
	return nil
}

// route finds the endpoint for a call, or says why there is none.
func (d *Dealer) route(caller *session, m *wamp.Call) (*endpoint, wamp.ErrorURI) {
	r, ok := d.procedures.Best(m.Procedure)
	// A URI that is registered exactly was checked then; to check it again
	// would double the cost of a call (BenchmarkCall).
	checked := ok && r.match == wamp.MatchExact
	switch {
	case !checked && !m.Procedure.Valid(d.o.URIRule):
		return nil, wamp.ErrInvalidURI
	case !ok:
		return nil, wamp.ErrNoSuchProcedure
	case m.DiscloseMe && d.o.RefuseDisclosure:
		return nil, wamp.ErrDiscloseMeNotAllowed
	case caller.calls.used >= d.o.MaxPending:
		return nil, wamp.ErrLimitExceeded
	}
	e := r.pick(d.o.IDs)
	if e == nil {
		return nil, wamp.ErrMaxConcurrencyReached
	}
	// A prefix such as "wam" is anyone's to register, what is below "wamp" is
	// not (URI-3).
	if m.Procedure.Reserved() && !e.callee.peer.Trusted {
		return nil, wamp.ErrNoSuchProcedure
	}
	return e, ""
}

// invoke makes the call pending and sends the INVOCATION.
func (d *Dealer) invoke(caller *session, e *endpoint, m *wamp.Call, now time.Time, out *core.Deliveries) {
	callee := e.callee
	callee.invocation = callee.invocation.Next()
	c := d.newCall()
	c.caller, c.request.id = caller, m.Request
	c.callee, c.invocation.id = callee, callee.invocation
	c.endpoint, c.receiveProgress = e, m.ReceiveProgress
	caller.calls.put(c)
	callee.invocations.put(c)
	e.pending++
	d.stats.Pending++

	inv := out.Invocation()
	inv.Request, inv.Registration = c.invocation.id, e.registration.id
	inv.Attributes, inv.Payload = m.Attributes, m.Payload
	if e.registration.match != wamp.MatchExact {
		inv.Procedure = m.Procedure // PREG-6
	}
	// Many a callee announces progressive_call_results without call_canceling
	// (Autobahn|JS does); demanding both, as PCR-1 has it, would take
	// progressive results away from its callers.
	inv.ReceiveProgress = m.ReceiveProgress && callee.announced(wamp.FeatureProgressiveCallResults)
	if m.DiscloseMe || e.discloseCaller {
		disclose(inv, caller.peer)
	}
	d.startTimeout(c, inv, m, now)
	out.Send(callee.peer, inv)
}

// disclose tells a callee who calls (CID-1).
func disclose(inv *wamp.Invocation, caller *core.Peer) {
	inv.Caller = caller.ID
	inv.CallerAuthID = caller.Principal.AuthID
	inv.CallerAuthRole = caller.Principal.AuthRole
}

// fail ends a call with an ERROR to its caller.
func (d *Dealer) fail(c *call, uri wamp.ErrorURI, out *core.Deliveries) {
	out.SendError(c.caller.peer, wamp.CodeCall, c.request.id, uri)
	d.end(c)
}

// end forgets a call. It may not be used any more.
func (d *Dealer) end(c *call) {
	d.stopTimeout(c)
	c.caller.calls.delete(c)
	c.callee.invocations.delete(c)
	c.endpoint.pending--
	d.stats.Pending--
	*c = call{}
	if len(d.free) < maxFree {
		d.free = append(d.free, c)
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
