package httpforwarder_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/internal/builtin/httpforwarder"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const topic = "com.example.topic"

// receiver is an HTTP server whose requests the test answers one by one.
type receiver struct {
	*httptest.Server
	requests chan *delivery
}

// delivery is a request that waits for the test's answer.
type delivery struct {
	*http.Request
	body   []byte
	answer chan int // the status
	header http.Header
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{requests: make(chan *delivery)}
	over := make(chan struct{})
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		d := &delivery{req, body, make(chan int, 1), w.Header()}
		select {
		case r.requests <- d:
		case <-over:
			return
		}
		select {
		case code := <-d.answer:
			w.WriteHeader(code)
		case <-req.Context().Done():
		case <-over:
		}
	}))
	t.Cleanup(func() {
		close(over)
		r.Close()
	})
	return r
}

// next answers the next request with a status, and returns the first argument
// of its event.
func (r *receiver) next(status int) any {
	d := <-r.requests
	d.answer <- status
	return first(d)
}

func first(d *delivery) any {
	var event struct{ Args []any }
	if json.Unmarshal(d.body, &event) != nil || len(event.Args) == 0 {
		return nil
	}
	return event.Args[0]
}

// host hosts the component with one subscription, and returns a publisher.
func host(t *testing.T, url string, more map[string]any) (*hosttest.Hosted, publisher) {
	t.Helper()
	extra := map[string]any{
		"subscriptions": []any{map[string]any{"topic": topic, "url": url}},
		"retry":         map[string]any{"initial": "1ms", "max": "1ms"},
	}
	for k, v := range more {
		extra[k] = v
	}
	text, err := json.Marshal(extra)
	if err != nil {
		t.Fatal(err)
	}
	r := hosttest.New(t)
	h := r.Host(httpforwarder.New, string(text))
	return h, publisher{t, r, r.Join()}
}

type publisher struct {
	t       *testing.T
	router  *hosttest.Router
	session *client.Session
}

