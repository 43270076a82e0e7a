package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
)

// configFlags say where the configuration is.
type configFlags struct {
	app    *app
	file   string
	dir    string
	config string
}

const configHelp = `The configuration is the file of -c; else it is looked for by Crossbar.io's
rules: the node directory is --cbdir, else $CROSSBAR_DIR, else .crossbar where
there is one, else the working directory; the file in it is --config, else
config.yaml, else config.json.`

func (f *configFlags) add(a *app, cmd *cobra.Command) {
	f.app = a
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "c", "", "the configuration file; its directory is the node directory unless --cbdir is given")
	flags.StringVar(&f.dir, "cbdir", "", "the node directory, to which paths in the configuration are relative")
	flags.StringVar(&f.config, "config", "", "the name of the configuration file in the node directory")
}

// load reads the configuration. What is wrong in it is in the findings.
func (f *configFlags) load() (*config.Node, config.Findings, error) {
	if f.file != "" && f.config != "" {
		return nil, nil, usagef("-c and --config both name the file; give one of them")
	}
	path, dir, err := config.Search{File: f.file, Dir: f.dir, Config: f.config, LookupEnv: f.app.lookup}.Locate()
	if err != nil {
		return nil, nil, &exitError{ExitConfig, fmt.Errorf("%w; -c names the file, and \"junctor init\" writes one", err)}
	}
	cfg, findings, err := config.Load(path, config.Options{Dir: dir, LookupEnv: f.app.lookup})
	if err != nil {
		return nil, nil, &exitError{ExitConfig, err}
	}
	return cfg, findings, nil
}

// lookup is Getenv for those who tell an empty variable from none.
func (a *app) lookup(name string) (string, bool) {
	v := a.env.Getenv(name)
	return v, v != ""
}

func (a *app) startCommand() *cobra.Command {
	var (
		files    configFlags
		logs     logFlags
		after    float64
		drain    time.Duration
		pidFile  string
		nodeOpts node.Options
	)
	cmd := &cobra.Command{
		Use:   "start",
		Short: "Run the node that a configuration describes",
		Long: `Run the node that a configuration describes, in the foreground.

` + configHelp + `

SIGTERM, SIGINT and SIGHUP end the node in order: nothing is accepted any more,
clients are told GOODBYE (wamp.close.system_shutdown) and get what is queued for
them; what is left after --shutdown-timeout is cut, and the exit code is 0. A second
signal ends it at once. The log goes to standard error.`,
		Example: `  junctor start
  junctor start -c /etc/junctor/config.yaml
  junctor start --cbdir node1 --loglevel debug`,
		Args: noArguments,
	}
	files.add(a, cmd)
	logs.add(cmd, "info")
	flags := cmd.Flags()
	flags.Float64Var(&after, "shutdownafter", 0, "end in order after this many seconds (0: go on)")
	flags.DurationVar(&drain, "shutdown-timeout", node.DefaultShutdownTimeout, "how long clients may take to leave at the end")
	flags.StringVar(&pidFile, "pidfile", "", "write the process ID to this file while the node runs")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := logs.logger(a.env.Stderr)
		if err != nil {
			return err
		}
		if after < 0 || drain <= 0 {
			return usagef("--shutdownafter must not be negative, and --shutdown-timeout must be more than 0")
		}
		nodeOpts.Logger, nodeOpts.ShutdownTimeout, nodeOpts.Agent = log, drain, a.agent()
		cfg, findings, err := files.load()
		if err != nil {
			return err
		}
		n, err := open(cfg, findings, nodeOpts)
		if err != nil {
			return err
		}
		remove, err := writePID(pidFile)
		if err != nil {
			n.Close()
			return err
		}
		defer remove()
		ctx, cancel := runFor(cmd.Context(), seconds(after))
		defer cancel()
		return ended(ctx, n.Run(ctx), log)
	}
	return cmd
}

func (a *app) agent() string { return "junctor " + a.env.Version }

// open logs what is doubtful about a configuration and opens its node.
func open(cfg *config.Node, findings config.Findings, opts node.Options) (*node.Node, error) {
	if findings.HasErrors() {
		return nil, &exitError{ExitConfig, findings.Err()}
	}
	n, more := node.Open(cfg, opts)
	if findings = append(findings, more...); node.OnlyAddresses(findings) {
		return nil, cannotListen(findings)
	}
	if findings.HasErrors() {
		return nil, &exitError{ExitConfig, findings.Err()}
	}
	for _, f := range findings {
		about := []any{"at", f.Position.String(), "finding", f.Message}
		if f.Hint != "" {
			about = append(about, "hint", f.Hint)
		}
		opts.Logger.Warn("configuration", about...)
	}
	return n, nil
}

// cannotListen does not blame the configuration: trying again later may help.
func cannotListen(findings config.Findings) error {
	lines := []string{"cannot listen"}
	for _, f := range findings {
		if f.Severity == config.Error {
			lines = append(lines, f.String())
		}
	}
	return errors.New(strings.Join(lines, "\n"))
}

// errEndOfTime is why a node ends that was told how long to run.
var errEndOfTime = errors.New("the time of --shutdownafter is over")

// seconds allows for fractions, and for more than a Duration holds.
func seconds(n float64) time.Duration {
	return time.Duration(min(n, 1e9) * float64(time.Second))
}

func runFor(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, d, errEndOfTime)
}

// ended is what the end of a node means to the process: an end that was asked
// for is a success even if some clients had to be cut off.
func ended(ctx context.Context, err error, log *slog.Logger) error {
	if err != nil && ctx.Err() != nil {
		log.Warn("not all clients left in order", "err", err)
		return nil
	}
	return err
}

// writePID writes the process ID and returns what removes the file again.
func writePID(path string) (remove func(), err error) {
	if path == "" {
		return func() {}, nil
	}
	text := strconv.Itoa(os.Getpid()) + "\n"
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return nil, fmt.Errorf("--pidfile: %w", err)
	}
	return func() {
		if now, err := os.ReadFile(path); err == nil && string(now) == text { // still ours
			_ = os.Remove(path)
		}
	}, nil
}
