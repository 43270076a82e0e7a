package client_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// invocation is an INVOCATION of registration 1 that carries args.
func invocation(p *peer, request wamp.ID, args ...any) *wamp.Invocation {
	return &wamp.Invocation{Request: request, Registration: 1, Payload: p.payload(args...)}
}

// echo returns what it got.
func echo(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	args, _, err := inv.Values()
	return client.Return(args...), err
}

func TestInvocations(t *testing.T) {
	t.Parallel()
	t.Run("are answered, from the moment of REGISTERED", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		reg := register(t.Context(), s, echo, nil)
		p.send(&wamp.Registered{Request: expect[*wamp.Register](p).Request, Registration: 1}, invocation(p, 7, "x"))
		if reg.must(t).Procedure() != "com.example.add" {
			t.Error("the registration has another procedure")
		}
		m := expect[*wamp.Yield](p)
		if diff := cmp.Diff([]any{"x"}, args(t, m.Payload)); diff != "" || m.Request != 7 || m.Progress {
			t.Errorf("YIELD is %+v: %s", m, diff)
		}
	})
	t.Run("say what the router tells of them", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		got := make(chan *client.Invocation, 2)
		reg := async(func() (*client.Registration, error) {
			return s.Register(t.Context(), "com.example", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
				got <- inv
				return client.Reply{Kwargs: client.Dict{"n": 1}}, nil
			}, &client.RegisterOptions{
				Match: wamp.MatchPrefix, Invoke: wamp.InvokeRoundRobin, DiscloseCaller: true,
				ForceReregister: true, ForwardTimeout: true, Concurrency: 3,
			})
		})
		m := expect[*wamp.Register](p)
		want := &wamp.Register{
			Request: 1, Procedure: "com.example", Match: wamp.MatchPrefix, Invoke: wamp.InvokeRoundRobin,
			DiscloseCaller: true, ForceReregister: true, ForwardTimeout: true, Concurrency: 3,
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Errorf("REGISTER: %s", diff)
		}
		p.send(&wamp.Registered{Request: m.Request, Registration: 1}, &wamp.Invocation{
			Request: 1, Registration: 1, Procedure: "com.example.sub", Caller: 3, CallerAuthID: "bob", CallerAuthRole: "user",
		}, invocation(p, 2))
		reg.must(t)
		for range 2 {
			inv := <-got
			if inv.Caller == 0 {
				if inv.Procedure != "com.example" {
					t.Errorf("procedure is %s", inv.Procedure)
				}
				continue
			}
			if inv.Procedure != "com.example.sub" || inv.Caller != 3 || inv.CallerAuthID != "bob" || inv.CallerAuthRole != "user" || inv.ReceiveProgress {
				t.Errorf("invocation is %+v", inv)
			}
		}
		if _, kwargs, err := expect[*wamp.Yield](p).Payload.Values(); err != nil || kwargs["n"] != int64(1) {
			t.Errorf("reply %v, %v", kwargs, err)
		}
	})
	t.Run("run at the same time, up to MaxHandlers", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, p := connect(t, client.Options{}, inproc.Config{})
			var running atomic.Int32
			release := make(chan struct{})
			registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
				running.Add(1)
				defer running.Add(-1)
				<-release
				return client.Reply{}, nil
			}, &client.RegisterOptions{MaxHandlers: 3})
			for i := range 10 {
				p.send(invocation(p, wamp.ID(1+i)))
			}
			synctest.Wait()
			if n := running.Load(); n != 3 {
				t.Errorf("%d handlers run, want 3", n)
			}
			close(release)
			for range 10 {
				expect[*wamp.Yield](p)
			}
		})
	})
	t.Run("stay in order with one handler", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, echo, &client.RegisterOptions{MaxHandlers: 1})
		for i := range 200 {
			p.send(invocation(p, wamp.ID(1+i), i))
		}
		for i := range 200 {
			if m := expect[*wamp.Yield](p); m.Request != wamp.ID(1+i) || args(t, m.Payload)[0] != int64(i) {
				t.Fatalf("answer %d is %+v", i, m)
			}
		}
	})
	t.Run("are refused when too many wait", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{ReceiveBytes: 600}, inproc.Config{})
		release := make(chan struct{})
		registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
			<-release
			return client.Reply{}, nil
		}, &client.RegisterOptions{MaxHandlers: 1})
		p.send(invocation(p, 1), invocation(p, 2), invocation(p, 3), invocation(p, 4)) // one runs, two wait
		if m := expect[*wamp.Error](p); m.Request != 4 || m.RequestType != wamp.CodeInvocation || m.URI != wamp.ErrUnavailable {
			t.Errorf("ERROR is %+v", m)
		}
		close(release)
		for id := range wamp.ID(3) {
			if m := expect[*wamp.Yield](p); m.Request != 1+id {
				t.Errorf("YIELD is %+v", m)
			}
		}
	})
	t.Run("of an unknown registration are refused", func(t *testing.T) {
		t.Parallel()
		_, p := connect(t, client.Options{}, inproc.Config{})
		p.send(invocation(p, 1))
		if m := expect[*wamp.Error](p); m.Request != 1 || m.URI != wamp.ErrNoSuchProcedure {
			t.Errorf("ERROR is %+v", m)
		}
	})
	t.Run("may not share a request ID", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			return client.Reply{}, nil
		}, nil)
		p.send(invocation(p, 1), invocation(p, 1))
		if m := expect[*wamp.Abort](p); m.Reason != wamp.ErrProtocolViolation {
			t.Errorf("ABORT is %+v", m)
		}
	})
}

