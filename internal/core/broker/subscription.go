package broker

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// subscription is what all who subscribed to the same (topic, match) share
// (PSUB-3). It exists while it has subscribers, or for good if it is lasting.
type subscription struct {
	id          wamp.ID
	topic       wamp.URI
	match       wamp.Match
	created     time.Time
	lasting     bool         // see Broker.Provide
	subscribers []subscriber // in order of subscription until one leaves
}

// session is what the broker keeps of a peer: nothing until it subscribes.
type session struct {
	peer *core.Peer
	held []holding
}

// A subscriber in a subscription and a holding in a session are the two ends
// of one membership. Each knows the other's place in its slice, so that a
// membership ends at a cost that depends on neither size, and takes no map.
type (
	subscriber struct {
		*session
		place int // of the holding in session.held
	}
	holding struct {
		*subscription
		place int // of the subscriber in subscription.subscribers
	}
)

// find returns the place of a subscription among those that the session holds,
// or -1. It searches whichever end is shorter: it takes a session of many
// subscriptions and a subscription of many sessions to make it long.
func (s *session) find(sub *subscription) int {
	if len(s.held) <= len(sub.subscribers) {
		for i := range s.held {
			if s.held[i].subscription == sub {
				return i
			}
		}
		return -1
	}
	for i := range sub.subscribers {
		if sub.subscribers[i].session == s {
			return sub.subscribers[i].place
		}
	}
	return -1
}

// session returns the state of a peer that begins to subscribe.
func (b *Broker) session(p *core.Peer) *session {
	s := b.sessions[p]
	if s == nil {
		s = &session{peer: p}
		b.sessions[p] = s
	}
	return s
}

// enter makes the session a subscriber.
func (b *Broker) enter(s *session, sub *subscription, out *core.Deliveries) {
	sub.subscribers = append(sub.subscribers, subscriber{s, len(s.held)})
	s.held = append(s.held, holding{sub, len(sub.subscribers) - 1})
	b.stats.Subscribers++
	changed(core.Entered, s.peer, sub, out)
}

// part ends the membership at a place of the session's holdings, and with the
// last one of a subscription or session the broker's memory of it.
func (b *Broker) part(s *session, place int, out *core.Deliveries) {
	sub, at := s.held[place].subscription, s.held[place].place
	sub.subscribers = removeAt(sub.subscribers, at)
	if at < len(sub.subscribers) {
		moved := sub.subscribers[at]
		moved.held[moved.place].place = at
	}
	s.held = removeAt(s.held, place)
	if place < len(s.held) {
		moved := s.held[place]
		moved.subscribers[moved.place].place = place
	}
	b.stats.Subscribers--
	changed(core.Parted, s.peer, sub, out)
	if len(sub.subscribers) == 0 && !sub.lasting {
		b.forget(sub)
		changed(core.Deleted, s.peer, sub, out)
	}
	if len(s.held) == 0 {
		delete(b.sessions, s.peer)
	}
}

// create adds a subscription for its first subscriber, and has that told.
func (b *Broker) create(by *core.Peer, topic wamp.URI, m wamp.Match, now time.Time, out *core.Deliveries) *subscription {
	sub := b.add(topic, m, now)
	changed(core.Created, by, sub, out)
	return sub
}

// add adds a subscription. Its ID continues a sequence, since there are clients
// that cannot send back IDs above 2^32.
func (b *Broker) add(topic wamp.URI, m wamp.Match, now time.Time) *subscription {
	b.lastID = b.lastID.Next()
	sub := &subscription{id: b.lastID, topic: topic, match: m, created: now}
	b.topics.Set(topic, m, sub)
	b.byID[sub.id] = sub
	b.stats.Subscriptions++
	return sub
}

// changed has the meta API tell of a subscription (SUM-2).
func changed(k core.ChangeKind, by *core.Peer, sub *subscription, out *core.Deliveries) {
	out.Change(core.Change{Kind: k, Of: wamp.CodeSubscribe, Peer: by, Entry: sub.entry()})
}

func (b *Broker) forget(sub *subscription) {
	b.topics.Delete(sub.topic, sub.match)
	delete(b.byID, sub.id)
	b.stats.Subscriptions--
}

// removeAt removes an element by moving the last one to its place, and lets go
// of memory that is mostly unused.
func removeAt[T any](s []T, i int) []T {
	last := len(s) - 1
	s[i] = s[last]
	clear(s[last:])
	s = s[:last]
	if cap(s) > 64 && len(s) < cap(s)/4 {
		s = append(make([]T, 0, 2*len(s)), s...)
	}
	return s
}