func (p publisher) publish(args ...any) {
	p.t.Helper()
	for _, arg := range args {
		if _, err := p.session.Publish(p.t.Context(), topic, []any{arg}, nil); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestEventsArePosted(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	_, p := host(t, r.URL, map[string]any{
		"subscriptions": []any{map[string]any{"topic": "com.example", "match": "prefix", "url": r.URL + "/hook?a=b"}},
		"method":        "put", "headers": map[string]string{"X-Key": "k"},
	})
	id, err := p.session.Publish(t.Context(), topic, []any{1, []byte{0xff}}, &client.PublishOptions{
		Acknowledge: true, Kwargs: client.Dict{"k": "v"},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := <-r.requests
	d.answer <- http.StatusNoContent
	if d.Method != http.MethodPut || d.RequestURI != "/hook?a=b" || d.Header.Get("X-Key") != "k" || d.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %s with %v", d.Method, d.RequestURI, d.Header)
	}
	var got map[string]any
	if err := json.Unmarshal(d.body, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"args": []any{1.0, "\x00/w=="}, "kwargs": map[string]any{"k": "v"}, "topic": topic, "publication": float64(id),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestEventWithoutValues(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	_, p := host(t, r.URL, nil)
	if _, err := p.session.Publish(t.Context(), topic, nil, nil); err != nil {
		t.Fatal(err)
	}
	d := <-r.requests
	d.answer <- http.StatusOK
	if !strings.HasPrefix(string(d.body), `{"args":[],"kwargs":{},"publication":`) {
		t.Errorf("got %s", d.body)
	}
}

func TestFailedPostsAreTriedAgainInOrder(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	_, p := host(t, r.URL, nil)
	p.publish("a", "b")
	for _, step := range []struct {
		want   any
		answer int
	}{{"a", 503}, {"a", 429}, {"a", 500}, {"a", 200}, {"b", 502}, {"b", 204}} {
		if got := r.next(step.answer); got != step.want {
			t.Errorf("got event %v, want %v", got, step.want)
		}
	}
}

func TestConnectionsThatBreakAreTriedAgain(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	h, p := host(t, r.URL, nil)
	p.publish("a")
	<-r.requests
	r.CloseClientConnections()
	h.Logs.Await("event is forwarded again")
	if got := r.next(http.StatusOK); got != "a" {
		t.Errorf("got event %v, want a", got)
	}
}

func TestReceiverThatIsSlowIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	h, p := host(t, r.URL, map[string]any{"timeout": "10ms", "retry": map[string]any{"attempts": 1}})
	p.publish("a") // and nobody answers
	if got := h.Logs.Await("event was not forwarded"); !strings.Contains(got["err"], "deadline exceeded") {
		t.Errorf("got log %v, want that the time is over", got)
	}
}

func TestGivingUp(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		extra    map[string]any
		answers  []int
		attempts string
	}{
		{"after all attempts", map[string]any{"retry": map[string]any{"attempts": 2, "initial": "1ms", "max": "1ms"}}, []int{500, 503}, "2"},
		{"at once when the receiver refuses", nil, []int{400}, "1"},
		{"at once when it redirects", nil, []int{302}, "1"},
		{"at once when the code is not the expected one", map[string]any{"expectedcode": 202}, []int{200}, "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			h, p := host(t, r.URL, tt.extra)
			p.publish("lost")
			for _, code := range tt.answers {
				r.next(code)
			}
			if got := h.Logs.Await("event was not forwarded"); got["attempts"] != tt.attempts || got["publication"] == "" {
				t.Errorf("got log %v, want %s attempts", got, tt.attempts)
			}
			p.publish("next")
			if got := r.next(202); got != "next" {
				t.Errorf("got event %v, want next", got)
			}
		})
	}
}

func TestExpectedCodeMayBeAnError(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	_, p := host(t, r.URL, map[string]any{"expectedcode": 503})
	p.publish("a", "b")
	for _, want := range []any{"a", "b"} {
		if got := r.next(503); got != want {
			t.Errorf("got event %v, want %v", got, want)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 1000)
	tests := []struct {
		name   string
		extra  map[string]any
		events []any // after the first, which is under way; there is no room for the last
	}{
		{"in events", map[string]any{"queue": 2}, []any{"b", "c", "d"}},
		{"in octets", map[string]any{"queue_bytes": 1500}, []any{large, large}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t)
			h, p := host(t, r.URL, tt.extra)
			p.publish("a")
			under := <-r.requests
			p.publish(tt.events...)
			h.Logs.Await("events are dropped, the receiver is too slow")
			kept := tt.events[:len(tt.events)-1]
			under.answer <- http.StatusOK
			for _, want := range kept {
				if got := r.next(http.StatusOK); got != want {
					t.Errorf("got event %v, want %v", got, want)
				}
			}
			p.publish("last")
			if got := r.next(http.StatusOK); got != "last" {
				t.Errorf("got event %v, want last", got)
			}
			if got := h.Logs.Await("events were dropped, now there is room again"); got["dropped"] != "1" {
				t.Errorf("got log %v, want that 1 was dropped", got)
			}
		})
	}
}

func TestEventsSurviveASession(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	h, p := host(t, r.URL, nil)
	p.publish("a")
	under := <-r.requests
	_ = h.Stop()
	under.answer <- http.StatusServiceUnavailable
	if got := r.next(http.StatusOK); got != "a" {
		t.Errorf("got event %v, want a", got)
	}
	if err := p.router.Rejoin(h); err != nil {
		t.Fatal(err)
	}
	p.publish("b")
	if got := r.next(http.StatusOK); got != "b" {
		t.Errorf("got event %v after joining again, want b", got)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("forwards what waits", func(t *testing.T) {
		t.Parallel()
		r := newReceiver(t)
		h, p := host(t, r.URL, nil)
		p.publish("a")
		under := <-r.requests
		_ = h.Stop()
		closed := make(chan error, 1)
		go func() { closed <- component.Close(t.Context(), h.Component) }()
		under.answer <- http.StatusServiceUnavailable
		if got := r.next(http.StatusOK); got != "a" {
			t.Errorf("got event %v, want a", got)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
	})
	t.Run("gives up when its time is over", func(t *testing.T) {
		t.Parallel()
		r := newReceiver(t)
		h, p := host(t, r.URL, nil)
		p.publish("a")
		<-r.requests
		_ = h.Stop()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := component.Close(ctx, h.Component); err == nil || err.Error() != "1 events were not forwarded: context canceled" {
			t.Errorf("got error %v, want that 1 event was not forwarded", err)
		}
		if err := component.Close(t.Context(), h.Component); err != nil {
			t.Errorf("got error %v of a second Close", err)
		}
	})
	t.Run("without any session", func(t *testing.T) {
		t.Parallel()
		c, err := httpforwarder.New(component.Config{Extra: json.RawMessage(`{"subscriptions":[{"topic":"a.b","url":"http://h"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := component.Close(t.Context(), c); err != nil {
			t.Error(err)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, tt := range []struct {
		name, value string
		want        time.Duration
	}{
		{"missing", "", 0},
		{"seconds", "120", 2 * time.Minute},
		{"negative seconds", "-1", 0},
		{"seconds beyond reason", "99999999999999", 0},
		{"a date", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"a date in the past", "Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"something else", "later", 0},
	} {
		if got := httpforwarder.RetryAfter(http.Header{"Retry-After": {tt.value}}, now); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestFindingsInTheConfiguration(t *testing.T) {
	t.Parallel()
	const good = `"subscriptions":[{"topic":"a.b","url":"http://h"}]`
	tests := []struct{ name, extra, want string }{
		{"nothing", ``, "extra.subscriptions: is required: a list of topic and url"},
		{"unknown key", `{"debug":true}`, "extra.debug: unknown key; known are expectedcode, headers, method, queue, queue_bytes, retry, subscriptions, timeout"},
		{"no topic", `{"subscriptions":[{"url":"http://h"}]}`, "extra.subscriptions[0].topic: is required"},
		{"no URL", `{"subscriptions":[{"topic":"a.b"}]}`, "extra.subscriptions[0].url: is required"},
		{"a bad method", `{` + good + `,"method":"GET"}`, `extra.method: want one of POST, PUT, PATCH, got "GET"`},
		{"a bad code", `{` + good + `,"expectedcode":20}`, "extra.expectedcode: want 200 to 599, got 20"},
		{"a bad header", `{` + good + `,"headers":{"a:":"b"}}`, `extra.headers: "a:" is no name of a header`},
		{"negative attempts", `{` + good + `,"retry":{"attempts":-1}}`, "extra.retry.attempts: want 1 to 1000000, got -1"},
		{"retry upside down", `{` + good + `,"retry":{"initial":"2s","max":"1s"}}`, "extra.retry: max 1s is shorter than initial 2s"},
		{"unknown key of retry", `{` + good + `,"retry":{"factor":2}}`, "extra.retry.factor: unknown key; known are attempts, initial, max"},
		{"negative queue", `{` + good + `,"queue":-1}`, "extra.queue: want 1 to 1000000, got -1"},
		{"negative octets", `{` + good + `,"queue_bytes":-1}`, "extra.queue_bytes: want 1 to 1073741824, got -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := httpforwarder.New(component.Config{Extra: json.RawMessage(tt.extra)})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got error %v, want %s", err, tt.want)
			}
		})
	}
}

func TestTopicThatMayNotBeSubscribedToIsACrash(t *testing.T) {
	t.Parallel()
	c, err := httpforwarder.New(component.Config{Extra: json.RawMessage(`{"subscriptions":[{"topic":"a.b","url":"http://h"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	s := hosttest.New(t).Join()
	_ = s.Close()
	if err := c.Join(t.Context(), s); err == nil {
		t.Error("joined with a session that has ended")
	}
	if err := component.Close(t.Context(), c); err != nil {
		t.Error(err)
	}
}
