package client_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func callProgressively(t *testing.T, s *client.Session, p *peer, opts *client.CallOptions) (*client.ProgressiveCall, wamp.ID) {
	t.Helper()
	c := async(func() (*client.ProgressiveCall, error) {
		return s.CallProgressively(t.Context(), "com.example.add", client.Args{0}, opts)
	})
	m := expect[*wamp.Call](p)
	if !m.Progress {
		t.Error("the first chunk is not marked as one")
	}
	return c.must(t), m.Request
}

func TestCallProgressively(t *testing.T) {
	t.Parallel()
	t.Run("sends chunks under one request ID (PCI-1), without repeating options (PCI-5)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		c, id := callProgressively(t, s, p, &client.CallOptions{DiscloseMe: true, Timeout: time.Second})
		if err := c.Send(t.Context(), client.Args{1}, client.Dict{"a": 1}); err != nil {
			t.Error(err)
		}
		if err := c.SendChunk(t.Context(), client.Chunk{Payload: foreign(t, wamp.SerializerJSON, 2)}); err != nil {
			t.Error(err)
		}
		if err := c.Finish(t.Context(), client.Args{3}, nil); err != nil {
			t.Error(err)
		}
		for i := range 3 {
			m := expect[*wamp.Call](p)
			head := *m
			head.Payload = wamp.Payload{}
			if diff := cmp.Diff(wamp.Call{Request: id, Procedure: "com.example.add", Progress: i < 2}, head); diff != "" {
				t.Errorf("CALL %d: %s", i+1, diff)
			}
			if got := args(t, m.Payload); !cmp.Equal(got, []any{int64(i + 1)}) {
				t.Errorf("chunk %d is %v", i+1, got)
			}
		}
		if err := c.Send(t.Context(), nil, nil); err == nil {
			t.Error("a chunk was sent after the last one")
		}
		p.send(&wamp.Result{Request: id, Payload: p.payload("done")})
		for range 2 {
			if res, err := c.Wait(t.Context()); err != nil || args(t, res.Payload)[0] != "done" {
				t.Errorf("result %v, %v", res, err)
			}
		}
		c.Cancel() // too late to do anything
		p.flush(s)
	})
	t.Run("takes progressive results meanwhile (PCI-9)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		progress := make(chan any)
		c, id := callProgressively(t, s, p, &client.CallOptions{OnProgress: func(r client.Result) {
			progress <- args(t, r.Payload)[0]
		}})
		res := async(func() (client.Result, error) { return c.Wait(t.Context()) })
		for i := range 3 {
			if err := c.Send(t.Context(), client.Args{i}, nil); err != nil {
				t.Fatal(err)
			}
			p.send(&wamp.Result{Request: id, Progress: true, Payload: expect[*wamp.Call](p).Payload})
			if got := <-progress; got != int64(i) {
				t.Errorf("progressive result %v, want %d", got, i)
			}
		}
		p.send(&wamp.Result{Request: id, Payload: p.payload("done")})
		res.must(t)
	})
	t.Run("sends nothing once the callee has ended the call (PCI-9)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		c, id := callProgressively(t, s, p, nil)
		p.send(&wamp.Error{RequestType: wamp.CodeCall, Request: id, URI: wamp.ErrFeatureNotSupported})
		_, err := c.Wait(t.Context())
		if !errors.Is(err, wamp.ErrFeatureNotSupported) {
			t.Errorf("Wait: %v", err)
		}
		if err := c.Send(t.Context(), client.Args{1}, nil); !errors.Is(err, client.ErrCallOver) {
			t.Errorf("Send: %v", err)
		}
		p.flush(s)
	})
	t.Run("is cancelled by Cancel, and with the context of Wait", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		c, id := callProgressively(t, s, p, &client.CallOptions{Cancel: wamp.CancelKill})
		c.Cancel()
		if m := expect[*wamp.Cancel](p); m.Request != id || m.Mode != wamp.CancelKill {
			t.Errorf("CANCEL is %+v", m)
		}
		if _, err := c.Wait(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait: %v", err)
		}
		c, id = callProgressively(t, s, p, nil)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := c.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Wait: %v", err)
		}
		if m := expect[*wamp.Cancel](p); m.Request != id {
			t.Errorf("CANCEL is %+v", m)
		}
	})
	t.Run("says if a chunk is too large, and goes on", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 512}})
		c, id := callProgressively(t, s, p, nil)
		var size *client.SizeError
		if err := c.Send(t.Context(), client.Args{strings.Repeat("x", 1000)}, nil); !errors.As(err, &size) {
			t.Errorf("Send: %v", err)
		}
		if err := c.Finish(t.Context(), nil, nil); err != nil {
			t.Error(err)
		}
		if m := expect[*wamp.Call](p); m.Request != id || m.Progress {
			t.Errorf("CALL is %+v", m)
		}
	})
	t.Run("ends with the session", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		c, _ := callProgressively(t, s, p, nil)
		_ = p.conn.Close()
		var inFlight *client.InFlightError
		if _, err := c.Wait(t.Context()); !errors.As(err, &inFlight) {
			t.Errorf("Wait: %v", err)
		}
		if err := c.Send(t.Context(), nil, nil); !errors.Is(err, s.Err()) {
			t.Errorf("Send: %v", err)
		}
	})
}

