package node_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// The router under a container of three components and a Go client is ended
// and started again, twenty times, at random moments and in two ways. After
// each time every procedure can be called and every subscription delivers; no
// call made meanwhile is left without an answer.
func TestContainerAndClientSurviveRestartsOfTheRouter(t *testing.T) {
	t.Parallel()
	const restarts, seed = 20, 3
	rng := rand.New(rand.NewPCG(seed, seed))
	path := socket(t)
	uris := []wamp.URI{"com.example.one", "com.example.two", "com.example.three"}
	var components []string
	for _, uri := range uris {
		components = append(components, componentText("echo", path, fmt.Sprintf(`"extra": {"uri": %q},`, uri)))
	}
	start(t, open(t, workers(t, "", containerText("", components...)), node.Options{Components: classes(nil)}))
	c := newSurvivor(t, path, uris)

	var callers sync.WaitGroup
	var answered, failed atomic.Int64
	over := make(chan struct{})
	for _, uri := range uris {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if c.answered(t, uri, fmt.Sprint(i)) {
					answered.Add(1)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	for round := range restarts {
		opts := node.Options{}
		if round%2 == 1 {
			opts.ShutdownTimeout = time.Nanosecond // nobody is waited for
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		n := open(t, workers(t, "", routerText(path, "")), opts)
		go func() { ended <- n.Run(ctx) }()
		for _, uri := range append(uris, ownURI) {
			c.works(t, uri, fmt.Sprintf("round %d", round))
		}
		time.Sleep(time.Duration(rng.Int64N(int64(20 * time.Millisecond)))) // a random moment
		cancel()
		if err := <-ended; err != nil && round%2 == 0 {
			t.Errorf("round %d: the router ended with %v", round, err)
		}
	}
	close(over)
	c.stop()
	callers.Wait()
	t.Logf("%d calls were answered with results, %d with errors", answered.Load(), failed.Load())
}

// ownURI is a survivor's procedure and topic.
const ownURI wamp.URI = "com.example.client"

// survivor is a Go client with a procedure and subscriptions of its own.
type survivor struct {
	*client.Client
	stop func()

	mu   sync.Mutex      // guards the field below
	seen map[string]bool // what came, by topic and text
}

func newSurvivor(t *testing.T, path string, uris []wamp.URI) *survivor {
	t.Helper()
	return newSurvivorOf(t, "unix://"+path, client.Options{Realm: "realm1"}, uris)
}

func newSurvivorOf(t *testing.T, url string, opts client.Options, uris []wamp.URI) *survivor {
	t.Helper()
	c, err := client.New(url, opts,
		client.Supervision{Backoff: client.Backoff{Initial: 10 * time.Millisecond, Max: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	s := &survivor{Client: c, seen: make(map[string]bool)}
	if _, err := c.Register(ownURI, answer, nil); err != nil {
		t.Fatal(err)
	}
	topics := []wamp.URI{ownURI} // what comes back of an event for each procedure
	for _, uri := range uris {
		topics = append(topics, uri+".again")
	}
	for _, topic := range topics {
		if _, err := c.Subscribe(topic, func(_ context.Context, ev *client.Event) { s.note(ev, topic) }, nil); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = c.Run(ctx) })
	s.stop = func() { cancel(); running.Wait() }
	t.Cleanup(s.stop)
	return s
}

func (s *survivor) note(ev *client.Event, topic wamp.URI) {
	args, _, _ := ev.Values()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[fmt.Sprint(topic, args)] = true
}

// answered calls a procedure, and reports whether the answer was a result. That
// there is one at all is what matters.
func (s *survivor) answered(t *testing.T, procedure wamp.URI, text string) bool {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := s.Call(ctx, procedure, client.Args{text}, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a call of %s was left without an answer: %v", procedure, err)
	}
	if err != nil {
		return false
	}
	if args, _, err := result.Values(); err != nil || len(args) != 1 || args[0] != text {
		t.Errorf("%s(%s) = %v, %v", procedure, text, args, err)
	}
	return true
}

// works returns once the procedure can be called and the subscription to the
// topic of the same name delivers.
func (s *survivor) works(t *testing.T, uri wamp.URI, text string) {
	t.Helper()
	for !s.answered(t, uri, text) {
		time.Sleep(time.Millisecond) // its component joins meanwhile
	}
	// The component subscribes after it has registered, so one event may come
	// too early for it.
	for !s.delivers(t, uri, text) {
		time.Sleep(time.Millisecond)
	}
}

func (s *survivor) delivers(t *testing.T, uri wamp.URI, text string) bool {
	opts := &client.PublishOptions{IncludeMe: true}
	if _, err := s.Publish(t.Context(), uri, client.Args{text}, opts); err != nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen[fmt.Sprint(uri, []any{text})] || s.seen[fmt.Sprint(uri+".again", []any{text})]
}
