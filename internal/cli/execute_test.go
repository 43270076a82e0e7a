//go:build unix

package cli_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/wamp"
)

func TestCommandsGetTheArguments(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", cli.MaxExecArgument+1)
	tests := []struct {
		name, command string
		args          []any
		kwargs        wamp.Dict
		want          []any
	}{
		{"on standard input", "cat", []any{int64(1), "a", nil}, nil, []any{int64(1), "a", nil}},
		{"as words", `echo "$#:$1:$2"`, []any{"it is", map[string]any{"a": int64(1)}}, nil, []any{`2:it is:{"a":1}`}},
		{"without a shell looking at them", `echo "$1"`, []any{"`id` $(id) ; id"}, nil, []any{"`id` $(id) ; id"}},
		{"in the environment", `echo "$WAMP_ARGS_JSON"`, []any{int64(1), 2.0}, nil, []any{[]any{int64(1), 2.0}}},
		{"keywords in the environment", `echo "$WAMP_KWARGS_JSON"`, nil, wamp.Dict{"a": true}, []any{map[string]any{"a": true}}},
		{"none", `echo "$WAMP_ARGS_JSON $WAMP_KWARGS_JSON $# $WAMP_PROCEDURE"`, nil, nil, []any{"[] {} 0 com.example.test"}},
		{"large ones on standard input only", `echo "$#"; cat | wc -c`, []any{large}, nil, []any{int64(0), int64(len(large) + 3)}},
		{"NUL on standard input only", `echo "$#"; cat`, []any{"a\x00b"}, nil, []any{int64(0), "a\x00b"}},
		{"binary by WAMP's convention", "cat", []any{[]byte("\xff\x00")}, nil, []any{[]byte("\xff\x00")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reply, err := cli.Execute(t.Context(), tt.command, tt.args, tt.kwargs)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, reply.Args); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestFailuresOfCommands(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", cli.MaxExecArgument+1)
	tests := []struct {
		name, command string
		kwargs        wamp.Dict
		want          wamp.ErrorURI
		text          string
	}{
		{"an exit code", "exit 7", nil, wamp.ErrRuntimeError, "exit status 7"},
		{"a message", "echo broken >&2; exit 1", nil, wamp.ErrRuntimeError, "broken"},
		{"a signal", "kill -9 $$", nil, wamp.ErrRuntimeError, "signal: killed"},
		{"an unknown command", "no-such-command-here", nil, wamp.ErrRuntimeError, "not found"},
		{"too much output", "yes", nil, wamp.ErrPayloadSizeExceeded, "more than"},
		{"keywords that do not fit", "cat", wamp.Dict{"a": large}, wamp.ErrPayloadSizeExceeded, "keyword arguments"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := cli.Execute(t.Context(), tt.command, nil, tt.kwargs)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %s with %q", err, tt.want, tt.text)
			}
		})
	}
}

func TestCancelledCommandsAreKilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cli.Execute(ctx, "sleep 1000", nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}
