package router

import (
	"sync"
	"sync/atomic"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// metaTopic is a topic of the meta API (section 6.6).
type metaTopic uint8

// The topics. Those of registrations and of subscriptions follow each other
// as core.ChangeKind counts.
const (
	onJoin metaTopic = iota
	onLeave
	onRegistration
	onSubscription = onRegistration + metaTopic(core.Deleted) + 1
	numMetaTopics  = onSubscription + metaTopic(core.Deleted) + 1
)

var metaTopics = [numMetaTopics]wamp.URI{
	"wamp.session.on_join", "wamp.session.on_leave",
	"wamp.registration.on_create", "wamp.registration.on_register",
	"wamp.registration.on_unregister", "wamp.registration.on_delete",
	"wamp.subscription.on_create", "wamp.subscription.on_subscribe",
	"wamp.subscription.on_unsubscribe", "wamp.subscription.on_delete",
}

// news are the meta events of a realm on their way to the broker. They are
// queued under the lock under which they happened, so that the queue has their
// order, and published once it is released. What nobody has subscribed to is
// not even queued.
type news struct {
	interest [numMetaTopics]atomic.Int32 // subscriptions that match the topic

	mu    sync.Mutex // guards the field below
	queue []notice

	// telling is held while notices are published, so that their order is kept.
	// Whoever queued some waits for it, which bounds the queue: nobody has more
	// in it than one message, or the end of one session, has caused.
	telling sync.Mutex
}

// notice is a meta event.
type notice struct {
	topic metaTopic
	peer  *core.Peer // whom it is about
	entry core.Entry // what it is about, if not the session itself
}

// add queues a notice and reports whether somebody wants it.
func (ns *news) add(n notice) bool {
	if ns.interest[n.topic].Load() == 0 {
		return false
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	ns.queue = append(ns.queue, n)
	return true
}

// change queues the notice of a change; the lock is held under which it
// happened. What concerns topics and procedures below "wamp." is not told
// (META-2), but such a subscription may be interest in the meta events.
func (ns *news) change(c core.Change) bool {
	of := onRegistration
	if c.Of == wamp.CodeSubscribe {
		of = onSubscription
		switch c.Kind {
		case core.Created:
			ns.count(c.Entry, +1)
		case core.Deleted:
			ns.count(c.Entry, -1)
		}
	}
	return !c.Entry.URI.Reserved() && ns.add(notice{of + metaTopic(c.Kind), c.Peer, c.Entry})
}

// count notes a subscription that comes or goes.
func (ns *news) count(sub core.Entry, n int32) {
	for i, topic := range metaTopics {
		if topic.Matches(sub.URI, sub.Match) {
			ns.interest[i].Add(n)
		}
	}
}

func (ns *news) take() []notice {
	ns.mu.Lock()
	defer ns.mu.Unlock()
	taken := ns.queue
	ns.queue = nil
	return taken
}

// tell publishes what is queued; no lock of the realm is held.
func (r *Realm) tell(w *worker) {
	ns := &r.service.news
	ns.telling.Lock()
	defer ns.telling.Unlock()
	for {
		taken := ns.take()
		if len(taken) == 0 {
			return
		}
		for _, n := range taken {
			r.publish(r.service.peer, n.publication(), w)
			w.settle()
		}
	}
}

// publication is the notice as the service publishes it (META-4). A session
// does not hear that it joined (SES-8).
func (n *notice) publication() *wamp.Publish {
	m := &wamp.Publish{Topic: metaTopics[n.topic]}
	var args []any
	switch n.topic {
	case onJoin:
		args = []any{sessionDetails(n.peer)}
		m.Filter = &wamp.Filter{Exclude: []wamp.ID{n.peer.ID}}
	case onLeave:
		args = []any{n.peer.ID, n.peer.Principal.AuthID, n.peer.Principal.AuthRole}
	case onRegistration:
		args = []any{n.peer.ID, describe(n.entry, wamp.CodeRegister)}
	case onSubscription:
		args = []any{n.peer.ID, describe(n.entry, wamp.CodeSubscribe)}
	default:
		args = []any{n.peer.ID, n.entry.ID}
	}
	// Strings come from decoded messages, so that they can be encoded again.
	m.Payload, _ = serializer.CBOR.EncodePayload(args, nil)
	return m
}
