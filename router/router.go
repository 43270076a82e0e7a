package router

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ErrClosed is returned once Shutdown or Close was called.
var ErrClosed = errors.New("router: closed")

// Options configure a Router. Zero fields mean the defaults.
type Options struct {
	// Logger receives the router's log; nil discards it.
	Logger *slog.Logger

	// Agent is announced in WELCOME; empty means "junctor".
	Agent string

	// GoodbyeTimeout bounds the wait for the echo of a GOODBYE that the router
	// sent (SES-11). Default 5 s.
	GoodbyeTimeout time.Duration

	// QueuedBytes bounds what all sessions' outboxes together hold for sockets
	// that are full. Beyond it the same happens as when one outbox is full
	// (RealmConfig.OutboxBytes). Default 1 GiB.
	QueuedBytes int64

	// OnJoin, if not nil, is told of each session that has joined a realm;
	// OnRegister of each registration. Both are called before anything further
	// of the session is handled, outside of all locks: they must not block.
	OnJoin     func(realm wamp.URI, p wamp.Principal)
	OnRegister func(realm, procedure wamp.URI)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Agent == "" {
		o.Agent = "junctor"
	}
	if o.GoodbyeTimeout == 0 {
		o.GoodbyeTimeout = 5 * time.Second
	}
	if o.QueuedBytes == 0 {
		o.QueuedBytes = 1 << 30
	}
	return o
}

// Router holds realms and the sessions that joined them. It is safe for concurrent
// use. Make one with New.
type Router struct {
	opts     Options
	budget   budget
	ids      randomIDs
	attempts *Attempts // of transports that have none of their own

	mu       sync.Mutex // guards the fields below
	realms   map[wamp.URI]*Realm
	sessions map[wamp.ID]*session  // joined or about to
	conns    map[*session]struct{} // every connection in Attach
	closed   bool
	done     chan struct{} // made by Shutdown; closed when conns is empty
}

// New returns a Router without realms.
func New(opts Options) *Router {
	opts = opts.withDefaults()
	r := &Router{
		opts:     opts,
		attempts: NewAttempts(DefaultAttempts, DefaultAttemptsWindow),
		realms:   make(map[wamp.URI]*Realm),
		sessions: make(map[wamp.ID]*session),
		conns:    make(map[*session]struct{}),
	}
	r.budget.limit = opts.QueuedBytes
	return r
}

// AddRealm adds a realm, which clients can join from then on. It fails with what
// is wrong with the configuration, and with ErrClosed. The configuration must not
// be changed afterwards.
func (r *Router) AddRealm(cfg RealmConfig) (*Realm, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	realm := newRealm(r, cfg)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, ErrClosed
	}
	if _, ok := r.realms[cfg.Name]; ok {
		return nil, fmt.Errorf("router: realm %q exists already", cfg.Name)
	}
	r.realms[cfg.Name] = realm
	return realm, nil
}

// Realm returns the realm with the given name, or nil.
func (r *Router) Realm(name wamp.URI) *Realm {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.realms[name]
}

// Access is how clients come in through one listening transport.
type Access struct {
	// Methods authenticate the clients. The empty Set admits nobody.
	Methods auth.Set

	// Trusted says that the connection is the program's own: it may get roles
	// that are Trusted, which authentication alone never gives.
	Trusted bool

	// HelloTimeout bounds the time from the connection to WELCOME, waiting for
	// HELLO and AUTHENTICATE and what Methods take included (RS-12, SES-9).
	// Default 10 s.
	HelloTimeout time.Duration

	// Attempts bounds failed attempts to join per address; several transports
	// may share it. Nil means the router's own, with the defaults.
	Attempts *Attempts

	// KeepAlive says when clients that have joined are sent a PING, and when
	// the connection of one that does not answer is closed.
	KeepAlive transport.KeepAlive
}

// Attach runs a client's session on conn, from HELLO until the connection ends.
// It takes ownership of conn and closes it. It returns nil when the session ended in order (GOODBYE, or the
// client closed the connection), a *wamp.ProtocolError or *wamp.Abort when the
// router ended it, else what failed. Ending ctx closes the connection at once.
func (r *Router) Attach(ctx context.Context, conn transport.Conn, access Access) error {
	s, err := newSession(r, conn, access)
	if err != nil {
		conn.Close()
		return err
	}
	if !r.addConn(s) {
		return s.finish(ErrClosed)
	}
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, s.disconnect)()
	}
	err = s.run()
	r.removeConn(s)
	return err
}

// Shutdown says GOODBYE wamp.close.system_shutdown to every session, lets
// their outboxes drain, and waits until all connections have ended. When ctx
// ends first it closes what is left and returns ctx's error. New connections
// are refused from the beginning.
func (r *Router) Shutdown(ctx context.Context) error {
	done := r.beginClose((*session).shutdown)
	select {
	case <-done:
		r.storeEvents()
		return nil
	case <-ctx.Done():
		r.Close()
		return ctx.Err()
	}
}

// Close closes every connection at once and waits until their sessions have
// ended. It may be called twice, and while Shutdown waits.
func (r *Router) Close() {
	<-r.beginClose((*session).disconnect)
	r.storeEvents()
}

// storeEvents waits until what was published last is in the event stores.
func (r *Router) storeEvents() {
	r.mu.Lock()
	realms := slices.Collect(maps.Values(r.realms))
	r.mu.Unlock()
	for _, realm := range realms {
		realm.history.wait()
	}
}

// beginClose refuses new connections, applies end to the present ones, and
// returns what is closed once they are gone.
func (r *Router) beginClose(end func(*session)) <-chan struct{} {
	r.mu.Lock()
	r.closed = true
	if r.done == nil {
		r.done = make(chan struct{})
		if len(r.conns) == 0 {
			close(r.done)
		}
	}
	open := make([]*session, 0, len(r.conns))
	for s := range r.conns {
		open = append(open, s)
	}
	done := r.done
	r.mu.Unlock()
	for _, s := range open {
		end(s)
	}
	return done
}

func (r *Router) addConn(s *session) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return false
	}
	r.conns[s] = struct{}{}
	return true
}

func (r *Router) removeConn(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, s)
	if r.done != nil && len(r.conns) == 0 {
		close(r.done)
	}
}

// reserveID returns a session ID that no other session of this router has (ID-6).
func (r *Router) reserveID(s *session) wamp.ID {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		id := r.ids.RandomID()
		if _, taken := r.sessions[id]; !taken {
			r.sessions[id] = s
			return id
		}
	}
}

func (r *Router) releaseID(id wamp.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.sessions, id)
}

// randomIDs is a core.IDSource: the runtime's ChaCha8 generator, without
// modulo bias (ID-6).
type randomIDs struct{}

func (randomIDs) RandomID() wamp.ID { return wamp.ID(rand.Uint64N(uint64(wamp.MaxID)) + 1) }

// budget bounds the octets that full sockets keep waiting in a process.
type budget struct {
	limit int64 // constant
	used  atomic.Int64
}

func (b *budget) exceeded() bool { return b.used.Load() > b.limit }
