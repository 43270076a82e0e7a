package exec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	osexec "os/exec"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/procgroup"
	"github.com/junctorio/junctor/wamp"
)

// withTimeout returns a context that the command's timeout ends.
func (c *command) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout == 0 {
		return context.WithCancel(ctx)
	}
	span := time.Duration(c.Timeout)
	return context.WithTimeoutCause(ctx, span, fmt.Errorf("%w: the command took longer than %v", wamp.ErrTimeout, span))
}

// process makes the command ready to start. What it writes goes to stdout and,
// by stderr, to the log.
func (c *command) process(ctx context.Context, stdout *lineReader, stderr *stderrLog) *osexec.Cmd {
	cmd := osexec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.Dir = c.Workdir
	cmd.Env = append(cmd.Environ(), c.variables()...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.WaitDelay = time.Duration(c.Grace)
	procgroup.Isolate(cmd)
	return cmd
}

// answerCall runs a process for one call.
func (c *command) answerCall(ctx context.Context, inv *client.Invocation, log *slog.Logger) (client.Reply, error) {
	line, err := requestLine(0, inv.Payload, callDetails(inv))
	if err != nil {
		return client.Reply{}, err
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	running, kill := context.WithCancel(ctx)
	defer kill()
	var final *answer
	stdout := &lineReader{most: c.MaxLine, fault: kill, each: func(line []byte) error {
		a, err := parseAnswer(line)
		switch {
		case err != nil:
			return err
		case a.progress:
			return inv.Progress(ctx, a.args, a.kwargs)
		}
		final = &a
		linger := time.AfterFunc(time.Duration(c.Grace), kill)
		context.AfterFunc(running, func() { linger.Stop() })
		return errSpoken
	}}
	stderr := &stderrLog{log: log}
	err = c.run(running, line, stdout, stderr)
	switch {
	case final != nil:
		return final.reply()
	case ctx.Err() != nil:
		return client.Reply{}, context.Cause(ctx)
	case stdout.err != nil:
		log.Warn("command did not answer a call", "err", stdout.err)
		return client.Reply{}, explain(stdout.err)
	case err != nil:
		log.Warn("command failed", "err", err)
		return client.Reply{}, exitFailure(err, stderr.lastLine())
	}
	return client.Reply{}, nil
}

// explain makes a caller's error of what ended the reading of answers. One
// that WAMP knows, such as a progress that is too large, stays what it is.
func explain(err error) error {
	var uri wamp.ErrorURI
	var size *client.SizeError
	if errors.As(err, &uri) || errors.As(err, &size) {
		return err
	}
	return failure(err.Error(), nil)
}

// takeEvent runs a process for one event.
func (c *command) takeEvent(ctx context.Context, ev *client.Event, log *slog.Logger) error {
	line, err := requestLine(0, ev.Payload, eventDetails(ev))
	if err != nil {
		return err
	}
	ctx, cancel := c.withTimeout(ctx)
	defer cancel()
	stderr := &stderrLog{log: log}
	err = c.run(ctx, line, ignoreOutput(), stderr)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// ignoreOutput takes lines that nobody asked for.
func ignoreOutput() *lineReader { return &lineReader{err: errSpoken} }

// run runs a process to its end, and ends what it leaves behind.
func (c *command) run(ctx context.Context, stdin []byte, stdout *lineReader, stderr *stderrLog) error {
	cmd := c.process(ctx, stdout, stderr)
	cmd.Stdin = bytes.NewReader(stdin)
	err := cmd.Run()
	_ = procgroup.Kill(cmd) // there is nobody to tell, and nothing else to try
	if ctx.Err() == nil {   // else it was cut off amid a line
		stdout.end()
	}
	stderr.end()
	if errors.Is(err, osexec.ErrWaitDelay) { // it left others behind, but did its work
		err = nil
	}
	return err
}

// exitFailure is the error of a process that ended without an answer.
func exitFailure(err error, lastLine string) error {
	text := lastLine
	if text == "" {
		text = err.Error()
	}
	kwargs := wamp.Dict{}
	var exit *osexec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		kwargs["exit_code"] = exit.ExitCode()
	}
	return failure(text, kwargs)
}