func TestErrorsOfHandlers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler client.InvocationHandler
		uri     wamp.ErrorURI
		args    []any
		kwargs  wamp.Dict
	}{
		{
			"a WAMP error arrives with its values",
			func(context.Context, *client.Invocation) (client.Reply, error) {
				err := client.NewError("com.example.error.overdrawn", client.Args{12, []byte{1}}, client.Dict{"limit": 10})
				return client.Reply{}, fmt.Errorf("account: %w", err)
			},
			"com.example.error.overdrawn", []any{int64(12), []byte{1}}, wamp.Dict{"limit": int64(10)},
		},
		{
			"a URI arrives alone",
			func(context.Context, *client.Invocation) (client.Reply, error) {
				return client.Reply{}, wamp.ErrInvalidArgument
			},
			wamp.ErrInvalidArgument, nil, nil,
		},
		{
			"a wrapped URI arrives with the text",
			func(context.Context, *client.Invocation) (client.Reply, error) {
				return client.Reply{}, fmt.Errorf("the second argument: %w", wamp.ErrInvalidArgument)
			},
			wamp.ErrInvalidArgument, []any{"the second argument: wamp.error.invalid_argument"}, nil,
		},
		{
			"any other error is a runtime error with the text",
			func(context.Context, *client.Invocation) (client.Reply, error) {
				return client.Reply{}, errors.New("disk full")
			},
			wamp.ErrRuntimeError, []any{"disk full"}, nil,
		},
		{
			"a panic is a runtime error and keeps its secrets",
			func(context.Context, *client.Invocation) (client.Reply, error) { panic("the password is sesame") },
			wamp.ErrRuntimeError, []any{"the handler panicked"}, nil,
		},
		{
			"the end of the goroutine is a runtime error",
			func(context.Context, *client.Invocation) (client.Reply, error) {
				runtime.Goexit()
				return client.Reply{}, nil
			},
			wamp.ErrRuntimeError, []any{"the handler panicked"}, nil,
		},
	}
	for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		for _, tt := range tests {
			t.Run(number.String()+": "+tt.name, func(t *testing.T) {
				t.Parallel()
				var log syncBuffer
				s, p := connect(t, client.Options{Logger: log.logger()}, inproc.Config{Serializer: number})
				registered(t, s, p, tt.handler, &client.RegisterOptions{MaxHandlers: 1})
				for id := range wamp.ID(2) { // the worker survives
					p.send(invocation(p, 1+id))
					m := expect[*wamp.Error](p)
					if m.RequestType != wamp.CodeInvocation || m.Request != 1+id || m.URI != tt.uri {
						t.Errorf("ERROR is %+v", m)
					}
					args, kwargs, err := m.Payload.Values()
					if diff := cmp.Diff(tt.args, args); diff != "" || err != nil {
						t.Errorf("arguments (%v): %s", err, diff)
					}
					if diff := cmp.Diff(tt.kwargs, kwargs); diff != "" {
						t.Errorf("keyword arguments: %s", diff)
					}
				}
				if strings.Contains(tt.name, "panic") && !strings.Contains(log.String(), "register_test.go") {
					t.Errorf("the log has no stack: %s", log.String())
				}
			})
		}
	}
}