// A router that does not know progressive calls would end the session (PCI-2).
func TestProgressiveCallsNeedARouterThatOffersThem(t *testing.T) {
	t.Parallel()
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) {
		return client.Join(t.Context(), ours, client.Options{Realm: realm})
	})
	expect[*wamp.Hello](p)
	m := welcome()
	m.Roles = wamp.Roles{}.With(wamp.RoleDealer)
	p.send(m)
	s := joined.must(t)
	if _, err := s.CallProgressively(t.Context(), "com.example.add", nil, nil); !errors.Is(err, wamp.ErrFeatureNotSupported) {
		t.Errorf("got %v, want %s", err, wamp.ErrFeatureNotSupported)
	}
	p.flush(s)
	_ = theirs.Close()
	s.Wait()
}

// chunk is a part of a progressive invocation.
func chunk(p *peer, request wamp.ID, more bool, args ...any) *wamp.Invocation {
	return &wamp.Invocation{Request: request, Registration: 1, Progress: more, Payload: p.payload(args...)}
}

// takeAll answers with all chunks, one after the other.
func takeAll(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	var all []any
	for p, err := range inv.Chunks(ctx) {
		if err != nil {
			return client.Reply{}, err
		}
		var part []any
		if err := p.Decode(&part, nil); err != nil {
			return client.Reply{}, err
		}
		all = append(all, part...)
	}
	return client.Return(all...), nil
}

var takesChunks = &client.RegisterOptions{TakeChunks: true}

