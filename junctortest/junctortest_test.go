package junctortest_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble runs a test in a bubble of testing/synctest, whose clock moves when
// everybody waits.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// echo registers a procedure that returns its arguments.
func echo(t *testing.T, s *client.Session) {
	t.Helper()
	_, err := s.Register(t.Context(), "com.example.echo", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		return client.Reply{Payload: inv.Payload}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

func callEcho(ctx context.Context, c client.Caller) error {
	got, err := client.Call[string](ctx, c, "com.example.echo", client.Args{"hi"}, nil)
	if err == nil && got != "hi" {
		return errors.New("echo gave " + got)
	}
	return err
}

func TestSessionsAndClientsReachTheRouter(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		echo(t, r.Connect(t))
		for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
			if err := callEcho(t.Context(), r.Connect(t, client.Options{Serializer: number})); err != nil {
				t.Errorf("%v: %v", number, err)
			}
		}
		if err := callEcho(t.Context(), r.Client(t)); err != nil {
			t.Error(err)
		}
		if got := r.Realm(junctortest.Realm).Stats().Sessions; got != 5 {
			t.Errorf("got %d sessions, want 5", got)
		}
		if got := r.Connections(); got != 5 {
			t.Errorf("got %d connections, want 5", got)
		}
	})
}

func TestConfigSaysWhatRealmsThereAre(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouterOf(t, junctortest.Config{Realms: []router.RealmConfig{{Name: "com.example.mine"}}})
		s := r.Connect(t, client.Options{Realm: "com.example.mine"})
		if _, err := s.Call(t.Context(), "com.example.echo", nil, nil); !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("got %v, want %s: the realm has no roles", err, wamp.ErrNotAuthorized)
		}
		conn, err := r.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Join(t.Context(), conn, client.Options{Realm: junctortest.Realm}); !errors.Is(err, wamp.ErrNoSuchRealm) {
			t.Errorf("got %v, want %s", err, wamp.ErrNoSuchRealm)
		}
	})
}

func TestURLIsTheSameAfterARestart(t *testing.T) {
	t.Parallel()
	r := junctortest.NewRouter(t)
	url := r.URL(t)
	for range 2 {
		s, err := client.Connect(t.Context(), url, client.Options{Realm: junctortest.Realm})
		if err != nil {
			t.Fatal(err)
		}
		r.Kill()
		<-s.Done()
		s.Wait()
		if s, err := client.Connect(t.Context(), url, client.Options{Realm: junctortest.Realm}); err == nil {
			_ = s.Close()
			t.Fatal("connected to a router that is stopped")
		}
		r.Start()
		if again := r.URL(t); again != url {
			t.Fatalf("got URL %s after the restart, want %s", again, url)
		}
	}
}

func TestStopSaysGoodbyeAndKillDoesNot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		s := r.Connect(t)
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		if !errors.Is(s.Err(), wamp.ErrSystemShutdown) {
			t.Errorf("stopped: got %v, want %s", s.Err(), wamp.ErrSystemShutdown)
		}
		if _, err := r.Dial(t.Context()); !errors.Is(err, junctortest.ErrStopped) {
			t.Errorf("dial: got %v, want %v", err, junctortest.ErrStopped)
		}
		r.Start()
		s = r.Connect(t)
		r.Kill()
		<-s.Done()
		var goodbye *client.GoodbyeError
		if errors.As(s.Err(), &goodbye) || !errors.Is(s.Err(), net.ErrClosed) {
			t.Errorf("killed: got %v, want a broken connection", s.Err())
		}
	})
}

func TestDropBreaksTheConnectionsOfOnePath(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		path := r.NewPath(t)
		near, far := r.Connect(t), path.Connect(t)
		path.Drop()
		<-far.Done()
		synctest.Wait()
		if path.Connections() != 0 || r.Connections() != 1 {
			t.Errorf("got %d and %d connections, want 0 and 1", path.Connections(), r.Connections())
		}
		if got := r.Realm(junctortest.Realm).Stats().Sessions; got != 1 {
			t.Errorf("the router has %d sessions, want 1", got)
		}
		echo(t, near)
		if err := callEcho(t.Context(), path.Connect(t)); err != nil {
			t.Errorf("after Drop: %v", err)
		}
	})
}

func TestDelayIsThatOfALongLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		far := r.NewPath(t)
		s := far.Connect(t)
		echo(t, r.Connect(t))
		far.Delay(junctortest.ToRouter, 2*time.Second)
		far.Delay(junctortest.ToClient, 3*time.Second)
		began := time.Now()
		calls := make(chan error, 10)
		for range cap(calls) {
			go func() { calls <- callEcho(t.Context(), s) }()
		}
		for range cap(calls) {
			if err := <-calls; err != nil {
				t.Error(err)
			}
		}
		if got := time.Since(began); got != 5*time.Second {
			t.Errorf("ten calls at once took %v, want 5s: there, and back", got)
		}
		far.Heal()
		began = time.Now()
		if err := callEcho(t.Context(), s); err != nil || time.Since(began) != 0 {
			t.Errorf("healed: a call took %v (%v), want 0s", time.Since(began), err)
		}
	})
}

func TestCutHoldsBackAndHealDelivers(t *testing.T) {
	for name, dir := range map[string]junctortest.Direction{
		"to router": junctortest.ToRouter,
		"to client": junctortest.ToClient,
		"both ways": junctortest.Both,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := junctortest.NewRouter(t)
				path := r.NewPath(t)
				s := path.Connect(t)
				echo(t, r.Connect(t))
				path.Cut(dir)
				call := make(chan error, 1)
				go func() { call <- callEcho(t.Context(), s) }()
				time.Sleep(time.Hour)
				select {
				case err := <-call:
					t.Fatalf("the call returned %v over a path that is cut", err)
				case <-s.Done():
					t.Fatalf("the session ended: %v", s.Err())
				default:
				}
				path.Heal()
				if err := <-call; err != nil {
					t.Errorf("healed: %v", err)
				}
			})
		})
	}
}

func TestWritingOverAPathThatIsCutBlocksInTheEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		s := r.Connect(t, client.Options{SendBytes: 1 << 10})
		r.Cut(junctortest.ToRouter)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		sent := 0
		for ; sent < 100; sent++ {
			_, err := s.Publish(ctx, "com.example.news", client.Args{strings.Repeat("x", 64<<10)}, nil)
			if err != nil {
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want it to wait", err)
				}
				break
			}
		}
		if sent < 10 || sent == 100 {
			t.Errorf("%d messages of 64 KiB were taken, want about a MiB", sent)
		}
	})
}

func TestHalfOpenEndsOneEndOnly(t *testing.T) {
	t.Run("router's end", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := junctortest.NewRouter(t)
			s := r.Connect(t)
			r.HalfOpen(junctortest.RouterEnd)
			synctest.Wait()
			if got := r.Realm(junctortest.Realm).Stats().Sessions; got != 0 {
				t.Errorf("the router has %d sessions, want 0", got)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if err := callEcho(ctx, s); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want no answer", err)
			}
			if s.Err() != nil {
				t.Errorf("the session ended: %v", s.Err())
			}
		})
	})
	t.Run("client's end", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := junctortest.NewRouter(t)
			dead := r.NewPath(t)
			s := dead.Connect(t)
			echo(t, s)
			dead.HalfOpen(junctortest.ClientEnd)
			<-s.Done()
			time.Sleep(time.Hour)
			if got := r.Realm(junctortest.Realm).Stats().Sessions; got != 1 {
				t.Errorf("the router has %d sessions, want the dead one", got)
			}
			_, err := r.Connect(t).Register(t.Context(), "com.example.echo", nil, nil)
			if !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
				t.Errorf("got %v, want %s", err, wamp.ErrProcedureAlreadyExists)
			}
		})
	})
}

func TestRefuseRefusesUntilHealed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		s := r.Connect(t)
		r.Refuse()
		if _, err := r.Dial(t.Context()); !errors.Is(err, junctortest.ErrRefused) {
			t.Errorf("got %v, want %v", err, junctortest.ErrRefused)
		}
		echo(t, s) // connected before
		r.Heal()
		if err := callEcho(t.Context(), r.Connect(t)); err != nil {
			t.Error(err)
		}
	})
}

func TestClientComesBackAfterAnyFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		c := r.Client(t)
		d, err := c.Register("com.example.echo", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			return client.Reply{Payload: inv.Payload}, nil
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, fault := range []func(){
			r.Drop,
			func() { r.Kill(); r.Start() },
			func() { r.HalfOpen(junctortest.ClientEnd); r.Drop() },
			func() { r.Refuse(); r.Drop(); time.Sleep(time.Minute); r.Heal() },
		} {
			fault()
			synctest.Wait()
			if err := callEcho(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
	})
}
