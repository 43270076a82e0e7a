package client_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/wamp"
)

// TestClientSurvivesTwentyRestarts kills and restarts the router under a
// client that offers five procedures and follows five topics. After each
// restart all of them work again, and no call or publication made meanwhile,
// by the client or by another one, is left without an answer.
func TestClientSurvivesTwentyRestarts(t *testing.T) {
	for _, seed := range []uint64{1, 2} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T) { surviveRestarts(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func surviveRestarts(t *testing.T, rng *rand.Rand) {
	r := junctortest.NewRouter(t)
	service, user := newService(t, r.Client(t)), r.Client(t)
	traffic := begin(t, service.client, user)
	for range 20 {
		random := func(limit time.Duration) time.Duration { return time.Duration(rng.Int64N(int64(limit))) }
		time.Sleep(random(3 * time.Second))
		if rng.IntN(2) == 0 {
			r.Kill()
		} else {
			ctx, cancel := context.WithTimeout(t.Context(), random(time.Second))
			_ = r.Stop(ctx) // or a crash while it stops
			cancel()
		}
		time.Sleep(random(10 * time.Second))
		r.Start()
		service.check(t, user)
	}
	traffic.end()
	synctest.Wait()
}

// service is a client with five procedures and five topics.
type service struct {
	client       *client.Client
	declarations []*client.Declaration
	events       [5]chan string
}

func newService(t *testing.T, c *client.Client) *service {
	t.Helper()
	s := &service{client: c}
	for i := range s.events {
		s.events[i] = make(chan string, 10)
		procedure := declared(t, s.client, procedureURI(i), func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			time.Sleep(100 * time.Millisecond) // so that calls are under way when the router dies
			return client.Reply{Payload: inv.Payload}, nil
		}, nil)
		topic, err := s.client.Subscribe(topicURI(i), func(_ context.Context, ev *client.Event) {
			var text []string
			if err := ev.Decode(&text, nil); err != nil {
				t.Error(err)
			}
			s.events[i] <- text[0]
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s.declarations = append(s.declarations, procedure, topic)
	}
	return s
}

func procedureURI(i int) wamp.URI { return wamp.URI(fmt.Sprintf("com.example.procedure%d", i)) }
func topicURI(i int) wamp.URI     { return wamp.URI(fmt.Sprintf("com.example.topic%d", i)) }

// check waits until the service is back, and then calls every procedure and
// publishes to every topic.
func (s *service) check(t *testing.T, user *client.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, d := range s.declarations {
		if err := d.Wait(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for i := range s.events {
		text := fmt.Sprint(time.Now())
		got, err := client.Call[string](ctx, user, procedureURI(i), client.Args{text}, nil)
		if err != nil || got != text {
			t.Errorf("%s gave %q, %v", procedureURI(i), got, err)
		}
		if _, err := user.Publish(ctx, topicURI(i), client.Args{text}, nil); err != nil {
			t.Error(err)
		}
		select {
		case got = <-s.events[i]:
		case <-ctx.Done():
			t.Fatalf("no event of %s", topicURI(i))
		}
		if got != text {
			t.Errorf("%s gave %q, want %q", topicURI(i), got, text)
		}
	}
}

// traffic are calls and publications that go on all the time.
type traffic struct {
	t       *testing.T
	stop    chan struct{}
	callers sync.WaitGroup

	mu       sync.Mutex // guards the field below
	outcomes map[string]int
}

func begin(t *testing.T, clients ...*client.Client) *traffic {
	tr := &traffic{t: t, stop: make(chan struct{}), outcomes: make(map[string]int)}
	for _, c := range clients {
		for i := range 5 {
			tr.callers.Go(func() {
				tr.repeat(func(ctx context.Context) error {
					_, err := c.Call(ctx, procedureURI(i), client.Args{"x"}, nil)
					return err
				})
			})
		}
		tr.callers.Go(func() {
			tr.repeat(func(ctx context.Context) error {
				_, err := c.Publish(ctx, "com.example.unheard", nil, nil)
				return err
			})
		})
	}
	return tr
}

// repeat does something again and again. Its deadline is there to find what
// is never answered: the router is away for ten seconds at most, and delays
// are 30 seconds at most.
func (tr *traffic) repeat(f func(context.Context) error) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
		err := f(ctx)
		cancel()
		tr.note(err)
		select {
		case <-tr.stop:
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// note counts an outcome, which must be one that tells the caller something.
func (tr *traffic) note(err error) {
	var inFlight *client.InFlightError
	kind := "success"
	switch {
	case err == nil:
	case errors.As(err, &inFlight):
		kind = "in flight"
	case errors.Is(err, wamp.ErrNoSuchProcedure), errors.Is(err, wamp.ErrCanceled): // the service is not back yet, or gone
		kind = "no callee"
	default:
		tr.t.Errorf("got %v", err)
	}
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.outcomes[kind]++
}

// end waits for the answers to what is under way.
func (tr *traffic) end() {
	close(tr.stop)
	tr.callers.Wait()
	if tr.outcomes["success"] == 0 || tr.outcomes["in flight"] == 0 {
		tr.t.Errorf("got %v, want calls that succeed and calls that are cut off", tr.outcomes)
	}
}
