package dealer

import (
	"fmt"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// reroutes reports whether a call to the endpoint may have to be handed to
// another one: the callee may refuse it (RER-1), and there are others now.
func (e *endpoint) reroutes() bool { return e.mayRefuse && len(e.registration.endpoints) > 1 }

// refusedBy reports whether an ERROR of the callee means that another one shall
// be asked (RER-1). It does not once the caller has got a result, or more than
// one chunk was sent (RER-4), nor for calls that the caller canceled.
func (c *call) refusedBy(m *wamp.Error) bool {
	return m.URI == wamp.ErrUnavailable && c.endpoint.mayRefuse &&
		!c.progressed && c.interrupted == wamp.CancelDefault &&
		(c.kept == nil || c.kept.sent == 1)
}

// reroute hands a call to another callee of the registration, as if those that
// refused it did not exist (RER-2). If there is none, or none that is ready and
// able, the call ends (RER-3).
func (d *Dealer) reroute(c *call, m *wamp.Error, now time.Time, out *core.Deliveries) {
	from := c.endpoint
	e := d.next(c)
	if e == nil {
		d.nobodyLeft(c, m, out)
		return
	}
	c.unassign()
	c.assign(e)
	if !e.forwardTimeout && c.timeout == 0 {
		d.startTimeout(c, &c.kept.first, now) // so far it was the callee's to keep
	}
	d.sendChunks(c, out)
	d.stats.Rerouted++
	if from.concurrency > 0 {
		d.serve(from.registration, out)
	}
}

// nobodyLeft ends a call that everyone refused. What the last one said of it is
// the best explanation that there is.
func (d *Dealer) nobodyLeft(c *call, m *wamp.Error, out *core.Deliveries) {
	if m.Payload.Elements == 0 {
		why := fmt.Sprintf("no callee of procedure %s is available", core.Quote(c.endpoint.registration.uri))
		d.fail(c, wamp.ErrNoAvailableCallee, why, out)
		return
	}
	forward(c, m, wamp.ErrNoAvailableCallee, out)
	d.end(c, out)
}

// next chooses the callee that is asked after one refused, by the invocation
// policy. It returns nil if nobody is left, or what was called is not kept.
func (d *Dealer) next(c *call) *endpoint {
	k, r := c.kept, c.endpoint.registration
	if k == nil || len(k.chunks) == 0 || len(r.endpoints) == 0 {
		return nil
	}
	k.tried = append(k.tried, c.callee)
	for _, e := range r.endpoints {
		e.barred = slices.Contains(k.tried, e.callee) || e.refuse(&k.first) != nil
	}
	e := r.pick(d.o.IDs)
	for _, e := range r.endpoints {
		e.barred = false
	}
	return e
}
