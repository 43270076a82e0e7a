package router

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/core"
	coresession "github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/internal/keepalive"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// lingerTimeout is how long a connection is still read from, and what comes
// ignored, after the router's last message: closing a socket with unread input
// resets it, and the peer would lose that message.
const lingerTimeout = 500 * time.Millisecond

// defaultHelloTimeout is the default of Access.HelloTimeout.
const defaultHelloTimeout = 10 * time.Second

// maxKeptBatch is how many message slices an idle session keeps room for.
const maxKeptBatch = 16

// session is one connection and the WAMP session on it. Its reader, the
// goroutine that runs Attach, owns it; fields of others' concern are marked.
type session struct {
	router         *Router
	conn           transport.Conn
	access         Access
	serializer     serializer.Serializer
	wampSerializer wamp.Serializer // the same, for comparing with a payload's
	end            []byte          // what ends a message in this serializer

	outbox   outbox // for everybody
	acceptor coresession.Acceptor
	batch    [][]byte

	// Set while joining, constant while the realm knows peer.
	id    wamp.ID
	realm *Realm
	perms *permissions
	peer  *core.Peer

	// absent says that the session has left its realm, of which its reader may
	// not know yet. Each is guarded by the lock of the realm that is its name.
	absent struct{ pubsub, rpc bool }

	gate atomic.Pointer[gate] // nil unless an Authorizer decides; set when joining

	copes bool             // with a PING
	watch *keepalive.Watch // nil unless the client is sent PINGs

	helloTimer *time.Timer   // until joined
	exchange   auth.Exchange // while a challenge is pending
	hello      *wamp.Hello   // while authenticating

	lossy   atomic.Bool // an event did not reach it, which is logged once
	slow    atomic.Bool // ended because its outbox was full
	joined  atomic.Bool // a WELCOME was sent
	leaving atomic.Bool // the router shuts down
}

func newSession(r *Router, conn transport.Conn, access Access) (*session, error) {
	info := conn.Info()
	ser, ok := serializer.ByNumber(info.Serializer)
	if !ok {
		return nil, fmt.Errorf("router: %s is not supported", info.Serializer)
	}
	var err error
	if access.KeepAlive, err = access.KeepAlive.Complete(); err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	s := &session{
		router:         r,
		conn:           conn,
		access:         access,
		serializer:     ser,
		wampSerializer: ser,
		end:            ser.AppendEnd(nil),
	}
	s.outbox.conn = conn
	s.outbox.limits = info.Limits
	s.outbox.budget = &r.budget
	s.outbox.max = DefaultOutboxBytes
	if s.access.HelloTimeout == 0 {
		s.access.HelloTimeout = defaultHelloTimeout
	}
	s.helloTimer = time.AfterFunc(s.access.HelloTimeout, s.helloExpired)
	return s, nil
}

// errEnded ends the read loop after an orderly end of the session.
var errEnded = errors.New("session ended")

// run is the reader: it serves the connection until it ends. What it and its
// callers keep on the stack, an idle session pays for, so that the end of a
// session has a function of its own.
func (s *session) run(ctx context.Context) error {
	return s.finish(s.readLoop(ctx))
}

