package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// foreign returns a payload as it might have come from another session.
func foreign(t *testing.T, number wamp.SerializerNumber, values ...any) wamp.Payload {
	t.Helper()
	ser, ok := serializer.ByNumber(number)
	if !ok {
		t.Fatalf("no serializer %v", number)
	}
	p, err := ser.EncodePayload(values, map[string]any{"unit": "cm"})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// wantForwarded checks that a payload arrived as foreign made it.
func wantForwarded(t *testing.T, p wamp.Payload, values ...any) {
	t.Helper()
	args, kwargs, err := p.Values()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(values, args); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wamp.Dict{"unit": "cm"}, kwargs); diff != "" {
		t.Errorf("keyword arguments (-want +got):\n%s", diff)
	}
}

func TestPayloadsArePassedOnInAnySerializer(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 20<<10) // goes by reference
	for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		t.Run(number.String(), func(t *testing.T) {
			t.Parallel()
			s, p := connect(t, client.Options{}, inproc.Config{})
			payload := foreign(t, number, int64(1), large)

			res := call(t.Context(), s, &client.CallOptions{Payload: payload})
			called := expect[*wamp.Call](p)
			wantForwarded(t, called.Payload, int64(1), large)
			p.send(&wamp.Result{Request: called.Request, Payload: called.Payload})
			wantForwarded(t, res.must(t).Payload, int64(1), large)

			publish(t.Context(), s, &client.PublishOptions{Payload: payload}).must(t)
			wantForwarded(t, expect[*wamp.Publish](p).Payload, int64(1), large)

			registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
				reply := client.Reply{Payload: inv.Payload}
				return reply, inv.ProgressReply(ctx, reply)
			}, nil)
			p.send(&wamp.Invocation{Request: 1, Registration: 1, ReceiveProgress: true, Payload: called.Payload})
			for _, progress := range []bool{true, false} {
				yield := expect[*wamp.Yield](p)
				if yield.Progress != progress {
					t.Errorf("got progress %v, want %v", yield.Progress, progress)
				}
				wantForwarded(t, yield.Payload, int64(1), large)
			}
		})
	}
}

// fake is a serializer that is not one of this module's.
type fake struct{ wamp.Serializer }

func (fake) Number() wamp.SerializerNumber { return wamp.SerializerUBJSON }
func (fake) String() string                { return "fake" }

func TestPayloadsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	good := foreign(t, wamp.SerializerJSON, "x")
	noSerializer, tooMany, unknown, broken := good, good, good, good
	noSerializer.Serializer = nil
	tooMany.Elements = 3
	unknown.Serializer = fake{}
	broken.Bytes = broken.Bytes[:2]
	tests := []struct {
		name    string
		payload wamp.Payload
		kwargs  any
	}{
		{"without a serializer", noSerializer, nil},
		{"of three elements", tooMany, nil},
		{"in an unknown serializer", unknown, nil},
		{"cut off", broken, nil},
		{"beside values", good, client.Dict{"a": 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, p := connect(t, client.Options{}, inproc.Config{})
			call(t.Context(), s, &client.CallOptions{Payload: tt.payload, Kwargs: tt.kwargs}).fails(t)
			publish(t.Context(), s, &client.PublishOptions{Payload: tt.payload, Kwargs: tt.kwargs}).fails(t)
			p.flush(s) // nothing was sent
		})
	}
}

func TestAttributesTravelWithPayloads(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	want := &wamp.Attributes{TransactionHash: "0x12", ForwardFor: []wamp.Forwarder{{Session: 7, AuthID: "a", AuthRole: "b"}}}
	check := func(what string, got *wamp.Attributes) {
		t.Helper()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("attributes of %s (-want +got):\n%s", what, diff)
		}
	}

	res := call(t.Context(), s, &client.CallOptions{Attributes: want})
	called := expect[*wamp.Call](p)
	check("CALL", called.Attributes)
	p.send(&wamp.Result{Request: called.Request, Attributes: want})
	check("RESULT", res.must(t).Attributes)

	publish(t.Context(), s, &client.PublishOptions{Attributes: want}).must(t)
	check("PUBLISH", expect[*wamp.Publish](p).Attributes)

	events := make(chan *client.Event, 1)
	subscribed(t, s, p, 5, func(_ context.Context, ev *client.Event) { events <- ev })
	p.send(&wamp.Event{Subscription: 5, Publication: 6, Attributes: want})
	check("EVENT", (<-events).Attributes)

	registered(t, s, p, func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		return client.Reply{Attributes: inv.Attributes}, nil
	}, nil)
	p.send(&wamp.Invocation{Request: 1, Registration: 1, Attributes: want})
	check("YIELD", expect[*wamp.Yield](p).Attributes)
}

// A router ends the session of a client that uses payload passthru mode
// without agreement (PPT-3).
func TestPassthruModeIsNotSentToARouterThatDoesNotOfferIt(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	ppt := &wamp.Attributes{PPTScheme: "x_test"}
	err := call(t.Context(), s, &client.CallOptions{Attributes: ppt}).fails(t)
	if !errors.Is(err, wamp.ErrFeatureNotSupported) {
		t.Errorf("call: got %v, want %s", err, wamp.ErrFeatureNotSupported)
	}
	err = publish(t.Context(), s, &client.PublishOptions{Attributes: ppt}).fails(t)
	if !errors.Is(err, wamp.ErrFeatureNotSupported) {
		t.Errorf("publish: got %v, want %s", err, wamp.ErrFeatureNotSupported)
	}

	replies := []struct {
		reply client.Reply
		err   error
	}{
		{reply: client.Reply{Attributes: ppt}},
		{err: &wamp.Error{URI: "com.example.error", Attributes: ppt}},
	}
	next := make(chan int, 1)
	registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
		r := replies[<-next]
		return r.reply, r.err
	}, nil)
	for i := range replies {
		next <- i
		p.send(&wamp.Invocation{Request: wamp.ID(i + 1), Registration: 1})
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrFeatureNotSupported || m.Attributes != nil {
			t.Errorf("answer %d: got %+v, want %s", i, m, wamp.ErrFeatureNotSupported)
		}
	}
}

func TestRequestsUnderWayWhenTheSessionEndsSayThatTheirFateIsUnknown(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{})
	called := call(t.Context(), s, nil)
	expect[*wamp.Call](p)
	published := publish(t.Context(), s, &client.PublishOptions{Acknowledge: true})
	expect[*wamp.Publish](p)
	_ = p.conn.Close()
	var inFlight *client.InFlightError
	if err := called.fails(t); !errors.As(err, &inFlight) || !errors.Is(err, s.Err()) {
		t.Errorf("call: got %v, want an InFlightError that wraps %v", err, s.Err())
	}
	if err := published.fails(t); !errors.As(err, &inFlight) {
		t.Errorf("publish: got %v, want an InFlightError", err)
	}
	if err := call(t.Context(), s, nil).fails(t); errors.As(err, &inFlight) {
		t.Errorf("got %v for a call that was never sent", err)
	}
}
