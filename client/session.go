package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	coresession "github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/internal/keepalive"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Session is one membership in a realm. All its methods are safe for
// concurrent use.
//
// Its parts, in the order in which a message passes them: send (request.go)
// queues a request in the outbox (outbox.go); read (read.go) takes in what the
// router sends, and hands it to those who wait for an answer, to the queue of
// a subscription (subscribe.go), or to that of a registration (register.go,
// invoke.go).
type Session struct {
	conn       transport.Conn
	serializer serializer.Serializer
	opts       Options
	log        *slog.Logger
	out        outbox
	cancel     context.CancelCauseFunc // ends the contexts of all handlers
	wg         sync.WaitGroup          // the reader, the flusher, the workers of all queues

	joined  chan struct{} // closed once welcome is set
	welcome wamp.Welcome  // constant from then on
	done    chan struct{} // closed once err is set
	err     error         // constant from then on

	login login            // the reader's, while it joins
	copes bool             // the reader's: the router copes with PINGs
	watch *keepalive.Watch // the reader's: nil unless the router is sent PINGs

	mu     sync.Mutex // guards the fields below; the outbox's is taken within it
	joiner coresession.Joiner
	over   error // why no message is sent any more; nil while the session lives
	lastID wamp.ID
	notify func() // of revocations; nil if nobody asks; must not block

	requests      map[wamp.ID]*request      // by request ID
	topics        map[pattern]*topic        // subscribed to, or about to be
	subscriptions map[wamp.ID]*topic        // by subscription ID
	procedures    map[pattern]*Registration // registered, or about to be
	registrations map[wamp.ID]*Registration // by registration ID
	invocations   map[wamp.ID]*Invocation   // not answered yet, by the router's request ID
	late          lateInvocations
	idle          chan struct{} // made by Drain; closed when invocations is empty
}

// Connect dials a router's URL, such as rs://127.0.0.1:8081, rss://example.com:8082
// or unix:///run/junctor/junctor.sock, and joins the realm. The context bounds
// dialing and joining, not the session.
//
// The error wraps a *wamp.Abort if the router refused
// (errors.Is(err, wamp.ErrNoSuchRealm)).
func Connect(ctx context.Context, url string, opts Options) (*Session, error) {
	s, err := connect(ctx, url, opts)
	if err != nil {
		return nil, fmt.Errorf("client: connect to %s: %w", url, err)
	}
	return s, nil
}

func connect(ctx context.Context, url string, opts Options) (*Session, error) {
	opts, err := opts.complete()
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, url, &opts)
	if err != nil {
		return nil, err
	}
	return join(ctx, conn, opts)
}

// Join joins a realm over a connection, which from now on belongs to the
// session and is closed if joining fails. See Connect.
func Join(ctx context.Context, conn transport.Conn, opts Options) (*Session, error) {
	opts, err := opts.forConn(conn)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("client: join: %w", err)
	}
	s, err := join(ctx, conn, opts)
	if err != nil {
		return nil, fmt.Errorf("client: join %s: %w", opts.Realm, err)
	}
	return s, nil
}

func join(ctx context.Context, conn transport.Conn, opts Options) (*Session, error) {
	s, err := newSession(conn, opts)
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	base, cancel := context.WithCancelCause(context.Background())
	s.cancel = cancel
	s.joiner.HelloSent()
	if err := s.sayHello(); err != nil {
		cancel(err)
		_ = conn.Close()
		return nil, fmt.Errorf("HELLO: %w", err)
	}
	s.wg.Go(func() { s.run(base, ctx) })
	s.out.flush()
	select {
	case <-s.joined:
		return s, nil
	case <-s.done:
		return nil, s.joinError()
	case <-ctx.Done():
		_ = conn.Close()
		s.Wait()
		return nil, ctx.Err()
	}
}

// joinError returns why the session ended before it began.
func (s *Session) joinError() error {
	var e *endError
	if errors.As(s.err, &e) {
		return e.cause
	}
	return s.err
}

func newSession(conn transport.Conn, opts Options) (*Session, error) {
	ser, ok := serializer.ByNumber(opts.Serializer)
	if !ok {
		return nil, fmt.Errorf("serializer %s is not supported", opts.Serializer)
	}
	s := &Session{
		conn:          conn,
		serializer:    ser,
		opts:          opts,
		log:           opts.Logger.With("realm", opts.Realm),
		joined:        make(chan struct{}),
		done:          make(chan struct{}),
		joiner:        coresession.NewJoiner(),
		requests:      make(map[wamp.ID]*request),
		topics:        make(map[pattern]*topic),
		subscriptions: make(map[wamp.ID]*topic),
		procedures:    make(map[pattern]*Registration),
		registrations: make(map[wamp.ID]*Registration),
		invocations:   make(map[wamp.ID]*Invocation),
	}
	s.out.init(conn, ser, opts.SendBytes, &s.wg)
	return s, nil
}

