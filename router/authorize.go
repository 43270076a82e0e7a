package router

import (
	"errors"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// verdict is what authorization says to a request. The zero verdict allows it.
type verdict struct {
	refusal  wamp.ErrorURI
	disclose bool
}

// judge returns what authorization says to the message at hand. What an
// Authorizer said about it is in w (see gate).
func (s *session) judge(a Action, u wamp.URI, m wamp.Match, w *worker) verdict {
	switch {
	case s.perms.dynamic != nil:
		return w.verdict
	case m != wamp.MatchExact:
		if !s.perms.allows(a, u, m) {
			return verdict{refusal: wamp.ErrNotAuthorized}
		}
		return verdict{}
	}
	p := s.perms.find(u)
	if p.Allow&a == 0 {
		return verdict{refusal: wamp.ErrNotAuthorized}
	}
	return verdict{disclose: p.discloses(a)}
}

// discloses reports whether who does something is told to the other side.
func (p *Permission) discloses(a Action) bool {
	return a == ActionCall && p.DiscloseCaller || a == ActionPublish && p.DisclosePublisher
}

// may reports with an empty URI that the session may do something which the
// message at hand does not ask for itself, such as to subscribe to the topic
// whose history it asks for (HIS-5), else why not. It is called outside of all
// locks, and blocks while an Authorizer decides, if there is one: the message
// must be one of those that asksMore knows.
func (s *session) may(a Action, u wamp.URI, m wamp.Match) wamp.ErrorURI {
	g := s.gate.Load()
	if g == nil {
		return s.judge(a, u, m, nil).refusal
	}
	in := &Intent{Action: a, URI: u, Match: m}
	if m != wamp.MatchExact {
		in.Options = wamp.Dict{"match": m.String()} // as if it asked for it
	}
	if d, ok := g.recall(a, u, m, in.Options, time.Now()); ok {
		return d.verdict().refusal
	}
	return s.ask(g, in, false).refusal
}

// asksMore reports whether carrying out a message may take a decision of its
// own. The reader must not wait for that.
func asksMore(m wamp.Message) bool {
	call, ok := m.(*wamp.Call)
	return ok && (call.Procedure == "wamp.subscription.get_events" || call.Procedure == "wamp.session.add_testament")
}

// known puts the verdict on a message into w, if no decision is needed for it
// or one is kept.
func (s *session) known(m wamp.Message, w *worker) bool {
	w.verdict = verdict{}
	action, uri, match := wanted(m)
	if action == 0 {
		return true
	}
	if !uri.ValidPattern(match, s.realm.cfg.URIRule) {
		w.verdict.refusal = wamp.ErrInvalidURI // no URI to ask anybody about
		return true
	}
	d, ok := s.gate.Load().recall(action, uri, match, optionsOf(m), w.now)
	if ok {
		w.verdict = d.verdict()
	}
	return ok
}

// recall returns the decision that is kept for a request, if one is.
func (g *gate) recall(a Action, u wamp.URI, m wamp.Match, options wamp.Dict, now time.Time) (Decision, bool) {
	key, short := keyOf(a, u, m, options)
	if !short {
		return Decision{}, false
	}
	generation := g.role.generation.Load()
	if d, ok := g.own.find(key, now, generation); ok {
		return d, true
	}
	return g.role.shared.find(key, now, generation)
}

// ask returns an Authorizer's verdict. A hopeless request gets none: it has
// waited for one that took too long, and a client with many requests must not
// wait for that many times.
func (s *session) ask(g *gate, in *Intent, hopeless bool) verdict {
	undecided := verdict{refusal: wamp.ErrAuthorizationFailed}
	if hopeless {
		return undecided
	}
	common := g.as
	common.Action, common.URI, common.Match, common.Options = in.Action, in.URI, in.Match, in.Options
	generation := g.role.generation.Load()
	d, err := g.role.ask(g.ctx, &common)
	switch {
	case g.ctx.Err() != nil:
		return undecided
	case err != nil:
		s.undecided(g, &common, err)
		return undecided
	}
	if g.role.failing.CompareAndSwap(true, false) {
		s.log().Info("the authorizer decides again", "role", g.as.Principal.AuthRole)
	}
	g.keep(&common, d, generation)
	return d.verdict()
}

// undecided takes note of a decision that failed.
func (s *session) undecided(g *gate, in *Intent, err error) {
	if errors.Is(err, errUndecided) {
		g.giveUp()
	}
	log := s.log().With("role", in.Principal.AuthRole, "action", in.Action.String(), "uri", abridged(string(in.URI)), "err", err)
	if g.role.failing.CompareAndSwap(false, true) {
		log.Warn("the authorizer gives no decision: the request is refused; until it decides again, others are logged for debugging only")
	} else {
		log.Debug("the authorizer gives no decision: the request is refused")
	}
}

// keep keeps a decision for whom the Authorizer wants it kept.
func (g *gate) keep(in *Intent, d Decision, generation uint64) {
	key, ok := keyOf(in.Action, in.URI, in.Match, in.Options)
	if !ok || d.Keep == KeepNot {
		return
	}
	now := time.Now()
	k := kept{d, now.Add(g.role.lifetime), generation}
	if d.Keep == KeepRole {
		g.role.shared.keep(key, k, now)
		return
	}
	g.own.keep(key, k, now)
}

func (d Decision) verdict() verdict {
	if !d.Allow {
		return verdict{refusal: wamp.ErrNotAuthorized}
	}
	return verdict{disclose: d.Disclose}
}
