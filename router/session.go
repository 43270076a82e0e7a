package router

import (
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

// maxJoinBytes bounds the messages of clients that have not joined: they are
// kept until they have, and cost many times their octets.
const maxJoinBytes = 128 << 10

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

	// Guarded by the realm's membership; place is constant once it has joined.
	testaments *testaments // nil without any
	place      uint64      // among those who joined the realm

	copes bool             // with a PING
	watch *keepalive.Watch // nil unless the client is sent PINGs

	joining atomic.Pointer[joining] // until joined
	expiry  *time.Timer             // ends the session when its authentication expires; mostly nil

	lossy   atomic.Bool // an event did not reach it, which is logged once
	slow    atomic.Bool // ended because its outbox was full
	joined  atomic.Bool // WELCOME is in the outbox
	leaving atomic.Bool // it is being ended by the router

	authenticating atomic.Bool // HELLO was received
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
	s.beginJoining()
	return s, nil
}

// errEnded ends the read loop after an orderly end of the session.
var errEnded = errors.New("session ended")

// run is the reader: it serves the connection until it ends. What it and its
// callers keep on the stack, an idle session pays for, so that the end of a
// session has a function of its own.
func (s *session) run() error {
	return s.finish(s.readLoop())
}

// readLoop reads and handles batches of messages until the session ends.
func (s *session) readLoop() error {
	for {
		batch, control, err := s.conn.Read(s.batch[:0])
		if len(batch) > 0 || len(control) > 0 {
			if err := s.handleBatch(batch, control); err != nil {
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
	s.endJoining()
	s.stopExpiry()
	s.watch.Stop()
	if failure := s.gate.Load().end(); failure != nil {
		err = failure
	}
	s.leave()
	abort := s.lastWord(err)
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

// disconnect ends the connection at once; it may be called from anywhere.
func (s *session) disconnect() {
	if j := s.joining.Load(); j != nil {
		j.cancel()
	}
	s.conn.Close()
	s.gate.Load().stop()
}

// lastWord logs why the connection ends, and returns what the client is told of
// it; nil if nothing.
func (s *session) lastWord(err error) (abort *wamp.Abort) {
	var denied *auth.Denial
	pe := wamp.AsProtocolError(err)
	switch {
	case pe != nil:
		abort = pe.Abort()
		s.log().Info("session aborted", "reason", string(pe.Reason), "err", abridged(pe.Message))
	case !errors.As(err, &abort):
		s.log().Debug("connection ended", "err", err)
	case errors.Is(err, errTooManyAttempts): // which is logged once for each address
		s.log().Debug("join refused", "reason", string(abort.Reason), "err", abort.Message)
	case !errors.As(err, &denied): // otherwise it is logged already
		s.log().Info("join refused", "reason", string(abort.Reason), "err", abridged(abort.Message))
	}
	return abort
}

// handleBatch handles what one read brought, then flushes what that led to.
func (s *session) handleBatch(batch [][]byte, control []byte) error {
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
		if len(frame) > maxJoinBytes && s.peer == nil {
			return wamp.Violation("a message of %d octets before there is a session; want at most %d", len(frame), maxJoinBytes)
		}
		m, err := decoder.Decode(frame)
		if err != nil {
			return err
		}
		w.frame = frame
		if err := s.receive(m, w); err != nil {
			return err
		}
	}
	return nil
}

// receive handles one message.
func (s *session) receive(m wamp.Message, w *worker) error {
	if s.leaving.Load() && s.acceptor.Established() {
		s.acceptor.Goodbye()
	}
	next, violation := s.acceptor.Receive(m)
	if violation != nil {
		return violation
	}
	switch next {
	case coresession.Route:
		return s.route(m, w)
	case coresession.Join:
		return s.join(m.(*wamp.Hello), w)
	case coresession.Verify:
		return s.verify(m.(*wamp.Authenticate), w)
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

// leave takes the session out of its realm, if it is in one.
func (s *session) leave() {
	if s.peer != nil {
		s.realm.expel(s.peer, withNews)
		s.log().Info("session left", "authid", abridged(s.peer.Principal.AuthID))
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
		s.disconnect()
		return
	}
	s.sayLast(m)
	time.AfterFunc(s.router.opts.GoodbyeTimeout, s.disconnect)
}

// linger waits until the last message is written and the peer has read it,
// which it tells by closing the connection, for a moment at most.
func (s *session) linger() {
	timer := time.AfterFunc(lingerTimeout, s.disconnect)
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