// ID returns the session's ID.
func (s *Session) ID() wamp.ID { return s.welcome.Session }

// Realm returns the realm that was joined.
func (s *Session) Realm() wamp.URI { return s.welcome.Realm }

// Details returns what the router said when it admitted the session: its roles
// and features, and who the session is to it. AuthExtra must not be changed.
func (s *Session) Details() wamp.Welcome { return s.welcome }

// Done is closed when the session has ended, for whatever reason.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the session ended: ErrClosed after Close, else an error that
// wraps a *GoodbyeError, a *wamp.Abort, a *wamp.ProtocolError or what became of
// the connection, and net.ErrClosed. It returns nil while the session lives.
func (s *Session) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Close leaves the realm: requests in progress fail with an *InFlightError that
// wraps ErrClosed, messages
// that are queued are sent, then GOODBYE, and the connection is closed once
// the router has answered it or Options.CloseTimeout is over, which gives an
// error. The contexts of handlers end; Close does not wait for handlers (see
// Wait) and may be called from them, more than once. On a session that has
// ended already it returns nil.
func (s *Session) Close() error {
	s.mu.Lock()
	if s.over == nil {
		s.joiner.Goodbye()
		_ = s.out.append(&wamp.Goodbye{Reason: wamp.CloseRealm}, 0) // fails only if the connection has, which ends the session
		s.stopLocked(ErrClosed)
	}
	s.mu.Unlock()
	s.out.flush()
	timer := time.NewTimer(s.opts.CloseTimeout)
	defer timer.Stop()
	select {
	case <-s.done:
		return nil
	case <-timer.C:
	}
	_ = s.conn.Close()
	<-s.done
	return fmt.Errorf("client: close: the router did not answer GOODBYE within %v", s.opts.CloseTimeout)
}

// Drain waits until every invocation received so far has been answered. A
// callee that is to end without leaving a call unanswered unregisters its
// procedures, drains, and closes. The error is that of ctx or of the session,
// if one of them ends first. It must not be called from an invocation's handler.
func (s *Session) Drain(ctx context.Context) error {
	s.mu.Lock()
	if len(s.invocations) == 0 {
		s.mu.Unlock()
		return nil
	}
	if s.idle == nil {
		s.idle = make(chan struct{})
	}
	idle := s.idle
	s.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-s.done:
		return s.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait waits until the session has ended and all its handlers have returned.
// It must not be called from a handler.
func (s *Session) Wait() { s.wg.Wait() }

// abandon ends the session without a word.
func (s *Session) abandon() {
	_ = s.conn.Close()
	<-s.done
}

// ending reports whether the session has ended or is about to.
func (s *Session) ending() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over != nil
}

// onRevocation has notify called whenever the router has revoked something.
func (s *Session) onRevocation(notify func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = notify
}

func (s *Session) revokedLocked() {
	if s.notify != nil {
		s.notify()
	}
}

// stopLocked makes the session useless: whoever waits for an answer gets an
// *InFlightError, whoever asks from now on gets err, and the contexts of handlers end.
func (s *Session) stopLocked(err error) {
	if s.over != nil {
		return
	}
	s.over = err
	for id, r := range s.requests {
		delete(s.requests, id)
		r.reply <- reply{err: &InFlightError{err}}
	}
	s.closeQueuesLocked() // before handlers that end make room for the next event
	s.cancel(err)
}

// closeQueuesLocked has nothing more handed over. Nobody waits for what the
// queues hold.
func (s *Session) closeQueuesLocked() {
	for _, t := range s.subscriptions {
		for _, sub := range t.subs {
			sub.events.close()
		}
	}
	for _, reg := range s.registrations {
		reg.invocations.close()
	}
}

// run is the reader. The context joining is that of Join.
func (s *Session) run(ctx, joining context.Context) {
	cause := s.read(ctx, joining)
	s.watch.Stop()
	_ = s.conn.Close()
	s.mu.Lock()
	s.stopLocked(s.endError(cause))
	s.endAllLocked()
	s.err = s.over
	s.mu.Unlock()
	s.out.close(s.err)
	s.log.Debug("session ended", "session", s.welcome.Session, "err", s.err)
	close(s.done)
}

// endError returns the error for everything that needs the session. A failed
// write counts more than the closed connection that the reader then met.
func (s *Session) endError(cause error) error {
	if err := s.out.failure(); err != nil && errors.Is(cause, net.ErrClosed) {
		return err
	}
	return &endError{cause}
}

// endAllLocked ends all subscriptions and registrations.
func (s *Session) endAllLocked() {
	for _, t := range s.subscriptions {
		for _, sub := range t.subs {
			sub.endLocked(s.over)
		}
	}
	for _, reg := range s.registrations {
		s.dropLocked(reg, s.over)
	}
	clear(s.subscriptions)
	clear(s.topics)
}
