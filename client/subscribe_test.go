package client_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// event is an EVENT of subscription 5 that carries i.
func event(p *peer, i int) *wamp.Event {
	return &wamp.Event{Subscription: 5, Publication: wamp.ID(100 + i), Payload: p.payload(i)}
}

// into returns a handler that hands events to the test.
func into(c chan *client.Event) client.EventHandler {
	return func(_ context.Context, ev *client.Event) { c <- ev }
}

func TestEvents(t *testing.T) {
	t.Parallel()
	t.Run("reach the handler in order, from the moment of SUBSCRIBED", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		events := make(chan *client.Event)
		sub := subscribe(t.Context(), s, into(events))
		batch := []wamp.Message{&wamp.Subscribed{Request: expect[*wamp.Subscribe](p).Request, Subscription: 5}}
		for i := range 100 {
			batch = append(batch, event(p, i))
		}
		p.send(batch...)
		sub.must(t)
		for i := range 100 {
			ev := <-events
			if got := args(t, ev.Payload); got[0] != int64(i) || ev.Publication != wamp.ID(100+i) || ev.Topic != "com.example.tick" || ev.Lost != 0 {
				t.Fatalf("event %d is %+v with %v", i, ev, got)
			}
		}
	})
	t.Run("say what the router tells of them", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		events := make(chan *client.Event, 1)
		sub := async(func() (*client.Subscription, error) {
			return s.Subscribe(t.Context(), "com.example", into(events), &client.SubscribeOptions{Match: wamp.MatchPrefix, GetRetained: true})
		})
		m := expect[*wamp.Subscribe](p)
		if m.Match != wamp.MatchPrefix || !m.GetRetained {
			t.Errorf("SUBSCRIBE is %+v", m)
		}
		p.send(&wamp.Subscribed{Request: m.Request, Subscription: 5}, &wamp.Event{
			Subscription: 5, Publication: 9, Topic: "com.example.tock", Retained: true,
			Publisher: 3, PublisherAuthID: "bob", PublisherAuthRole: "user",
		})
		if sub.must(t).Topic() != "com.example" {
			t.Error("the subscription has another topic")
		}
		want := client.Event{Topic: "com.example.tock", Publication: 9, Publisher: 3, PublisherAuthID: "bob", PublisherAuthRole: "user", Retained: true}
		got := <-events
		if got.Topic != want.Topic || got.Publication != want.Publication || got.Publisher != want.Publisher ||
			got.PublisherAuthID != want.PublisherAuthID || got.PublisherAuthRole != want.PublisherAuthRole || got.Retained != want.Retained {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
	t.Run("are the handler's to keep", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		events := make(chan *client.Event, 10)
		subscribed(t, s, p, 5, into(events))
		texts := []string{"small", strings.Repeat("large", transport.OwnedFrame), "other", strings.Repeat("LARGE", transport.OwnedFrame)}
		for _, text := range texts {
			p.send(&wamp.Event{Subscription: 5, Publication: 1, Payload: p.payload(text)})
		}
		var kept []*client.Event
		for range texts {
			kept = append(kept, <-events)
		}
		for i, ev := range kept {
			if args(t, ev.Payload)[0] != texts[i] {
				t.Errorf("event %d was overwritten", i)
			}
		}
	})
	t.Run("go on after a handler has panicked or ended its goroutine", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		events := make(chan *client.Event, 1)
		subscribed(t, s, p, 5, func(_ context.Context, ev *client.Event) {
			switch ev.Publication {
			case 100:
				panic("oops")
			case 101:
				runtime.Goexit()
			}
			events <- ev
		})
		p.send(event(p, 0), event(p, 1), event(p, 2))
		if ev := <-events; ev.Publication != 102 {
			t.Errorf("got %+v", ev)
		}
	})
	t.Run("that find the queue full are dropped, counted and logged", func(t *testing.T) {
		t.Parallel()
		var log syncBuffer
		s, p := connect(t, client.Options{ReceiveBytes: 2000, Logger: log.logger()}, inproc.Config{})
		running, release := make(chan struct{}), make(chan struct{})
		events := make(chan *client.Event, 20)
		subscribed(t, s, p, 5, func(_ context.Context, ev *client.Event) {
			if ev.Publication == 100 {
				close(running)
				<-release
			}
			events <- ev
		})
		p.send(event(p, 0))
		<-running
		for i := range 19 { // of which 2000 octets have room for 7
			p.send(event(p, 1+i))
		}
		p.flush(s)
		close(release)
		for i := range 8 {
			if ev := <-events; ev.Publication != wamp.ID(100+i) || ev.Lost != 0 {
				t.Errorf("event %d is %+v", i, ev)
			}
		}
		p.send(event(p, 20))
		if ev := <-events; ev.Publication != 120 || ev.Lost != 12 {
			t.Errorf("got %+v, want 12 lost", ev)
		}
		p.send(event(p, 21))
		if ev := <-events; ev.Lost != 0 {
			t.Errorf("lost events are reported twice: %+v", ev)
		}
		if n := strings.Count(log.String(), "events are dropped"); n != 1 {
			t.Errorf("%d lines in the log, want 1: %s", n, log.String())
		}
	})
}

