package router

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// refuse answers a request that authorization has refused (section 2.10).
func (s *session) refuse(m wamp.Message, request wamp.ID, why wamp.ErrorURI, w *worker) {
	w.out.Refuse(s.peer, m.Code(), request, why, s.refused(m, why))
	w.deliver()
}

// refuseCall is refuse for a CALL. The dealer answers, since it may be a chunk
// of a call that is pending, or that was refused already.
func (s *session) refuseCall(m *wamp.Call, why wamp.ErrorURI, w *worker) error {
	text, r := s.refused(m, why), s.realm
	r.rpc.Lock()
	defer r.rpc.Unlock()
	if s.absent.rpc {
		return nil
	}
	violation := r.dealer.Refuse(s.peer, m, why, text, &w.out)
	w.deliver()
	r.armLocked()
	if violation != nil {
		return violation
	}
	return nil
}

// refused logs that a request is refused, and returns why, for people.
func (s *session) refused(m wamp.Message, why wamp.ErrorURI) string {
	action, uri, match := wanted(m)
	if log := s.router.opts.Logger; log.Enabled(context.Background(), slog.LevelDebug) {
		s.log().Debug("request refused", "action", action.String(), "uri", abridged(string(uri)), "match", match.String(), "reason", string(why))
	}
	return s.explain(why, action, uri, match)
}

// explain says why a request is refused, in a sentence for people.
func (s *session) explain(why wamp.ErrorURI, a Action, u wamp.URI, m wamp.Match) string {
	asked := fmt.Sprintf("%s %s", a, core.Quote(u))
	if m != wamp.MatchExact {
		asked = fmt.Sprintf("%s all of the %s %s", a, m, core.Quote(u))
	}
	role := core.Quote(s.peer.Principal.AuthRole)
	switch why {
	case wamp.ErrNotAuthorized:
		return fmt.Sprintf("the role %s may not %s", role, asked)
	case wamp.ErrInvalidURI:
		return core.InvalidURI(what(a), u, s.realm.cfg.URIRule)
	}
	return fmt.Sprintf("nobody has decided whether the role %s may %s: the authorizer failed", role, asked)
}

// what names what an action is on.
func what(a Action) string {
	if a == ActionCall || a == ActionRegister {
		return "procedure"
	}
	return "topic"
}
