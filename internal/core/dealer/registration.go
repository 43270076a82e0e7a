package dealer

import (
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// registration is a procedure URI, or a pattern of them, with the callees that
// share it. There is one for each pair of URI and matching policy (PREG-7).
type registration struct {
	id      wamp.ID
	uri     wamp.URI
	match   wamp.Match
	invoke  wamp.Invoke // fixed by the first callee (SHR-1)
	created time.Time

	endpoints []*endpoint // in order of registration (SHR-2), never empty
	next      int         // where roundrobin goes on: the index after its last choice

	queue queue // of calls that wait, empty unless all endpoints are busy
	limit int   // of the queue's length
}

// endpoint is a callee's part in a registration.
type endpoint struct {
	registration *registration
	callee       *session

	discloseCaller bool
	forwardTimeout bool   // asked for, and the callee announced call_timeout (TMO-1)
	takesChunks    bool   // the callee announced what progressive calls need (PCI-3)
	mayRefuse      bool   // the callee announced call_reroute (RER-1)
	barred         bool   // only within a choice: not to be chosen
	concurrency    uint64 // how many calls may be pending here; 0: any number
	pending        uint64
}

// busy reports whether the endpoint takes no call now.
func (e *endpoint) busy() bool {
	return e.barred || e.concurrency > 0 && e.pending >= e.concurrency
}

// pick chooses who gets the next call, by the invocation policy among those
// that are not busy. It returns nil if all are.
func (r *registration) pick(ids core.IDSource) *endpoint {
	switch r.invoke {
	case wamp.InvokeRoundRobin:
		return r.pickNext()
	case wamp.InvokeRandom:
		return r.pickRandom(ids)
	case wamp.InvokeLeastPending:
		return r.pickLeast()
	case wamp.InvokeLast:
		for _, e := range slices.Backward(r.endpoints) {
			if !e.busy() {
				return e
			}
		}
		return nil
	default: // single, first
		for _, e := range r.endpoints {
			if !e.busy() {
				return e
			}
		}
		return nil
	}
}

func (r *registration) pickNext() *endpoint {
	for i := range r.endpoints {
		i = (r.next + i) % len(r.endpoints)
		if e := r.endpoints[i]; !e.busy() {
			r.next = i + 1
			return e
		}
	}
	return nil
}

// pickLeast takes the one with the fewest pending calls, and turns among equals.
func (r *registration) pickLeast() *endpoint {
	best := -1
	for i := range r.endpoints {
		i = (r.next + i) % len(r.endpoints)
		if e := r.endpoints[i]; !e.busy() && (best < 0 || e.pending < r.endpoints[best].pending) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	r.next = best + 1
	return r.endpoints[best]
}

// pickRandom is uniform over those that are not busy: an attempt that meets a
// busy one is repeated among the others. The modulo bias of an ID below 2^53
// is beyond measuring.
func (r *registration) pickRandom(ids core.IDSource) *endpoint {
	e := r.endpoints[uint64(ids.RandomID())%uint64(len(r.endpoints))]
	if !e.busy() {
		return e
	}
	ready := 0
	for _, e := range r.endpoints {
		if !e.busy() {
			ready++
		}
	}
	if ready == 0 {
		return nil
	}
	skip := int(uint64(ids.RandomID()) % uint64(ready))
	for _, e := range r.endpoints {
		if e.busy() {
			continue
		}
		if skip == 0 {
			return e
		}
		skip--
	}
	return nil
}

// remove takes an endpoint out, without a change of who is next (SHR-4).
func (r *registration) remove(e *endpoint) {
	i := slices.Index(r.endpoints, e)
	r.endpoints = slices.Delete(r.endpoints, i, i+1)
	if i < r.next {
		r.next--
	}
}
