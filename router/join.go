package router

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/core"
	coresession "github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// defaultHelloTimeout is the default of Access.HelloTimeout.
const defaultHelloTimeout = 10 * time.Second

// maxLoggedText bounds what a log line quotes of a client, in octets.
const maxLoggedText = 256

// joining is what a session needs until it has joined.
type joining struct {
	timer  *time.Timer
	ctx    context.Context // of authentication; whoever ends the connection ends it
	cancel context.CancelFunc
	method string // the chosen one; "" before HELLO

	// The reader's:
	hello    *wamp.Hello
	exchange auth.Exchange // while a challenge is pending
}

// beginJoining gives the client its time to join.
func (s *session) beginJoining() {
	j := new(joining)
	j.ctx, j.cancel = context.WithCancel(context.Background())
	s.joining.Store(j)
	j.timer = time.AfterFunc(s.access.HelloTimeout, s.helloExpired)
}

// endJoining frees what joining needed; the reader calls it.
func (s *session) endJoining() {
	if j := s.joining.Swap(nil); j != nil {
		j.timer.Stop()
		j.cancel()
	}
}

// helloExpired ends a connection that has not joined in time. A client that is
// being authenticated is told so (SES-9).
func (s *session) helloExpired() {
	j := s.joining.Load()
	if j == nil {
		return
	}
	s.connLog().Info("connection closed: no session within the time allowed", "timeout", s.access.HelloTimeout)
	if !s.authenticating.Load() {
		s.disconnect()
		return
	}
	s.leaving.Store(true)
	s.sayLast(&wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: "authentication took too long"})
	j.cancel()
	time.AfterFunc(lingerTimeout, s.disconnect)
}

// join answers HELLO.
func (s *session) join(m *wamp.Hello, w *worker) error {
	if !m.Realm.Valid(wamp.URILoose) {
		return &wamp.Abort{Reason: wamp.ErrInvalidURI, Message: "the realm " + core.Quote(m.Realm) + " is no valid URI"}
	}
	if s.realm = s.router.Realm(m.Realm); s.realm == nil {
		return &wamp.Abort{Reason: wamp.ErrNoSuchRealm, Message: "there is no realm " + core.Quote(m.Realm) + " on this router"}
	}
	j := s.joining.Load()
	hello := *m
	j.hello = &hello
	if err := s.adoptRules(s.realm); err != nil {
		return err
	}
	method, err := s.access.Methods.Pick(j.hello, s.conn.Info())
	if err != nil {
		return err
	}
	j.method = method.Method()
	s.id = s.router.reserveID(s)
	s.authenticating.Store(true)
	w.flush() // an authenticator may take its time
	step, err := s.attempt(func(ctx context.Context) (auth.Step, error) {
		return method.Begin(ctx, &auth.Request{Hello: j.hello, Session: s.id, Transport: s.conn.Info()})
	})
	return s.proceed(step, err, w)
}

// adoptRules puts the session under the rules of a realm: what is a violation
// depends on them.
func (s *session) adoptRules(r *Realm) error {
	s.realm = r
	s.acceptor = coresession.NewAcceptor(r.acceptorOptions())
	if _, violation := s.acceptor.Receive(s.joining.Load().hello); violation != nil {
		return violation
	}
	return nil
}

// verify answers AUTHENTICATE.
func (s *session) verify(m *wamp.Authenticate, w *worker) error {
	w.flush()
	exchange := s.joining.Load().exchange
	step, err := s.attempt(func(ctx context.Context) (auth.Step, error) { return exchange.Authenticate(ctx, m) })
	return s.proceed(step, err, w)
}

// proceed does what an authenticator answered.
func (s *session) proceed(step auth.Step, err error, w *worker) error {
	var denied *auth.Denial
	var refusal *wamp.Abort
	switch {
	case errors.As(err, &denied):
		s.realm.stats.joinsDenied.Add(1)
		s.logDenial(denied)
		return err
	case errors.Is(err, errTooManyAttempts):
		s.realm.stats.joinsThrottled.Add(1)
		return err
	case errors.As(err, &refusal):
		return refusal
	case err != nil: // the reason is for the log, not for the client
		s.log().Warn("authentication failed", "method", s.joining.Load().method, "err", err)
		return &wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: "authentication failed"}
	case step.Challenge != nil:
		s.joining.Load().exchange = step.Exchange
		s.acceptor.Challenged()
		return w.send(s, step.Challenge, nil)
	case step.Grant == nil:
		s.log().Error("authenticator gave no answer", "method", s.joining.Load().method)
		return &wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: "authentication failed"}
	}
	return s.welcome(step.Grant, w)
}

