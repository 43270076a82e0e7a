package client

import (
	"context"
	"errors"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

var errSkeleton = errors.New("client: not built yet")

// Session is one membership in a realm. All its methods are safe for
// concurrent use.
type Session struct {
}

// Connect dials a router's URL, such as rs://127.0.0.1:8081, rss://example.com:8082
// or unix:///run/junctor/junctor.sock, and joins the realm. The context bounds
// dialing and joining, not the session.
//
// The error wraps a *wamp.Abort if the router refused
// (errors.Is(err, wamp.ErrNoSuchRealm)).
func Connect(ctx context.Context, url string, opts Options) (*Session, error) {
	return nil, errSkeleton
}

// Join joins a realm over a connection, which from now on belongs to the
// session and is closed if joining fails. See Connect.
func Join(ctx context.Context, conn transport.Conn, opts Options) (*Session, error) {
	return nil, errSkeleton
}

// ID returns the session's ID.
func (s *Session) ID() wamp.ID { return 0 }

// Realm returns the realm that was joined.
func (s *Session) Realm() wamp.URI { return "" }

// Details returns what the router said when it admitted the session: its roles
// and features, and who the session is to it.
func (s *Session) Details() wamp.Welcome { return wamp.Welcome{} }

// Done is closed when the session has ended, for whatever reason.
func (s *Session) Done() <-chan struct{} { return nil }

// Err returns why the session ended: ErrClosed after Close, else an error that
// wraps a *GoodbyeError, a *wamp.Abort, a *wamp.ProtocolError or what became of
// the connection, and net.ErrClosed. It returns nil while the session lives.
func (s *Session) Err() error { return nil }

// Close leaves the realm: requests in progress fail with ErrClosed, messages
// that are queued are sent, then GOODBYE, and the connection is closed once
// the router has answered it or Options.CloseTimeout is over, which gives an
// error. The contexts of handlers end; Close does not wait for handlers (see
// Wait) and may be called from them, more than once. On a session that has
// ended already it returns nil.
func (s *Session) Close() error { return errSkeleton }

// Wait waits until the session has ended and all its handlers have returned.
// It must not be called from a handler.
func (s *Session) Wait() {}
