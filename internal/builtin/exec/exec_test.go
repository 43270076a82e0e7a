package exec_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/exec"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/wamp"
)

const procedure = "com.example.run"

type object = map[string]any

// command returns the configuration of a command that this test binary plays;
// env and more are added to it.
func command(t *testing.T, role string, env object, more object) object {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := object{"uri": procedure, "command": []string{exe}, "env": object{
		childVariable: role,
		"GORACE":      "atexit_sleep_ms=0", // else it exits a second late
	}}
	for k, v := range env {
		c["env"].(object)[k] = v
	}
	for k, v := range more {
		c[k] = v
	}
	return c
}

func server(t *testing.T, env object, more object) object {
	t.Helper()
	c := command(t, "server", env, object{"mode": "long-lived", "restart": object{"initial": "1ms", "max": "1ms"}, "grace": "100ms"})
	for k, v := range more {
		c[k] = v
	}
	return c
}

func config(t *testing.T, procedures, topics []object) string {
	t.Helper()
	text, err := json.Marshal(object{"procedures": procedures, "topics": topics})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// host hosts the component with one procedure, and returns a caller.
func host(t *testing.T, p object) (*hosttest.Hosted, *client.Session) {
	t.Helper()
	r := hosttest.New(t)
	h := r.Host(exec.New, config(t, []object{p}, nil))
	return h, r.Join()
}

func call(ctx context.Context, s *client.Session, args ...any) ([]any, wamp.Dict, error) {
	res, err := s.Call(ctx, procedure, args, nil)
	if err != nil {
		return nil, nil, err
	}
	return res.Values()
}

// attendance is where commands tell that they live, and what they do.
type attendance struct {
	t *testing.T
	l net.Listener
}

func newAttendance(t *testing.T) *attendance {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return &attendance{t, l}
}

func (a *attendance) env() object { return object{"ATTEND": a.l.Addr().String()} }

// next returns the connection of the next command.
func (a *attendance) next() *bufio.Reader {
	a.t.Helper()
	conn, err := a.l.Accept()
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { _ = conn.Close() })
	return bufio.NewReader(conn)
}

func line(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	text, err := r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(text)
}

// ended waits until the command at the other end has ended.
func ended(t *testing.T, r *bufio.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(r); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Logf("connection of a killed process: %q, %v", rest, err) // a reset is as good
	}
}