func (s *session) logDenial(d *auth.Denial) {
	j := s.joining.Load()
	s.log().Info("authentication denied", "method", j.method, "authid", abridged(j.hello.AuthID), "err", d.Cause)
}

// abridged bounds what a log line quotes of a client's text.
func abridged(text string) string {
	if len(text) <= maxLoggedText {
		return text
	}
	return strings.ToValidUTF8(text[:maxLoggedText], "") + "…"
}

// welcome admits the client: the realm knows the session before the client
// does (SES-8).
func (s *session) welcome(g *auth.Grant, w *worker) error {
	if err := s.takeUp(g); err != nil {
		return err
	}
	if s.leaving.Load() {
		return &wamp.Abort{Reason: wamp.ErrSystemShutdown, Message: "the router shuts down"}
	}
	r, hello := s.realm, s.joining.Load().hello
	s.peer = &core.Peer{ID: s.id, Principal: g.Principal, Roles: hello.Roles, Owner: s, Serializer: s.wampSerializer}
	s.openGate(g)
	s.outbox.setMax(r.cfg.OutboxBytes)
	s.acceptor.Welcomed()
	s.log().Info("session joined", "role", g.Principal.AuthRole, "authid", abridged(g.Principal.AuthID),
		"method", g.Principal.AuthMethod, "serializer", s.serializer.String(), "agent", abridged(hello.Agent))
	s.endJoining()
	s.copes = s.copes || transport.CopesWithPing(hello.Agent)
	s.keepAlive()
	if told := s.router.opts.OnJoin; told != nil {
		told(r.cfg.Name, g.Principal)
	}
	if err := s.sendWelcome(g, w); err != nil {
		return err
	}
	s.joined.Store(true) // not earlier: nobody may say GOODBYE before
	r.enter(s.peer, w)
	s.expireAt(g.Expires)
	return nil
}

// takeUp finds the realm and the role that were granted. A role that is
// Trusted is not there for others, whatever an authenticator says.
func (s *session) takeUp(g *auth.Grant) error {
	if g.Realm != "" && g.Realm != s.realm.cfg.Name {
		r := s.router.Realm(g.Realm)
		if r == nil {
			s.log().Warn("authentication leads to a realm that is not there", "to", abridged(string(g.Realm)))
			return &wamp.Abort{Reason: wamp.ErrNoSuchRealm, Message: "the realm of this principal does not exist"}
		}
		if err := s.adoptRules(r); err != nil {
			return err
		}
	}
	role := g.Principal.AuthRole
	s.perms = s.realm.roles[role]
	switch {
	case s.perms != nil && (!s.perms.trusted || s.access.Trusted):
		return nil
	case s.perms == nil && role == auth.DefaultRole:
		s.perms = nothing
		return nil
	case s.perms != nil:
		s.log().Warn("authentication gave a role that is not for clients", "role", abridged(role))
	}
	return &wamp.Abort{
		Reason:  wamp.ErrNoSuchRole,
		Message: fmt.Sprintf("realm %q has no role %s", s.realm.cfg.Name, core.Quote(role)),
	}
}

// sendWelcome sends WELCOME, without what can be left out when the client's
// limit is too small for all of it.
func (s *session) sendWelcome(g *auth.Grant, w *worker) error {
	m := &wamp.Welcome{
		Session:      s.id,
		Roles:        s.realm.features(),
		Realm:        s.realm.cfg.Name,
		Agent:        s.router.opts.Agent,
		AuthID:       g.Principal.AuthID,
		AuthRole:     g.Principal.AuthRole,
		AuthMethod:   g.Principal.AuthMethod,
		AuthProvider: g.Principal.AuthProvider,
		AuthExtra:    g.Extra,
	}
	err := w.send(s, m, nil)
	if errors.Is(err, errTooLarge) {
		short := *m
		short.Agent = ""
		short.Roles = wamp.Roles{}.With(wamp.RoleBroker).With(wamp.RoleDealer)
		err = w.send(s, &short, nil)
	}
	return err
}

// expireAt ends the session at the given time, however silent the client is: it
// is out of the realm at once. The zero time never comes.
func (s *session) expireAt(at time.Time) {
	if at.IsZero() {
		return
	}
	p, r := s.peer, s.realm
	s.expiry = time.AfterFunc(time.Until(at), func() {
		if !r.expel(p, withNews) {
			return // it has ended already
		}
		s.connLog().Info("session ends: its authentication has expired",
			"realm", string(r.cfg.Name), "session", uint64(p.ID), "authid", p.Principal.AuthID)
		s.dismiss(&wamp.Goodbye{Reason: wamp.CloseExpired, Message: "the authentication has expired"})
	})
}

func (s *session) stopExpiry() {
	if s.expiry != nil {
		s.expiry.Stop()
	}
}
