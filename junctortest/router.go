package junctortest

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// Realm is the realm of a Router whose Config names none, and what sessions
// join that ask for none.
const Realm wamp.URI = "realm1"

// ErrStopped is why nobody can connect to a Router that is stopped.
var ErrStopped = errors.New("junctortest: the router is stopped")

// Config says what a Router is like. Zero fields mean the defaults.
type Config struct {
	// Router is passed to router.New, at each start.
	Router router.Options

	// Realms are the router's realms. The default is Realm, where every
	// session may do everything.
	Realms []router.RealmConfig

	// Access is how clients are let in. Without Methods they are anonymous.
	Access router.Access
}

func (c Config) withDefaults() Config {
	if len(c.Realms) == 0 {
		all := router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe
		c.Realms = []router.RealmConfig{{
			Name: Realm,
			Roles: []router.Role{{Name: auth.DefaultRole, AllowByDefault: true, Permissions: []router.Permission{
				{URI: "wamp.", Match: wamp.MatchPrefix, Allow: all}, // to kill sessions must be allowed by name
			}}},
		}}
	}
	if c.Access.Methods == nil {
		c.Access.Methods = auth.Set{auth.Anonymous{}}
	}
	return c
}

// Router is a router that belongs to a test. It is also the Path that its own
// Connect and Client use.
type Router struct {
	*Path

	config Config
	tb     testing.TB

	mu       sync.Mutex     // guards the fields below
	inner    *router.Router // nil while stopped
	listener transport.Listener
	addr     net.Addr // of URL; nil before its first call
	closed   bool

	serving sync.WaitGroup // sessions and the listener
}

// NewRouter starts a router with one realm, Realm, where every session may do
// everything. It ends with the test.
func NewRouter(tb testing.TB) *Router {
	tb.Helper()
	return NewRouterOf(tb, Config{})
}

// NewRouterOf is NewRouter with a Config. A Config that a router refuses ends
// the test.
func NewRouterOf(tb testing.TB, config Config) *Router {
	tb.Helper()
	r := &Router{config: config.withDefaults(), tb: tb}
	r.Path = newPath(r)
	if err := r.start(); err != nil {
		tb.Fatalf("junctortest: %v", err)
	}
	tb.Cleanup(func() {
		r.mu.Lock()
		r.closed = true
		r.mu.Unlock()
		r.Kill()
	})
	r.Path.closeWith(tb)
	return r
}

// NewPath returns another way to the router, with faults of its own. What is
// connected over it is disconnected when the test is over.
func (r *Router) NewPath(tb testing.TB) *Path {
	p := newPath(r)
	p.closeWith(tb)
	return p
}

// Kill ends the router as a crash would: connections break without a word,
// and nobody can connect until Start. It returns when all its sessions have
// ended.
func (r *Router) Kill() {
	inner, listener := r.take()
	if listener != nil {
		_ = listener.Close()
	}
	if inner != nil {
		inner.Close()
	}
	r.serving.Wait()
}

// Stop ends the router in order: it says goodbye to its sessions, and nobody
// can connect until Start. It returns when all sessions have ended, or breaks
// the rest when ctx ends.
func (r *Router) Stop(ctx context.Context) error {
	inner, listener := r.take()
	if listener != nil {
		_ = listener.Close()
	}
	var err error
	if inner != nil {
		err = inner.Shutdown(ctx)
	}
	r.serving.Wait()
	return err
}

// take takes what runs, so that it can be ended.
func (r *Router) take() (*router.Router, transport.Listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	inner, listener := r.inner, r.listener
	r.inner, r.listener = nil, nil
	return inner, listener
}

// Start starts the router again after Kill or Stop, with the same Config and
// none of its memory. It does nothing if the router runs. A failure (URL's
// port may be taken by then) fails the test.
func (r *Router) Start() {
	r.tb.Helper()
	if err := r.start(); err != nil {
		r.tb.Errorf("junctortest: start: %v", err)
	}
}

func (r *Router) start() error {
	inner := router.New(r.config.Router)
	for _, realm := range r.config.Realms {
		if _, err := inner.AddRealm(realm); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return errors.New("the test is over")
	case r.inner != nil:
		return nil
	}
	r.inner = inner
	if r.addr != nil {
		return r.listenLocked(r.addr.String())
	}
	return nil
}

// Realm returns a realm of the router as it runs now, or nil.
func (r *Router) Realm(name wamp.URI) *router.Realm {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner == nil {
		return nil
	}
	return r.inner.Realm(name)
}

// URL returns where programs reach the router over RawSocket: a port of the
// loopback interface, which it listens at from the first call on, and again
// after each Start. What connects there uses no Path. It must not be called
// inside a bubble of testing/synctest, whose time does not wait for sockets.
func (r *Router) URL(tb testing.TB) string {
	tb.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.addr == nil {
		if err := r.listenLocked("127.0.0.1:0"); err != nil {
			tb.Fatalf("junctortest: %v", err)
		}
	}
	return "rs://" + r.addr.String()
}

func (r *Router) listenLocked(address string) error {
	if r.inner == nil {
		return ErrStopped
	}
	listener, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: address})
	if err != nil {
		return err
	}
	inner := r.inner
	r.listener, r.addr = listener, listener.Addr()
	r.serving.Go(func() {
		_ = listener.Serve(func(conn transport.Conn) { r.attach(inner, conn) }) // ends with the listener; what is amiss, clients see
	})
	return nil
}

// accept gives the router one end of a connection and returns the other.
func (r *Router) accept(s wamp.SerializerNumber) (transport.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.inner == nil {
		return nil, ErrStopped
	}
	inner := r.inner
	ours, theirs := inproc.Pair(s)
	r.serving.Go(func() { r.attach(inner, theirs) })
	return ours, nil
}

// attach runs a session. How it ends is the client's to judge.
func (r *Router) attach(inner *router.Router, conn transport.Conn) {
	_ = inner.Attach(context.Background(), conn, r.config.Access)
}

// defaultSerializer is what in-process connections speak unless asked otherwise.
const defaultSerializer = client.DefaultSerializer
