package client_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// TestClientSurvivesABlackHole has the network between a client and its router
// swallow everything, twice, without either being told. Both find out: the
// router answers for the client and frees its procedures, the client connects
// anew as soon as it can, and all its procedures and topics work again. No call
// or publication made meanwhile is left without an answer.
func TestClientSurvivesABlackHole(t *testing.T) {
	t.Parallel()
	keepAlive := transport.KeepAlive{Interval: 200 * time.Millisecond, Timeout: 600 * time.Millisecond}
	r := junctortest.NewRouterOf(t, junctortest.Config{Access: router.Access{KeepAlive: keepAlive}})
	network := newNetwork(t, strings.TrimPrefix(r.URL(t), "rs://"))
	down := make(chan error, 100)
	c, err := client.New("rs://"+network.address(), client.Options{Realm: junctortest.Realm, KeepAlive: keepAlive}, client.Supervision{
		Backoff:     client.Backoff{Initial: 50 * time.Millisecond, Max: 200 * time.Millisecond},
		StepTimeout: time.Second,
		OnDown:      func(err error) { down <- err },
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, c)
	service, user := newService(t, c), r.Client(t)
	traffic := begin(t, c, user)
	for range 2 {
		service.check(t, user)
		network.swallow()
		if err := <-down; !errors.Is(err, client.ErrSilent) {
			t.Errorf("the client is down because of %v", err)
		}
		takeOver(t, user, procedureURI(0))
		network.heal()
	}
	service.check(t, user)
	traffic.end()
}

// takeOver registers a procedure as soon as its name is free, and gives it up.
func takeOver(t *testing.T, c *client.Client, procedure wamp.URI) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		reg, err := c.Session().Register(ctx, procedure, func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Reply{}, nil
		}, nil)
		switch {
		case err == nil:
			if err := reg.Unregister(ctx); err != nil {
				t.Error(err)
			}
			return
		case !errors.Is(err, wamp.ErrProcedureAlreadyExists):
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond) // before asking again
	}
}

// network is what lies between clients and a TCP address: a proxy that can
// stop forwarding. The connections that it has swallowed stay open and silent
// until the test is over.
type network struct {
	ln     net.Listener
	target string
	over   chan struct{} // closed when the test is over
	pumps  sync.WaitGroup

	mu    sync.Mutex // guards the fields below
	dark  bool
	lines []*line
}

// line is a connection through the network.
type line struct {
	ends [2]net.Conn
	dead chan struct{} // closed once it is swallowed
}

func newNetwork(t *testing.T, target string) *network {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &network{ln: ln, target: target, over: make(chan struct{})}
	n.pumps.Go(n.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		close(n.over)
		n.mu.Lock()
		for _, l := range n.lines {
			l.close()
		}
		n.mu.Unlock()
		n.pumps.Wait()
	})
	return n
}

func (n *network) address() string { return n.ln.Addr().String() }

// accept connects whoever comes, until the listener is closed. On a dark
// network they are connected, too, to nothing.
func (n *network) accept() {
	for {
		near, err := n.ln.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", n.target)
		if err != nil {
			_ = near.Close()
			continue
		}
		l := &line{[2]net.Conn{near, far}, make(chan struct{})}
		n.mu.Lock()
		n.lines = append(n.lines, l)
		if n.dark {
			close(l.dead)
		}
		n.mu.Unlock()
		n.pumps.Go(func() { n.pump(l, near, far) })
		n.pumps.Go(func() { n.pump(l, far, near) })
	}
}

// pump forwards one direction of a line until its end, or until the line is
// swallowed.
func (n *network) pump(l *line, from, to net.Conn) {
	buf := make([]byte, 4096)
	for {
		count, err := from.Read(buf)
		select {
		case <-l.dead:
			<-n.over
			return
		default:
		}
		_, _ = to.Write(buf[:count]) // the other pump sees if that end is gone
		if err != nil {
			if err == io.EOF {
				_ = to.(*net.TCPConn).CloseWrite()
				return
			}
			l.close()
			return
		}
	}
}

func (l *line) close() { _, _ = l.ends[0].Close(), l.ends[1].Close() }

// swallow stops forwarding, on connections made until heal too. Nobody is told.
func (n *network) swallow() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dark = true
	for _, l := range n.lines {
		select {
		case <-l.dead:
		default:
			close(l.dead)
		}
	}
}

// heal lets new connections through. Those that were swallowed stay dead.
func (n *network) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dark = false
}
