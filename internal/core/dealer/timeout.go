package dealer

import (
	"container/heap"
	"math"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// startTimeout gives a call its deadline, if it has a timeout.
func (d *Dealer) startTimeout(c *call, m *wamp.Call, now time.Time) {
	timeout := d.timeout(m.TimeoutMillis)
	if timeout == 0 {
		return
	}
	c.timeout = timeout
	c.deadline = now.Add(timeout)
	heap.Push(&d.deadlines, c)
}

// forwarded is a timeout as INVOCATION has it, for a callee that keeps the time
// (TMO-1). Less than a millisecond must not become none.
func forwarded(timeout time.Duration) (millis uint64) {
	if timeout == 0 {
		return 0
	}
	return uint64((timeout-1)/time.Millisecond) + 1
}

// timeout returns the timeout of a CALL, or 0.
func (d *Dealer) timeout(millis uint64) time.Duration {
	t := time.Duration(min(millis, math.MaxInt64/uint64(time.Millisecond))) * time.Millisecond
	if t == 0 {
		t = max(0, d.o.DefaultTimeout)
	}
	if d.o.MaxTimeout > 0 && (t == 0 || t > d.o.MaxTimeout) {
		t = d.o.MaxTimeout
	}
	return t
}

// restartTimeout counts the timeout from now on: it bounds the time between
// the results and chunks of a call, not the call (PCR-8, PCI-8).
func (d *Dealer) restartTimeout(c *call, now time.Time) {
	if c.timeout > 0 {
		c.deadline = now.Add(c.timeout)
		heap.Fix(&d.deadlines, c.place)
	}
}

func (d *Dealer) stopTimeout(c *call) {
	if c.timeout > 0 {
		heap.Remove(&d.deadlines, c.place)
	}
}

// NextDeadline returns the time from which Expire has something to do. It only
// reads, and changes with any operation.
func (d *Dealer) NextDeadline() (time.Time, bool) {
	if len(d.deadlines) == 0 {
		return time.Time{}, false
	}
	return d.deadlines[0].deadline, true
}

// Expire ends the calls whose deadline is not after now: the caller gets ERROR
// wamp.ErrTimeout, the callee an INTERRUPT if it understands it (TMO-2).
func (d *Dealer) Expire(now time.Time, out *core.Deliveries) {
	for len(d.deadlines) > 0 && !d.deadlines[0].deadline.After(now) {
		c := d.deadlines[0]
		c.interrupt(wamp.CancelKillNoWait, wamp.ErrTimeout, out)
		d.fail(c, wamp.ErrTimeout, tookTooLong(c.timeout), out)
	}
}

// deadlines is a heap (container/heap) of calls, the earliest deadline first.
type deadlines []*call

func (h deadlines) Len() int           { return len(h) }
func (h deadlines) Less(i, j int) bool { return h[i].deadline.Before(h[j].deadline) }

func (h deadlines) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

func (h *deadlines) Push(x any) {
	c := x.(*call)
	c.place = len(*h)
	*h = append(*h, c)
}

func (h *deadlines) Pop() any {
	last := len(*h) - 1
	c := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return c
}
