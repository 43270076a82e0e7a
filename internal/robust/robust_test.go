package robust_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

const (
	honestProcedure = "com.example.honest.echo"
	honestTopic     = "com.example.honest.tick"

	atOnce  = 16               // hostile connections at a time
	leeway  = 4 << 20          // octets that the heap may have grown by
	patient = 60 * time.Second // longer than anything here takes
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestRouterSurvivesHostileStreams measures the whole process, so it is alone.
func TestRouterSurvivesHostileStreams(t *testing.T) {
	seed := seedOf(t)
	s := serve(t)
	honest := s.startHonest(t)
	attack := attack{addrs: s.addrs, seed: seed, corpora: corpora(t)}

	// The first connections fill pools and caches; what they leave is normal.
	attack.run(t, 0, connections/4)
	before := s.settled(t)
	attack.run(t, connections/4, connections)
	after := s.settled(t)

	if rounds := honest.stop(t); rounds < 10 {
		t.Errorf("honest clients managed %d calls and events, want more", rounds)
	}
	if after.goroutines > before.goroutines {
		t.Errorf("%d goroutines after the attack, %d before", after.goroutines, before.goroutines)
	}
	if after.heap > before.heap+leeway {
		t.Errorf("%d octets on the heap after the attack, %d before", after.heap, before.heap)
	}
	stats := s.realm.Stats()
	t.Logf("%d connections, %d joined; %d honest rounds; heap %d, then %d octets; %d goroutines", connections, stats.Joined, honest.rounds.Load(), before.heap, after.heap, after.goroutines)
	if joined := stats.Joined; joined < connections/4 { // about half of them do
		t.Errorf("%d hostile sessions joined; the streams do not get far enough", joined)
	}
	if t.Failed() {
		t.Logf("JUNCTOR_SEED=%d repeats these streams", seed)
	}
}

// seedOf returns the seed of all streams: JUNCTOR_SEED or always the same.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("JUNCTOR_SEED")
	if text == "" {
		return 2
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("JUNCTOR_SEED: %v", err)
	}
	return seed
}

// server is a router on a TCP and a Unix socket.
type server struct {
	realm *router.Realm
	addrs []net.Addr
}

func serve(t *testing.T) *server {
	t.Helper()
	r := router.New(router.Options{})
	everything := router.Permission{
		Match: wamp.MatchPrefix,
		Allow: router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe,
	}
	realm, err := r.AddRealm(router.RealmConfig{
		Name:  "realm1",
		Roles: []router.Role{{Name: "anonymous", Permissions: []router.Permission{everything}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := &server{realm: realm}
	s.listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	s.listen(t, r, rawsocket.ListenConfig{Network: "unix", Address: filepath.Join(t.TempDir(), "s")})
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patient)
		defer cancel()
		if err := r.Shutdown(ctx); err != nil {
			t.Errorf("the router did not shut down: %v", err)
		}
	})
	return s
}

func (s *server) listen(t *testing.T, r *router.Router, cfg rawsocket.ListenConfig) {
	t.Helper()
	l, err := rawsocket.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.addrs = append(s.addrs, l.Addr())
	var serving sync.WaitGroup
	serving.Go(func() {
		err := l.Serve(func(c transport.Conn) {
			// Most sessions end in an error here, which is theirs to make.
			_ = r.Attach(context.Background(), c, router.Access{
				Methods:      auth.Set{auth.Anonymous{Role: "anonymous"}},
				HelloTimeout: patient,
			})
		})
		if err != nil {
			t.Errorf("serving %s: %v", l.Addr(), err)
		}
	})
	t.Cleanup(func() {
		l.Close()
		r.Close()
		serving.Wait()
	})
}

// honestSessions is how many sessions startHonest opens.
const honestSessions = 2

// measure is what the process holds.
type measure struct {
	goroutines int
	heap       uint64
}

// settled waits until the router has got rid of all sessions but the honest
// ones, and measures what is left.
func (s *server) settled(t *testing.T) measure {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patient)
	m := measure{goroutines: runtime.NumGoroutine()}
	for quiet := 0; quiet < 40; { // the lowest number of a while that had no sessions
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("%d sessions are left, want %d", s.realm.Stats().Sessions, honestSessions)
		}
		if s.realm.Stats().Sessions > honestSessions {
			continue
		}
		quiet++
		m.goroutines = min(m.goroutines, runtime.NumGoroutine())
	}
	runtime.GC()
	runtime.GC() // pools give up what they hold in two steps
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.heap = stats.HeapAlloc
	return m
}

// attack opens hostile connections.
type attack struct {
	addrs   []net.Addr
	seed    uint64
	corpora []corpus
}

