package client_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

func TestDeclarationsThatCanNeverWorkAreRefusedAtOnce(t *testing.T) {
	t.Parallel()
	c, err := client.New("rs://localhost:1", client.Options{Realm: realm}, client.Supervision{})
	if err != nil {
		t.Fatal(err)
	}
	declared(t, c, "com.example.add", nothing, nil)
	tests := []struct {
		name      string
		procedure wamp.URI
		opts      *client.RegisterOptions
		ok        bool
	}{
		{"the same procedure again", "com.example.add", nil, false},
		{"the same URI as a prefix", "com.example.add", &client.RegisterOptions{Match: wamp.MatchPrefix}, true},
		{"no URI", "", nil, false},
		{"a URI with an empty component", "com..add", nil, false},
		{"a wildcard with an empty component", "com..add", &client.RegisterOptions{Match: wamp.MatchWildcard}, true},
		{"negative bounds", "com.example.sub", &client.RegisterOptions{MaxHandlers: -1}, false},
	}
	for _, tt := range tests {
		if _, err := c.Register(tt.procedure, nothing, tt.opts); (err == nil) != tt.ok {
			t.Errorf("%s: got error %v", tt.name, err)
		}
	}
	for range 2 { // each handler gets every event
		if _, err := c.Subscribe("com.example.tick", ignore, nil); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Subscribe("com..tick", ignore, nil); !errors.Is(err, wamp.ErrInvalidURI) {
		t.Errorf("got %v, want %s", err, wamp.ErrInvalidURI)
	}
}

func TestDeclarationsMayBeMadeAndWithdrawnWhileTheClientRuns(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		c := r.Client(t)
		other := r.Connect(t)
		var events atomic.Int32
		for round := range 2 {
			add := declared(t, c, "com.example.add", nothing, nil)
			tick, err := c.Subscribe("com.example.tick", func(context.Context, *client.Event) { events.Add(1) }, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(add.Wait(t.Context()), tick.Wait(t.Context())); err != nil {
				t.Fatal(err)
			}
			publish(t.Context(), other, nil).must(t)
			call(t.Context(), other, nil).must(t)
			synctest.Wait() // for the event: withdrawing discards those that wait
			if err := errors.Join(add.Withdraw(t.Context()), tick.Withdraw(t.Context()), tick.Withdraw(t.Context())); err != nil {
				t.Fatal(err)
			}
			if err := call(t.Context(), other, nil).fails(t); !errors.Is(err, wamp.ErrNoSuchProcedure) {
				t.Errorf("withdrawn: got %v, want %s", err, wamp.ErrNoSuchProcedure)
			}
			publish(t.Context(), other, nil).must(t)
			synctest.Wait()
			if got := int(events.Load()); got != round+1 {
				t.Errorf("round %d: got %d events", round, got)
			}
			if err := add.Wait(t.Context()); err == nil || errors.Is(err, client.ErrDown) {
				t.Errorf("withdrawn: Wait returned %v", err)
			}
		}
	})
}

func TestDeclarationThatIsWithdrawnBeforeTheRouterAnswersIsTakenBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		d := declared(t, c, "com.example.add", nothing, nil)
		run(t, c)
		p := router.join()
		registering := expect[*wamp.Register](p)
		if err := d.Withdraw(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.send(&wamp.Registered{Request: registering.Request, Registration: 5})
		m := expect[*wamp.Unregister](p)
		if m.Registration != 5 {
			t.Errorf("got %+v, want registration 5", m)
		}
		p.send(&wamp.Unregistered{Request: m.Request})
		_ = p.conn.Close()
		call := clientCall(t.Context(), c)
		p = router.join()
		p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request}) // no REGISTER before it
		call.must(t)
	})
}

