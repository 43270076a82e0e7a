package router

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// enter makes a session that was welcomed a member of the realm (SES-8).
func (r *Realm) enter(p *core.Peer) {
	r.membership.Lock()
	defer r.membership.Unlock()
	r.present[p.ID] = p
	r.stats.sessions.Add(1)
	r.stats.joined.Add(1)
}

// member returns the session with the given ID, or nil. Sessions that are still
// authenticating are not members (SM-8).
func (r *Realm) member(id wamp.ID) *core.Peer {
	r.membership.Lock()
	defer r.membership.Unlock()
	return r.present[id]
}

// members returns the sessions that are wanted, in no order. The lock is held
// meanwhile.
func (r *Realm) members(wanted func(*core.Peer) bool) []*core.Peer {
	r.membership.Lock()
	defer r.membership.Unlock()
	var peers []*core.Peer
	for _, p := range r.present {
		if wanted(p) {
			peers = append(peers, p)
		}
	}
	return peers
}

// expel takes a session out of the realm, if it is in it: nothing is routed
// from or to it any more when expel returns, and what it held is free. It
// reports whether it was this call that did it. It may be called from anywhere
// outside of the realm's locks.
func (r *Realm) expel(p *core.Peer) bool {
	r.membership.Lock()
	in := r.present[p.ID] == p
	if in {
		delete(r.present, p.ID)
		r.stats.sessions.Add(-1)
	}
	r.membership.Unlock()
	if !in {
		return false
	}
	w := takeWorker()
	defer w.release()
	r.leave(p, w)
	w.flush()
	return true
}

// leave ends all that a session has in the realm: its calls are interrupted,
// calls to it are answered, its subscriptions and registrations go. Its reader
// may be at work meanwhile: what it still brings finds it absent.
func (r *Realm) leave(p *core.Peer, w *worker) {
	s := p.Owner.(*session)
	r.pubsub.Lock()
	s.absent.pubsub = true
	r.broker.Leave(p, &w.out)
	w.deliver()
	r.pubsub.Unlock()
	w.settle()

	r.rpc.Lock()
	s.absent.rpc = true
	r.dealer.Leave(p, &w.out)
	w.deliver()
	r.armLocked()
	r.rpc.Unlock()
	w.settle()
}
