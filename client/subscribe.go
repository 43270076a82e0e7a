package client

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

// SubscribeOptions refine a Subscribe. A nil *SubscribeOptions means the zero value.
type SubscribeOptions struct {
	// Match is how topics are compared with the subscribed one.
	Match wamp.Match

	// GetRetained asks for the retained event, if the router keeps one; a
	// pattern for that of each topic. Event.Retained tells it from new ones.
	GetRetained bool

	// NKey is the node key of a sharded subscription, for routers that have
	// such (SHD-2). Junctor's ignores it.
	NKey string
}

// Event is a publication as a subscriber sees it. It is the handler's to keep.
type Event struct {
	wamp.Payload // what was published; use Decode or Values, or pass it on

	Topic             wamp.URI
	Publication       wamp.ID
	Publisher         wamp.ID // zero unless disclosed (PID-1)
	PublisherAuthID   string  // empty unless disclosed
	PublisherAuthRole string  // empty unless disclosed
	TrustLevel        *int    // how far the router trusts the publisher, 0 the least (TRL-2); nil: it does not say
	Retained          bool    // kept by the router, published before the subscription began

	Attributes *wamp.Attributes // what the publisher sent with the payload, as in CallOptions; must not be changed; mostly nil

	// Lost is the number of events of this subscription that were dropped
	// before this one because the handler was slower than they came, or because
	// they could not be decrypted (Options.Keyring), which is logged.
	Lost int
}

// EventHandler receives the events of one subscription, one after the other,
// in the order in which the router sent them. Its context ends with the
// subscription. While it works, up to Options.ReceiveBytes of further events
// wait for it; beyond that they are dropped, logged, and counted in Event.Lost.
type EventHandler func(ctx context.Context, ev *Event)

// Subscription is a topic with the handler of its events.
type Subscription struct {
	session *Session
	pattern pattern
	handler EventHandler
	events  queue[*Event]
	done    chan struct{}
	unread  int // the worker's: events that were dropped because they cannot be read

	getRetained bool

	topic *topic // guarded by Session.mu; nil before SUBSCRIBED and after the end
	lost  int    // guarded by Session.mu
	err   error  // guarded by Session.mu: why it ended unasked
	stop  context.CancelCauseFunc
}

// pattern is what the router tells subscriptions, and registrations, apart by
// (PSUB-3, PREG-7).
type pattern struct {
	uri   wamp.URI
	match wamp.Match
}

// topic is a subscription as the router knows it: all Subscriptions of this
// session to the same pattern share one (PS-1). Session.mu guards it.
type topic struct {
	pattern pattern
	id      wamp.ID // zero until the first SUBSCRIBED
	joining int     // SUBSCRIBE messages that are not answered yet
	subs    []*Subscription

	// retained is whose SUBSCRIBE was the last to ask for retained events:
	// those that come are for it alone. Nil if nobody's did.
	retained *Subscription
}

