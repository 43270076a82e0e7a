package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/bench"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// benchFlags are what rpc and pubsub have in common.
type benchFlags struct {
	app    *app
	client clientFlags
	out    *outputFlags
	load   bench.Load
	size   int
	wait   time.Duration
	self   bool
}

func (a *app) benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure calls or events per second, and their latency",
		Long: `Measure calls or events per second, and their latency.

Without --rate there are always --concurrency operations under way (a closed
loop): this shows how much the router does, and the latency under that load.
With --rate they are due at a fixed rate, and latency counts from when each was
due: a stall shows in everything that was due meanwhile. Operations that were
due but could not even begin are reported as missed.

The clients run in this process and need as much of the machine as the router.`,
		Args: knownCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.benchRPC(), a.benchPubSub())
	return cmd
}

func (f *benchFlags) add(a *app, cmd *cobra.Command) {
	f.app = a
	f.client.add(a, cmd)
	f.out = a.outputFlags(cmd)
	flags := cmd.Flags()
	flags.IntVar(&f.load.Concurrency, "concurrency", 32, "how many operations may be under way at the same time, of all sessions together")
	flags.Float64Var(&f.load.Rate, "rate", 0, "operations per second, of all sessions together (0: as fast as they end)")
	flags.DurationVarP(&f.load.Duration, "duration", "d", 5*time.Second, "how long to measure")
	flags.DurationVar(&f.load.Warmup, "warmup", time.Second, "how long to do the same before measuring")
	flags.IntVar(&f.size, "size", 64, "octets of an argument")
	flags.DurationVarP(&f.wait, "timeout", "t", 10*time.Second, "count an operation that takes longer as an error")
	flags.BoolVar(&f.self, "self", false, "measure a router in this process, over loopback TCP, instead of the one at --url")
}

func (a *app) benchRPC() *cobra.Command {
	var (
		flags     benchFlags
		o         bench.RPCOptions
		procedure string
	)
	cmd := &cobra.Command{
		Use:   "rpc",
		Short: "Measure calls",
		Long: `Measure calls of a procedure that gives back its argument. The callees are
sessions of this command, unless --procedure names a procedure of others.`,
		Example: `  junctor bench rpc --self
  junctor bench rpc --url rs://router:8081 --rate 5000 --duration 30s
  junctor bench rpc --procedure com.example.echo --callers 16`,
		Args: noArguments,
	}
	flags.add(a, cmd)
	cmd.Flags().IntVar(&o.Callers, "callers", 4, "sessions that call")
	cmd.Flags().IntVar(&o.Callees, "callees", 1, "sessions that offer the procedure; several share it in turn")
	cmd.Flags().StringVar(&procedure, "procedure", "", "call this procedure, which others offer, with one string as argument")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.Procedure, o.Size, o.Timeout = ownURI("rpc"), flags.size, flags.wait
		if procedure != "" {
			if cmd.Flags().Changed("callees") {
				return usagef("--callees does not go with --procedure, which others offer")
			}
			o.Procedure, o.Callees = wamp.URI(procedure), 0
		}
		return flags.run(cmd.Context(), func(ctx context.Context, connect bench.Connect) (*bench.Report, error) {
			return bench.RPC(ctx, connect, o, flags.load)
		})
	}
	return cmd
}

func (a *app) benchPubSub() *cobra.Command {
	var (
		flags benchFlags
		o     bench.PubSubOptions
	)
	cmd := &cobra.Command{
		Use:   "pubsub",
		Short: "Measure events, each to all subscribers",
		Long: `Measure events, each delivered to all subscribers. A publication has ended when
the last of them has it; latency is that of each delivery.`,
		Example: `  junctor bench pubsub --self --subscribers 100
  junctor bench pubsub --rate 200 --size 1024`,
		Args: noArguments,
	}
	flags.add(a, cmd)
	cmd.Flags().IntVar(&o.Publishers, "publishers", 1, "sessions that publish")
	cmd.Flags().IntVar(&o.Subscribers, "subscribers", 16, "sessions that get every event")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		o.Topic, o.Size, o.Timeout = ownURI("pubsub"), flags.size, flags.wait
		return flags.run(cmd.Context(), func(ctx context.Context, connect bench.Connect) (*bench.Report, error) {
			return bench.PubSub(ctx, connect, o, flags.load)
		})
	}
	return cmd
}

// ownURI is a name that only this run uses.
func ownURI(kind string) wamp.URI {
	return wamp.URI(fmt.Sprintf("junctor.bench.%s.%x", kind, time.Now().UnixNano()))
}

// run prints what measure reports, also when it was ended early.
func (f *benchFlags) run(ctx context.Context, measure func(context.Context, bench.Connect) (*bench.Report, error)) error {
	p, err := f.out.printer()
	if err != nil {
		return err
	}
	if f.self {
		stop, err := f.ownRouter()
		if err != nil {
			return err
		}
		defer stop()
	}
	c, err := f.client.connector()
	if err != nil {
		return err
	}
	report, err := measure(ctx, c.open)
	if report != nil && p.json {
		p.line(report)
	} else if report != nil {
		report.Write(p.w)
	}
	if err == nil && report.Operations == 0 && report.Errors > 0 {
		return fmt.Errorf("all %d operations failed", report.Errors)
	}
	return err
}

// ownRouter starts the router of --self and points the clients at it.
func (f *benchFlags) ownRouter() (stop func() error, err error) {
	if f.client.url != "" {
		return nil, usagef("--self and --url exclude each other")
	}
	f.client.resolve()
	n, err := localNode{realm: wamp.URI(f.client.realm), size: devSize}.open(node.Options{Agent: f.app.agent()})
	if err != nil {
		return nil, err
	}
	f.client.url = n.Endpoints()[0].URL
	return serve(n), nil
}
