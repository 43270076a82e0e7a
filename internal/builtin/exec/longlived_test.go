package exec_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/exec"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/wamp"
)

func pid(t *testing.T, s *client.Session) any {
	t.Helper()
	args, _, err := call(t.Context(), s, "pid")
	if err != nil {
		t.Fatal(err)
	}
	return args[0]
}

func TestOneProcessAnswersAllCalls(t *testing.T) {
	t.Parallel()
	_, s := host(t, server(t, nil, nil))
	first := pid(t, s)
	for _, text := range []string{"a", "b"} {
		args, _, err := call(t.Context(), s, "echo", text)
		if diff := cmp.Diff([]any{text}, args); diff != "" || err != nil {
			t.Errorf("error %v (-want +got)\n%s", err, diff)
		}
	}
	if again := pid(t, s); again != first {
		t.Errorf("got process %v, then %v", first, again)
	}
}

func TestAnswersOfALongLivedProcess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, do string
		err      wamp.ErrorURI
		text     string
	}{
		{name: "lines of nobody's are ignored", do: "noise"},
		{name: "an error", do: "refuse", err: "com.example.error", text: "com.example.error: no"},
		{name: "an answer that is wrong fails its call", do: "wrong", err: wamp.ErrRuntimeError, text: "args is int64, want a list"},
		{name: "a line that is too long ends the process", do: "flood", err: wamp.ErrRuntimeError, text: "more than 1000 octets"},
		{name: "the end of the process", do: "die", err: wamp.ErrRuntimeError, text: "the process ended: exit status 7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, s := host(t, server(t, nil, object{"max_line": 1000}))
			args, _, err := call(t.Context(), s, tt.do)
			if tt.err == "" {
				if err != nil || len(args) != 0 {
					t.Errorf("got %v and error %v, want an empty result", args, err)
				}
				return
			}
			if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got error %v, want %s with %q", err, tt.err, tt.text)
			}
		})
	}
}

func TestProcessThatDiesFailsItsCallsAndIsStartedAgain(t *testing.T) {
	t.Parallel()
	a := newAttendance(t)
	h, s := host(t, server(t, a.env(), object{"concurrency": 2}))
	first := pid(t, s)
	waiting := make(chan error, 1)
	go func() {
		_, _, err := call(t.Context(), s, "wait")
		waiting <- err
	}()
	witness := a.next()
	if got := line(t, witness); got != "waiting" {
		t.Fatalf("got %q", got)
	}
	if _, _, err := call(t.Context(), s, "die"); !errors.Is(err, wamp.ErrRuntimeError) {
		t.Errorf("got error %v, want a runtime error", err)
	}
	if err := <-waiting; !errors.Is(err, wamp.ErrRuntimeError) {
		t.Errorf("got error %v of the other call, want a runtime error", err)
	}
	if got := h.Logs.Await("process is started again"); got["err"] != "the process ended: exit status 7" {
		t.Errorf("got log %v", got)
	}
	for {
		args, _, err := call(t.Context(), s, "pid")
		if errors.Is(err, wamp.ErrNoAvailableCallee) {
			continue // not yet started again
		}
		if err != nil || args[0] == first {
			t.Errorf("got process %v and error %v, want another process", args, err)
		}
		return
	}
}

func TestCallFailsAtOnceWhileThereIsNoProcess(t *testing.T) {
	t.Parallel()
	h, s := host(t, server(t, nil, object{"restart": object{"initial": 3600, "max": 3600}}))
	_, _, _ = call(t.Context(), s, "die")
	h.Logs.Await("process is started again")
	if _, _, err := call(t.Context(), s, "pid"); !errors.Is(err, wamp.ErrNoAvailableCallee) {
		t.Errorf("got error %v, want %v", err, wamp.ErrNoAvailableCallee)
	}
}

func TestProcessIsToldOfACancelledCall(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		more object
		want error
	}{
		{"when the caller cancels it", nil, context.Canceled},
		{"when it takes too long", object{"timeout": "10ms"}, wamp.ErrTimeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := newAttendance(t)
			_, s := host(t, server(t, a.env(), tt.more))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error, 1)
			go func() {
				_, _, err := call(ctx, s, "wait")
				done <- err
			}()
			witness := a.next()
			line(t, witness)
			if tt.more == nil {
				cancel()
			}
			if got := line(t, witness); got != "cancelled 1" {
				t.Errorf("process was told %q, want that call 1 is cancelled", got)
			}
			if err := <-done; !errors.Is(err, tt.want) {
				t.Errorf("got error %v, want %v", err, tt.want)
			}
		})
	}
}

func TestEventsReachALongLivedProcess(t *testing.T) {
	t.Parallel()
	a := newAttendance(t)
	r := hosttest.New(t)
	topic := server(t, a.env(), nil)
	r.Host(exec.New, config(t, nil, []object{topic}))
	s := r.Join()
	publish := func(text string) {
		if _, err := s.Publish(t.Context(), procedure, []any{text}, nil); err != nil {
			t.Fatal(err)
		}
	}
	publish("one")
	publish("die")
	witness := a.next()
	for _, want := range []string{"begin", "event one", "event die"} {
		if got := line(t, witness); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	ended(t, witness)
}

func TestProcessOutlivesASession(t *testing.T) {
	t.Parallel()
	r := hosttest.New(t)
	h := r.Host(exec.New, config(t, []object{server(t, nil, nil)}, nil))
	s := r.Join()
	first := pid(t, s)
	_ = h.Stop()
	if err := r.Rejoin(h); err != nil {
		t.Fatal(err)
	}
	if again := pid(t, s); again != first {
		t.Errorf("got process %v, and %v after joining again", first, again)
	}
}

func TestCloseEndsProcesses(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"server", "stubborn"} {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			a := newAttendance(t)
			p := server(t, a.env(), nil)
			p["env"].(object)[childVariable] = role
			r := hosttest.New(t)
			h := r.Host(exec.New, config(t, []object{p}, nil))
			caller, done := r.Join(), make(chan error, 1)
			go func() {
				_, _, err := call(t.Context(), caller, "wait") // "stubborn" does not even read it
				done <- err
			}()
			witness := a.next()
			_ = h.Stop()
			if err := <-done; err == nil {
				t.Error("the call succeeded")
			}
			for range 2 { // a second Close does nothing
				if err := component.Close(t.Context(), h.Component); err != nil {
					t.Error(err)
				}
			}
			ended(t, witness)
		})
	}
}

func TestCloseKillsWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	a := newAttendance(t)
	p := server(t, a.env(), object{"grace": "1h"})
	p["env"].(object)[childVariable] = "stubborn"
	h := hosttest.New(t).Host(exec.New, config(t, []object{p}, nil))
	witness := a.next()
	_ = h.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := component.Close(ctx, h.Component); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	ended(t, witness)
}
