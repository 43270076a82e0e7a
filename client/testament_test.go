package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestTestamentsArePublishedWhenTheSessionHasEnded(t *testing.T) {
	t.Parallel()
	r, seen := newRouter(t), &syncBuffer{}
	key := newKey(t, "one", passthru.AES256GCM)
	alice := joinRouter(t, r, wamp.SerializerJSON, keyring(t, key), seen, &syncBuffer{})
	bob := joinRouter(t, r, wamp.SerializerMsgPack, keyring(t, key), seen, &syncBuffer{})
	events := make(chan *client.Event, 3)
	if _, err := bob.Subscribe(t.Context(), "com.example.", into(events), &client.SubscribeOptions{Match: wamp.MatchPrefix}); err != nil {
		t.Fatal(err)
	}
	add := func(topic wamp.URI, args []any, opts *client.PublishOptions) {
		t.Helper()
		if err := alice.AddTestament(t.Context(), topic, args, opts); err != nil {
			t.Fatal(err)
		}
	}
	add("com.example.taken.back", nil, nil)
	if err := alice.FlushTestaments(t.Context()); err != nil {
		t.Fatal(err)
	}
	add("com.example.not.for.bob", nil, &client.PublishOptions{Filter: &wamp.Filter{Exclude: []wamp.ID{bob.ID()}}})
	add("com.example.last", client.Args{1, []byte{2}}, &client.PublishOptions{Kwargs: client.Dict{"a": "b"}})
	args, kwargs := secrets()
	add("com.example.secret.last", args, &client.PublishOptions{Kwargs: kwargs})
	if err := alice.Close(); err != nil {
		t.Fatal(err)
	}
	ev := <-events
	gotArgs, gotKwargs, err := ev.Values()
	if diff := cmp.Diff([]any{int64(1), []byte{2}}, gotArgs) + cmp.Diff(wamp.Dict{"a": "b"}, gotKwargs); diff != "" || err != nil {
		t.Errorf("%s (%v): %s", ev.Topic, err, diff)
	}
	if ev = <-events; ev.Topic != "com.example.secret.last" {
		t.Errorf("got an event of %s", ev.Topic)
	}
	wantSecrets(t, "testament", ev.Payload)
	if strings.Contains(seen.String(), secret) {
		t.Error("the values were seen on the way")
	}
}

func TestTestamentsThatTheRouterOrTheEncodingRefuse(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	if err := s.AddTestament(t.Context(), "com.example.last", client.Args{make(chan int)}, nil); err == nil {
		t.Error("a channel was sent")
	}
	added := waited(func() error {
		return s.AddTestament(t.Context(), "com.example.last", nil, &client.PublishOptions{Retain: true})
	})
	m := expect[*wamp.Call](p)
	args, kwargs, err := m.Payload.Values()
	want := []any{"com.example.last", []any{}, wamp.Dict{}}
	if diff := cmp.Diff(want, args) + cmp.Diff(wamp.Dict{"publish_options": wamp.Dict{"retain": true}}, kwargs); diff != "" || err != nil {
		t.Errorf("CALL of %s (%v): %s", m.Procedure, err, diff)
	}
	p.send(&wamp.Error{RequestType: wamp.CodeCall, Request: m.Request, URI: wamp.ErrNotAuthorized})
	if err := added.fails(t); !errors.Is(err, wamp.ErrNotAuthorized) {
		t.Errorf("got %v", err)
	}
}