func TestProgressiveInvocations(t *testing.T) {
	t.Parallel()
	t.Run("hand their chunks to one handler, in order (PCI-12)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, takeAll, takesChunks)
		var want [2][]any
		for i := range 200 {
			for r := range wamp.ID(2) {
				p.send(chunk(p, 1+r, i < 199, i, fmt.Sprint("call ", r)))
				want[r] = append(want[r], int64(i), fmt.Sprint("call ", r))
			}
		}
		for range 2 {
			m := expect[*wamp.Yield](p)
			if diff := cmp.Diff(want[m.Request-1], args(t, m.Payload)); diff != "" {
				t.Errorf("call %d: %s", m.Request, diff)
			}
		}
	})
	t.Run("are told from ordinary ones, which are one chunk", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		progressive := make(chan bool, 1)
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			progressive <- inv.Progressive
			return takeAll(ctx, inv)
		}, takesChunks)
		p.send(chunk(p, 1, false, "all"))
		if m := expect[*wamp.Yield](p); args(t, m.Payload)[0] != "all" || <-progressive {
			t.Errorf("YIELD is %+v", m)
		}
		p.send(chunk(p, 2, true), chunk(p, 2, false, "rest"))
		if m := expect[*wamp.Yield](p); args(t, m.Payload)[0] != "rest" || !<-progressive {
			t.Errorf("YIELD is %+v", m)
		}
	})
	t.Run("may be left and taken up again by the handler", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			for range inv.Chunks(ctx) {
				break
			}
			return takeAll(ctx, inv)
		}, takesChunks)
		p.send(chunk(p, 1, true, "a"), chunk(p, 1, true, "b"), chunk(p, 1, false, "c"))
		if diff := cmp.Diff([]any{"b", "c"}, args(t, expect[*wamp.Yield](p).Payload)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("are refused where the handler does not take them", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, echo, nil)
		p.send(chunk(p, 1, true), chunk(p, 1, true), chunk(p, 1, false))
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrFeatureNotSupported {
			t.Errorf("ERROR is %+v", m)
		}
		p.flush(s) // the other chunks are ignored
	})
	t.Run("may be answered early; what comes late is ignored (PCI-6)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		calls := make(chan struct{}, 10)
		registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
			calls <- struct{}{}
			return client.Return("enough"), nil
		}, takesChunks)
		p.send(chunk(p, 1, true))
		expect[*wamp.Yield](p)
		p.send(chunk(p, 1, true), chunk(p, 1, false))
		p.flush(s)
		p.send(chunk(p, 1, false)) // a new one, from a router that counts otherwise
		expect[*wamp.Yield](p)
		if len(calls) != 2 {
			t.Errorf("the handler was called %d times, want 2", len(calls))
		}
	})
	t.Run("end with the call", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		begun := make(chan struct{})
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			close(begun)
			return takeAll(ctx, inv)
		}, takesChunks)
		p.send(chunk(p, 1, true))
		<-begun
		p.send(&wamp.Interrupt{Request: 1, Mode: wamp.CancelKill})
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrCanceled {
			t.Errorf("ERROR is %+v", m)
		}
	})
	t.Run("end with the session, whatever context the handler waits with", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		begun, ended := make(chan struct{}), make(chan error, 1)
		registered(t, s, p, func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			close(begun)
			reply, err := takeAll(context.Background(), inv)
			ended <- err
			return reply, err
		}, takesChunks)
		p.send(chunk(p, 1, true))
		<-begun
		_ = p.conn.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("end the session if they go on after their last chunk", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		release := make(chan struct{})
		defer close(release)
		registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
			<-release
			return client.Reply{}, nil
		}, takesChunks)
		p.send(chunk(p, 1, true), chunk(p, 1, false), chunk(p, 1, false))
		expect[*wamp.Abort](p)
	})
}

func TestChunksThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 400)
	t.Run("while the handler is busy", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{ReceiveBytes: 2000}, inproc.Config{})
		begun, over := make(chan struct{}), make(chan error, 1)
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			close(begun)
			<-ctx.Done()
			over <- context.Cause(ctx)
			return takeAll(ctx, inv)
		}, takesChunks)
		p.send(chunk(p, 1, true, big))
		<-begun
		for range 10 {
			p.send(chunk(p, 1, true, big))
		}
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrUnavailable || m.Request != 1 {
			t.Errorf("ERROR is %+v", m)
		}
		if err := <-over; !errors.Is(err, wamp.ErrUnavailable) {
			t.Errorf("the handler's context ended with %v", err)
		}
		p.send(chunk(p, 1, false))
		p.flush(s)
	})
	t.Run("together, but an idle handler gets its next one", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{ReceiveBytes: 2000}, inproc.Config{})
		release, ready := make(chan struct{}), make(chan struct{})
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			ready <- struct{}{}
			if args(t, inv.Payload)[0] == "slow" {
				<-release
			}
			return takeAll(ctx, inv)
		}, takesChunks)
		p.send(chunk(p, 1, true, "slow"), chunk(p, 2, true, "fast"))
		<-ready
		<-ready
		p.send(chunk(p, 1, true, big), chunk(p, 1, true, big), chunk(p, 1, true, big)) // no room is left
		p.send(chunk(p, 2, false, big))
		if m := expect[*wamp.Yield](p); m.Request != 2 {
			t.Errorf("YIELD is %+v", m)
		}
		p.send(chunk(p, 1, true, big))
		if m := expect[*wamp.Error](p); m.Request != 1 || m.URI != wamp.ErrUnavailable {
			t.Errorf("ERROR is %+v", m)
		}
		close(release)
	})
}

