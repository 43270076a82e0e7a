package client_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

var (
	_ client.Caller = (*client.Session)(nil)
	_ client.Caller = (*client.Client)(nil)
)

// bubble runs a test in a bubble of testing/synctest, whose clock moves when
// everybody waits.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// run has c run until the returned function is called, or the test is over.
// The function returns what Run returned.
func run(t *testing.T, c *client.Client) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	running := waited(func() error { return c.Run(ctx) })
	stop = sync.OnceValue(func() error {
		cancel()
		return (<-running).err
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

// scripted returns a client whose router is played by the test, connection by
// connection.
func scripted(t *testing.T, v client.Supervision) (*client.Client, *dialed) {
	t.Helper()
	d := &dialed{t: t, conns: make(chan transport.Conn)}
	v.Dial = func(ctx context.Context) (transport.Conn, error) {
		ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
		select {
		case d.conns <- theirs:
			return ours, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	c, err := client.New("", client.Options{Realm: realm}, v)
	if err != nil {
		t.Fatal(err)
	}
	return c, d
}

// dialed are the connections that a scripted client makes.
type dialed struct {
	t     *testing.T
	conns chan transport.Conn
}

// next returns the router's end of the client's next connection, which is
// closed when the test is over.
func (d *dialed) next() *peer {
	d.t.Helper()
	conn := <-d.conns
	d.t.Cleanup(func() { _ = conn.Close() })
	p := newPeer(d.t, conn)
	expect[*wamp.Hello](p)
	return p
}

// join is next, and admits the client.
func (d *dialed) join() *peer {
	d.t.Helper()
	p := d.next()
	p.send(welcome())
	return p
}

// accept takes the client's next declaration and returns its URI.
func (p *peer) accept(id wamp.ID) wamp.URI {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Fatal(err)
	}
	switch m := m.(type) {
	case *wamp.Register:
		p.send(&wamp.Registered{Request: m.Request, Registration: id})
		return m.Procedure
	case *wamp.Subscribe:
		p.send(&wamp.Subscribed{Request: m.Request, Subscription: id})
		return m.Topic
	}
	p.t.Fatalf("got %#v, want a REGISTER or SUBSCRIBE", m)
	return ""
}

func nothing(context.Context, *client.Invocation) (client.Reply, error) {
	return client.Reply{}, nil
}

func ignore(context.Context, *client.Event) {}

// declared declares a procedure that must be acceptable.
func declared(t *testing.T, c *client.Client, procedure wamp.URI, h client.InvocationHandler, opts *client.RegisterOptions) *client.Declaration {
	t.Helper()
	d, err := c.Register(procedure, h, opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func clientCall(ctx context.Context, c *client.Client) outcome[client.Result] {
	return async(func() (client.Result, error) { return c.Call(ctx, "com.example.add", nil, nil) })
}

func TestDeclarationsAreMadeAnewInOrderOnEachSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		uris := []wamp.URI{"com.example.b", "com.example.a", "com.example.d", "com.example.c"}
		for i, uri := range uris {
			var err error
			if i%2 == 0 {
				_, err = c.Register(uri, nothing, nil)
			} else {
				_, err = c.Subscribe(uri, ignore, nil)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		run(t, c)
		for range 3 {
			p := router.join()
			var got []wamp.URI
			for i := range uris {
				got = append(got, p.accept(wamp.ID(i+1)))
			}
			if !slices.Equal(got, uris) {
				t.Errorf("got %v, want %v", got, uris)
			}
			_ = p.conn.Close()
		}
	})
}

func TestDeclarationsAreSentWithoutWaitingInBetween(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		declared(t, c, "com.example.a", nothing, nil)
		declared(t, c, "com.example.b", nothing, nil)
		run(t, c)
		p := router.join()
		first, second := expect[*wamp.Register](p).Request, expect[*wamp.Register](p).Request
		p.send(&wamp.Registered{Request: second, Registration: 2}, &wamp.Registered{Request: first, Registration: 1})
		synctest.Wait()
		if c.Session() == nil {
			t.Error("the client is not up")
		}
	})
}

func TestCallsWaitUntilDeclarationsAreInPlace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		declared(t, c, "com.example.a", nothing, nil)
		call := clientCall(t.Context(), c) // before Run
		run(t, c)
		p := router.join()
		p.accept(1)
		called := expect[*wamp.Call](p)
		p.send(&wamp.Result{Request: called.Request})
		call.must(t)
	})
}

