// Package backlog is where what a component has still to pass on waits.
package backlog

import (
	"context"
	"sync"
)

// Backlog holds items in order and bounded. One goroutine takes what others
// push. Make one with New.
type Backlog[T any] struct {
	items  int // at most
	octets int // at most, but one item is always taken
	weigh  func(T) int

	wake chan struct{} // capacity 1: there is something to take, or the end

	mu      sync.Mutex // guards the fields below
	waiting []T
	size    int
	refused int // in a row, until now
	closed  bool
}

// New returns an empty Backlog of at most so many items and octets; weigh says
// how many octets an item counts as.
func New[T any](items, octets int, weigh func(T) int) *Backlog[T] {
	return &Backlog[T]{items: items, octets: octets, weigh: weigh, wake: make(chan struct{}, 1)}
}

// Push appends an item, unless the backlog is full or closed. It returns how
// many have been refused in a row: with this one, or before it.
func (b *Backlog[T]) Push(item T) (taken bool, refused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := b.weigh(item)
	if n := len(b.waiting); b.closed || n >= b.items || n > 0 && b.size+size > b.octets {
		b.refused++
		return false, b.refused
	}
	b.waiting = append(b.waiting, item)
	b.size += size
	refused, b.refused = b.refused, 0
	b.signal()
	return true, refused
}

// Pop takes the next item and waits for one. It returns false once the backlog
// is closed and empty, or when the context ends.
func (b *Backlog[T]) Pop(ctx context.Context) (T, bool) {
	for ctx.Err() == nil {
		item, ok, more := b.take()
		if ok || !more {
			return item, ok
		}
		select {
		case <-b.wake:
		case <-ctx.Done():
		}
	}
	var none T
	return none, false
}

// take is Pop without waiting; more says that there may be an item later.
func (b *Backlog[T]) take() (item T, ok, more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.waiting) == 0 {
		return item, false, !b.closed
	}
	item = b.waiting[0]
	clear(b.waiting[:1])
	b.waiting = b.waiting[1:]
	b.size -= b.weigh(item)
	return item, true, true
}

// Close lets no more items in. Those that wait can still be taken.
func (b *Backlog[T]) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.signal()
}

// Len returns how many items wait.
func (b *Backlog[T]) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

func (b *Backlog[T]) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}
