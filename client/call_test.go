package client_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestCall(t *testing.T) {
	t.Parallel()
	t.Run("sends its arguments and options, and returns the result", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		res := call(t.Context(), s, &client.CallOptions{
			Kwargs: client.Dict{"unit": "cm"}, DiscloseMe: true, Timeout: 1500*time.Millisecond + 1,
		}, 2, "three")
		m := expect[*wamp.Call](p)
		args, kwargs, err := m.Payload.Values()
		if diff := cmp.Diff([]any{int64(2), "three"}, args); diff != "" || err != nil {
			t.Errorf("arguments (%v): %s", err, diff)
		}
		if diff := cmp.Diff(wamp.Dict{"unit": "cm"}, kwargs); diff != "" {
			t.Errorf("keyword arguments: %s", diff)
		}
		if m.Procedure != "com.example.add" || !m.DiscloseMe || m.TimeoutMillis != 1501 || m.ReceiveProgress {
			t.Errorf("CALL is %+v", m)
		}
		p.send(&wamp.Result{Request: m.Request, Payload: p.payload(5)})
		var sum []int
		if err := res.must(t).Decode(&sum, nil); err != nil || !slices.Equal(sum, []int{5}) {
			t.Errorf("result %v, %v", sum, err)
		}
	})
	t.Run("sends no empty arguments (MSG-5)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		call(t.Context(), s, nil)
		if m := expect[*wamp.Call](p); m.Payload.Elements != 0 {
			t.Errorf("CALL has %d elements of payload", m.Payload.Elements)
		}
	})
	t.Run("keeps the result after further messages", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		first, second := call(t.Context(), s, nil), call(t.Context(), s, nil)
		p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request, Payload: p.payload("one")})
		p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request, Payload: p.payload("two")})
		got := []any{args(t, first.must(t).Payload)[0], args(t, second.must(t).Payload)[0]}
		slices.SortFunc(got, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
		if diff := cmp.Diff([]any{"one", "two"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("returns the callee's error with its values", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		res := call(t.Context(), s, nil)
		p.send(&wamp.Error{
			RequestType: wamp.CodeCall, Request: expect[*wamp.Call](p).Request,
			URI: "com.example.error.overdrawn", Payload: p.payload("no money", 12),
		})
		err := res.fails(t)
		var refusal *wamp.Error
		if !errors.As(err, &refusal) || !errors.Is(err, wamp.ErrorURI("com.example.error.overdrawn")) {
			t.Fatalf("got %v", err)
		}
		if diff := cmp.Diff([]any{"no money", int64(12)}, args(t, refusal.Payload)); diff != "" {
			t.Error(diff)
		}
		if want := "client: call com.example.add: com.example.error.overdrawn: no money"; err.Error() != want {
			t.Errorf("text is %q, want %q", err, want)
		}
	})
	t.Run("refuses what the router would not accept (RS-13)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 1000}})
		err := call(t.Context(), s, nil, strings.Repeat("x", 1000)).fails(t)
		var size *client.SizeError
		if !errors.As(err, &size) || !errors.Is(err, wamp.ErrPayloadSizeExceeded) || size.Limit != 1000 || size.Size <= 1000 {
			t.Errorf("got %v", err)
		}
		call(t.Context(), s, nil, "small")
		if m := expect[*wamp.Call](p); args(t, m.Payload)[0] != "small" {
			t.Errorf("got %+v", m)
		}
	})
	t.Run("sends a message of exactly the router's limit", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 100_000}})
		size := 100_000
		var tooLarge *client.SizeError
		if err := call(t.Context(), s, nil, strings.Repeat("x", size)).fails(t); !errors.As(err, &tooLarge) {
			t.Fatal(err)
		}
		size -= tooLarge.Size - tooLarge.Limit
		call(t.Context(), s, nil, strings.Repeat("x", size))
		if m := expect[*wamp.Call](p); len(args(t, m.Payload)[0].(string)) != size {
			t.Error("the argument was changed")
		}
	})
	t.Run("refuses what cannot be encoded", func(t *testing.T) {
		t.Parallel()
		s, _ := connect(t, client.Options{}, inproc.Config{})
		if _, err := s.Call(t.Context(), "com.example.add", client.Args{make(chan int)}, nil); err == nil {
			t.Error("a channel was sent")
		}
	})
}

