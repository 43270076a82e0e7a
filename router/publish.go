package router

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// publish has the broker distribute a publication that is authorized. A
// session that has left publishes nothing any more. It may change m.
func (r *Realm) publish(from *core.Peer, m *wamp.Publish, w *worker) {
	store := r.history.wants(m)
	if store || m.Retain {
		m.Payload = m.Payload.Clone() // or it would keep a frame, or be overwritten with it
	}
	if m.Retain {
		r.publishRetained(from, m, store, w)
		return
	}
	r.pubsub.RLock()
	defer r.pubsub.RUnlock()
	r.publishLocked(from, m, store, w)
}

// publishRetained is publish for an event that the broker keeps: it excludes
// those who subscribe meanwhile, so that each gets the event once, as a retained
// one or as a new one (RET-2).
func (r *Realm) publishRetained(from *core.Peer, m *wamp.Publish, store bool, w *worker) {
	r.pubsub.Lock()
	r.publishLocked(from, m, store, w)
	lost := r.broker.Stats().RetainedLost
	r.pubsub.Unlock()
	if lost > 0 && !r.forgetting.Swap(true) {
		r.router.opts.Logger.Warn("too much is retained, the oldest events are given up; further ones are only counted",
			"realm", string(r.cfg.Name), "events", r.cfg.RetainedEvents, "bytes", r.cfg.RetainedBytes)
	}
}

// publishLocked is publish with the pubsub lock held, for writing if the event
// is to be retained. Who keeps the event keeps its payload. Events are stored
// in the order in which they are delivered.
func (r *Realm) publishLocked(from *core.Peer, m *wamp.Publish, store bool, w *worker) {
	if s, ok := from.Owner.(*session); ok && s.absent.pubsub {
		return
	}
	id := r.broker.Publish(from, m, &w.out)
	w.deliver()
	if store && id != 0 {
		r.history.add(from, id, m)
	}
}
