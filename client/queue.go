package client

import "sync"

const (
	// itemOverhead is what an item in a queue counts beyond its payload.
	itemOverhead = 256

	// keptItems is for how many items an empty queue keeps room.
	keptItems = 64
)

// queue hands items to handlers, in order, on a bounded number of goroutines
// that exist only while there is work. With one worker the handler is never
// called concurrently and the items stay in order to their end.
type queue[T any] struct {
	run     func(T)         // set before the first push
	workers int             // goroutines at most
	limit   int             // octets of waiting items
	owner   *sync.WaitGroup // waits for the workers

	mu      sync.Mutex // guards the fields below
	waiting []queued[T]
	first   int // waiting[:first] has been taken
	size    int
	running int
	closed  bool
}

type queued[T any] struct {
	item T
	size int
}

// push hands over an item whose payload has so many octets. It reports false
// if the queue is full; one item is always taken. It never blocks.
func (q *queue[T]) push(item T, octets int) bool {
	octets += itemOverhead
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return true // nobody misses it
	case q.running < q.workers:
		q.running++
		q.owner.Go(func() { q.work(item) })
	case q.size > 0 && q.size+octets > q.limit:
		return false
	default:
		q.waiting = append(q.waiting, queued[T]{item, octets})
		q.size += octets
	}
	return true
}

func (q *queue[T]) work(item T) {
	finished := false
	defer func() {
		if !finished { // a handler ended its goroutine; the items that wait need another one
			q.owner.Go(q.resume)
		}
	}()
	for ok := true; ok; item, ok = q.pop() {
		q.run(item)
	}
	finished = true
}

func (q *queue[T]) resume() {
	if item, ok := q.pop(); ok {
		q.work(item)
	}
}

// pop returns the next item, or false if the worker is to end.
func (q *queue[T]) pop() (item T, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.first == len(q.waiting) {
		q.waiting, q.first = kept(q.waiting, keptItems), 0
		q.running--
		return item, false
	}
	next := &q.waiting[q.first]
	item = next.item
	q.size -= next.size
	*next = queued[T]{}
	q.first++
	q.compactLocked()
	return item, true
}

// compactLocked reuses the room of taken items once they are the larger part,
// since a queue under load may never be empty.
func (q *queue[T]) compactLocked() {
	if q.first < keptItems || q.first < len(q.waiting)/2 {
		return
	}
	n := copy(q.waiting, q.waiting[q.first:])
	clear(q.waiting[n:])
	q.waiting, q.first = q.waiting[:n], 0
}

// close discards what waits and whatever is pushed from now on.
func (q *queue[T]) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting, q.first, q.size = nil, 0, 0
}
