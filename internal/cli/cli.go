package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
)

// Env is what commands see of the process around them.
type Env struct {
	Args    []string // without the program's name
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Getenv  func(string) string
	Version string
}

// app is one run of the program.
type app struct {
	env Env
}

// Run carries out one command line and returns the exit code. A command that
// runs on ends in order when ctx does; the caller cancels it with the cause
// Interrupted to have it told from other ends. Run may be called concurrently.
func Run(ctx context.Context, env Env) int {
	env.Stderr = serialized(env.Stderr)
	out := &stdout{Writer: env.Stdout}
	env.Stdout = out
	root := newRoot(env)
	root.SetArgs(env.Args)
	cmd, err := root.ExecuteContextC(ctx)
	if cause := context.Cause(ctx); errors.Is(err, context.Canceled) && cause != nil {
		err = cause // says which signal it was
	}
	if err == nil {
		err = out.failed()
	}
	code := exitCode(ctx, err)
	report(env.Stderr, cmd, err, code)
	return code
}

// stdout remembers what kept it from writing, so that no output is lost
// without a word.
type stdout struct {
	io.Writer

	mu  sync.Mutex // guards the field below
	err error      // the first
}

func (s *stdout) Write(p []byte) (int, error) {
	n, err := s.Writer.Write(p)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = cmp.Or(s.err, err)
	}
	return n, err
}

func (s *stdout) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		return nil
	}
	return fmt.Errorf("standard output: %w", s.err)
}

// serialized makes a writer safe for concurrent use, if it is no file, which
// is safe already.
func serialized(w io.Writer) io.Writer {
	if _, ok := w.(*os.File); ok {
		return w
	}
	return &lockedWriter{w: w}
}

type lockedWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// report says on standard error why a command failed.
func report(w io.Writer, cmd *cobra.Command, err error, code int) {
	var exit *exitError
	if err == nil || errors.As(err, &exit) && exit.err == nil {
		return
	}
	fmt.Fprintf(w, "%s: %v\n", cmd.CommandPath(), err)
	if code == ExitUsage {
		fmt.Fprintf(w, "Run \"%s --help\" for how to use it.\n", cmd.CommandPath())
	}
}

// newRoot returns the tree of commands.
func newRoot(env Env) *cobra.Command {
	a := &app{env: env}
	root := &cobra.Command{
		Use:   "junctor",
		Short: "A WAMP router, and a client for the command line",
		Long: `A router for remote procedure calls and events between programs that speak
WAMP, and a client to call, publish, subscribe and register with.

A first call takes three commands and no file:

  junctor dev
  junctor register com.example.hello --reply '"hi"'
  junctor call com.example.hello world`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          knownCommand,

		SuggestionsMinimumDistance: 2,
	}
	// Not cobra's Version: its templates would add two megabytes to the program.
	version := root.Flags().BoolP("version", "v", false, "print the version")
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if *version {
			_, err := fmt.Fprintln(env.Stdout, a.version())
			return err
		}
		return cmd.Help()
	}
	root.SetIn(env.Stdin)
	root.SetOut(env.Stdout)
	root.SetErr(env.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(&cobra.Group{ID: "router", Title: "Router:"}, &cobra.Group{ID: "client", Title: "Client:"})
	a.addGroup(root, "router", a.devCommand(), a.initCommand(), a.checkCommand(), a.authzCommand(), a.startCommand())
	a.addGroup(root, "client", a.callCommand(), a.registerCommand(), a.publishCommand(), a.subscribeCommand(), a.benchCommand())
	root.AddCommand(a.demoCommand(), a.keygenCommand(), a.versionCommand())
	return root
}

func (a *app) addGroup(root *cobra.Command, group string, commands ...*cobra.Command) {
	for _, c := range commands {
		c.GroupID = group
		root.AddCommand(c)
	}
}

// flagError is what is wrong with a flag. A negative number looks like one.
func flagError(_ *cobra.Command, err error) error {
	if strings.HasPrefix(err.Error(), "unknown shorthand flag") {
		return usagef("%v; after -- arguments may begin with a dash", err)
	}
	return usagef("%v", err)
}

// knownCommand refuses words that are no command.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		text += fmt.Sprintf(", did you mean %q?", similar[0])
	}
	return &usageError{text}
}

func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}

// wantURI asks for a first argument that names what the command is about.
func wantURI(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usagef("which %s? Its URI must be the first argument", what)
		}
		return nil
	}
}

// outputFlags are the flags that choose between text and JSON.
type outputFlags struct {
	app    *app
	format string
	json   bool
}

func (a *app) outputFlags(cmd *cobra.Command) *outputFlags {
	f := &outputFlags{app: a}
	cmd.Flags().StringVar(&f.format, "output", string(formatAuto), "print text, json (one object a line), or auto: text on a terminal, JSON otherwise")
	cmd.Flags().BoolVar(&f.json, "json", false, "the same as --output json")
	return f
}

// textByDefault is for commands whose output nobody feeds to a program unless
// they ask for it.
func (f *outputFlags) textByDefault(cmd *cobra.Command) {
	f.format = string(formatText)
	flag := cmd.Flags().Lookup("output")
	flag.DefValue, flag.Usage = f.format, "print text, json (one object a line), or auto: text on a terminal, JSON otherwise"
}

// printer returns the printer that the flags ask for.
func (f *outputFlags) printer() (*printer, error) {
	p := &printer{w: f.app.env.Stdout, now: time.Now}
	switch format(strings.ToLower(f.format)) {
	case formatAuto:
		p.json = !isTerminal(p.w)
	case formatJSON:
		p.json = true
	case formatText:
	default:
		return nil, usagef("--output %s: want auto, text or json", f.format)
	}
	p.json = p.json || f.json
	return p, nil
}
