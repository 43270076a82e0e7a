package router

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// lookAtBroker has f look at the broker, under its lock.
func (c *metaCall) lookAtBroker(f func(*broker.Broker)) {
	c.realm.pubsub.RLock()
	defer c.realm.pubsub.RUnlock()
	f(c.realm.broker)
}

// listSubscriptions is wamp.subscription.list.
func (c *metaCall) listSubscriptions() ([]any, error) {
	var ids [3][]wamp.ID
	c.lookAtBroker(func(b *broker.Broker) { ids = b.IDs() })
	return []any{byPolicy(ids)}, nil
}

// lookupSubscription is wamp.subscription.lookup.
func (c *metaCall) lookupSubscription() ([]any, error) {
	topic, match, err := c.lookup("topic")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtBroker(func(b *broker.Broker) { e, ok = b.Lookup(topic, match) })
	return found(e, ok), nil
}

// matchSubscriptions is wamp.subscription.match: a list, or null if none
// matches (SUM-1).
func (c *metaCall) matchSubscriptions() ([]any, error) {
	topic, err := c.text(0, "topic")
	if err != nil {
		return nil, err
	}
	var ids []wamp.ID
	c.lookAtBroker(func(b *broker.Broker) { ids = b.Match(wamp.URI(topic)) })
	if len(ids) == 0 {
		return []any{nil}, nil
	}
	return []any{idValues(ids)}, nil
}

// getSubscription is wamp.subscription.get.
func (c *metaCall) getSubscription() ([]any, error) {
	id, err := c.id(0, "subscription")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtBroker(func(b *broker.Broker) { e, ok = b.Entry(id) })
	if !ok {
		return nil, wamp.ErrNoSuchSubscription
	}
	return []any{describe(e, wamp.CodeSubscribe)}, nil
}

// listSubscribers is wamp.subscription.list_subscribers.
func (c *metaCall) listSubscribers() ([]any, error) {
	subscribers, err := c.subscribers()
	if err != nil {
		return nil, err
	}
	return []any{idValues(subscribers)}, nil
}

// countSubscribers is wamp.subscription.count_subscribers.
func (c *metaCall) countSubscribers() ([]any, error) {
	subscribers, err := c.subscribers()
	if err != nil {
		return nil, err
	}
	return []any{len(subscribers)}, nil
}

func (c *metaCall) subscribers() (subscribers []wamp.ID, err error) {
	id, err := c.id(0, "subscription")
	if err != nil {
		return nil, err
	}
	var ok bool
	c.lookAtBroker(func(b *broker.Broker) { subscribers, ok = b.Subscribers(id) })
	if !ok {
		return nil, wamp.ErrNoSuchSubscription
	}
	return subscribers, nil
}

// removeSubscriber is wamp.subscription.remove_subscriber (REV-5).
func (c *metaCall) removeSubscriber() ([]any, error) {
	id, subscriber, reason, err := c.removal("subscription", "subscriber")
	if err != nil {
		return nil, err
	}
	w := takeWorker()
	defer w.release()
	r := c.realm
	r.pubsub.Lock()
	exists, was := r.broker.RemoveSubscriber(id, subscriber, reason, &w.out)
	w.deliver()
	r.pubsub.Unlock()
	w.settle()
	w.flush()
	return removed(exists, was, wamp.ErrNoSuchSubscription)
}
