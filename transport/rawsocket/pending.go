package rawsocket

import (
	"container/list"
	"net"
	"sync"
)

// maxHandshakes bounds the connections whose handshake is in progress.
const maxHandshakes = 4096

// pending is the connections whose handshake is in progress, the oldest first.
// A peer that connects and says nothing cannot keep others out: above the limit
// the oldest connection has to go, since an honest handshake takes one round
// trip.
type pending struct {
	limit int // constant

	mu     sync.Mutex // guards the fields below
	order  list.List  // of net.Conn
	places map[net.Conn]*list.Element
	closed bool
}

func newPending(limit int) *pending {
	return &pending{limit: limit, places: map[net.Conn]*list.Element{}}
}

// add notes a connection. It reports false after closeAll.
func (p *pending) add(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	if p.order.Len() >= p.limit {
		oldest := p.order.Front().Value.(net.Conn)
		p.drop(oldest)
		_ = oldest.Close()
	}
	p.places[nc] = p.order.PushBack(nc)
	return true
}

// remove forgets a connection. It reports whether it still was there, neither
// closed by closeAll nor to make room.
func (p *pending) remove(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.drop(nc) && !p.closed
}

func (p *pending) drop(nc net.Conn) bool {
	place, found := p.places[nc]
	if found {
		p.order.Remove(place)
		delete(p.places, nc)
	}
	return found
}

// closeAll closes what is there, and refuses what comes.
func (p *pending) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for nc := range p.places {
		_ = nc.Close()
	}
}