func TestCallWhileDown(t *testing.T) {
	t.Run("waits for the next session", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{})
			run(t, c)
			_ = router.join().conn.Close()
			synctest.Wait()
			call := clientCall(t.Context(), c)
			p := router.join()
			p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request})
			call.must(t)
		})
	})
	t.Run("gives up with its context", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := junctortest.NewRouter(t)
			r.Refuse()
			c := r.NewClient(t, client.Options{}, client.Supervision{})
			run(t, c)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			err := clientCall(ctx, c).fails(t)
			if !errors.Is(err, client.ErrDown) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refuses") {
				t.Errorf("got %v, want the deadline, ErrDown and the reason", err)
			}
		})
	})
	t.Run("fails at once where that is chosen", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{FailWhenDown: true})
			if err := clientCall(t.Context(), c).fails(t); !errors.Is(err, client.ErrDown) {
				t.Errorf("before Run: got %v, want ErrDown", err)
			}
			run(t, c)
			p := router.join()
			synctest.Wait()
			call := clientCall(t.Context(), c)
			p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request})
			call.must(t)
			_ = p.conn.Close()
			<-c.Session().Done()
			if _, err := c.Publish(t.Context(), "com.example.tick", nil, nil); !errors.Is(err, client.ErrDown) {
				t.Errorf("got %v, want ErrDown", err)
			}
		})
	})
	t.Run("fails when Run returns", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{})
			run(t, c)
			call := clientCall(t.Context(), c)
			router.next().send(&wamp.Abort{Reason: wamp.ErrAuthenticationDenied})
			if err := call.fails(t); !errors.Is(err, client.ErrDown) {
				t.Errorf("got %v, want ErrDown", err)
			}
			if err := clientCall(t.Context(), c).fails(t); !errors.Is(err, client.ErrDown) {
				t.Errorf("afterwards: got %v, want ErrDown", err)
			}
		})
	})
}

func TestCallsUnderWayAreNotRepeated(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		run(t, c)
		p := router.join()
		call := clientCall(t.Context(), c)
		expect[*wamp.Call](p)
		_ = p.conn.Close()
		var inFlight *client.InFlightError
		if err := call.fails(t); !errors.As(err, &inFlight) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v, want an InFlightError", err)
		}
		p = router.join()
		publication := async(func() (wamp.ID, error) { return c.Publish(t.Context(), "com.example.tick", nil, nil) })
		expect[*wamp.Publish](p) // and no CALL before it
		_ = p.conn.Close()
		if err := publication.fails(t); !errors.As(err, &inFlight) {
			t.Errorf("publish: got %v, want an InFlightError", err)
		}
	})
}

// The session has said goodbye, but Run has not noticed yet.
func TestCallsThatASessionDoesNotTakeAnyMoreGoToTheNext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		run(t, c)
		p := router.join()
		synctest.Wait()
		closed := waited(c.Session().Close)
		expect[*wamp.Goodbye](p)
		call := clientCall(t.Context(), c)
		synctest.Wait() // the call has found out
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		closed.must(t)
		p = router.join()
		p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request})
		call.must(t)
	})
}

