package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

func (a *app) registerCommand() *cobra.Command {
	var (
		flags   clientFlags
		args    arguments
		named   []string
		replies []string
		command string
		jobs    int
		until   untilFlags
	)
	cmd := &cobra.Command{
		Use:   "register PROCEDURE",
		Short: "Offer a procedure that needs no code",
		Long: `Offer a procedure that answers with fixed values (--reply) or runs a command of
the shell for each call (--exec), until stopped (Ctrl-C). Each call is printed.

--reply VALUE is a positional result, read like an argument of call; -k
key=value adds keyword results.

--exec COMMAND gets what the caller passed
  on standard input   each positional argument as JSON, one a line
  as $1, $2, …        strings as they are, other values as JSON
  in the environment  WAMP_PROCEDURE, WAMP_ARGS_JSON (a list), WAMP_KWARGS_JSON
                      (an object)
Where arguments are larger than 64 KiB or contain NUL, which the system cannot
pass that way, standard input alone has them. What the command prints is the
result: JSON values, one a line or a single one, as positional results; any
other text as one string. If it fails (an exit code other than 0) the caller
gets wamp.error.runtime_error with what it wrote to standard error, and the
code as exit_code. If the caller cancels, the command is killed.

` + registerOptions.help(),
		Example: `  junctor register com.example.hello --reply '"hi"'
  junctor register com.example.echo --exec cat
  junctor register com.example.disk --exec 'df -h "$1"' --jobs 1
  junctor register com.example.job --exec ./job.sh -o invoke=roundrobin`,
		Args: onlyProcedure,
	}
	flags.add(a, cmd)
	out := a.outputFlags(cmd)
	until.add(cmd, "calls")
	args.add(cmd)
	cmd.Flags().StringArrayVar(&replies, "reply", nil, "answer with this value (repeatable: several positional results)")
	cmd.Flags().StringVar(&command, "exec", "", "run this command of the shell for each call")
	cmd.Flags().IntVarP(&jobs, "jobs", "j", 16, "how many commands of --exec may run at the same time; further calls wait")
	cmd.Flags().StringArrayVarP(&named, "option", "o", nil, "a WAMP option as name=value (repeatable)")
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		if jobs < 1 || jobs > 10_000 {
			return usagef("--jobs %d: want 1 to 10000", jobs)
		}
		opts := client.RegisterOptions{MaxHandlers: jobs}
		if err := registerOptions.parse(named, &opts); err != nil {
			return err
		}
		if err := until.check(); err != nil {
			return err
		}
		answer, err := a.answer(&args, replies, command)
		if err != nil {
			return err
		}
		c := &callee{procedure: wamp.URI(words[0]), answer: answer, out: p, stderr: a.env.Stderr, until: until.begin()}
		defer c.finish() // the end of the session cancels what still runs: no command stays behind
		return flags.with(cmd.Context(), func(s *client.Session) error { return c.run(cmd.Context(), s, opts) })
	}
	return cmd
}

func onlyProcedure(cmd *cobra.Command, args []string) error {
	if err := wantURI("procedure")(cmd, args); err != nil {
		return err
	}
	if len(args) > 1 {
		return usagef("unexpected argument %q; what to answer is said with --reply or --exec", args[1])
	}
	return nil
}

// answer makes the function that answers calls from the flags.
func (a *app) answer(args *arguments, replies []string, command string) (answer, error) {
	switch {
	case command != "" && len(replies) > 0:
		return nil, usagef("--reply and --exec exclude each other")
	case command != "" && (len(args.keywords) > 0 || args.strings):
		return nil, usagef("-k and --strings go with --reply, not with --exec")
	case command != "":
		e := execution{command: command, stderr: a.env.Stderr, environ: os.Environ()}
		return e.answer, nil
	case len(replies) == 0 && len(args.keywords) == 0:
		return nil, usagef("what to answer? Give --reply VALUE or --exec COMMAND")
	}
	values, kwargs, err := args.parse(replies, a.env.Stdin)
	if err != nil {
		return nil, err
	}
	return func(context.Context, invocation) (client.Reply, error) {
		return client.Reply{Args: values, Kwargs: kwargs}, nil
	}, nil
}

// invocation is a call with its values decoded.
type invocation struct {
	procedure wamp.URI
	args      []any
	kwargs    wamp.Dict
}

type answer func(context.Context, invocation) (client.Reply, error)

// callee offers one procedure.
type callee struct {
	procedure wamp.URI
	answer    answer
	out       *printer
	stderr    io.Writer
	until     *until
	busy      sync.RWMutex // read-locked by each handler; locked for good by finish
	finished  sync.Once
}

func (c *callee) run(ctx context.Context, s *client.Session, opts client.RegisterOptions) error {
	reg, err := s.Register(ctx, c.procedure, c.invoked, &opts)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stderr, "registered %s\n", c.procedure)
	if err := c.until.wait(ctx, s); err != nil || s.Err() != nil {
		return err
	}
	// Who is being served gets an answer, as long as there is no second signal.
	err = reg.Unregister(context.WithoutCancel(ctx))
	if c.busy.TryLock() {
		c.busy.Unlock()
	} else {
		fmt.Fprintln(c.stderr, "finishing calls in progress")
	}
	c.finish()
	return errors.Join(err, s.Drain(context.WithoutCancel(ctx)))
}

// finish waits until nobody is served any more, and keeps it so.
func (c *callee) finish() { c.finished.Do(c.busy.Lock) }

var errLeaving = fmt.Errorf("the callee is leaving: %w", wamp.ErrUnavailable)

func (c *callee) invoked(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	if !c.busy.TryRLock() {
		return client.Reply{}, errLeaving
	}
	defer c.busy.RUnlock()
	if !c.until.take() {
		return client.Reply{}, errLeaving
	}
	defer c.until.took()
	args, kwargs, err := inv.Values()
	if err != nil {
		return client.Reply{}, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
	}
	c.out.happened(message{
		Procedure: inv.Procedure, Caller: inv.Caller, AuthID: inv.CallerAuthID, AuthRole: inv.CallerAuthRole,
		Args: args, Kwargs: kwargs,
	})
	return c.answer(ctx, invocation{inv.Procedure, args, kwargs})
}