// readLoop reads and handles batches of messages until the session ends.
func (s *session) readLoop(ctx context.Context) error {
	for {
		batch, control, err := s.conn.Read(s.batch[:0])
		if len(batch) > 0 || len(control) > 0 {
			if err := s.handleBatch(ctx, batch, control); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		clear(batch) // or an idle session would keep what it read alive
		if s.batch = batch[:0]; cap(batch) > maxKeptBatch {
			s.batch = nil
		}
	}
}

// finish says the last word where one is due, closes the connection, and returns
// Attach's error.
func (s *session) finish(err error) error {
	s.stopHelloTimer()
	s.watch.Stop()
	if failure := s.gate.Load().end(); failure != nil {
		err = failure
	}
	s.leave()
	var abort *wamp.Abort
	if pe := wamp.AsProtocolError(err); pe != nil {
		abort = pe.Abort()
		s.log().Info("session aborted", "reason", string(pe.Reason), "err", pe.Message)
	} else if errors.As(err, &abort) {
		s.log().Info("join refused", "reason", string(abort.Reason), "err", abort.Message)
	} else {
		s.log().Debug("connection ended", "err", err)
	}
	if abort != nil {
		s.sayLast(abort)
	}
	if abort != nil || errors.Is(err, errEnded) {
		s.linger()
	}
	s.conn.Close()
	s.outbox.close()
	if errors.Is(err, errEnded) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (s *session) helloExpired() {
	s.connLog().Info("connection closed: no session within the time allowed", "timeout", s.access.HelloTimeout)
	s.kill()
}

func (s *session) stopHelloTimer() {
	if s.helloTimer != nil {
		s.helloTimer.Stop()
		s.helloTimer = nil
	}
}

// kill ends the connection at once; it may be called from anywhere.
func (s *session) kill() {
	s.conn.Close()
	s.gate.Load().stop()
}

// handleBatch handles what one read brought, then flushes what that led to.
func (s *session) handleBatch(ctx context.Context, batch [][]byte, control []byte) error {
	w := takeWorker()
	defer w.release()
	defer w.flush()
	w.now = time.Now()
	if len(control) > 0 {
		if err := s.outbox.pushControl(control, w); err != nil {
			return fmt.Errorf("router: answering a ping: %w", err)
		}
		s.copes = true
		s.keepAlive()
	}
	decoder := w.decoder(s.serializer)
	for _, frame := range batch {
		m, err := decoder.Decode(frame)
		if err != nil {
			return err
		}
		w.frame = frame
		if err := s.receive(ctx, m, w); err != nil {
			return err
		}
	}
	return nil
}

// receive handles one message.
func (s *session) receive(ctx context.Context, m wamp.Message, w *worker) error {
	if s.leaving.Load() && s.acceptor.Established() {
		s.acceptor.Goodbye()
	}
	verdict, violation := s.acceptor.Receive(m)
	if violation != nil {
		return violation
	}
	switch verdict {
	case coresession.Route:
		return s.route(m, w)
	case coresession.Join:
		return s.join(ctx, m.(*wamp.Hello), w)
	case coresession.Verify:
		return s.verify(ctx, m.(*wamp.Authenticate), w)
	case coresession.EchoGoodbye:
		if g := s.gate.Load(); g != nil {
			s.await(w, func() { g.drain(s.router.opts.GoodbyeTimeout) })
		}
		s.leave()
		s.sayLast(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		return errEnded
	case coresession.End:
		return errEnded
	default: // Ignore
		return nil
	}
}

// join answers HELLO.
func (s *session) join(ctx context.Context, m *wamp.Hello, w *worker) error {
	if !m.Realm.Valid(wamp.URILoose) {
		return &wamp.Abort{Reason: wamp.ErrInvalidURI, Message: fmt.Sprintf("realm %q is no valid URI", m.Realm)}
	}
	if s.realm = s.router.Realm(m.Realm); s.realm == nil {
		return &wamp.Abort{Reason: wamp.ErrNoSuchRealm, Message: fmt.Sprintf("there is no realm %q on this router", m.Realm)}
	}
	// What is a violation depends on the realm, known only now.
	s.acceptor = coresession.NewAcceptor(s.realm.acceptorOptions())
	if _, violation := s.acceptor.Receive(m); violation != nil {
		return violation
	}
	s.id = s.router.reserveID(s)
	hello := *m
	s.hello = &hello
	w.flush() // an authenticator may take its time
	step, err := s.access.Methods.Begin(ctx, &auth.Request{Hello: s.hello, Session: s.id, Transport: s.conn.Info()})
	return s.proceed(step, err, w)
}

// verify answers AUTHENTICATE.
func (s *session) verify(ctx context.Context, m *wamp.Authenticate, w *worker) error {
	w.flush()
	step, err := s.exchange.Authenticate(ctx, m)
	return s.proceed(step, err, w)
}

// proceed does what an authenticator answered.
func (s *session) proceed(step auth.Step, err error, w *worker) error {
	var refusal *wamp.Abort
	switch {
	case errors.As(err, &refusal):
		return refusal
	case err != nil: // the reason is for the log, not for the client
		s.log().Warn("authentication failed", "err", err)
		return &wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: "authentication failed"}
	case step.Challenge != nil:
		s.exchange = step.Exchange
		s.acceptor.Challenged()
		return w.send(s, step.Challenge, nil)
	}
	return s.welcome(step.Grant, w)
}

// welcome admits the client: the realm knows the session before the client
// does (SES-8).
func (s *session) welcome(g *auth.Grant, w *worker) error {
	r := s.realm
	if s.perms = r.roles[g.Principal.AuthRole]; s.perms == nil {
		if g.Principal.AuthRole != auth.DefaultRole {
			return &wamp.Abort{
				Reason:  wamp.ErrNoSuchRole,
				Message: fmt.Sprintf("realm %q has no role %q", r.cfg.Name, g.Principal.AuthRole),
			}
		}
		s.perms = nothing
	}
	s.joined.Store(true)
	if s.leaving.Load() {
		return &wamp.Abort{Reason: wamp.ErrSystemShutdown, Message: "the router shuts down"}
	}
	s.peer = &core.Peer{ID: s.id, Principal: g.Principal, Roles: s.hello.Roles, Owner: s, Serializer: s.wampSerializer}
	s.openGate(g)
	s.outbox.limit(r.cfg.OutboxBytes)
	s.acceptor.Welcomed()
	s.log().Info("session joined", "role", g.Principal.AuthRole, "authid", g.Principal.AuthID,
		"method", g.Principal.AuthMethod, "serializer", s.serializer.String(), "agent", s.hello.Agent)
	s.stopHelloTimer()
	s.copes = s.copes || transport.CopesWithPing(s.hello.Agent)
	s.keepAlive()
	s.hello, s.exchange = nil, nil
	if told := s.router.opts.OnJoin; told != nil {
		told(r.cfg.Name, g.Principal)
	}
	if err := s.sendWelcome(g, w); err != nil {
		return err
	}
	r.enter(s.peer, w)
	return nil
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

// leave takes the session out of its realm, if it is in one.
func (s *session) leave() {
	if s.peer != nil {
		s.realm.expel(s.peer, withNews)
		s.log().Info("session left", "authid", s.peer.Principal.AuthID)
		s.peer = nil
	}
	if s.id != 0 {
		s.router.releaseID(s.id)
		s.id = 0
	}
}

// sayLast queues the router's last message on this connection and tries to
// write it. A session that has it already, or whose outbox is full, gets none.
func (s *session) sayLast(m wamp.Message) {
	w := takeWorker()
	defer w.release()
	// Whether it can still be told does not change that the session ends.
	err := w.send(s, m, nil)
	if abort, ok := m.(*wamp.Abort); ok && errors.Is(err, errTooLarge) {
		_ = w.send(s, &wamp.Abort{Reason: abort.Reason}, nil) // the message quotes what the client sent
	}
	s.outbox.finish()
	w.settle()
	w.flush()
}

// shutdown ends the session on behalf of Router.Shutdown.
func (s *session) shutdown() { s.dismiss(&wamp.Goodbye{Reason: wamp.CloseSystemShutdown}) }

// dismiss says GOODBYE first; from any goroutine. The reader goes on until the
// echo, or until the time for it is over (SES-11). A connection without a
// session is closed.
func (s *session) dismiss(m *wamp.Goodbye) {
	s.leaving.Store(true)
	if !s.joined.Load() {
		s.kill()
		return
	}
	s.sayLast(m)
	time.AfterFunc(s.router.opts.GoodbyeTimeout, s.kill)
}

// linger waits until the last message is written and the peer has read it,
// which it tells by closing the connection, for a moment at most.
func (s *session) linger() {
	timer := time.AfterFunc(lingerTimeout, s.kill)
	defer timer.Stop()
	<-s.outbox.drain()
	if s.conn.CloseWrite() != nil {
		return
	}
	for {
		if _, _, err := s.conn.Read(nil); err != nil {
			return
		}
	}
}

// log is for the reader's use: it says what is known of the session.
func (s *session) log() *slog.Logger {
	log := s.connLog()
	if s.realm != nil {
		log = log.With("realm", string(s.realm.cfg.Name))
	}
	if s.id != 0 {
		log = log.With("session", uint64(s.id))
	}
	return log
}

// connLog says what is known of the connection; for any goroutine.
func (s *session) connLog() *slog.Logger {
	info := s.conn.Info()
	log := s.router.opts.Logger.With("transport", info.ID)
	if info.RemoteAddr != nil {
		log = log.With("peer", peerName(info.RemoteAddr))
	}
	return log
}

// peerName names a client in logs. One of a Unix socket has no address.
func peerName(addr net.Addr) string {
	if s := addr.String(); s != "" && s != "@" {
		return s
	}
	return addr.Network()
}