// run makes the connections numbered from first to before end, some at a time.
func (a *attack) run(t *testing.T, first, end int) {
	t.Helper()
	numbers := make(chan int)
	var attackers sync.WaitGroup
	for range atOnce {
		attackers.Go(func() {
			for n := range numbers {
				if err := a.connect(n); err != nil {
					t.Errorf("connection %d of seed %d: %v", n, a.seed, err)
				}
			}
		})
	}
	for n := first; n < end; n++ {
		numbers <- n
	}
	close(numbers)
	attackers.Wait()
}

// connect sends stream n in pieces of random size. That the router hangs up
// meanwhile is its right; that it stops reading is not.
func (a *attack) connect(n int) error {
	g := &generator{Rand: rand.New(rand.NewPCG(a.seed, uint64(n))), corpora: a.corpora}
	addr := a.addrs[n%len(a.addrs)]
	c, err := net.DialTimeout(addr.Network(), addr.String(), patient)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(patient)); err != nil {
		return err
	}
	reads := g.IntN(8) > 0 // the others never take what the router answers
	var reading sync.WaitGroup
	if reads {
		reading.Go(func() { io.Copy(io.Discard, c) })
	}
	err = g.send(c, g.stream())
	if !reads || g.IntN(2) == 0 {
		c.Close() // with answers under way
	} else if half, ok := c.(interface{ CloseWrite() error }); ok {
		half.CloseWrite() // the router must end the connection itself
	}
	reading.Wait()
	return err
}

func (g *generator) send(c net.Conn, stream []byte) error {
	for len(stream) > 0 {
		size := min(len(stream), 1+g.IntN(1+len(stream)))
		if g.IntN(3) == 0 {
			size = min(len(stream), 1+g.IntN(8))
		}
		if _, err := c.Write(stream[:size]); errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		} else if err != nil {
			return nil
		}
		stream = stream[size:]
	}
	return nil
}

// honest is a callee that subscribes, and a caller that publishes.
type honest struct {
	sessions []*client.Session
	end      context.CancelFunc
	running  sync.WaitGroup
	rounds   atomic.Int64
}

func (s *server) startHonest(t *testing.T) *honest {
	t.Helper()
	h := &honest{}
	callee, caller := h.join(t, s.addrs[0]), h.join(t, s.addrs[1])
	ticks := make(chan string, 1)
	_, err := callee.Register(t.Context(), honestProcedure, func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		args, kwargs, err := inv.Payload.Values()
		return client.Reply{Args: args, Kwargs: kwargs}, err
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = callee.Subscribe(t.Context(), honestTopic, func(ctx context.Context, ev *client.Event) {
		var args []string
		if ev.Payload.Decode(&args, nil) != nil || len(args) != 1 || !strings.HasPrefix(args[0], "honest") {
			return // somebody else's
		}
		select {
		case ticks <- args[0]:
		case <-ctx.Done():
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(t.Context())
	h.end = end
	h.running.Go(func() {
		for ctx.Err() == nil {
			if err := h.round(ctx, caller, ticks); err != nil && ctx.Err() == nil {
				t.Errorf("honest client, round %d: %v", h.rounds.Load(), err)
				return
			}
		}
	})
	return h
}

func (h *honest) join(t *testing.T, addr net.Addr) *client.Session {
	t.Helper()
	url := "rs://" + addr.String()
	if addr.Network() == "unix" {
		url = "unix://" + addr.String()
	}
	s, err := client.Connect(t.Context(), url, client.Options{Realm: "realm1"})
	if err != nil {
		t.Fatal(err)
	}
	h.sessions = append(h.sessions, s)
	return s
}

// round makes a call and publishes an event, and checks what comes of it.
func (h *honest) round(ctx context.Context, caller *client.Session, ticks <-chan string) error {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	text := fmt.Sprintf("honest %d", h.rounds.Add(1))
	got, err := client.Call[string](ctx, caller, honestProcedure, []any{text}, nil)
	if err != nil {
		return err
	}
	if got != text {
		return fmt.Errorf("call returned %q, want %q", got, text)
	}
	_, err = caller.Publish(ctx, honestTopic, []any{text}, &client.PublishOptions{Acknowledge: true})
	if err != nil {
		return err
	}
	select {
	case got := <-ticks:
		if got != text {
			return fmt.Errorf("event has %q, want %q", got, text)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for the event: %w", ctx.Err())
	}
}

// stop ends the honest clients and returns how much they did.
func (h *honest) stop(t *testing.T) int64 {
	t.Helper()
	h.end()
	h.running.Wait()
	for _, s := range h.sessions {
		if err := s.Close(); err != nil {
			t.Errorf("closing an honest session: %v", err)
		}
	}
	return h.rounds.Load()
}
