package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

func (a *app) demoCommand() *cobra.Command {
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a call and an event, and end",
		Long: `Start a router on TCP and on a Unix socket, with a callee, a caller and a
subscriber as real clients over RawSocket; make a call, deliver an event, say
what happened, and end. It needs no file and no network but loopback.`,
		Example: "  junctor demo",
		Args:    noArguments,
	}
	logs.add(cmd, "error")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		log, err := logs.logger(a.env.Stderr)
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp("", "junctor-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		local := localNode{realm: defaultRealm, socket: filepath.Join(dir, "demo.sock"), size: devSize}
		n, err := local.open(node.Options{Logger: log, Agent: a.agent()})
		if err != nil {
			return err
		}
		stop := serve(n)
		ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
		defer cancel()
		d := demo{out: &printer{w: a.env.Stdout}, realm: local.realm, started: time.Now()}
		return d.run(ctx, n.Endpoints(), stop)
	}
	return cmd
}

// demo is one showing: three clients at a router.
type demo struct {
	out     *printer
	realm   wamp.URI
	started time.Time
}

func (d *demo) run(ctx context.Context, at []node.Endpoint, stop func() error) (err error) {
	defer func() {
		if stopErr := stop(); err == nil {
			err = stopErr
		}
		if err == nil {
			d.say("router", "told its clients goodbye and ended")
		}
	}()
	for _, e := range at {
		d.say("router", "listens at %s", e.URL)
	}
	tcp, unix := at[0].URL, at[1].URL
	callee, err := d.join(ctx, "callee", tcp, wamp.SerializerMsgPack)
	if err != nil {
		return err
	}
	subscriber, err := d.join(ctx, "subscriber", unix, wamp.SerializerJSON)
	if err != nil {
		return err
	}
	caller, err := d.join(ctx, "caller", tcp, wamp.SerializerCBOR)
	if err != nil {
		return err
	}
	if err := d.call(ctx, callee, caller); err != nil {
		return err
	}
	return d.event(ctx, subscriber, caller)
}

// join opens a client. The router's end is also theirs.
func (d *demo) join(ctx context.Context, who, url string, s wamp.SerializerNumber) (*client.Session, error) {
	session, err := client.Connect(ctx, url, client.Options{Realm: d.realm, Serializer: s, Agent: "junctor-demo"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", who, err)
	}
	d.say(who, "joined %s as session %d, speaking %s", session.Realm(), session.ID(), s)
	return session, nil
}

func (d *demo) call(ctx context.Context, callee, caller *client.Session) error {
	const procedure = "com.example.add2"
	add := func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		var terms [2]int
		if err := inv.Decode(&terms, nil); err != nil {
			return client.Reply{}, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
		}
		d.say("callee", "was called with %d and %d", terms[0], terms[1])
		return client.Return(terms[0] + terms[1]), nil
	}
	if _, err := callee.Register(ctx, procedure, add, nil); err != nil {
		return fmt.Errorf("callee: %w", err)
	}
	d.say("callee", "registered %s", procedure)
	d.say("caller", "calls %s(2, 40)", procedure)
	sum, err := client.Call[int](ctx, caller, procedure, client.Args{2, 40}, nil)
	if err != nil {
		return fmt.Errorf("caller: %w", err)
	}
	d.say("caller", "got the result %d", sum)
	return nil
}

func (d *demo) event(ctx context.Context, subscriber, publisher *client.Session) error {
	const topic = "com.example.news"
	seen := make(chan struct{}, 1)
	show := func(_ context.Context, ev *client.Event) {
		args, _, err := ev.Values()
		if err == nil && len(args) == 1 {
			d.say("subscriber", "got the event %s of %s", compact(args[0]), ev.Topic)
			seen <- struct{}{}
		}
	}
	if _, err := subscriber.Subscribe(ctx, topic, show, nil); err != nil {
		return fmt.Errorf("subscriber: %w", err)
	}
	d.say("subscriber", "subscribed to %s", topic)
	id, err := publisher.Publish(ctx, topic, client.Args{"it works"}, &client.PublishOptions{Acknowledge: true})
	if err != nil {
		return fmt.Errorf("caller: %w", err)
	}
	d.say("caller", "published to %s; the router calls it publication %d", topic, id)
	select {
	case <-seen:
		return nil
	case <-subscriber.Done():
		return subscriber.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *demo) say(who, format string, args ...any) {
	d.out.text("%5.1f ms  %-10s  %s", float64(time.Since(d.started).Microseconds())/1000, who, fmt.Sprintf(format, args...))
}
