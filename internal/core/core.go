// Package core holds what the packages below it share: who a message comes
// from (Peer), what a decision leads to (Deliveries, with the words of refusals
// in refuse.go), what the meta API has to tell of it (Change), and where IDs come
// from (IDSource).
//
// The core decides, it does not act: no socket, goroutine, lock, clock or
// randomness. Time is passed in, IDs come from an IDSource, and what is to be
// sent is returned as Deliveries. Core types are not safe for concurrent use;
// each package says which of its methods only read.
package core

import "github.com/junctorio/junctor/wamp"

// Peer is what the core knows of a session. The shell creates one per session
// and does not change it after the session was welcomed; peers are compared by
// pointer.
type Peer struct {
	ID        wamp.ID
	Principal wamp.Principal
	Roles     wamp.Roles // as announced in HELLO
	Owner     any        // the shell's handle, only carried

	// Serializer is what explanations to the peer are encoded in (Refuse); nil:
	// it gets none.
	Serializer wamp.Serializer

	// Trusted marks the router's own sessions: they may register and publish
	// below "wamp." (URI-3).
	Trusted bool
}

// Delivery is the decision to send Msg to To.
type Delivery struct {
	To  *Peer
	Msg wamp.Message
}

// IDSource makes random IDs, uniform over 1..wamp.MaxID (ID-6). It must be
// safe for concurrent use, since publishing only reads the broker.
type IDSource interface {
	RandomID() wamp.ID
}

// Deliveries collects what operations of the core decide, in the order in
// which it must be sent. The caller owns it, reads it with All, and recycles it
// with Reset, after which the messages handed out before must not be used.
// A warm Deliveries allocates nothing. The zero value is ready for use.
type Deliveries struct {
	all []Delivery

	events      pool[wamp.Event]
	publisheds  pool[wamp.Published]
	invocations pool[wamp.Invocation]
	results     pool[wamp.Result]

	changes []Change
}

// Send appends the decision to send m to the peer. Consecutive deliveries may
// share one message (an EVENT for all subscribers of a subscription).
func (d *Deliveries) Send(to *Peer, m wamp.Message) {
	d.all = append(d.all, Delivery{To: to, Msg: m})
}

// SendError appends an ERROR for a request of the peer, without payload.
func (d *Deliveries) SendError(to *Peer, request wamp.Code, id wamp.ID, uri wamp.ErrorURI) {
	d.Send(to, &wamp.Error{RequestType: request, Request: id, URI: uri})
}

// All returns what was decided so far, valid until the next Send or Reset.
func (d *Deliveries) All() []Delivery { return d.all }

// Event returns a zero EVENT, valid until Reset.
func (d *Deliveries) Event() *wamp.Event { return d.events.next() }

// Published returns a zero PUBLISHED, valid until Reset.
func (d *Deliveries) Published() *wamp.Published { return d.publisheds.next() }

// Invocation returns a zero INVOCATION, valid until Reset.
func (d *Deliveries) Invocation() *wamp.Invocation { return d.invocations.next() }

// Result returns a zero RESULT, valid until Reset.
func (d *Deliveries) Result() *wamp.Result { return d.results.next() }

// Reset empties d and recycles its messages.
func (d *Deliveries) Reset() {
	clear(d.all)
	d.all = d.all[:0]
	d.resetChanges()
	d.events.reset()
	d.publisheds.reset()
	d.invocations.reset()
	d.results.reset()
}

// pool hands out zeroed values of one message type, again and again.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) next() *T {
	if p.used == len(p.all) {
		p.all = append(p.all, new(T))
	}
	m := p.all[p.used]
	p.used++
	return m
}

// maxPooled is how many messages of a type are kept for the next operation.
// Only one that sends many retained events needs more.
const maxPooled = 1024

func (p *pool[T]) reset() {
	if p.used > maxPooled {
		clear(p.all[maxPooled:])
		p.all = p.all[:maxPooled]
		p.used = maxPooled
	}
	for _, m := range p.all[:p.used] {
		var zero T
		*m = zero
	}
	p.used = 0
}