// The router has not noticed that an earlier connection is dead.
func TestProcedureOfAHalfDeadPredecessorIsTakenWhenItIsGone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		first := r.NewPath(t)
		refused := make(chan error, 100)
		dial := first.Dial
		c, err := client.New("", client.Options{Realm: junctortest.Realm}, client.Supervision{
			Dial:      func(ctx context.Context) (transport.Conn, error) { return dial(ctx) },
			OnRefused: func(_ *client.Declaration, err error) { refused <- err },
		})
		if err != nil {
			t.Fatal(err)
		}
		add := declared(t, c, "com.example.add", nothing, nil)
		sub := declared(t, c, "com.example.sub", nothing, &client.RegisterOptions{ForceReregister: true})
		run(t, c)
		if err := add.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		dial = r.Dial
		first.HalfOpen(junctortest.ClientEnd)
		if err := <-refused; !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
			t.Fatalf("got %v, want %s", err, wamp.ErrProcedureAlreadyExists)
		}
		synctest.Wait()
		if err := add.Err(); !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
			t.Errorf("Err: got %v, want %s", err, wamp.ErrProcedureAlreadyExists)
		}
		if err := sub.Wait(t.Context()); err != nil {
			t.Errorf("ForceReregister: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := add.Wait(ctx); !errors.Is(err, wamp.ErrProcedureAlreadyExists) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait: got %v, want the deadline and %s", err, wamp.ErrProcedureAlreadyExists)
		}
		if n := len(refused); n < 5 || n > 15 {
			t.Errorf("%d more refusals within a minute, want less and less of them", n)
		}
		first.Drop() // the router notices
		if err := add.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		call(t.Context(), r.Connect(t), nil).must(t)
	})
}

func TestRevokedDeclarationsAreMadeAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		declared(t, c, "com.example.add", nothing, &client.RegisterOptions{ForceReregister: true})
		if _, err := c.Subscribe("com.example.tick", ignore, nil); err != nil {
			t.Fatal(err)
		}
		run(t, c)
		p := router.join()
		m := expect[*wamp.Register](p)
		if !m.ForceReregister {
			t.Error("REGISTER without force_reregister")
		}
		p.send(&wamp.Registered{Request: m.Request, Registration: 1})
		p.accept(2)
		p.send(&wamp.Unregistered{Registration: 1, Reason: "taken over"}) // REV-1
		again := expect[*wamp.Register](p)
		if again.ForceReregister {
			t.Error("two clients that take a procedure from each other would never stop")
		}
		p.send(&wamp.Registered{Request: again.Request, Registration: 3})
		p.send(&wamp.Unsubscribed{Subscription: 2}) // REV-5
		if uri := p.accept(4); uri != "com.example.tick" {
			t.Errorf("got %s, want the subscription", uri)
		}
		_ = p.conn.Close()
		if m := expect[*wamp.Register](router.join()); !m.ForceReregister {
			t.Error("REGISTER of the next session without force_reregister")
		}
	})
}

func TestEventsOfADeclarationNeverRunAtOnceWhateverTheirSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		path := r.NewPath(t)
		c := path.Client(t)
		var got []int
		var running atomic.Int32
		proceed := make(chan struct{})
		d, err := c.Subscribe("com.example.tick", func(_ context.Context, ev *client.Event) {
			if running.Add(1) > 1 {
				t.Error("two handlers at once")
			}
			defer running.Add(-1)
			var n []int
			if err := ev.Decode(&n, nil); err != nil {
				t.Error(err)
			}
			<-proceed // whatever becomes of the session
			got = append(got, n...)
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		publisher := r.Connect(t)
		for n := range 3 {
			if err := d.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			publish(t.Context(), publisher, nil, n).must(t)
			synctest.Wait()
			if n < 2 {
				path.Drop()
				synctest.Wait()
			}
		}
		close(proceed)
		synctest.Wait()
		// The event of the second session waited for the first, and its session
		// ended meanwhile.
		if !slices.Equal(got, []int{0, 2}) {
			t.Errorf("got events %v, want 0 and 2", got)
		}
	})
}

