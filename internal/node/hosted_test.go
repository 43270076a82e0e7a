package node_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// fakeRouter is a router that can be away. Its methods belong to one test.
type fakeRouter struct {
	t       *testing.T
	methods auth.Set
	wait    sync.WaitGroup
	mu      sync.Mutex
	router  *router.Router // nil while it is away
	dialed  []time.Time
}

func newFakeRouter(t *testing.T) *fakeRouter {
	r := &fakeRouter{t: t, methods: auth.Set{auth.Anonymous{}}}
	t.Cleanup(func() { r.stop(); r.wait.Wait() })
	return r
}

func (r *fakeRouter) start() {
	fresh := router.New(router.Options{})
	role := router.Role{Name: auth.DefaultRole, AllowByDefault: true}
	if _, err := fresh.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{role}}); err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.router = fresh
}

func (r *fakeRouter) stop() {
	r.mu.Lock()
	old := r.router
	r.router = nil
	r.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

func (r *fakeRouter) dial(context.Context) (transport.Conn, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dialed = append(r.dialed, time.Now())
	if r.router == nil {
		return nil, errors.New("the router is away")
	}
	at, methods := r.router, r.methods
	ours, theirs := inproc.Pair(client.DefaultSerializer)
	r.wait.Go(func() { _ = at.Attach(context.Background(), theirs, router.Access{Methods: methods}) })
	return ours, nil
}

func (r *fakeRouter) join() *client.Session {
	r.t.Helper()
	conn, err := r.dial(r.t.Context())
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := client.Join(r.t.Context(), conn, client.Options{Realm: "realm1"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close(); s.Wait() })
	return s
}

// fakeComponent does in Join what it is told, and counts.
type fakeComponent struct {
	join                func(context.Context, *client.Session) error
	mu                  sync.Mutex // guards the counters
	made, joins, closes int
}

func (f *fakeComponent) factory(component.Config) (component.Component, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	return f, nil
}

func (f *fakeComponent) Join(ctx context.Context, s *client.Session) error {
	f.mu.Lock()
	f.joins++
	f.mu.Unlock()
	return f.join(ctx, s)
}

func (f *fakeComponent) Close(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closes++
	return nil
}

func (f *fakeComponent) expect(t *testing.T, made, joins, closes int) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made != made || f.joins != joins || f.closes != closes {
		t.Errorf("made %d times, joined %d, closed %d; want %d, %d, %d", f.made, f.joins, f.closes, made, joins, closes)
	}
}

func stays(context.Context, *client.Session) error { return nil }

func registers(ctx context.Context, s *client.Session) error {
	_, err := s.Register(ctx, "com.example.answer", func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Return(42), nil
	}, nil)
	return err
}

// host hosts the component; what host returned comes on the channel.
func host(t *testing.T, r *fakeRouter, f component.Factory, restart config.Restart) (stop func(), ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	var running sync.WaitGroup
	running.Go(func() {
		result <- node.Host(ctx, node.Hosting{Factory: f, Restart: restart, Dial: r.dial, Log: slog.New(slog.DiscardHandler)})
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return cancel, result
}

// pass lets time pass in a bubble, and all that is due then happen.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

var pace = config.Backoff{Initial: time.Second, Max: 30 * time.Second, Factor: 2}

func TestComponentWaitsForItsRouterAndRejoins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, f := newFakeRouter(t), &fakeComponent{join: registers}
		stop, ended := host(t, r, f.factory, config.Restart{Backoff: pace})
		pass(10 * time.Minute)
		if n := len(r.dialed); n < 20 || n > 60 {
			t.Errorf("tried %d times in ten minutes, want about 30", n)
		}
		for i := 1; i < len(r.dialed); i++ {
			if gap := r.dialed[i].Sub(r.dialed[i-1]); gap < 500*time.Millisecond || gap > 30*time.Second {
				t.Errorf("tried again after %v, want 0.5 to 30 seconds", gap)
			}
		}
		f.expect(t, 1, 0, 0)
		for round := 1; round <= 3; round++ {
			r.start()
			pass(time.Minute)
			f.expect(t, 1, round, 0)
			if got, err := client.Call[int](t.Context(), r.join(), "com.example.answer", nil, nil); got != 42 || err != nil {
				t.Errorf("round %d: got %d, %v", round, got, err)
			}
			r.stop()
		}
		stop()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
		f.expect(t, 1, 3, 1)
	})
}

