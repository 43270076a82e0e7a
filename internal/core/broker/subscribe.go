package broker

import (
	"fmt"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Subscribe makes the peer a subscriber of (m.Topic, m.Match) and sends
// SUBSCRIBED or ERROR. A peer that is one already gets the same subscription ID
// again and nothing changes (PS-1), but that it, too, is sent the retained events
// where it asks for them (RET-2, RET-5). Topics below "wamp." may be subscribed to
// by anyone (URI-3).
func (b *Broker) Subscribe(from *core.Peer, m *wamp.Subscribe, now time.Time, out *core.Deliveries) {
	if !m.Topic.ValidPattern(m.Match, b.o.URIRule) {
		out.Refuse(from, wamp.CodeSubscribe, m.Request, wamp.ErrInvalidURI, core.InvalidURI(m.Match.String()+" subscription", m.Topic, b.o.URIRule))
		return
	}
	s := b.session(from)
	sub, exists := b.topics.Get(m.Topic, m.Match)
	if !exists || s.find(sub) < 0 {
		if len(s.held) >= b.o.MaxSubscriptions {
			out.Refuse(from, wamp.CodeSubscribe, m.Request, wamp.ErrLimitExceeded,
				fmt.Sprintf("a session may have %d subscriptions, no more", b.o.MaxSubscriptions))
			return
		}
		if !exists {
			sub = b.create(from, m.Topic, m.Match, now, out)
		}
		b.enter(s, sub, out)
	}
	out.Send(from, &wamp.Subscribed{Request: m.Request, Subscription: sub.id})
	if m.GetRetained {
		b.retained.send(sub, from, out)
	}
}

// Provide makes a subscription that exists without subscribers too, so that it
// has an ID by which to ask for the history of its topics (HIS-3). It must not
// exist yet.
func (b *Broker) Provide(topic wamp.URI, m wamp.Match, now time.Time) {
	b.add(topic, m, now).lasting = true
}

// Unsubscribe ends the peer's membership in a subscription and sends
// UNSUBSCRIBED, or ERROR if it has none.
func (b *Broker) Unsubscribe(from *core.Peer, m *wamp.Unsubscribe, out *core.Deliveries) {
	s, sub := b.sessions[from], b.byID[m.Subscription]
	place := -1
	if s != nil && sub != nil {
		place = s.find(sub)
	}
	if place < 0 {
		out.Refuse(from, wamp.CodeUnsubscribe, m.Request, wamp.ErrNoSuchSubscription,
			fmt.Sprintf("this session has no subscription %d", m.Subscription))
		return
	}
	b.part(s, place, out)
	out.Send(from, &wamp.Unsubscribed{Request: m.Request})
}
