package dealer

import (
	"fmt"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Queue lets calls wait whose callees all have as many as they take, by
// REGISTER's concurrency.
type Queue struct {
	URI   wamp.URI // of the procedures it is for, a pattern by Match
	Match wamp.Match
	Limit int // how many calls may wait for one registration
}

const queueFull = "all callees are busy, and no more calls can wait: try again later"

// queue holds the calls that wait for a callee of a registration, first come
// first served.
type queue struct {
	first, last *call
	length      int
}

func (q *queue) push(c *call) {
	c.kept.previous = q.last
	if q.last == nil {
		q.first = c
	} else {
		q.last.kept.next = c
	}
	q.last = c
	q.length++
}

// remove takes out any call of the queue.
func (q *queue) remove(c *call) {
	k := c.kept
	if k.previous == nil {
		q.first = k.next
	} else {
		k.previous.kept.next = k.next
	}
	if k.next == nil {
		q.last = k.previous
	} else {
		k.next.kept.previous = k.previous
	}
	k.previous, k.next = nil, nil
	q.length--
}

// queueLimit returns how many calls may wait for a registration: what is said
// of its very pattern, else of the pattern that matches it best.
func (d *Dealer) queueLimit(uri wamp.URI, match wamp.Match) int {
	if limit, ok := d.queues.Get(uri, match); ok {
		return limit
	}
	if limit, ok := d.queues.Best(uri); ok {
		return limit
	}
	return d.o.MaxQueued
}

// refuseQueueing says why a call whose callees are all busy cannot wait. What
// is below "wamp" does not, since who will be the callee is not known (URI-3).
func (d *Dealer) refuseQueueing(r *registration, m *wamp.Call) *refusal {
	switch {
	case r.limit == 0 || m.Procedure.Reserved():
		return &refusal{
			wamp.ErrMaxConcurrencyReached,
			fmt.Sprintf("all callees of procedure %s are busy: try again later", core.Quote(m.Procedure)),
		}
	case r.queue.length >= r.limit:
		return &refusal{wamp.ErrMaxConcurrencyReached, queueFull}
	}
	return nil
}

// enqueue makes a call pending that has to wait for a callee. Its timeout runs;
// the dealer keeps it also if the callee would.
func (d *Dealer) enqueue(caller *session, r *registration, m *wamp.Call, now time.Time, out *core.Deliveries) {
	k := d.keep(r, m)
	if k == nil || !d.keepChunk(k, m) {
		if k != nil {
			d.kept -= k.size
		}
		d.refuse(caller, m, &refusal{wamp.ErrMaxConcurrencyReached, queueFull}, out)
		return
	}
	c := d.open(caller, m)
	c.kept = k
	r.queue.push(c)
	d.stats.Queued++
	d.startTimeout(c, m, now)
}

// dequeue takes a call out of its queue.
func (d *Dealer) dequeue(c *call) {
	c.kept.registration.queue.remove(c)
	d.stats.Queued--
}

// serve hands queued calls to callees that have become ready.
func (d *Dealer) serve(r *registration, out *core.Deliveries) {
	for r.queue.first != nil {
		e := r.pick(d.o.IDs)
		if e == nil {
			return
		}
		c := r.queue.first
		k := c.kept
		if refused := e.refuse(k.with(wamp.Payload{}, k.first.Progress)); refused != nil {
			d.fail(c, refused.uri, refused.why, out)
			continue
		}
		d.dequeue(c)
		c.assign(e)
		d.sendChunks(c, out)
	}
}

// sendChunks sends what is kept of a call's payloads to its new callee, in
// order (PCI-11), and forgets them unless another callee may need them.
func (d *Dealer) sendChunks(c *call, out *core.Deliveries) {
	k := c.kept
	k.sent = 0
	for _, chunk := range k.chunks {
		d.send(c, k.with(chunk.payload, chunk.progress), out)
	}
	if k.sent > 1 || !c.endpoint.reroutes() {
		d.dropChunks(k)
	}
}

// disband answers the calls that wait for a registration which has lost its
// last callee.
func (d *Dealer) disband(r *registration, out *core.Deliveries) {
	for r.queue.first != nil {
		d.fail(r.queue.first, wamp.ErrCanceled, "the last callee left while the call waited for it", out)
	}
}