// A timeout that the router leaves to the callee is between two messages, not
// for the whole call (PCR-8, PCI-8).
func TestTimeoutsBeginAnewWithEachChunkAndProgressiveResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			for _, err := range inv.Chunks(ctx) {
				if err != nil {
					return client.Reply{}, err
				}
			}
			for range 3 {
				time.Sleep(900 * time.Millisecond)
				if err := inv.Progress(ctx, nil, nil); err != nil {
					return client.Reply{}, err
				}
			}
			<-ctx.Done()
			return client.Reply{}, ctx.Err()
		}, takesChunks)
		began := time.Now()
		first := chunk(p, 1, true)
		first.TimeoutMillis, first.ReceiveProgress = 1000, true
		p.send(first)
		for i := range 3 {
			time.Sleep(900 * time.Millisecond)
			p.send(chunk(p, 1, i < 2))
		}
		for range 3 {
			expect[*wamp.Yield](p)
		}
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrTimeout {
			t.Errorf("ERROR is %+v", m)
		}
		if took := time.Since(began); took != 6400*time.Millisecond {
			t.Errorf("it took %v, want 6.4s", took)
		}
	})
}

// A supervised client waits for a session, and its chunks stay on that one.
func TestACallInChunksBelongsToOneSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c, router := scripted(t, client.Supervision{})
		run(t, c)
		call := async(func() (*client.ProgressiveCall, error) {
			return c.CallProgressively(t.Context(), "com.example.add", client.Args{1}, nil)
		})
		p := router.join()
		if m := expect[*wamp.Call](p); !m.Progress {
			t.Errorf("CALL is %+v", m)
		}
		chunks := call.must(t)
		_ = p.conn.Close()
		var inFlight *client.InFlightError
		if _, err := chunks.Wait(t.Context()); !errors.As(err, &inFlight) {
			t.Errorf("Wait: %v", err)
		}
		p = router.join()
		if err := chunks.Send(t.Context(), client.Args{2}, nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Send: %v", err)
		}
		_ = p.conn.Close()
	})
}

// Another callee answers for one that cannot at present (RER-1).
func TestUnavailableCalleesArePassedOver(t *testing.T) {
	t.Parallel()
	r := newRouter(t)
	join := func() *client.Session {
		return joinRouter(t, r, wamp.SerializerMsgPack, nil, &syncBuffer{}, &syncBuffer{})
	}
	refuse := func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Reply{}, fmt.Errorf("busy: %w", wamp.ErrUnavailable)
	}
	shared := &client.RegisterOptions{Invoke: wamp.InvokeFirst}
	busy, idle := join(), join()
	if _, err := busy.Register(t.Context(), "com.example.add", refuse, shared); err != nil {
		t.Fatal(err)
	}
	if _, err := join().Call(t.Context(), "com.example.add", nil, nil); !errors.Is(err, wamp.ErrNoAvailableCallee) { // RER-3
		t.Errorf("got %v, want %s", err, wamp.ErrNoAvailableCallee)
	}
	if _, err := idle.Register(t.Context(), "com.example.add", nothing, shared); err != nil {
		t.Fatal(err)
	}
	if _, err := join().Call(t.Context(), "com.example.add", nil, nil); err != nil {
		t.Error(err)
	}
}