// Subscribe subscribes a handler to a topic, or to a pattern of topics, and
// waits until the router has confirmed it. The same topic may be subscribed to
// several times; each handler then gets every event. Errors are those of Call.
// If the context ends first, the subscription is withdrawn as soon as the
// router confirms it.
func (s *Session) Subscribe(ctx context.Context, topic wamp.URI, h EventHandler, opts *SubscribeOptions) (*Subscription, error) {
	if opts == nil {
		opts = &SubscribeOptions{}
	}
	r, err := s.beginSubscribe(ctx, topic, h, *opts)
	if err == nil {
		_, err = s.await(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("client: subscribe to %s: %w", topic, err)
	}
	return r.sub, nil
}

// beginSubscribe sends SUBSCRIBE. The Subscription is in the request.
func (s *Session) beginSubscribe(ctx context.Context, topic wamp.URI, h EventHandler, opts SubscribeOptions) (*request, error) {
	sub := &Subscription{session: s, pattern: pattern{topic, opts.Match}, handler: h, getRetained: opts.GetRetained, done: make(chan struct{})}
	sub.events = queue[*Event]{workers: 1, limit: s.opts.ReceiveBytes, owner: &s.wg}
	r := newRequest(wamp.CodeSubscribe)
	r.sub = sub
	_, err := s.send(ctx, &wamp.Subscribe{Topic: topic, Match: opts.Match, GetRetained: opts.GetRetained, NKey: opts.NKey}, r)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// handle calls the handler. A panic in it is logged, and no more.
func (sub *Subscription) handle(ctx context.Context, ev *Event) {
	defer func() {
		if v := recover(); v != nil {
			sub.session.log.Error("event handler panicked", "uri", sub.pattern.uri, "panic", v, "stack", string(debug.Stack()))
		}
	}()
	if err := ev.open(sub.session.opts.Keyring); err != nil {
		sub.unreadable(ev, err)
		return
	}
	ev.Lost += sub.unread
	sub.unread = 0
	sub.handler(ctx, ev)
}

// unreadable drops an event that cannot be decrypted. The first of several in a
// row is logged.
func (sub *Subscription) unreadable(ev *Event, err error) {
	if sub.unread == 0 {
		sub.session.log.Warn("event is dropped, it cannot be read", "uri", ev.Topic, "publication", ev.Publication, "err", err)
	}
	sub.unread += ev.Lost + 1
}

// Topic returns the topic or pattern that was subscribed to.
func (sub *Subscription) Topic() wamp.URI { return sub.pattern.uri }

// Done is closed when no further event will come: after Unsubscribe, when the
// router revoked the subscription, or when the session has ended.
func (sub *Subscription) Done() <-chan struct{} { return sub.done }

// Err returns why the subscription ended without being asked to: a
// *RevokedError, or why the session ended. It returns nil before Done is
// closed, and after Unsubscribe.
func (sub *Subscription) Err() error {
	sub.session.mu.Lock()
	defer sub.session.mu.Unlock()
	return sub.err
}

// Unsubscribe ends the subscription. At once, no further event is handed to
// the handler, though one may still be running; events that wait are
// discarded. It then waits for the router's confirmation, where the
// subscription was the last one to its topic. It may be called from the
// handler; further calls return nil. Errors are those of Call.
func (sub *Subscription) Unsubscribe(ctx context.Context) error {
	s := sub.session
	s.mu.Lock()
	t := sub.topic
	if t == nil {
		s.mu.Unlock()
		return nil
	}
	t.subs = slices.DeleteFunc(t.subs, func(other *Subscription) bool { return other == sub })
	sub.endLocked(context.Canceled)
	sub.err = nil
	r := s.leaveLocked(t)
	s.mu.Unlock()
	s.out.flush()
	if r == nil {
		return nil
	}
	if _, err := s.await(ctx, r); err != nil {
		return fmt.Errorf("client: unsubscribe from %s: %w", sub.pattern.uri, err)
	}
	return nil
}

// endLocked ends what the subscription does on this side.
func (sub *Subscription) endLocked(cause error) {
	sub.topic, sub.err = nil, cause
	sub.events.close()
	sub.stop(cause)
	close(sub.done)
}

// topicLocked returns the topic of a pattern, which exists from the first
// SUBSCRIBE until UNSUBSCRIBE is sent.
func (s *Session) topicLocked(p pattern) *topic {
	t := s.topics[p]
	if t == nil {
		t = &topic{pattern: p}
		s.topics[p] = t
	}
	return t
}

// leaveLocked unsubscribes from a topic that nobody here needs any more. While
// a SUBSCRIBE is under way the topic is needed: the router would end the new
// subscription together with the old one. The request is nil if nothing was
// sent. It takes no room in the outbox: UNSUBSCRIBE is small, and each follows
// a SUBSCRIBE that did.
func (s *Session) leaveLocked(t *topic) *request {
	if len(t.subs) > 0 || t.joining > 0 {
		return nil
	}
	delete(s.topics, t.pattern)
	if t.id == 0 {
		return nil
	}
	delete(s.subscriptions, t.id)
	r := newRequest(wamp.CodeUnsubscribe)
	if _, err := s.postLocked(&wamp.Unsubscribe{Subscription: t.id}, r, 0); err != nil {
		return nil // the session has ended, and the subscription with it
	}
	return r
}

// subscribedLocked is the router's confirmation. The handler is in place when
// it returns, since the first event may follow at once (ORD-2).
func (s *Session) subscribedLocked(ctx context.Context, m *wamp.Subscribed) *wamp.ProtocolError {
	r := s.requests[m.Request]
	if r == nil || r.code != wamp.CodeSubscribe {
		return unasked(m, m.Request)
	}
	t := s.topicLocked(r.sub.pattern)
	if other := s.subscriptions[m.Subscription]; other != nil && other != t {
		return wamp.Violation("SUBSCRIBED gives subscription %d to %q, which is that of %q", m.Subscription, t.pattern.uri, other.pattern.uri)
	}
	if t.id != 0 && t.id != m.Subscription { // PS-1
		return wamp.Violation("SUBSCRIBED gives subscription %d to %q, which has %d already", m.Subscription, t.pattern.uri, t.id)
	}
	delete(s.requests, m.Request)
	t.joining--
	t.id = m.Subscription
	if r.sub.getRetained {
		t.retained = r.sub
	}
	s.subscriptions[t.id] = t
	if r.abandoned {
		s.leaveLocked(t)
		return nil
	}
	r.sub.beginLocked(ctx, t)
	r.reply <- reply{}
	return nil
}

func (sub *Subscription) beginLocked(ctx context.Context, t *topic) {
	ctx, sub.stop = context.WithCancelCause(ctx)
	sub.events.run = func(ev *Event) { sub.handle(ctx, ev) }
	sub.topic = t
	t.subs = append(t.subs, sub)
}

// unsubscribedLocked confirms an UNSUBSCRIBE or, with request 0, revokes a
// subscription (REV-5).
func (s *Session) unsubscribedLocked(m *wamp.Unsubscribed) *wamp.ProtocolError {
	if m.Request == 0 {
		s.revokeTopicLocked(m)
		return nil
	}
	r := s.takeLocked(m.Request, wamp.CodeUnsubscribe)
	if r == nil {
		return unasked(m, m.Request)
	}
	r.reply <- reply{}
	return nil
}

func (s *Session) revokeTopicLocked(m *wamp.Unsubscribed) {
	t := s.subscriptions[m.Subscription]
	if t == nil {
		return // ended on this side in the meantime
	}
	s.log.Warn("router revoked a subscription", "uri", t.pattern.uri, "reason", m.Reason)
	delete(s.subscriptions, t.id)
	t.id = 0
	for _, sub := range t.subs {
		sub.endLocked(&RevokedError{m.Reason})
	}
	t.subs = nil
	s.leaveLocked(t)
	s.revokedLocked()
}

// eventLocked hands an event to the handlers of its subscription. One whose
// subscription is unknown crossed an UNSUBSCRIBE, and is ignored (PV-4).
func (s *Session) eventLocked(m *wamp.Event, owned bool) {
	t := s.subscriptions[m.Subscription]
	if t == nil || len(t.subs) == 0 {
		return
	}
	payload := keep(m.Payload, owned)
	for _, sub := range t.subs {
		if !m.Retained || t.retained == nil || sub == t.retained {
			sub.pushLocked(newEvent(t.pattern, m, payload))
		}
	}
}

func newEvent(p pattern, m *wamp.Event, payload wamp.Payload) *Event {
	ev := &Event{
		Payload:           payload,
		Topic:             m.Topic,
		Publication:       m.Publication,
		Publisher:         m.Publisher,
		PublisherAuthID:   m.PublisherAuthID,
		PublisherAuthRole: m.PublisherAuthRole,
		TrustLevel:        m.TrustLevel,
		Retained:          m.Retained,
		Attributes:        m.Attributes,
	}
	if ev.Topic == "" { // set for patterns only (PSUB-2)
		ev.Topic = p.uri
	}
	return ev
}

// pushLocked queues an event for the handler, or drops it where the queue is
// full. Waiting instead would stop the reader, and with it the answers that
// the handler may be waiting for.
func (sub *Subscription) pushLocked(ev *Event) {
	ev.Lost = sub.lost
	if sub.events.push(ev, len(ev.Bytes)) {
		sub.lost = 0
		return
	}
	if sub.lost == 0 {
		sub.session.log.Warn("events are dropped, their handler is too slow", "uri", sub.pattern.uri)
	}
	sub.lost++
}
