package cli

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// demoConfig is the node of the demonstration. The system chooses the TCP port.
const demoConfig = `version: 2
workers:
  - type: router
    realms:
      - name: realm1
        roles:
          - name: anonymous
            permissions:
              - uri: com.example.*
                allow: {call: true, register: true, publish: true, subscribe: true}
    transports:
      - type: rawsocket
        endpoint: {type: tcp, port: 0, interface: 127.0.0.1}
      - type: rawsocket
        endpoint: {type: unix, path: demo.sock}
  - type: container
    components:
      - type: class
        classname: demo.Adder
        realm: realm1
        transport:
          type: rawsocket
          serializer: msgpack
          endpoint: {type: unix, path: demo.sock}
`

const (
	demoProcedure wamp.URI = "com.example.add2"
	demoTopic     wamp.URI = "com.example.added"
)

func (a *app) demoCommand() *cobra.Command {
	var logs logFlags
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show a call and an event, and end",
		Long: `Run a node with a router and a container, whose component connects to the
router over RawSocket on a Unix socket. A caller and a subscriber, real clients
on TCP, call the component and get an event from it; say what happened, and end.
It needs no file and no network but loopback.`,
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
		d := &demo{out: &printer{w: a.env.Stdout}, started: time.Now(), ready: make(chan struct{})}
		n, err := d.open(dir, node.Options{Logger: log, Agent: a.agent(), Components: d.find})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 10*time.Second)
		defer cancel()
		return d.run(ctx, n)
	}
	return cmd
}

// demo is one showing.
type demo struct {
	out     *printer
	started time.Time
	ready   chan struct{} // closed when the component offers its procedure
	once    sync.Once     // of closing it
}

// open opens the node, with its socket in dir.
func (d *demo) open(dir string, opts node.Options) (*node.Node, error) {
	d.say("node", "reads a configuration with a router and a container")
	cfg, findings := config.Parse("demo.yaml", []byte(demoConfig), config.YAML, config.Options{Dir: dir})
	if findings.HasErrors() {
		return nil, findings.Err()
	}
	n, findings := node.Open(cfg, opts)
	return n, findings.Err()
}

func (d *demo) run(ctx context.Context, n *node.Node) (err error) {
	stop := serve(n)
	defer func() {
		if stopErr := stop(); err == nil {
			err = stopErr
		}
		if err == nil {
			d.say("node", "told its clients goodbye and ended")
		}
	}()
	for _, e := range n.Endpoints() {
		d.say("router", "listens at %s", e.URL)
	}
	select {
	case <-d.ready:
	case <-ctx.Done():
		return fmt.Errorf("the component did not join: %w", ctx.Err())
	}
	tcp := n.Endpoints()[0].URL
	subscriber, err := d.join(ctx, "subscriber", tcp, wamp.SerializerJSON)
	if err != nil {
		return err
	}
	caller, err := d.join(ctx, "caller", tcp, wamp.SerializerCBOR)
	if err != nil {
		return err
	}
	return d.show(ctx, caller, subscriber)
}

// join opens a client. The router's end is also theirs.
func (d *demo) join(ctx context.Context, who, url string, s wamp.SerializerNumber) (*client.Session, error) {
	session, err := client.Connect(ctx, url, client.Options{Realm: defaultRealm, Serializer: s, Agent: "junctor-demo"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", who, err)
	}
	d.say(who, "joined %s as session %d, speaking %s", session.Realm(), session.ID(), s)
	return session, nil
}

// show calls the component, and waits for the event that it publishes then.
func (d *demo) show(ctx context.Context, caller, subscriber *client.Session) error {
	seen := make(chan struct{}, 1)
	tell := func(_ context.Context, ev *client.Event) {
		args, _, err := ev.Values()
		if err == nil && len(args) == 1 {
			d.say("subscriber", "got the event %s of %s", compact(args[0]), ev.Topic)
			seen <- struct{}{}
		}
	}
	if _, err := subscriber.Subscribe(ctx, demoTopic, tell, nil); err != nil {
		return fmt.Errorf("subscriber: %w", err)
	}
	d.say("subscriber", "subscribed to %s", demoTopic)
	d.say("caller", "calls %s(2, 40)", demoProcedure)
	sum, err := client.Call[int](ctx, caller, demoProcedure, client.Args{2, 40}, nil)
	if err != nil {
		return fmt.Errorf("caller: %w", err)
	}
	d.say("caller", "got the result %d", sum)
	select {
	case <-seen:
		return nil
	case <-subscriber.Done():
		return subscriber.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// find is the registry of components that the node of the demonstration has.
func (d *demo) find(class string) (component.Factory, error) {
	if class != "demo.Adder" {
		return nil, fmt.Errorf("no component %q is part of the demonstration", class)
	}
	return func(component.Config) (component.Component, error) { return adder{d}, nil }, nil
}

// adder is a component that adds two numbers, and says so to whom it concerns.
type adder struct{ d *demo }

// Join offers the procedure.
func (a adder) Join(ctx context.Context, s *client.Session) error {
	d := a.d
	d.say("component", "joined %s as session %d, speaking %s", s.Realm(), s.ID(), wamp.SerializerMsgPack)
	add := func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		var terms [2]int
		if err := inv.Decode(&terms, nil); err != nil {
			return client.Reply{}, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
		}
		d.say("component", "was called with %d and %d", terms[0], terms[1])
		sum := terms[0] + terms[1]
		id, err := s.Publish(ctx, demoTopic, client.Args{sum}, &client.PublishOptions{Acknowledge: true})
		if err != nil {
			return client.Reply{}, err
		}
		d.say("component", "published to %s; the router calls it publication %d", demoTopic, id)
		return client.Return(sum), nil
	}
	if _, err := s.Register(ctx, demoProcedure, add, nil); err != nil {
		return err
	}
	d.say("component", "registered %s", demoProcedure)
	d.once.Do(func() { close(d.ready) })
	return nil
}

func (d *demo) say(who, format string, args ...any) {
	d.out.text("%5.1f ms  %-10s  %s", float64(time.Since(d.started).Microseconds())/1000, who, fmt.Sprintf(format, args...))
}