func TestSubscriptions(t *testing.T) {
	t.Parallel()
	t.Run("to one topic share the router's (PS-1)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		first, second := make(chan *client.Event, 1), make(chan *client.Event, 1)
		one := subscribed(t, s, p, 5, into(first))
		two := subscribed(t, s, p, 5, into(second))
		p.send(event(p, 0))
		if a, b := <-first, <-second; a.Publication != 100 || b.Publication != 100 {
			t.Errorf("got %+v and %+v", a, b)
		}
		if err := one.Unsubscribe(t.Context()); err != nil { // the other one still needs it
			t.Fatal(err)
		}
		<-one.Done()
		p.send(event(p, 1))
		if ev := <-second; ev.Publication != 101 {
			t.Errorf("got %+v", ev)
		}
		left := waited(func() error { return two.Unsubscribe(t.Context()) })
		m := expect[*wamp.Unsubscribe](p)
		if m.Subscription != 5 {
			t.Errorf("UNSUBSCRIBE is %+v", m)
		}
		p.send(event(p, 2)) // crossed it (PV-4)
		p.send(&wamp.Unsubscribed{Request: m.Request})
		left.must(t)
		if err := two.Unsubscribe(t.Context()); err != nil {
			t.Errorf("second Unsubscribe: %v", err)
		}
		if len(first) != 0 || len(second) != 0 {
			t.Error("an event came after the end")
		}
	})
	t.Run("survive the end of an older one to the same topic", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		events := make(chan *client.Event, 1)
		older := subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		newer := subscribe(t.Context(), s, into(events))
		request := expect[*wamp.Subscribe](p).Request
		if err := older.Unsubscribe(t.Context()); err != nil { // must not reach the router now
			t.Fatal(err)
		}
		p.send(&wamp.Subscribed{Request: request, Subscription: 5}, event(p, 0))
		newer.must(t)
		<-events
		p.flush(s)
	})
	t.Run("are withdrawn if a newer one to the same topic is refused", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		older := subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		newer := subscribe(t.Context(), s, into(make(chan *client.Event, 1)))
		request := expect[*wamp.Subscribe](p).Request
		if err := older.Unsubscribe(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.send(&wamp.Error{RequestType: wamp.CodeSubscribe, Request: request, URI: wamp.ErrNotAuthorized})
		if err := newer.fails(t); !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("got %v", err)
		}
		if m := expect[*wamp.Unsubscribe](p); m.Subscription != 5 {
			t.Errorf("UNSUBSCRIBE is %+v", m)
		}
	})
	t.Run("are withdrawn if their context ends first", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		sub := subscribe(ctx, s, into(make(chan *client.Event, 1)))
		request := expect[*wamp.Subscribe](p).Request
		cancel()
		if err := sub.fails(t); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		p.send(&wamp.Subscribed{Request: request, Subscription: 5})
		m := expect[*wamp.Unsubscribe](p)
		p.send(&wamp.Unsubscribed{Request: m.Request})
		p.flush(s)
	})
	t.Run("end when the router revokes them (REV-5)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		causes := make(chan error, 1)
		sub := subscribed(t, s, p, 5, func(ctx context.Context, _ *client.Event) {
			<-ctx.Done()
			causes <- context.Cause(ctx)
		})
		p.send(event(p, 0), &wamp.Unsubscribed{Subscription: 5, Reason: "no longer allowed"})
		<-sub.Done()
		for _, err := range []error{sub.Err(), <-causes} {
			var revoked *client.RevokedError
			if !errors.As(err, &revoked) || revoked.Reason != "no longer allowed" {
				t.Errorf("it ended with %v", err)
			}
		}
		p.flush(s)
		subscribed(t, s, p, 6, into(make(chan *client.Event, 1))) // may begin anew
	})
	t.Run("end with the session, and so do the contexts of their handlers", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		causes := make(chan error, 1)
		sub := subscribed(t, s, p, 5, func(ctx context.Context, _ *client.Event) {
			<-ctx.Done()
			causes <- context.Cause(ctx)
		})
		p.send(event(p, 0), event(p, 1))
		p.send(&wamp.Goodbye{Reason: wamp.CloseRealm})
		var goodbye *client.GoodbyeError
		if cause := <-causes; !errors.As(cause, &goodbye) {
			t.Errorf("the handler's context ended with %v", cause)
		}
		<-sub.Done()
		s.Wait()
		if len(causes) != 0 {
			t.Error("an event was handed over after the end")
		}
	})
	t.Run("may be given up by their handler", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		var sub *client.Subscription
		ready, left := make(chan struct{}), make(chan error, 1)
		sub = subscribed(t, s, p, 5, func(ctx context.Context, _ *client.Event) {
			<-ready
			left <- sub.Unsubscribe(t.Context())
			if ctx.Err() == nil {
				t.Error("the handler's context lives on")
			}
		})
		close(ready)
		p.send(event(p, 0), event(p, 1))
		p.send(&wamp.Unsubscribed{Request: expect[*wamp.Unsubscribe](p).Request})
		if err := <-left; err != nil {
			t.Errorf("Unsubscribe: %v", err)
		}
		p.flush(s)
		if len(left) != 0 {
			t.Error("a waiting event was handed over after Unsubscribe")
		}
	})
	t.Run("may not share an ID with another topic", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		other := async(func() (*client.Subscription, error) {
			return s.Subscribe(t.Context(), "com.example.tock", into(make(chan *client.Event, 1)), nil)
		})
		p.send(&wamp.Subscribed{Request: expect[*wamp.Subscribe](p).Request, Subscription: 5})
		if m := expect[*wamp.Abort](p); m.Reason != wamp.ErrProtocolViolation {
			t.Errorf("ABORT is %+v", m)
		}
		other.fails(t)
	})
}

