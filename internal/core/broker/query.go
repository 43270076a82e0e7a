package broker

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// The methods below answer the subscription meta API (section 3.25). They only
// read, and do not know the subscriptions of topics below "wamp." (META-2).

// IDs returns the IDs of all subscriptions by matching policy, in no order.
func (b *Broker) IDs() (ids [3][]wamp.ID) {
	for id, sub := range b.byID {
		if !sub.topic.Reserved() {
			ids[sub.match] = append(ids[sub.match], id)
		}
	}
	return ids
}

// Entry returns the subscription with the given ID, if there is one.
func (b *Broker) Entry(id wamp.ID) (core.Entry, bool) { return known(b.byID[id]) }

// Lookup returns the subscription of exactly this topic and policy.
func (b *Broker) Lookup(topic wamp.URI, m wamp.Match) (core.Entry, bool) {
	sub, _ := b.topics.Get(topic, m)
	return known(sub)
}

// Match returns the subscriptions that an event of the topic goes to (SUM-1).
func (b *Broker) Match(topic wamp.URI) (ids []wamp.ID) {
	for sub := range b.topics.Match(topic) {
		if !sub.topic.Reserved() {
			ids = append(ids, sub.id)
		}
	}
	return ids
}

// Subscribers returns the subscribers of a subscription, in no order.
func (b *Broker) Subscribers(id wamp.ID) (subscribers []wamp.ID, ok bool) {
	if _, ok := b.Entry(id); !ok {
		return nil, false
	}
	for _, s := range b.byID[id].subscribers {
		subscribers = append(subscribers, s.peer.ID)
	}
	return subscribers, true
}

// known returns what the meta API may tell of a subscription, which may be nil.
func known(sub *subscription) (core.Entry, bool) {
	if sub == nil || sub.topic.Reserved() {
		return core.Entry{}, false
	}
	return sub.entry(), true
}

func (sub *subscription) entry() core.Entry {
	return core.Entry{ID: sub.id, URI: sub.topic, Match: sub.match, Created: sub.created}
}
