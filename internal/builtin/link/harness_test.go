package link_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/link"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// linked is a link between the realms of two routers.
type linked struct {
	path *junctortest.Path // from the link to the upstream router
	log  *log
	stop func() error // ends it, and returns how the component ended
}

// join links local to upstream; extra is what the configuration has in
// addition to upstream.
func join(t *testing.T, local, upstream *junctortest.Router, extra string) *linked {
	t.Helper()
	l, err := tryJoin(t, local, upstream, extra)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// tryJoin is join for links that may fail to.
func tryJoin(t *testing.T, local, upstream *junctortest.Router, extra string) (*linked, error) {
	t.Helper()
	l := &linked{path: upstream.NewPath(t), log: new(log)}
	c, err := link.Dialing(l.path.Dial)(component.Config{
		Realm:  junctortest.Realm,
		Extra:  json.RawMessage(`{"upstream": {"url": "rs://upstream:8080", "reconnect": {"initial": 1, "max": 1}}, ` + extra + `}`),
		Logger: slog.New(slog.NewTextHandler(l.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := local.Connect(t)
	ctx, cancel := context.WithCancel(context.Background())
	joined, ended := make(chan struct{}), make(chan struct{})
	var reason error
	go func() {
		defer close(ended)
		reason = component.Run(ctx, c, s, func() { close(joined) })
	}()
	l.stop = func() error {
		cancel()
		<-ended
		return reason
	}
	t.Cleanup(func() { _ = l.stop() })
	select {
	case <-joined:
		return l, nil
	case <-ended:
		return nil, reason
	}
}

// log is what a link logs.
type log struct {
	mu   sync.Mutex // guards the field below
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// lines returns the records that contain all words.
func (l *log) lines(words ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.text.String()) {
		for _, w := range words {
			if !strings.Contains(line, w) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}

// inbox collects the events of a session.
type inbox struct {
	mu     sync.Mutex // guards the field below
	events []*client.Event
}

// listen subscribes to all topics below com.
func listen(t *testing.T, s *client.Session) *inbox {
	t.Helper()
	in := new(inbox)
	_, err := s.Subscribe(t.Context(), "com.", func(_ context.Context, ev *client.Event) {
		in.mu.Lock()
		defer in.mu.Unlock()
		in.events = append(in.events, ev)
	}, &client.SubscribeOptions{Match: wamp.MatchPrefix})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// take returns the events that came until now, and forgets them.
func (in *inbox) take() []*client.Event {
	in.mu.Lock()
	defer in.mu.Unlock()
	events := in.events
	in.events = nil
	return events
}

// texts returns the first arguments of the events that came until now, and
// forgets the events.
func (in *inbox) texts(t *testing.T) []string {
	t.Helper()
	texts := []string{}
	for _, ev := range in.take() {
		var args []string
		if err := ev.Decode(&args, nil); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, args[0])
	}
	return texts
}

func publish(t *testing.T, s *client.Session, topic wamp.URI, args ...any) {
	t.Helper()
	if _, err := s.Publish(t.Context(), topic, args, &client.PublishOptions{Acknowledge: true}); err != nil {
		t.Fatal(err)
	}
}

func register(t *testing.T, s *client.Session, procedure wamp.URI, h client.InvocationHandler) {
	t.Helper()
	if _, err := s.Register(t.Context(), procedure, h, nil); err != nil {
		t.Fatal(err)
	}
}

// answer is a handler that returns a text.
func answer(text string) client.InvocationHandler {
	return func(context.Context, *client.Invocation) (client.Reply, error) { return client.Return(text), nil }
}