func TestCommandGetsTheCall(t *testing.T) {
	t.Parallel()
	_, s := host(t, command(t, "mirror", nil, object{"match": "prefix", "uri": "com.example"}))
	res, err := s.Call(t.Context(), procedure, []any{1, "two", []byte{0xff}}, &client.CallOptions{Kwargs: client.Dict{"k": nil}})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := res.Values()
	want := []any{wamp.Dict{
		"args":    []any{int64(1), "two", []byte{0xff}},
		"kwargs":  wamp.Dict{"k": nil},
		"details": wamp.Dict{"procedure": procedure, "receive_progress": false},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
}

func TestAnswersOfACommand(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		output string
		args   []any
		kwargs wamp.Dict
		err    wamp.ErrorURI
		text   string // of the error
	}{
		{name: "nothing", output: ""},
		{name: "blank lines", output: "\n \r\n"},
		{name: "a bare number", output: "5", args: []any{int64(5)}},
		{name: "a bare string with Windows's line end", output: "\"hi\"\r\n", args: []any{"hi"}},
		{name: "bare null", output: "null\n", args: []any{nil}},
		{name: "a bare list", output: "[1,2]\n", args: []any{[]any{int64(1), int64(2)}}},
		{name: "an object that is no answer", output: `{"a":1}`, args: []any{wamp.Dict{"a": int64(1)}}},
		{name: "an empty object", output: `{}`, args: []any{wamp.Dict{}}},
		{name: "an object in args", output: `{"args":[{"args":1}]}`, args: []any{wamp.Dict{"args": int64(1)}}},
		{name: "args and kwargs", output: `{"args":["a"],"kwargs":{"b":2}}`, args: []any{"a"}, kwargs: wamp.Dict{"b": int64(2)}},
		{name: "binary", output: `"\u0000/w=="`, args: []any{[]byte{0xff}}},
		{name: "an answer and more", output: "1\n2\nnoise\n", args: []any{int64(1)}},
		{name: "progress that nobody asked for", output: "{\"progress\":true,\"args\":[1]}\n2\n", args: []any{int64(2)}},
		{name: "progress only", output: "{\"progress\":true}\n"},
		{name: "an error", output: `{"error":"com.example.error","args":["no"]}`, err: "com.example.error", text: "com.example.error: no"},
		{name: "no JSON", output: "hello\n", err: wamp.ErrRuntimeError, text: "output is no line of JSON: hello"},
		{name: "two values on a line", output: "1 2\n", err: wamp.ErrRuntimeError, text: "output is no line of JSON: 1 2"},
		{name: "values that close a list", output: "1],[2\n", err: wamp.ErrRuntimeError, text: "output is no line of JSON: 1],[2"},
		{name: "text that is no UTF-8", output: "\"\xff\"\n", err: wamp.ErrRuntimeError},
		{name: "an answer with other keys", output: `{"args":[],"b":1}`, err: wamp.ErrRuntimeError, text: `unknown key "b"`},
		{name: "args that are no list", output: `{"args":1}`, err: wamp.ErrRuntimeError, text: "args is int64, want a list"},
		{name: "kwargs that are no object", output: `{"kwargs":[]}`, err: wamp.ErrRuntimeError, text: "kwargs is []interface {}, want an object"},
		{name: "an error that is no URI", output: `{"error":"not good"}`, err: wamp.ErrRuntimeError, text: "want a URI"},
		{name: "an error that is progress", output: `{"error":"a.b","progress":true}`, err: wamp.ErrRuntimeError, text: "an error is final"},
		{name: "a line that is too long", output: "\"" + strings.Repeat("x", 2000) + "\"\n", err: wamp.ErrRuntimeError, text: "more than 1000 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, s := host(t, command(t, "print", nil, object{"max_line": 1000, "command": []string{"printf", "%b", shellEscaped(tt.output)}}))
			args, kwargs, err := call(t.Context(), s)
			if tt.err != "" {
				if !errors.Is(err, tt.err) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got error %v, want %s with %q", err, tt.err, tt.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.args, args) + cmp.Diff(tt.kwargs, kwargs); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// shellEscaped writes text for the format %b of printf.
func shellEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, `\0%03o`, text[i])
	}
	return b.String()
}

func TestProgressReachesTheCaller(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]object{
		"per call":   command(t, "print", object{"OUTPUT": "{\"progress\":true,\"args\":[0]}\n{\"progress\":true,\"args\":[1]}\n{\"progress\":true,\"args\":[2]}\n{\"kwargs\":{\"done\":true}}\n"}, nil),
		"long-lived": server(t, nil, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, s := host(t, p)
			var got []any
			res, err := s.Call(t.Context(), procedure, []any{"count"}, &client.CallOptions{OnProgress: func(r client.Result) {
				args, _, _ := r.Values()
				got = append(got, args...)
			}})
			if err != nil {
				t.Fatal(err)
			}
			_, kwargs, _ := res.Values()
			if diff := cmp.Diff([]any{int64(0), int64(1), int64(2)}, got) + cmp.Diff(wamp.Dict{"done": true}, kwargs); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestFailureGivesTheLastLineOfStandardError(t *testing.T) {
	t.Parallel()
	h, s := host(t, command(t, "fail", nil, nil))
	_, _, err := call(t.Context(), s)
	var refusal *wamp.Error
	if !errors.As(err, &refusal) || refusal.URI != wamp.ErrRuntimeError {
		t.Fatalf("got error %v, want a runtime error", err)
	}
	args, kwargs, _ := refusal.Payload.Values()
	if diff := cmp.Diff([]any{"last"}, args) + cmp.Diff(wamp.Dict{"exit_code": int64(3)}, kwargs); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := h.Logs.Await("command wrote to standard error"); got["text"] != "first" || got["uri"] != procedure {
		t.Errorf("got log %v, want the first line of %s", got, procedure)
	}
}

func TestLongLinesOfStandardErrorAreLoggedInPieces(t *testing.T) {
	t.Parallel()
	h, s := host(t, command(t, "long stderr", nil, nil))
	if _, _, err := call(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if got := len(h.Logs.Await("command wrote to standard error")["text"]); got != 4096 {
		t.Errorf("got a first piece of %d octets, want 4096", got)
	}
}

func TestEnvironmentAndDirectoryOfACommand(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, s := host(t, command(t, "environment", object{"GREETING": "hello"}, object{"workdir": dir}))
	args, _, err := call(t.Context(), s)
	if diff := cmp.Diff([]any{"hello", dir}, args); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
}

func TestCommandThatLingersAfterItsAnswerIsKilled(t *testing.T) {
	t.Parallel()
	_, s := host(t, command(t, "linger", nil, object{"grace": "10ms"}))
	args, _, err := call(t.Context(), s)
	if diff := cmp.Diff([]any{"early"}, args); diff != "" || err != nil {
		t.Errorf("error %v (-want +got)\n%s", err, diff)
	}
}

func TestEndOfACallKillsAllProcessesOfItsCommand(t *testing.T) {
	t.Parallel()
	t.Run("when it is cancelled", func(t *testing.T) {
		t.Parallel()
		a := newAttendance(t)
		_, s := host(t, command(t, "family", a.env(), object{"grace": "10ms"}))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, _, err := call(ctx, s)
			done <- err
		}()
		one, other := a.next(), a.next()
		cancel()
		ended(t, one)
		ended(t, other)
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got error %v, want %v", err, context.Canceled)
		}
	})
	t.Run("when its session ends", func(t *testing.T) {
		t.Parallel()
		a := newAttendance(t)
		h, s := host(t, command(t, "family", a.env(), object{"grace": "10ms"}))
		done := make(chan error, 1)
		go func() {
			_, _, err := call(t.Context(), s)
			done <- err
		}()
		one, other := a.next(), a.next()
		_ = h.Stop()
		ended(t, one)
		ended(t, other)
		if err := <-done; err == nil {
			t.Error("the call succeeded")
		}
	})
}

func TestCommandThatTakesTooLong(t *testing.T) {
	t.Parallel()
	_, s := host(t, command(t, "stubborn", newAttendance(t).env(), object{"timeout": "20ms"}))
	if _, _, err := call(t.Context(), s); !errors.Is(err, wamp.ErrTimeout) {
		t.Errorf("got error %v, want %v", err, wamp.ErrTimeout)
	}
}

func TestConcurrencyBoundsProcesses(t *testing.T) {
	t.Parallel()
	_, s := host(t, command(t, "alone", nil, object{"workdir": t.TempDir(), "concurrency": 1}))
	const calls = 5
	done := make(chan error, calls)
	for range calls {
		go func() {
			_, _, err := call(t.Context(), s)
			done <- err
		}()
	}
	for range calls {
		if err := <-done; err != nil {
			t.Error(err) // another process was there
		}
	}
}

func TestEventsReachCommands(t *testing.T) {
	t.Parallel()
	a := newAttendance(t)
	r := hosttest.New(t)
	topic := command(t, "event", a.env(), object{"uri": "com.example", "match": "prefix"})
	r.Host(exec.New, config(t, nil, []object{topic}))
	s := r.Join()
	for i := range 2 {
		if _, err := s.Publish(t.Context(), "com.example.topic", []any{i}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		var got request
		if err := json.Unmarshal([]byte(line(t, a.next())), &got); err != nil {
			t.Fatal(err)
		}
		if got.Args[0] != float64(i) || got.Details["topic"] != "com.example.topic" || got.Details["publication"] == nil {
			t.Errorf("got %+v, want event %d", got, i)
		}
	}
}

func TestEventThatFailsIsLogged(t *testing.T) {
	t.Parallel()
	r := hosttest.New(t)
	h := r.Host(exec.New, config(t, nil, []object{command(t, "fail", nil, object{"timeout": 30})}))
	if _, err := r.Join().Publish(t.Context(), procedure, nil, nil); err != nil {
		t.Fatal(err)
	}
	if got := h.Logs.Await("event was not handled"); got["err"] != "exit status 3" {
		t.Errorf("got %v, want exit status 3", got)
	}
}

func TestCommandThatIsMissingIsACrash(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		p    object
		want string
	}{
		{"a name that PATH does not have", object{"command": []string{"no-such-command-of-junctor"}}, "extra.procedures[0].command: "},
		{"a path", object{"command": []string{"./missing"}}, "extra.procedures[0].command: "},
		{"a long-lived one", object{"command": []string{"/nowhere/missing"}, "mode": "long-lived"}, "extra.procedures[0].command: "},
		{"a directory", object{"command": []string{"true"}, "workdir": "/nowhere/missing"}, "extra.procedures[0].workdir: "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.p["uri"] = procedure
			c, err := exec.New(component.Config{Extra: json.RawMessage(config(t, []object{tt.p}, nil))})
			if err != nil {
				t.Fatal(err)
			}
			var crash *component.CrashError
			err = component.Run(t.Context(), c, hosttest.New(t).Join(), nil)
			if !errors.As(err, &crash) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want a crash that names %s", err, tt.want)
			}
			if err := component.Close(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProcedureThatIsTakenIsACrash(t *testing.T) {
	t.Parallel()
	r := hosttest.New(t)
	r.Host(exec.New, config(t, []object{command(t, "mirror", nil, nil)}, nil))
	c, err := exec.New(component.Config{Extra: json.RawMessage(config(t, []object{server(t, nil, nil)}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := component.Run(t.Context(), c, r.Join(), nil); !errors.Is(err, wamp.ErrProcedureAlreadyExists) {
		t.Errorf("got error %v, want %v", err, wamp.ErrProcedureAlreadyExists)
	}
	if err := component.Close(t.Context(), c); err != nil {
		t.Error(err)
	}
}