func TestPublishSucceedsOnlyIfTheRouterHasTheEvent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		run(t, c)
		p := router.join()
		publish := func() outcome[wamp.ID] {
			return async(func() (wamp.ID, error) {
				return c.Publish(t.Context(), "com.example.tick", nil, &client.PublishOptions{IncludeMe: true})
			})
		}
		published := publish()
		m := expect[*wamp.Publish](p)
		if !m.Acknowledge || !m.IncludeMe {
			t.Errorf("got %+v, want acknowledge and the options", m)
		}
		p.send(&wamp.Published{Request: m.Request, Publication: 7})
		if id := published.must(t); id != 7 {
			t.Errorf("got publication %d, want 7", id)
		}
		published = publish()
		p.send(&wamp.Error{RequestType: wamp.CodePublish, Request: expect[*wamp.Publish](p).Request, URI: wamp.ErrNotAuthorized})
		if err := published.fails(t); !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("got %v, want %s", err, wamp.ErrNotAuthorized)
		}
	})
}

func TestRunEndsInOrderWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var ups, downs []error
		c, router := scripted(t, client.Supervision{
			OnUp:      func(s *client.Session) { ups = append(ups, s.Err()) },
			OnDown:    func(err error) { downs = append(downs, err) },
			OnGivenUp: func(err error) { t.Errorf("given up: %v", err) },
		})
		finish := make(chan struct{})
		declared(t, c, "com.example.slow", func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			<-finish
			return client.Reply{}, nil
		}, nil)
		ctx, cancel := context.WithCancelCause(t.Context())
		running := waited(func() error { return c.Run(ctx) })
		p := router.join()
		p.accept(1)
		p.send(&wamp.Invocation{Request: 1, Registration: 1})
		synctest.Wait()
		reason := errors.New("enough")
		cancel(reason)
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		synctest.Wait()
		select {
		case r := <-running:
			t.Fatalf("Run returned %v before the handler has", r.err)
		default:
		}
		close(finish)
		if err := running.fails(t); err != reason {
			t.Errorf("got %v, want %v", err, reason)
		}
		if len(ups) != 1 || len(downs) != 1 || !errors.Is(downs[0], client.ErrClosed) {
			t.Errorf("got OnUp %v and OnDown %v, want one each", ups, downs)
		}
	})
}

func TestRunMayRunAgainButNotTwiceAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		c := r.NewClient(t, client.Options{}, client.Supervision{})
		for range 2 {
			up := declared(t, c, "com.example.add", nothing, nil)
			stop := run(t, c)
			synctest.Wait()
			if err := up.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := c.Run(t.Context()); err == nil {
				t.Error("Run ran twice at once")
			}
			if err := stop(); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want %v", err, context.Canceled)
			}
			if err := up.Wait(t.Context()); !errors.Is(err, client.ErrDown) {
				t.Errorf("Wait after Run: got %v, want ErrDown", err)
			}
			if err := up.Withdraw(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRouterThatKeepsSilentCountsAsGone(t *testing.T) {
	t.Run("when joining", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{StepTimeout: time.Minute})
			run(t, c)
			began := time.Now()
			router.next() // no WELCOME
			router.join()
			if took := time.Since(began); took < time.Minute || took > time.Minute+client.DefaultInitialDelay {
				t.Errorf("the client came back after %v, want a minute and the first delay", took)
			}
		})
	})
	t.Run("when declaring", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{})
			declared(t, c, "com.example.add", nothing, nil)
			run(t, c)
			began := time.Now()
			expect[*wamp.Register](router.join()) // no REGISTERED
			router.join().accept(1)
			if took := time.Since(began); took < client.DefaultStepTimeout || took > client.DefaultStepTimeout+client.DefaultInitialDelay {
				t.Errorf("the client came back after %v, want the StepTimeout and the first delay", took)
			}
		})
	})
}

func TestClientConnectsToAURL(t *testing.T) {
	t.Parallel()
	r := junctortest.NewRouter(t)
	c, err := client.New(r.URL(t), client.Options{Realm: junctortest.Realm}, client.Supervision{})
	if err != nil {
		t.Fatal(err)
	}
	declared(t, c, "com.example.add", nothing, nil)
	run(t, c)
	for range 2 {
		clientCall(t.Context(), c).must(t)
		s := c.Session()
		r.Kill()
		<-s.Done()
		r.Start()
	}
}
