package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// callerJoinTimeout bounds joining a realm of one's own process.
const callerJoinTimeout = 5 * time.Second

// callers call procedures on behalf of a router: those that decide who clients
// are and what they may do. There is a session for each realm and role, which
// joins when it is first needed, and again if it has ended. The router ends
// them when it shuts down. They are safe for concurrent use.
type callers struct {
	router *router.Router
	opts   client.Options
	inside *sync.WaitGroup // counts the router's side of the connections

	mu       sync.Mutex // guards sessions
	sessions map[callerKey]*caller
}

type callerKey struct {
	realm wamp.URI
	role  string
}

// caller is one of the sessions.
type caller struct {
	turn    chan struct{} // capacity 1; full: somebody has the session, and may be joining
	session *client.Session
}

// call calls the procedure and returns its first result, or its keyword
// results if it has no others.
func (c *callers) call(ctx context.Context, realm wamp.URI, role string, procedure wamp.URI, args []any) (any, error) {
	s, err := c.session(ctx, callerKey{realm, role})
	if err != nil {
		return nil, err
	}
	res, err := s.Call(ctx, procedure, args, nil)
	if err != nil {
		return nil, err
	}
	values, named, err := res.Values()
	switch {
	case err != nil:
		return nil, fmt.Errorf("result of %s: %w", procedure, err)
	case len(values) > 0:
		return values[0], nil
	case named != nil:
		return named, nil
	}
	return nil, nil
}

// session returns the session for a realm and role.
func (c *callers) session(ctx context.Context, key callerKey) (*client.Session, error) {
	c.mu.Lock()
	if c.sessions == nil {
		c.sessions = make(map[callerKey]*caller)
	}
	one := c.sessions[key]
	if one == nil {
		one = &caller{turn: make(chan struct{}, 1)}
		c.sessions[key] = one
	}
	c.mu.Unlock()

	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if one.session != nil {
		select {
		case <-one.session.Done():
		default:
			return one.session, nil
		}
	}
	s, err := c.join(ctx, key)
	if err == nil {
		one.session = s
	}
	return s, err
}

func (c *callers) join(ctx context.Context, key callerKey) (*client.Session, error) {
	ctx, cancel := context.WithTimeout(ctx, callerJoinTimeout)
	defer cancel()
	ours, theirs := inproc.PairOf(inproc.Config{Serializer: wamp.SerializerMsgPack})
	access := router.Access{Methods: auth.Set{embedded{role: key.role}}, Trusted: true}
	c.inside.Go(func() {
		// What becomes of the session, our side says.
		_ = c.router.Attach(context.Background(), theirs, access)
	})
	opts := c.opts
	opts.Realm = key.realm
	return client.Join(ctx, ours, opts)
}

// dynamic is an authenticator that is a procedure.
func (w *routerWorker) dynamic(cfg *config.Dynamic) *auth.Dynamic {
	d := *cfg
	return &auth.Dynamic{
		Timeout: d.Timeout, DefaultRole: d.DefaultRole,
		Call: func(ctx context.Context, realm wamp.URI, args ...any) (any, error) {
			if d.Realm != "" {
				realm = d.Realm
			}
			return w.callers.call(ctx, realm, d.Role, d.Authenticator, args)
		},
	}
}