func TestWhatFollowsOnTheEndOfAComponent(t *testing.T) {
	t.Parallel()
	crash := errors.New("out of order")
	crashes := func(context.Context, *client.Session) error { return crash }
	panics := func(context.Context, *client.Session) error { panic(crash) }
	leaves := func(_ context.Context, s *client.Session) error { return s.Close() }
	refused := &wamp.Abort{Reason: wamp.ErrNoMatchingAuthMethod}
	tests := []struct {
		name    string
		join    func(context.Context, *client.Session) error
		methods auth.Set
		policy  config.RestartPolicy
		lives   int    // at least, in an hour
		final   bool   // nothing follows
		err     string // of the end; empty: in order
	}{
		{"a crash is the end", crashes, nil, config.RestartNever, 1, true, "out of order"},
		{"a panic is the end", panics, nil, config.RestartNever, 1, true, "panic: out of order"},
		{"a crash leads to a restart", crashes, nil, config.RestartOnFailed, 5, true, "given up after 5 failures within 10m0s"},
		{"a crash leads to a restart always", crashes, nil, config.RestartAlways, 5, true, "given up after 5 failures within 10m0s"},
		{"leaving is the end", leaves, nil, config.RestartNever, 1, true, ""},
		{"leaving is no failure", leaves, nil, config.RestartOnFailed, 1, true, ""},
		{"leaving leads to a restart always", leaves, nil, config.RestartAlways, 60, false, ""},
		{"staying is no end", stays, nil, config.RestartNever, 1, false, ""},
		{"a refused login is the end", stays, auth.Set{refuses{refused}}, config.RestartNever, 1, true, string(refused.Reason)},
		{"a refused login leads to a restart", stays, auth.Set{refuses{refused}}, config.RestartOnFailed, 5, true, "given up"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, f := newFakeRouter(t), &fakeComponent{join: tt.join}
				if tt.methods != nil {
					r.methods = tt.methods
				}
				r.start()
				_, ended := host(t, r, f.factory, config.Restart{
					Policy: tt.policy, Backoff: pace, CrashLoop: config.CrashLoop{Failures: 5, Within: 10 * time.Minute},
				})
				pass(time.Hour)
				if f.made < tt.lives || tt.final && f.made != tt.lives {
					t.Errorf("had %d lives, want %d", f.made, tt.lives)
				}
				select {
				case err := <-ended:
					if !tt.final || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
						t.Errorf("ended with %v, want %q", err, tt.err)
					}
				default:
					if tt.final {
						t.Error("goes on")
					}
				}
			})
		})
	}
}

// refuses refuses everybody.
type refuses struct{ with *wamp.Abort }

func (refuses) Method() string { return auth.MethodAnonymous }
func (r refuses) Begin(context.Context, *auth.Request) (auth.Step, error) {
	return auth.Step{}, r.with
}

// A crash now and then is no loop.
func TestRareCrashesAreNoLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, f := newFakeRouter(t), &fakeComponent{}
		r.start()
		f.join = func(ctx context.Context, s *client.Session) error {
			time.Sleep(10 * time.Minute)
			return errors.New("once more")
		}
		_, ended := host(t, r, f.factory, config.Restart{
			Policy: config.RestartOnFailed, Backoff: pace, CrashLoop: config.CrashLoop{Failures: 2, Within: 5 * time.Minute},
		})
		pass(24 * time.Hour)
		if len(ended) > 0 || f.made < 100 {
			t.Errorf("had %d lives and ended: %v; want one each ten minutes", f.made, len(ended) > 0)
		}
	})
}

// Often the router has not noticed yet that a predecessor is dead.
func TestComponentWaitsForItsProcedure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, f := newFakeRouter(t), &fakeComponent{join: registers}
		r.start()
		predecessor := r.join()
		if err := registers(t.Context(), predecessor); err != nil {
			t.Fatal(err)
		}
		_, ended := host(t, r, f.factory, config.Restart{Policy: config.RestartNever, Backoff: pace})
		pass(10 * time.Minute)
		if len(ended) > 0 {
			t.Fatalf("ended with %v", <-ended)
		}
		predecessor.Close()
		pass(time.Minute)
		if got, err := client.Call[int](t.Context(), r.join(), "com.example.answer", nil, nil); got != 42 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.made != 1 || f.joins > 60 {
			t.Errorf("made %d times, joined %d times; want 1 and some 30", f.made, f.joins)
		}
	})
}

func TestFactoryThatFailsLaterIsACrash(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newFakeRouter(t)
		r.start()
		for _, fails := range []component.Factory{
			func(component.Config) (component.Component, error) {
				return nil, fmt.Errorf("broken: %w", net.ErrClosed)
			},
			func(component.Config) (component.Component, error) { panic("broken") },
		} {
			_, ended := host(t, r, fails, config.Restart{Backoff: pace})
			if err := <-ended; err == nil || !strings.Contains(err.Error(), "broken") {
				t.Errorf("ended with %v, want what the factory said", err)
			}
		}
	})
}
