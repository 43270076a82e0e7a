package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// argumentHelp is part of the description of call and publish.
const argumentHelp = `Arguments that are JSON are taken as such: 1, 2.5, true, null, "text", [1,2],
{"a":1}. Quotes make a string of anything ('"1"', or "'1'"), --strings of all.
Other text is a string, unless it begins like a list, an object or a quoted
string but is none. Binary is a JSON string of NUL and base64 ("\u0000aGk=").
The argument - stands for what standard input holds, which is binary if it is
not UTF-8. After -- arguments may begin with a dash:
call com.example.negate -- -5.`

func (a *app) callCommand() *cobra.Command {
	var (
		flags   clientFlags
		args    arguments
		named   []string
		timeout time.Duration
		lines   bool
		load    repetition
	)
	cmd := &cobra.Command{
		Use:   "call PROCEDURE [ARGUMENT...]",
		Short: "Call a procedure and print its result",
		Long: `Call a procedure and print its result.

` + argumentHelp + `

On a terminal each positional result is printed on a line of its own, then the
keyword results as "key: value"; otherwise, or with --json, a line of JSON:
{"args":[…],"kwargs":{…}}, with "error" beside them if the call failed.

With --lines the call is progressive: the arguments given are the first chunk,
and every line of standard input is one more, with its value, as it comes.

` + callOptions.help(),
		Example: `  junctor call com.example.hello world
  junctor call com.example.add 1 2 -k round=true
  junctor call com.example.count 10 --progress
  tail -f sensor.log | junctor call com.example.collect --lines --strings
  echo '{"lat":48.1,"lon":11.6}' | junctor call com.example.weather - --timeout 5s
  junctor call wamp.session.list`,
		Args: wantURI("procedure"),
	}
	flags.add(a, cmd)
	out := a.outputFlags(cmd)
	args.add(cmd)
	load.add(cmd, "call")
	cmd.Flags().StringArrayVarP(&named, "option", "o", nil, "a WAMP option as name=value (repeatable)")
	shorthands(cmd, &named, map[string]string{"progress": "receive_progress", "disclose": "disclose_me"})
	cmd.Flags().BoolVar(&lines, "lines", false, "send every line of standard input as a further chunk of the arguments")
	cmd.Flags().DurationVarP(&timeout, "timeout", "t", 0, "cancel a call that takes longer (0: wait)")
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		if timeout < 0 {
			return usagef("--timeout must not be negative")
		}
		c := caller{procedure: wamp.URI(words[0]), timeout: timeout, out: p, stderr: a.env.Stderr}
		if c.args, c.opts.Kwargs, err = args.parse(words[1:], a.env.Stdin); err != nil {
			return err
		}
		if err := callOptions.parse(named, &c.opts); err != nil {
			return err
		}
		if c.opts.OnProgress != nil {
			c.opts.OnProgress = c.progress
		}
		if !lines {
			return load.run(cmd.Context(), &flags, c.call)
		}
		if load != (repetition{1, 1, 1}) {
			return usagef("--lines makes one call; --repeat, --concurrency and --parallel do not go with it")
		}
		return flags.with(cmd.Context(), func(s *client.Session) error {
			return c.stream(cmd.Context(), s, a.env.Stdin, &args)
		})
	}
	return cmd
}

// caller makes one call, as often as it is asked to.
type caller struct {
	procedure wamp.URI
	args      []any
	opts      client.CallOptions
	timeout   time.Duration
	out       *printer
	stderr    io.Writer
}

func (c *caller) call(ctx context.Context, s *client.Session) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	opts := c.opts
	result, err := s.Call(ctx, c.procedure, c.args, &opts)
	if err != nil {
		return c.failed(err)
	}
	return c.print(result, false)
}

func (c *caller) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, c.timeout)
}

// stream makes one call in chunks, one for each line of r. The callee may end
// it before all have been read.
func (c *caller) stream(ctx context.Context, s *client.Session, r io.Reader, args *arguments) error {
	ctx, cancel := c.limit(ctx)
	defer cancel()
	call, err := s.CallProgressively(ctx, c.procedure, c.args, &c.opts)
	if err != nil {
		return c.failed(err)
	}
	sending, stop := context.WithCancel(ctx)
	sent := make(chan error, 1)
	go func() { sent <- c.send(sending, s, call, r, args) }()
	result, err := call.Wait(ctx)
	stop()
	if unsent := <-sent; unsent != nil {
		return unsent
	}
	if err != nil {
		return c.failed(err)
	}
	return c.print(result, false)
}

// send sends the lines of r. It cancels the call, and tells why, if it cannot.
func (c *caller) send(ctx context.Context, s *client.Session, call *client.ProgressiveCall, r io.Reader, args *arguments) error {
	err := eachLine(ctx, s, r, func(text string) error {
		v, err := args.text(text)
		if err != nil {
			return err
		}
		return call.Send(ctx, client.Args{v}, nil)
	})
	if err == nil {
		err = call.Finish(ctx, nil, nil)
	}
	if err == nil || ctx.Err() != nil || s.Err() != nil || errors.Is(err, client.ErrCallOver) {
		return nil // Wait tells what became of the call
	}
	call.Cancel()
	return err
}

func (c *caller) print(result client.Result, progress bool) error {
	args, kwargs, err := result.Values()
	if err != nil {
		return fmt.Errorf("%s: result: %w", c.procedure, err)
	}
	c.out.answer(message{Progress: progress, Args: args, Kwargs: kwargs})
	return nil
}

func (c *caller) progress(result client.Result) {
	if err := c.print(result, true); err != nil {
		fmt.Fprintln(c.stderr, err)
	}
}

// failed makes the error of a call presentable: as JSON with all its values,
// as text with those that the error's own text leaves out.
func (c *caller) failed(err error) error {
	var refused *wamp.Error
	if errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &refused) {
		return &exitError{ExitTimeout, fmt.Errorf("%s: no answer within %v", c.procedure, c.timeout)}
	}
	if !errors.As(err, &refused) {
		return err
	}
	args, kwargs, decodeErr := refused.Payload.Values()
	if decodeErr != nil {
		return err
	}
	if c.out.json {
		c.out.answer(message{Error: refused.URI, Args: args, Kwargs: kwargs})
	}
	return &exitError{exitCode(context.Background(), refused), fmt.Errorf("%s: %s", c.procedure, describe(refused.URI, args, kwargs))}
}

// describe is an ERROR in a line: its URI, its text, and its further values.
func describe(uri wamp.ErrorURI, args []any, kwargs wamp.Dict) string {
	text := string(uri)
	if len(args) > 0 {
		if s, ok := args[0].(string); ok {
			text += ": " + printable(s)
			args = args[1:]
		}
	}
	if len(args) > 0 {
		text += " " + compact(args)
	}
	if len(kwargs) > 0 {
		text += " " + compact(kwargs)
	}
	return text
}