func TestHandlersOfADeclarationAreBoundedWhateverTheirSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		path := r.NewPath(t)
		c := path.Client(t)
		var begun atomic.Int32
		proceed := make(chan struct{})
		d := declared(t, c, "com.example.add", func(context.Context, *client.Invocation) (client.Reply, error) {
			begun.Add(1)
			<-proceed
			return client.Reply{}, nil
		}, &client.RegisterOptions{MaxHandlers: 2})
		caller := r.Connect(t)
		var calls []outcome[client.Result]
		for range 2 {
			if err := d.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call(t.Context(), caller, nil), call(t.Context(), caller, nil))
			synctest.Wait()
			if len(calls) == 2 {
				path.Drop()
				synctest.Wait()
			}
		}
		if got := begun.Load(); got != 2 {
			t.Errorf("%d handlers run, want 2", got)
		}
		close(proceed)
		for i, c := range calls {
			if i < 2 {
				c.fails(t)
			} else {
				c.must(t)
			}
		}
	})
}

func TestRefusedDeclaration(t *testing.T) {
	tests := []struct {
		name    string
		granted bool // before
		uri     wamp.ErrorURI
		final   bool
	}{
		{"not authorized at first", false, wamp.ErrNotAuthorized, true},
		{"not authorized any more", true, wamp.ErrNotAuthorized, false},
		{"an invalid URI", false, wamp.ErrInvalidURI, true},
		{"a failing authorizer", false, wamp.ErrAuthorizationFailed, false},
		{"a procedure that is taken", false, wamp.ErrProcedureAlreadyExists, false},
		{"a limit", false, wamp.ErrLimitExceeded, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var givenUp error
				c, router := scripted(t, client.Supervision{OnGivenUp: func(err error) { givenUp = err }})
				declared(t, c, "com.example.add", nothing, nil)
				running := waited(func() error { return c.Run(t.Context()) })
				if tt.granted {
					p := router.join()
					p.accept(1)
					_ = p.conn.Close()
				}
				p := router.join()
				p.send(&wamp.Error{RequestType: wamp.CodeRegister, Request: expect[*wamp.Register](p).Request, URI: tt.uri})
				if !tt.final {
					p.accept(1)
					_ = p.conn.Close()
					router.next().send(&wamp.Abort{Reason: wamp.ErrNotAuthorized}) // ends the test
					running.fails(t)
					return
				}
				expect[*wamp.Goodbye](p)
				p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
				if err := running.fails(t); !errors.Is(err, tt.uri) || err != givenUp {
					t.Errorf("got %v, OnGivenUp got %v, want %s", err, givenUp, tt.uri)
				}
			})
		})
	}
}

func TestNewSessionForgetsTheRefusalsOfTheOneBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{Backoff: client.Backoff{Initial: time.Second}})
		d := declared(t, c, "com.example.add", nothing, nil)
		run(t, c)
		refuse := func(p *peer) {
			p.send(&wamp.Error{RequestType: wamp.CodeRegister, Request: expect[*wamp.Register](p).Request, URI: wamp.ErrProcedureAlreadyExists})
		}
		p := router.join()
		for range 10 {
			refuse(p)
		}
		synctest.Wait()
		_ = p.conn.Close()
		p = router.join()
		if err := d.Err(); err != nil {
			t.Errorf("Err is %v on a session where it has not been tried", err)
		}
		began := time.Now()
		refuse(p)
		p.accept(1)
		if took := time.Since(began); took > time.Second {
			t.Errorf("it took %v until the second try, want no more than the first delay", took)
		}
	})
}

func TestManyDeclarationsComeBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		c := r.Client(t)
		var last *client.Declaration
		for i := range 300 {
			last = declared(t, c, wamp.URI(fmt.Sprintf("com.example.p%d", i)), nothing, nil)
		}
		for range 2 {
			if err := last.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.Drop()
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		if s := c.Session(); s == nil {
			t.Error("the client is not up")
		}
	})
}