func TestCallOfOneValue(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		values []any
		want   int
		ok     bool
	}{
		"is decoded":                         {[]any{5}, 5, true},
		"is an error if there are more":      {[]any{5, 6}, 0, false},
		"is an error if there is none":       {nil, 0, false},
		"is an error if it is of other kind": {[]any{"five"}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := connect(t, client.Options{}, inproc.Config{})
			res := async(func() (int, error) { return client.Call[int](t.Context(), s, "com.example.add", nil, nil) })
			p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request, Payload: p.payload(tt.values...)})
			if got := <-res; got.value != tt.want || (got.err == nil) != tt.ok {
				t.Errorf("got %d, %v", got.value, got.err)
			}
		})
	}
}

func TestACallIsCancelledWithItsContext(t *testing.T) { // TMO-4
	t.Parallel()
	for _, tt := range []struct{ mode, sent wamp.CancelMode }{
		{wamp.CancelDefault, wamp.CancelKillNoWait}, // CAN-2
		{wamp.CancelSkip, wamp.CancelSkip},
		{wamp.CancelKill, wamp.CancelKill},
	} {
		t.Run(tt.sent.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := connect(t, client.Options{}, inproc.Config{})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				res := call(ctx, s, &client.CallOptions{Cancel: tt.mode})
				id := expect[*wamp.Call](p).Request
				if m := expect[*wamp.Cancel](p); m.Request != id || m.Mode != tt.sent {
					t.Errorf("CANCEL is %+v", m)
				}
				if err := res.fails(t); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				// What comes late is ignored (PV-4).
				p.send(&wamp.Result{Request: id}, &wamp.Error{RequestType: wamp.CodeCall, Request: id, URI: wamp.ErrCanceled})
				again := call(t.Context(), s, nil)
				p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request})
				again.must(t)
			})
		})
	}
}

func TestProgressiveResults(t *testing.T) {
	t.Parallel()
	t.Run("come in order, before the final one", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		var got []any
		res := call(t.Context(), s, &client.CallOptions{OnProgress: func(r client.Result) {
			got = append(got, args(t, r.Payload)...)
		}})
		m := expect[*wamp.Call](p)
		if !m.ReceiveProgress {
			t.Error("CALL does not ask for progressive results (PCR-1)")
		}
		for i := range 100 {
			p.send(&wamp.Result{Request: m.Request, Progress: true, Payload: p.payload(i)})
		}
		p.send(&wamp.Result{Request: m.Request, Payload: p.payload("final")})
		if final := args(t, res.must(t).Payload); final[0] != "final" {
			t.Errorf("final result is %v", final)
		}
		if len(got) != 100 || !slices.IsSortedFunc(got, func(a, b any) int { return int(a.(int64) - b.(int64)) }) {
			t.Errorf("progressive results are %v", got)
		}
	})
	t.Run("are dropped if they were not asked for (PCR-6)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		res := call(t.Context(), s, nil)
		id := expect[*wamp.Call](p).Request
		p.send(&wamp.Result{Request: id, Progress: true, Payload: p.payload("part")}, &wamp.Result{Request: id, Payload: p.payload("final")})
		if got := args(t, res.must(t).Payload); got[0] != "final" {
			t.Errorf("got %v", got)
		}
	})
	t.Run("cancel the call if they come too fast (PCR-10)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{ReceiveBytes: 1000}, inproc.Config{})
		release := make(chan struct{})
		res := call(t.Context(), s, &client.CallOptions{OnProgress: func(client.Result) { <-release }})
		id := expect[*wamp.Call](p).Request
		for range 10 {
			p.send(&wamp.Result{Request: id, Progress: true, Payload: p.payload(strings.Repeat("x", 200))})
		}
		if m := expect[*wamp.Cancel](p); m.Request != id {
			t.Errorf("CANCEL is %+v", m)
		}
		close(release)
		if err := res.fails(t); !errors.Is(err, client.ErrSlowProgress) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("end with the context", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		res := call(ctx, s, &client.CallOptions{OnProgress: func(client.Result) { cancel() }})
		id := expect[*wamp.Call](p).Request
		p.send(&wamp.Result{Request: id, Progress: true})
		if m := expect[*wamp.Cancel](p); m.Request != id {
			t.Errorf("CANCEL is %+v", m)
		}
		if err := res.fails(t); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("come before a final one that is faster than the end of the context", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		for range 20 { // what is noticed first, the result or the end, is random
			ctx, cancel := context.WithCancel(t.Context())
			begun, release, parts := make(chan bool, 2), make(chan bool), 0
			res := call(ctx, s, &client.CallOptions{OnProgress: func(client.Result) {
				begun <- true
				<-release
				parts++
			}})
			id := expect[*wamp.Call](p).Request
			part := &wamp.Result{Request: id, Progress: true}
			p.send(part)
			<-begun
			p.send(part, &wamp.Result{Request: id})
			p.flush(s)
			cancel()
			close(release)
			res.must(t)
			if parts != 2 {
				t.Fatalf("got %d progressive results with the final one, want 2", parts)
			}
		}
	})
	t.Run("cancel the call if their function panics", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		panicked := async(func() (v any, err error) {
			defer func() { v = recover() }()
			_, err = s.Call(t.Context(), "com.example.add", nil, &client.CallOptions{OnProgress: func(client.Result) { panic("oops") }})
			return nil, err
		})
		id := expect[*wamp.Call](p).Request
		p.send(&wamp.Result{Request: id, Progress: true})
		expect[*wamp.Cancel](p)
		if v := panicked.must(t); v != "oops" {
			t.Errorf("the panic arrived as %v", v)
		}
	})
}

