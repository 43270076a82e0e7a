package link

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// drainTimeout is how long events that wait are still passed on at the end. It
// leaves time to say goodbye within component.LeaveTimeout.
const drainTimeout = 3 * time.Second

// bridge is the link of one local session.
type bridge struct {
	config   *config
	log      *slog.Logger
	local    *end
	upstream *end
	client   *client.Client // keeps upstream's session alive
	up, down *lane

	stop    context.CancelFunc // ends all goroutines at once
	running sync.WaitGroup     // the client
	passing sync.WaitGroup     // the lanes
}

// newBridge makes a bridge of a local session, with everything declared
// upstream that goes down.
func (c *Component) newBridge(s *client.Session) (*bridge, error) {
	b := &bridge{config: c.config, log: c.log, local: newEnd("local"), upstream: newEnd("upstream")}
	b.local.set(s)
	b.up, b.down = b.newLane(up, b.local, b.upstream), b.newLane(down, b.upstream, b.local)
	var err error
	if b.client, err = c.newClient(b.upstream); err != nil {
		return nil, fmt.Errorf("extra.upstream: %w", err)
	}
	return b, b.declareUpstream()
}

// newClient makes the client that keeps a session at an end.
func (c *Component) newClient(e *end) (*client.Client, error) {
	u := &c.config.Upstream
	opts := client.Options{
		Realm:      u.Realm,
		Serializer: wamp.SerializerNumber(u.Serializer),
		Logger:     c.log.With("end", e.name),
	}
	var err error
	if opts.Signers, err = u.Auth.signers(u.dir); err != nil {
		return nil, err
	}
	supervision := c.supervision
	supervision.OnUp = e.set
	supervision.OnDown = func(error) { e.set(nil) }
	if supervision.Dial != nil {
		return client.New("", opts, supervision)
	}
	if opts.TLS, err = u.TLS.load(u.dir); err != nil {
		return nil, err
	}
	return client.New(u.URL, opts, supervision)
}

func (c *config) backoff() client.Backoff {
	return client.Backoff{
		Initial: time.Duration(c.Upstream.Reconnect.Initial),
		Max:     time.Duration(c.Upstream.Reconnect.Max),
	}
}

// declareUpstream declares what goes down.
func (b *bridge) declareUpstream() error {
	return b.begin(b.down,
		func(uri wamp.URI, h client.EventHandler, o *client.SubscribeOptions) error {
			_, err := b.client.Subscribe(uri, h, o)
			return err
		},
		func(uri wamp.URI, h client.InvocationHandler, o *client.RegisterOptions) error {
			_, err := b.client.Register(uri, h, o)
			return err
		})
}

// joinLocal subscribes and registers what goes up.
func (b *bridge) joinLocal(ctx context.Context, s *client.Session) error {
	return b.begin(b.up,
		func(uri wamp.URI, h client.EventHandler, o *client.SubscribeOptions) error {
			_, err := s.Subscribe(ctx, uri, h, o)
			return err
		},
		func(uri wamp.URI, h client.InvocationHandler, o *client.RegisterOptions) error {
			_, err := s.Register(ctx, uri, h, o)
			return err
		})
}

// begin subscribes to all topics and registers all procedures of one way.
func (b *bridge) begin(
	l *lane,
	subscribe func(wamp.URI, client.EventHandler, *client.SubscribeOptions) error,
	register func(wamp.URI, client.InvocationHandler, *client.RegisterOptions) error,
) error {
	for i, t := range b.config.Topics {
		if t.Direction&l.way == 0 {
			continue
		}
		if err := subscribe(t.URI, l.handler(i), t.options()); err != nil {
			return fmt.Errorf("extra.topics[%d]: %w", i, err)
		}
	}
	for i, p := range b.config.Procedures {
		if p.Direction&l.way == 0 {
			continue
		}
		if err := register(p.URI, b.forward(l.from, l.to), p.options()); err != nil {
			return fmt.Errorf("extra.procedures[%d]: %w", i, err)
		}
	}
	return nil
}

func (t topic) options() *client.SubscribeOptions {
	return &client.SubscribeOptions{Match: wamp.Match(t.Match)}
}

func (p procedure) options() *client.RegisterOptions {
	return &client.RegisterOptions{Match: wamp.Match(p.Match), Invoke: wamp.Invoke(p.Invoke), MaxHandlers: p.Concurrency}
}

// start starts the goroutines for the local session s. The context joined is
// that of Join.
func (b *bridge) start(joined context.Context, s *client.Session) {
	life, stop := context.WithCancel(context.Background())
	b.stop = stop
	for _, l := range []*lane{b.up, b.down} {
		b.passing.Go(func() { l.run(life, joined) })
	}
	b.running.Go(func() {
		if err := b.client.Run(life); life.Err() == nil {
			b.log.Error("link gives up its upstream realm", "err", err)
			_ = s.Close() // whoever runs the component sees that it has ended
		}
	})
}

// end passes on what waits, then ends everything and waits for it.
func (b *bridge) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	defer context.AfterFunc(ctx, b.stop)()
	b.up.queue.Close()
	b.down.queue.Close()
	b.passing.Wait()
	b.stop()
	b.running.Wait()
}
