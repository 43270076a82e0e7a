package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

const (
	maxExecArgument = 64 << 10 // octets; the system's bound for one string is 128 KiB on Linux
	maxExecOutput   = 16 << 20 // octets of a result
	maxExecError    = 4 << 10  // octets of an error's text
	execWait        = 2 * time.Second
)

// execution answers calls by running a command of the shell.
type execution struct {
	command string
	stderr  io.Writer // gets what commands write to standard error
	environ []string
}

func (e *execution) answer(ctx context.Context, inv invocation) (client.Reply, error) {
	running, kill := context.WithCancel(ctx)
	defer kill()
	cmd, err := e.build(running, inv)
	if err != nil {
		return client.Reply{}, err
	}
	stdout := &bounded{limit: maxExecOutput, full: kill}
	stderr := &bounded{limit: maxExecError, full: func() {}}
	cmd.Stdout, cmd.Stderr = stdout, io.MultiWriter(stderr, e.stderr)
	err = cmd.Run()
	switch {
	case ctx.Err() != nil:
		return client.Reply{}, ctx.Err()
	case stdout.cut:
		return client.Reply{}, tooLarge("the command printed more than %d octets", maxExecOutput)
	case err != nil:
		return client.Reply{}, failure(err, stderr.String())
	}
	return client.Reply{Args: results(stdout.String())}, nil
}

func (e *execution) build(ctx context.Context, inv invocation) (*exec.Cmd, error) {
	var lines bytes.Buffer
	words := make([]string, 0, len(inv.args))
	for _, v := range inv.args {
		text := compact(v)
		fmt.Fprintln(&lines, text)
		if s, ok := v.(string); ok {
			text = s
		}
		words = append(words, text)
	}
	argsJSON, kwargsJSON := "[]", "{}"
	if len(inv.args) > 0 {
		argsJSON = compact(inv.args)
	}
	if len(inv.kwargs) > 0 {
		kwargsJSON = compact(inv.kwargs)
	}
	environ := append(e.environ[:len(e.environ):len(e.environ)], "WAMP_PROCEDURE="+string(inv.procedure))
	if len(argsJSON) <= maxExecArgument {
		environ = append(environ, "WAMP_ARGS_JSON="+argsJSON)
	}
	if len(kwargsJSON) > maxExecArgument {
		// Unlike the arguments they have no other way to the command.
		return nil, tooLarge("keyword arguments are larger than the %d octets that a command can be given", maxExecArgument)
	}
	environ = append(environ, "WAMP_KWARGS_JSON="+kwargsJSON)
	if len(argsJSON) > maxExecArgument || strings.ContainsRune(strings.Join(words, ""), 0) {
		words = nil
	}
	cmd := shell(ctx, e.command, words)
	cmd.Env = environ
	cmd.Stdin = &lines
	cmd.WaitDelay = execWait // for grandchildren that keep the pipes open
	return cmd, nil
}

func tooLarge(format string, limit int) error {
	return client.NewError(wamp.ErrPayloadSizeExceeded, []any{fmt.Sprintf(format, limit)}, nil)
}

// failure is the error that the caller gets when a command fails.
func failure(err error, stderr string) error {
	text := strings.TrimSpace(stderr)
	if text == "" {
		text = err.Error()
	}
	var exit *exec.ExitError
	kwargs := wamp.Dict{}
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		kwargs["exit_code"] = exit.ExitCode()
	}
	return client.NewError(wamp.ErrRuntimeError, []any{strings.ToValidUTF8(text, "\uFFFD")}, kwargs)
}

// results reads what a command printed. Text that is no UTF-8 is binary.
func results(output string) []any {
	text := strings.TrimSpace(output)
	if text == "" {
		return nil
	}
	if v, err := parseJSON([]byte(text)); err == nil {
		return []any{v}
	}
	if values, ok := jsonLines(text); ok {
		return values
	}
	output = strings.TrimSuffix(output, "\n")
	if strings.ToValidUTF8(output, "") != output {
		return []any{[]byte(output)}
	}
	return []any{output}
}

func jsonLines(text string) ([]any, bool) {
	var values []any
	for line := range strings.Lines(text) {
		v, err := parseJSON([]byte(line))
		if err != nil {
			return nil, false
		}
		values = append(values, v)
	}
	return values, true
}

// bounded keeps the first octets that are written to it. The buffer is not
// embedded: its ReadFrom would go round the limit.
type bounded struct {
	buf   bytes.Buffer
	limit int
	full  func() // called when there is more
	cut   bool
}

func (b *bounded) Write(p []byte) (int, error) {
	n := len(p)
	if room := b.limit - b.buf.Len(); n > room {
		b.cut = true
		p = p[:room]
		b.full()
	}
	b.buf.Write(p)
	return n, nil
}

func (b *bounded) String() string { return b.buf.String() }
