package httpforwarder

import (
	"sync"

	"github.com/junctorio/junctor/wamp"
)

// post is an event that waits to be forwarded.
type post struct {
	publication wamp.ID
	body        []byte
}

// queue holds the events of one subscription, in order and bounded. One
// goroutine takes what others push.
type queue struct {
	events int // at most
	octets int // at most, but one event is always taken

	wake chan struct{} // capacity 1: there is something to take, or the end

	mu      sync.Mutex // guards the fields below
	waiting []post
	size    int
	dropped int // in a row, until now
	closed  bool
}

func newQueue(events, octets int) *queue {
	return &queue{events: events, octets: octets, wake: make(chan struct{}, 1)}
}

// push appends an event, unless the queue is full. It returns how many have
// been dropped in a row: with this one, or before it.
func (q *queue) push(p post) (taken bool, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.waiting); q.closed || n >= q.events || n > 0 && q.size+len(p.body) > q.octets {
		q.dropped++
		return false, q.dropped
	}
	q.waiting = append(q.waiting, p)
	q.size += len(p.body)
	dropped, q.dropped = q.dropped, 0
	q.signal()
	return true, dropped
}

// pop takes the next event. Without one it says whether there will be any
// after the next wake.
func (q *queue) pop() (p post, ok, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return post{}, false, !q.closed
	}
	p = q.waiting[0]
	q.waiting[0] = post{}
	q.waiting = q.waiting[1:]
	q.size -= len(p.body)
	return p, true, true
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
