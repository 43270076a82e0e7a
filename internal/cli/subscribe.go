package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

func (a *app) subscribeCommand() *cobra.Command {
	var (
		flags clientFlags
		named []string
		until untilFlags
	)
	cmd := &cobra.Command{
		Use:     "subscribe TOPIC...",
		Aliases: []string{"sub"},
		Short:   "Print the events of topics",
		Long: `Print the events of topics as they come, until stopped (Ctrl-C).

On a terminal an event is a line with the time, the topic, and the arguments as
they would be typed; otherwise, or with --json, a line of JSON:
{"time":…,"topic":…,"publication":…,"args":[…],"kwargs":{…}}.

` + subscribeOptions.help(),
		Example: `  junctor subscribe com.example.tick
  junctor subscribe com.example. -o match=prefix --json | jq .args
  junctor subscribe com.example.state --retained
  junctor subscribe com.example.ready --count 1 --timeout 30s`,
		Args: wantURI("topic"),
	}
	flags.add(a, cmd)
	out := a.outputFlags(cmd)
	until.add(cmd, "events")
	cmd.Flags().StringArrayVarP(&named, "option", "o", nil, "a WAMP option as name=value (repeatable)")
	shorthands(cmd, &named, map[string]string{"retained": "get_retained"})
	cmd.RunE = func(cmd *cobra.Command, topics []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		var opts client.SubscribeOptions
		if err := subscribeOptions.parse(named, &opts); err != nil {
			return err
		}
		if err := until.check(); err != nil {
			return err
		}
		return flags.with(cmd.Context(), func(s *client.Session) error {
			sub := &subscriber{out: p, stderr: a.env.Stderr, until: until.begin()}
			return sub.run(cmd.Context(), s, topics, opts)
		})
	}
	return cmd
}

// subscriber prints events until it has seen enough of them.
type subscriber struct {
	out    *printer
	stderr io.Writer
	until  *until
}

func (sub *subscriber) run(ctx context.Context, s *client.Session, topics []string, opts client.SubscribeOptions) error {
	for _, topic := range topics {
		if _, err := s.Subscribe(ctx, wamp.URI(topic), sub.event, &opts); err != nil {
			return err
		}
	}
	fmt.Fprintf(sub.stderr, "subscribed to %s\n", strings.Join(topics, ", "))
	return sub.until.wait(ctx, s)
}

func (sub *subscriber) event(_ context.Context, ev *client.Event) {
	if ev.Lost > 0 {
		fmt.Fprintf(sub.stderr, "%d events were lost: they came faster than they could be printed\n", ev.Lost)
	}
	if !sub.until.take() {
		return
	}
	defer sub.until.took()
	args, kwargs, err := ev.Values()
	if err != nil {
		fmt.Fprintf(sub.stderr, "event of %s: %v\n", ev.Topic, err)
		return
	}
	sub.out.happened(message{
		Topic: ev.Topic, Publication: ev.Publication, Retained: ev.Retained,
		Publisher: ev.Publisher, AuthID: ev.PublisherAuthID, AuthRole: ev.PublisherAuthRole,
		Args: args, Kwargs: kwargs,
	})
}

// untilFlags say when subscribe and register end by themselves.
type untilFlags struct {
	what    string // what is counted
	count   int
	timeout time.Duration
}

func (f *untilFlags) add(cmd *cobra.Command, what string) {
	f.what = what
	cmd.Flags().IntVarP(&f.count, "count", "n", 0, "end after this many "+what+" (0: go on)")
	cmd.Flags().DurationVarP(&f.timeout, "timeout", "t", 0, "end after this time, as a failure if --count "+what+" have not come (0: go on)")
}

func (f *untilFlags) check() error {
	if f.count < 0 || f.timeout < 0 {
		return usagef("--count and --timeout must not be negative")
	}
	return nil
}

func (f *untilFlags) begin() *until {
	return &until{what: f.what, want: int64(f.count), timeout: f.timeout, enough: make(chan struct{})}
}

// until counts what has happened, and waits for the end.
type until struct {
	what    string
	want    int64 // 0: no end
	timeout time.Duration
	begun   atomic.Int64
	ended   atomic.Int64
	enough  chan struct{} // closed once want have ended
}

// take reports whether one more is wanted; took says that it is dealt with.
func (u *until) take() bool { return u.want == 0 || u.begun.Add(1) <= u.want }

func (u *until) took() {
	if u.ended.Add(1) == u.want {
		close(u.enough)
	}
}

// wait returns nil when enough has happened, and also at the end of the time
// or by a signal if no number was asked for: there is no other end then.
func (u *until) wait(ctx context.Context, s *client.Session) error {
	var over <-chan time.Time
	if u.timeout > 0 {
		t := time.NewTimer(u.timeout)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-u.enough:
		return nil
	case <-s.Done():
		return s.Err()
	case <-over:
		return u.short(&exitError{ExitTimeout, fmt.Errorf("%d of %d %s after %v", u.ended.Load(), u.want, u.what, u.timeout)})
	case <-ctx.Done():
		return u.short(context.Cause(ctx))
	}
}

func (u *until) short(err error) error {
	if u.want == 0 {
		return nil
	}
	return err
}
