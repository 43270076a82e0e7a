package cli

import (
	"context"
	"io"
	"os"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// What the tests look at from outside.
var (
	ParseValue = parseValue
	ExitCode   = exitCode
	Results    = results
	Printable  = printable
)

// Commands returns the path of each command.
func Commands() []string {
	var paths []string
	for _, c := range commands(newRoot(Env{})) {
		paths = append(paths, c.CommandPath())
	}
	return paths
}

// CheckCommandLine returns what is wrong with a command line before it is run.
func CheckCommandLine(args []string) error {
	cmd, rest, err := newRoot(Env{}).Find(args)
	if err != nil {
		return err
	}
	cmd.InitDefaultHelpFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}

// Execute answers a call with a command of the shell.
func Execute(ctx context.Context, command string, args []any, kwargs wamp.Dict) (client.Reply, error) {
	e := execution{command: command, stderr: io.Discard, environ: os.Environ()}
	return e.answer(ctx, invocation{"com.example.test", args, kwargs})
}

// MaxExecArgument and MaxExecOutput are the bounds of Execute.
const (
	MaxExecArgument = maxExecArgument
	MaxExecOutput   = maxExecOutput
)

// ParseOptions applies -o flags to the options of each verb.
func ParseOptions(call, publish, subscribe, register []string) (c client.CallOptions, p client.PublishOptions, s client.SubscribeOptions, r client.RegisterOptions, err error) {
	for _, parse := range []func() error{
		func() error { return callOptions.parse(call, &c) },
		func() error { return publishOptions.parse(publish, &p) },
		func() error { return subscribeOptions.parse(subscribe, &s) },
		func() error { return registerOptions.parse(register, &r) },
	} {
		if err = parse(); err != nil {
			return c, p, s, r, err
		}
	}
	return c, p, s, r, nil
}
