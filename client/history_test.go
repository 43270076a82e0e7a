package client_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func history(t *testing.T, sub *client.Subscription, q *client.HistoryQuery) outcome[[]client.PastEvent] {
	return async(func() ([]client.PastEvent, error) { return sub.History(t.Context(), q) })
}

func TestHistory(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 23, 0, 0, 500, time.UTC)
	t.Run("asks as the specification says, and reads the answer (HIS-1, HIS-2)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		sub := subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		events := history(t, sub, &client.HistoryQuery{
			Reverse: true, Limit: 10, Topic: "com.example.tick", From: at, After: at, Until: at, Before: at,
			FromPublication: 1, AfterPublication: 2, UntilPublication: 3, BeforePublication: 4,
		})
		m := expect[*wamp.Call](p)
		args, kwargs, err := m.Payload.Values()
		text := "2026-11-22T23:00:00.0000005Z"
		want := wamp.Dict{
			"reverse": true, "limit": int64(10), "topic": "com.example.tick",
			"from_time": text, "after_time": text, "until_time": text, "before_time": text,
			"from_publication": int64(1), "after_publication": int64(2), "until_publication": int64(3), "before_publication": int64(4),
		}
		if diff := cmp.Diff([]any{int64(5)}, args) + cmp.Diff(want, kwargs); diff != "" || err != nil {
			t.Errorf("CALL of %s (%v): %s", m.Procedure, err, diff)
		}
		p.send(&wamp.Result{Request: m.Request, Payload: p.payload([]any{
			wamp.Dict{"timestamp": text, "subscription": 5, "publication": 7, "details": wamp.Dict{"publisher": 9, "topic": "com.example.tock"}, "args": []any{"a"}},
			wamp.Dict{"timestamp": text, "subscription": 5, "publication": 8, "details": wamp.Dict{}, "kwargs": wamp.Dict{"b": 1}},
		})})
		got := events.must(t)
		if len(got) != 2 {
			t.Fatalf("got %d events", len(got))
		}
		if ev := got[0]; !ev.Time.Equal(at) || ev.Publication != 7 || ev.Publisher != 9 || ev.Topic != "com.example.tock" {
			t.Errorf("got %+v", ev)
		}
		if ev := got[1]; ev.Publication != 8 || ev.Topic != "com.example.tick" {
			t.Errorf("got %+v", ev)
		}
		_, kwargs, err = got[1].Values()
		if diff := cmp.Diff(wamp.Dict{"b": int64(1)}, kwargs); diff != "" || err != nil {
			t.Errorf("%v: %s", err, diff)
		}
	})
	t.Run("says what is wrong with an answer", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		sub := subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		for name, answer := range map[string]any{
			"no list":             1,
			"no time":             []any{wamp.Dict{"publication": 7, "details": wamp.Dict{}}},
			"no publication":      []any{wamp.Dict{"timestamp": at.Format(time.RFC3339), "details": wamp.Dict{}}},
			"arguments of a kind": []any{wamp.Dict{"timestamp": at.Format(time.RFC3339), "publication": 7, "details": wamp.Dict{}, "args": 1}},
		} {
			events := history(t, sub, nil)
			p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request, Payload: p.payload(answer)})
			if got := <-events; got.err == nil {
				t.Errorf("%s: got %+v", name, got.value)
			}
		}
	})
	t.Run("is that of a subscription in place", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		sub := subscribed(t, s, p, 5, into(make(chan *client.Event, 1)))
		p.send(&wamp.Unsubscribed{Subscription: 5})
		<-sub.Done()
		history(t, sub, nil).fails(t)
	})
	t.Run("is decrypted", func(t *testing.T) {
		t.Parallel()
		s, p := encrypting(t, true)
		subscribing := async(func() (*client.Subscription, error) {
			return s.Subscribe(t.Context(), "com.example.secret.tell", into(make(chan *client.Event, 1)), nil)
		})
		p.send(&wamp.Subscribed{Request: expect[*wamp.Subscribe](p).Request, Subscription: 5})
		sub := subscribing.must(t)
		publish := async(func() (wamp.ID, error) {
			return s.Publish(t.Context(), "com.example.secret.tell", client.Args{secret}, nil)
		})
		m := expect[*wamp.Publish](p)
		publish.must(t)
		sealed := args(t, m.Payload)
		details := wamp.Dict{"ppt_scheme": passthru.Scheme, "ppt_serializer": "cbor", "ppt_cipher": m.Attributes.PPTCipher, "ppt_keyid": "one"}
		for _, test := range []struct {
			details wamp.Dict
			ok      bool
		}{{details, true}, {wamp.Dict{}, false}} {
			events := history(t, sub, nil)
			p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request, Payload: p.payload([]any{
				wamp.Dict{"timestamp": at.Format(time.RFC3339), "publication": 7, "details": test.details, "args": sealed},
			})})
			got := <-events
			if (got.err == nil) != test.ok || test.ok && args(t, got.value[0].Payload)[0] != secret {
				t.Errorf("got %+v, %v", got.value, got.err)
			}
		}
	})
}