func TestPublish(t *testing.T) {
	t.Parallel()
	t.Run("waits for nothing unless asked to", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		opts := &client.PublishOptions{
			Kwargs: struct {
				Unit string `json:"unit" msgpack:"unit"`
			}{"cm"},
			IncludeMe: true, DiscloseMe: true, Retain: true, Filter: &wamp.Filter{Eligible: []wamp.ID{}},
		}
		if id := publish(t.Context(), s, opts, 1).must(t); id != 0 {
			t.Errorf("publication ID %d out of nowhere", id)
		}
		m := expect[*wamp.Publish](p)
		if m.Topic != "com.example.tick" || m.Acknowledge || !m.IncludeMe || !m.DiscloseMe || !m.Retain {
			t.Errorf("PUBLISH is %+v", m)
		}
		if m.Filter == nil || m.Filter.Eligible == nil { // empty is not absent (MSG-8)
			t.Errorf("filter is %+v", m.Filter)
		}
		if _, kwargs, err := m.Payload.Values(); err != nil || kwargs["unit"] != "cm" {
			t.Errorf("keyword arguments are %v, %v", kwargs, err)
		}
	})
	t.Run("returns the publication's ID", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		id := publish(t.Context(), s, &client.PublishOptions{Acknowledge: true})
		m := expect[*wamp.Publish](p)
		if !m.Acknowledge {
			t.Errorf("PUBLISH is %+v", m)
		}
		p.send(&wamp.Published{Request: m.Request, Publication: 77})
		if id := id.must(t); id != 77 {
			t.Errorf("got %d", id)
		}
	})
	t.Run("returns the router's refusal", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		id := publish(t.Context(), s, &client.PublishOptions{Acknowledge: true})
		p.send(&wamp.Error{RequestType: wamp.CodePublish, Request: expect[*wamp.Publish](p).Request, URI: wamp.ErrNotAuthorized})
		if err := id.fails(t); !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("ignores an acknowledgement that came too late", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		id := publish(ctx, s, &client.PublishOptions{Acknowledge: true})
		request := expect[*wamp.Publish](p).Request
		cancel()
		if err := id.fails(t); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		p.send(&wamp.Published{Request: request, Publication: 77})
		publish(t.Context(), s, nil).must(t)
		expect[*wamp.Publish](p) // and no ABORT
	})
}
