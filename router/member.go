package router

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// enter makes a session that was welcomed a member of the realm, and tells
// others of it (SES-8).
func (r *Realm) enter(p *core.Peer, w *worker) {
	if r.admit(p) {
		r.tell(w)
	}
}

// admit reports whether there is something to tell.
func (r *Realm) admit(p *core.Peer) bool {
	r.membership.Lock()
	defer r.membership.Unlock()
	r.present[p.ID] = p
	r.admitted++
	p.Owner.(*session).place = r.admitted
	r.stats.sessions.Add(1)
	r.stats.joined.Add(1)
	return r.service != nil && r.service.news.add(notice{topic: onJoin, peer: p})
}

// member returns the session with the given ID, or nil. Sessions that are still
// authenticating are not members (SM-8).
func (r *Realm) member(id wamp.ID) *core.Peer {
	r.membership.Lock()
	defer r.membership.Unlock()
	return r.present[id]
}

// members returns the sessions that are wanted, in no order. The lock is held
// while it asks.
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
func (r *Realm) expel(p *core.Peer, how silence) bool {
	t, in := r.resign(p)
	if !in {
		return false
	}
	if how == silently {
		t = nil
	}
	w := takeWorker()
	defer w.release()
	r.leave(p, t, w)
	if how == withNews && r.service != nil && r.service.news.add(notice{topic: onLeave, peer: p}) {
		r.tell(w)
	}
	w.flush()
	return true
}

// resign ends a membership, and returns the testaments, which are the
// caller's alone from then on. It reports whether there was one.
func (r *Realm) resign(p *core.Peer) (*testaments, bool) {
	r.membership.Lock()
	defer r.membership.Unlock()
	if r.present[p.ID] != p {
		return nil, false
	}
	delete(r.present, p.ID)
	r.stats.sessions.Add(-1)
	s := p.Owner.(*session)
	t := s.testaments
	s.testaments = nil // its reader may still ask to flush them
	return t, true
}

// silence is whether others hear that a session ended.
type silence bool

// How a session may end.
const (
	withNews silence = false
	silently silence = true // without meta event and testaments (SM-7)
)

// kill ends a member's session whether the client agrees or not: it is out of
// the realm at once, is told so, and its connection closed when it has not
// echoed the GOODBYE in time (SM-5). It reports whether it was a member.
func (r *Realm) kill(p, by *core.Peer, goodbye *wamp.Goodbye, how silence) bool {
	if !r.expel(p, how) {
		return false
	}
	s := p.Owner.(*session)
	s.connLog().Info("session killed", "realm", string(r.cfg.Name), "session", uint64(p.ID),
		"authid", p.Principal.AuthID, "by", uint64(by.ID), "reason", string(goodbye.Reason))
	s.dismiss(goodbye)
	return true
}

// leave ends all that a session has in the realm: its testaments are published,
// its calls are interrupted, calls to it are answered, its subscriptions and
// registrations go. Its reader may be at work meanwhile: what it still brings
// finds it absent.
func (r *Realm) leave(p *core.Peer, t *testaments, w *worker) {
	s := p.Owner.(*session)
	r.pubsub.Lock()
	r.broker.Leave(p, &w.out)
	w.deliver()
	r.publishTestamentsLocked(p, t, w)
	s.absent.pubsub = true
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
