package junctortest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// ErrRefused is why nobody can connect over a Path that refuses.
var ErrRefused = errors.New("junctortest: the path refuses connections")

// Direction is one of the two directions of a Path, or both.
type Direction uint8

// The directions.
const (
	ToRouter Direction = 1 << iota
	ToClient
	Both = ToRouter | ToClient
)

// End is one of the two ends of a connection.
type End uint8

// The ends.
const (
	ClientEnd End = iota
	RouterEnd
)

// Path is a way from clients to a Router. Its faults hit the connections that
// were made over it, and no others.
type Path struct {
	router *Router

	mu      sync.Mutex // guards the fields below
	links   []*link    // that have not ended
	delay   [2]time.Duration
	cut     Direction
	refuses bool
	closed  bool

	ended sync.WaitGroup // all links
}

func newPath(r *Router) *Path { return &Path{router: r} }

// closeWith ends everything on the path when the test is over.
func (p *Path) closeWith(tb testing.TB) {
	tb.Cleanup(func() {
		p.mu.Lock()
		p.closed = true
		p.mu.Unlock()
		p.Drop()
		p.ended.Wait()
	})
}

// Connect joins a realm as a session that leaves when the test is over. At
// most one client.Options may be given; without a realm it joins Realm. A
// failure ends the test.
func (p *Path) Connect(tb testing.TB, opts ...client.Options) *client.Session {
	tb.Helper()
	conn, o, err := p.prepare(tb.Context(), opts)
	if err != nil {
		tb.Fatalf("junctortest: connect: %v", err)
	}
	s, err := client.Join(tb.Context(), conn, o)
	if err != nil {
		tb.Fatalf("junctortest: connect: %v", err)
	}
	tb.Cleanup(func() {
		p.repair()
		_ = s.Close()
		s.Wait()
	})
	return s
}

func (p *Path) prepare(ctx context.Context, opts []client.Options) (transport.Conn, client.Options, error) {
	o, err := single(opts)
	if err != nil {
		return nil, o, err
	}
	conn, err := p.dial(ctx, o.Serializer)
	return conn, o, err
}

// single returns the only element, or the zero Options, with a realm.
func single(opts []client.Options) (client.Options, error) {
	var o client.Options
	switch len(opts) {
	case 0:
	case 1:
		o = opts[0]
	default:
		return o, errors.New("more than one client.Options given")
	}
	if o.Realm == "" {
		o.Realm = Realm
	}
	return o, nil
}

// Client returns a client that runs until the test is over. At most one
// client.Options may be given; without a realm it joins Realm. It does not wait
// until the client is up; calls do. For a client with a client.Supervision of
// your own, use NewClient.
func (p *Path) Client(tb testing.TB, opts ...client.Options) *client.Client {
	tb.Helper()
	o, err := single(opts)
	if err != nil {
		tb.Fatalf("junctortest: client: %v", err)
	}
	c := p.NewClient(tb, o, client.Supervision{})
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		if err := c.Run(ctx); !errors.Is(err, context.Canceled) {
			tb.Errorf("junctortest: client: %v", err)
		}
	})
	tb.Cleanup(func() {
		p.repair()
		cancel()
		running.Wait()
	})
	return c
}

// NewClient returns a client that connects over the path, once the test has it
// run. Without a realm it joins Realm; Supervision.Dial must be nil.
func (p *Path) NewClient(tb testing.TB, opts client.Options, v client.Supervision) *client.Client {
	tb.Helper()
	if v.Dial != nil {
		tb.Fatal("junctortest: client: Supervision.Dial is given, but it is the path that connects")
	}
	if opts.Realm == "" {
		opts.Realm = Realm
	}
	v.Dial = func(ctx context.Context) (transport.Conn, error) { return p.dial(ctx, opts.Serializer) }
	c, err := client.New("", opts, v)
	if err != nil {
		tb.Fatalf("junctortest: %v", err)
	}
	return c
}

// Dial returns a connection to the router, in MessagePack, for client.Join
// and client.Supervision.Dial. It succeeds over a path that is cut, too; only
// nothing arrives then.
func (p *Path) Dial(ctx context.Context) (transport.Conn, error) {
	return p.dial(ctx, defaultSerializer)
}

func (p *Path) dial(ctx context.Context, s wamp.SerializerNumber) (transport.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s == 0 {
		s = defaultSerializer
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.refuses {
		return nil, ErrRefused
	}
	toRouter, err := p.router.accept(s)
	if err != nil {
		return nil, err
	}
	conn, toClient := inproc.Pair(s)
	l := newLink(toClient, toRouter)
	l.toRouter.set(p.delay[0], p.cut&ToRouter != 0)
	l.toClient.set(p.delay[1], p.cut&ToClient != 0)
	p.links = append(p.links, l)
	p.ended.Go(func() {
		l.run()
		p.remove(l)
	})
	return conn, nil
}

func (p *Path) remove(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links = slices.DeleteFunc(p.links, func(other *link) bool { return other == l })
}

// Connections returns how many connections over the path have not ended at
// both ends.
func (p *Path) Connections() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.links)
}

// Drop breaks all connections: both ends see them end at once.
func (p *Path) Drop() {
	for _, l := range p.open() {
		l.drop()
	}
}

// HalfOpen ends all connections at one end only: the other end goes on
// believing in them, but what it writes vanishes, and it will never read
// anything again. Connections made later are not concerned.
func (p *Path) HalfOpen(gone End) {
	for _, l := range p.open() {
		l.halfOpen(gone)
	}
}

func (p *Path) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.links)
}

// Delay makes everything that is sent in a direction from now on arrive that
// much later, in order. 0 means at once.
func (p *Path) Delay(dir Direction, d time.Duration) {
	p.change(func() {
		if dir&ToRouter != 0 {
			p.delay[0] = d
		}
		if dir&ToClient != 0 {
			p.delay[1] = d
		}
	})
}

// Cut makes nothing arrive any more in a direction, the end of a connection
// included, on the present connections and those made later. Nobody is told:
// as on a network without a route, writing succeeds until the buffers are full.
// Heal delivers what was held back.
func (p *Path) Cut(dir Direction) {
	p.change(func() { p.cut |= dir })
}

// Refuse makes all further attempts to connect fail with ErrRefused. Present
// connections stay.
func (p *Path) Refuse() {
	p.change(func() { p.refuses = true })
}

// Heal ends Delay, Cut and Refuse. What Drop and HalfOpen have done stays.
func (p *Path) Heal() {
	p.change(func() { p.delay, p.cut, p.refuses = [2]time.Duration{}, 0, false })
}

// repair keeps those who say goodbye from waiting in vain for an answer.
func (p *Path) repair() {
	p.Heal()
	for _, l := range p.open() {
		if l.toClient.isSilent() {
			l.drop()
		}
	}
}

// change changes the faults, of the present connections too.
func (p *Path) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	for _, l := range p.links {
		l.toRouter.set(p.delay[0], p.cut&ToRouter != 0)
		l.toClient.set(p.delay[1], p.cut&ToClient != 0)
	}
}
