package link

import (
	"context"
	"sync"

	"github.com/junctorio/junctor/wamp"
)

// event is one that waits to be published at the other end.
type event struct {
	topic       wamp.URI
	acknowledge bool
	attributes  *wamp.Attributes
	payload     wamp.Payload
}

// queue holds events in order and bounded. One goroutine takes what others push.
type queue struct {
	events int // at most
	octets int // of payload, at most; but one event is always taken

	wake chan struct{} // capacity 1: there is something to take, or the end

	mu      sync.Mutex // guards the fields below
	waiting []event
	size    int
	closed  bool
}

func newQueue(events, octets int) *queue {
	return &queue{events: events, octets: octets, wake: make(chan struct{}, 1)}
}

// push appends an event, unless the queue is full or closed.
func (q *queue) push(ev event) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	size := len(ev.payload.Bytes)
	if n := len(q.waiting); q.closed || n >= q.events || n > 0 && q.size+size > q.octets {
		return false
	}
	q.waiting = append(q.waiting, ev)
	q.size += size
	q.signal()
	return true
}

// pop takes the next event and waits for one. It returns false once the queue
// is closed and empty, or when the context ends.
func (q *queue) pop(ctx context.Context) (event, bool) {
	for ctx.Err() == nil {
		ev, ok, more := q.take()
		if ok || !more {
			return ev, ok
		}
		select {
		case <-q.wake:
		case <-ctx.Done():
		}
	}
	return event{}, false
}

func (q *queue) take() (ev event, ok, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return event{}, false, !q.closed
	}
	ev = q.waiting[0]
	q.waiting[0] = event{}
	q.waiting = q.waiting[1:]
	q.size -= len(ev.payload.Bytes)
	return ev, true, true
}

// close lets no more events in. Those that wait can still be taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}

func (q *queue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting)
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}