func TestAnswersThatCannotBeSent(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 2000)
	for name, tt := range map[string]struct {
		handler client.InvocationHandler
		want    wamp.ErrorURI
	}{
		"a reply above the router's limit": {func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Return(large), nil
		}, wamp.ErrPayloadSizeExceeded},
		"an error above the router's limit": {func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Reply{}, errors.New(large)
		}, wamp.ErrPayloadSizeExceeded},
		"a reply that cannot be encoded": {func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Return(make(chan int)), nil
		}, wamp.ErrRuntimeError},
		"an error that cannot be encoded": {func(context.Context, *client.Invocation) (client.Reply, error) {
			return client.Reply{}, client.NewError("com.example.error", client.Args{make(chan int)}, nil)
		}, wamp.ErrRuntimeError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 1000}})
			registered(t, s, p, tt.handler, nil)
			p.send(invocation(p, 1))
			if m := expect[*wamp.Error](p); m.Request != 1 || m.URI != tt.want {
				t.Errorf("ERROR is %v", m)
			}
		})
	}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	t.Run("ends the handler's context, and its error is the reason (CAN-9)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			return client.Reply{}, ctx.Err()
		}, nil)
		p.send(invocation(p, 1), &wamp.Interrupt{Request: 1, Mode: wamp.CancelKill})
		if m := expect[*wamp.Error](p); m.Request != 1 || m.URI != wamp.ErrCanceled {
			t.Errorf("ERROR is %+v", m)
		}
		p.send(&wamp.Interrupt{Request: 1, Mode: wamp.CancelKill}) // late
		p.flush(s)
	})
	t.Run("names another reason if it has one", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		registered(t, s, p, func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			return client.Reply{}, ctx.Err()
		}, nil)
		p.send(invocation(p, 1), &wamp.Interrupt{Request: 1, Mode: wamp.CancelKill, Reason: wamp.URI(wamp.ErrTimeout)})
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrTimeout {
			t.Errorf("ERROR is %+v", m)
		}
	})
	t.Run("with killnowait wants no answer", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		running, errs := make(chan struct{}, 2), make(chan error, 2)
		registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
			running <- struct{}{}
			<-ctx.Done()
			errs <- inv.Progress(t.Context(), nil, nil)
			return client.Reply{}, nil
		}, &client.RegisterOptions{MaxHandlers: 1})
		m := invocation(p, 1)
		m.ReceiveProgress = true
		p.send(m)
		<-running
		p.send(&wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait})
		if err := <-errs; !errors.Is(err, wamp.ErrCanceled) {
			t.Errorf("Progress after the end: %v", err)
		}
		p.send(invocation(p, 2))
		<-running
		p.send(&wamp.Interrupt{Request: 2, Mode: wamp.CancelKill})
		if m := expect[*wamp.Yield](p); m.Request != 2 {
			t.Errorf("got %+v", m)
		}
	})
	t.Run("keeps an invocation that waits from being run", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		release := make(chan struct{})
		registered(t, s, p, func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			<-release
			return client.Return("ran"), nil
		}, &client.RegisterOptions{MaxHandlers: 1})
		p.send(invocation(p, 1), invocation(p, 2), &wamp.Interrupt{Request: 2, Mode: wamp.CancelKill})
		p.flush(s)
		close(release)
		expect[*wamp.Yield](p)
		if m := expect[*wamp.Error](p); m.Request != 2 || m.URI != wamp.ErrCanceled {
			t.Errorf("ERROR is %+v", m)
		}
	})
}

func TestTimeoutOfAnInvocation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := connect(t, client.Options{}, inproc.Config{})
		start := time.Now()
		registered(t, s, p, func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			return client.Reply{}, ctx.Err()
		}, &client.RegisterOptions{ForwardTimeout: true})
		m := invocation(p, 1)
		m.TimeoutMillis = 250
		p.send(m)
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrTimeout { // TMO-3
			t.Errorf("ERROR is %+v", m)
		}
		if d := time.Since(start); d != 250*time.Millisecond {
			t.Errorf("the handler had %v", d)
		}
		m.Request, m.TimeoutMillis = 2, 1<<53 // beyond what a Duration can hold
		p.send(m, &wamp.Interrupt{Request: 2, Mode: wamp.CancelKill})
		if m := expect[*wamp.Error](p); m.URI != wamp.ErrCanceled {
			t.Errorf("ERROR is %+v", m)
		}
	})
}

func TestProgressOfAnInvocation(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 1000}})
	var kept atomic.Pointer[client.Invocation]
	registered(t, s, p, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		kept.Store(inv)
		for i := range 3 {
			if err := inv.Progress(ctx, client.Args{i}, nil); err != nil {
				return client.Reply{}, err
			}
		}
		if err := inv.Progress(ctx, client.Args{strings.Repeat("x", 1000)}, nil); inv.ReceiveProgress && !errors.Is(err, wamp.ErrPayloadSizeExceeded) {
			t.Errorf("progress above the router's limit: %v", err)
		}
		return client.Return("done"), nil
	}, nil)
	m := invocation(p, 1)
	m.ReceiveProgress = true
	p.send(m)
	for i := range 3 {
		if m := expect[*wamp.Yield](p); !m.Progress || m.Request != 1 || args(t, m.Payload)[0] != int64(i) {
			t.Errorf("YIELD %d is %+v", i, m)
		}
	}
	if m := expect[*wamp.Yield](p); m.Progress {
		t.Errorf("the last YIELD is %+v", m)
	}
	if err := kept.Load().Progress(t.Context(), nil, nil); err == nil {
		t.Error("Progress succeeds after the handler has returned")
	}
	p.send(invocation(p, 2)) // did not ask for it
	if m := expect[*wamp.Yield](p); m.Progress || m.Request != 2 {
		t.Errorf("YIELD is %+v", m)
	}
}

