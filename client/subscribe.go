package client

import (
	"context"

	"github.com/junctorio/junctor/wamp"
)

// SubscribeOptions refine a Subscribe. A nil *SubscribeOptions means the zero value.
type SubscribeOptions struct {
	// Match is how topics are compared with the subscribed one.
	Match wamp.Match

	// GetRetained asks for the retained event, if the router keeps one.
	GetRetained bool
}

// Event is a publication as a subscriber sees it. It is the handler's to keep.
type Event struct {
	wamp.Payload // what was published; use Decode or Values

	Topic             wamp.URI
	Publication       wamp.ID
	Publisher         wamp.ID // zero unless disclosed (PID-1)
	PublisherAuthID   string  // empty unless disclosed
	PublisherAuthRole string  // empty unless disclosed
	Retained          bool    // kept by the router, published before the subscription began

	// Lost is the number of events of this subscription that were dropped
	// before this one because the handler was slower than they came.
	Lost int
}

// EventHandler receives the events of one subscription, one after the other,
// in the order in which the router sent them. Its context ends with the
// subscription. While it works, up to Options.ReceiveBytes of further events
// wait for it; beyond that they are dropped, logged, and counted in Event.Lost.
type EventHandler func(ctx context.Context, ev *Event)

// Subscription is a topic with the handler of its events.
type Subscription struct {
}

// Subscribe subscribes a handler to a topic, or to a pattern of topics, and
// waits until the router has confirmed it. The same topic may be subscribed to
// several times; each handler then gets every event. Errors are those of Call.
// If the context ends first, the subscription is withdrawn as soon as the
// router confirms it.
func (s *Session) Subscribe(ctx context.Context, topic wamp.URI, h EventHandler, opts *SubscribeOptions) (*Subscription, error) {
	return nil, errSkeleton
}

// Topic returns the topic or pattern that was subscribed to.
func (sub *Subscription) Topic() wamp.URI { return "" }

// Done is closed when no further event will come: after Unsubscribe, when the
// router revoked the subscription, or when the session has ended.
func (sub *Subscription) Done() <-chan struct{} { return nil }

// Unsubscribe ends the subscription. At once, no further event is handed to
// the handler, though one may still be running; events that wait are
// discarded. It then waits for the router's confirmation, where the
// subscription was the last one to its topic. It may be called from the
// handler and more than once. Errors are those of Call.
func (sub *Subscription) Unsubscribe(ctx context.Context) error { return errSkeleton }