func TestEventsThatWaitAreNotLostBelowTheBound(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	release := make(chan struct{})
	var got []int
	finished := make(chan struct{})
	const n = 5000
	subscribed(t, s, p, 5, func(_ context.Context, ev *client.Event) {
		<-release
		if ev.Lost > 0 {
			t.Errorf("%d events lost before %d", ev.Lost, ev.Publication)
		}
		if got = append(got, int(ev.Publication)); len(got) == n {
			close(finished)
		}
	})
	for i := range n {
		p.send(event(p, i))
	}
	p.flush(s)
	close(release)
	<-finished
	if !slices.IsSorted(got) {
		t.Error("events came out of order")
	}
}

// Retained events are for those who asked for them, and only once (RET-2).
func TestRetainedEventsGoToTheSubscriptionThatAskedForThem(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	got := make(chan string, 10)
	subscribe := func(name string, retained bool) {
		t.Helper()
		sub := async(func() (*client.Subscription, error) {
			return s.Subscribe(t.Context(), "com.example.tick", func(_ context.Context, ev *client.Event) {
				got <- fmt.Sprint(name, " ", ev.Retained, " ", args(t, ev.Payload)[0])
			}, &client.SubscribeOptions{GetRetained: retained})
		})
		m := expect[*wamp.Subscribe](p)
		if m.GetRetained != retained {
			t.Errorf("SUBSCRIBE is %+v", m)
		}
		p.send(&wamp.Subscribed{Request: m.Request, Subscription: 5})
		if retained {
			p.send(&wamp.Event{Subscription: 5, Publication: 7, Retained: true, Payload: p.payload("kept")})
		}
		sub.must(t)
	}
	subscribe("first", true)
	if g := <-got; g != "first true kept" {
		t.Errorf("got %s", g)
	}
	subscribe("second", false)
	subscribe("third", true)
	if g := <-got; g != "third true kept" {
		t.Errorf("got %s", g)
	}
	p.send(&wamp.Event{Subscription: 5, Publication: 8, Payload: p.payload("new")})
	all := []string{<-got, <-got, <-got}
	slices.Sort(all)
	if diff := cmp.Diff([]string{"first false new", "second false new", "third false new"}, all); diff != "" {
		t.Error(diff)
	}
}

func TestTrustLevelsAreHandedOn(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	levels := make(chan *int, 2)
	subscribed(t, s, p, 5, func(_ context.Context, ev *client.Event) { levels <- ev.TrustLevel })
	registered(t, s, p, func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		levels <- inv.TrustLevel
		return client.Reply{}, nil
	}, nil)
	zero := 0
	p.send(&wamp.Event{Subscription: 5, Publication: 6, TrustLevel: &zero}, event(p, 0))
	for _, want := range []bool{true, false} { // TRL-2
		if got := <-levels; (got != nil) != want {
			t.Errorf("event with the trust level %v", got)
		}
	}
	p.send(&wamp.Invocation{Request: 1, Registration: 1, TrustLevel: &zero}, invocation(p, 2))
	for range 2 { // TRL-1
		expect[*wamp.Yield](p)
	}
	if a, b := <-levels, <-levels; (a == nil) == (b == nil) {
		t.Errorf("invocations with the trust levels %v and %v", a, b)
	}
}

// The router refuses what the caller could not take (PPT-4); there is nobody
// left to tell but the log.
func TestAnAnswerThatTheRouterRefusesDoesNoHarm(t *testing.T) {
	t.Parallel()
	var logs syncBuffer
	s, p := connect(t, client.Options{Logger: logs.logger()}, inproc.Config{})
	p.send(&wamp.Error{RequestType: wamp.CodeInvocation, Request: 1000, URI: wamp.ErrFeatureNotSupported})
	p.flush(s)
	if !strings.Contains(logs.String(), "router refused the answer") {
		t.Errorf("logged %q", logs.String())
	}
}