func TestRegistrations(t *testing.T) {
	t.Parallel()
	t.Run("are refused by the router", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		reg := register(t.Context(), s, echo, nil)
		p.send(&wamp.Error{RequestType: wamp.CodeRegister, Request: expect[*wamp.Register](p).Request, URI: wamp.ErrProcedureAlreadyExists})
		if err := reg.fails(t); !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
			t.Errorf("got %v", err)
		}
		registered(t, s, p, echo, nil) // may be tried again
	})
	t.Run("are refused here if the session has one already", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		reg := register(t.Context(), s, echo, nil)
		request := expect[*wamp.Register](p).Request
		if err := register(t.Context(), s, echo, nil).fails(t); !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
			t.Errorf("got %v", err)
		}
		p.send(&wamp.Registered{Request: request, Registration: 1})
		reg.must(t)
		p.flush(s)
		prefix := register(t.Context(), s, echo, &client.RegisterOptions{Match: wamp.MatchPrefix}) // is another (PREG-7)
		p.send(&wamp.Registered{Request: expect[*wamp.Register](p).Request, Registration: 2})
		prefix.must(t)
	})
	t.Run("are withdrawn, and answer what came before", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		reg := registered(t, s, p, echo, nil)
		gone := waited(func() error { return reg.Unregister(t.Context()) })
		m := expect[*wamp.Unregister](p)
		if m.Registration != 1 {
			t.Errorf("UNREGISTER is %+v", m)
		}
		request := m.Request
		p.send(invocation(p, 1, "late"))
		expect[*wamp.Yield](p)
		again := register(t.Context(), s, echo, nil) // at once
		second := expect[*wamp.Register](p).Request
		p.send(&wamp.Unregistered{Request: request}, &wamp.Registered{Request: second, Registration: 1})
		gone.must(t)
		<-reg.Done()
		again.must(t)
		if err := reg.Unregister(t.Context()); err != nil {
			t.Errorf("second Unregister: %v", err)
		}
		p.send(invocation(p, 2, "new"))
		expect[*wamp.Yield](p)
	})
	t.Run("are withdrawn if their context ends first", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		ctx, cancel := context.WithCancel(t.Context())
		reg := register(ctx, s, echo, nil)
		request := expect[*wamp.Register](p).Request
		cancel()
		if err := reg.fails(t); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		p.send(&wamp.Registered{Request: request, Registration: 1})
		p.send(&wamp.Unregistered{Request: expect[*wamp.Unregister](p).Request})
		p.flush(s)
		registered(t, s, p, echo, nil)
	})
	t.Run("end when the router revokes them (REV-3)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		release := make(chan struct{})
		reg := registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
			<-release
			return client.Reply{}, nil
		}, nil)
		p.send(invocation(p, 1), &wamp.Unregistered{Registration: 1, Reason: "taken over"})
		<-reg.Done()
		var revoked *client.RevokedError
		if !errors.As(reg.Err(), &revoked) || revoked.Reason != "taken over" {
			t.Errorf("the registration ended with %v", reg.Err())
		}
		close(release)
		expect[*wamp.Yield](p) // what runs is answered
		if err := reg.Unregister(t.Context()); err != nil {
			t.Errorf("Unregister: %v", err)
		}
		p.flush(s)
		registered(t, s, p, echo, nil)
	})
	t.Run("end with the session, and so do the contexts of their handlers", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		ended := make(chan error, 1)
		reg := registered(t, s, p, func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return client.Reply{}, ctx.Err()
		}, &client.RegisterOptions{MaxHandlers: 1})
		p.send(invocation(p, 1), invocation(p, 2), &wamp.Goodbye{Reason: wamp.CloseRealm})
		expect[*wamp.Goodbye](p)
		p.expectEnd()
		var goodbye *client.GoodbyeError
		if err := <-ended; !errors.As(err, &goodbye) {
			t.Errorf("the handler's context ended with %v", err)
		}
		<-reg.Done()
		s.Wait()
		if len(ended) != 0 {
			t.Error("a handler was started after the end")
		}
	})
	t.Run("need bounds that are not negative", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		register(t.Context(), s, echo, &client.RegisterOptions{MaxHandlers: -1}).fails(t)
		p.flush(s)
	})
}
