// Package httpforwarder is the built-in component junctor.HTTPForwarder: it
// posts the events of topics to URLs, as JSON. docs/components.md describes
// its configuration and what is posted.
//
// Events wait in a bounded queue per subscription (package backlog), from which one
// goroutine per subscription posts them in order and tries again with back-off
// (forward.go). The component owns both from its first Join until Close, so
// that what waits survives the loss of a session.
package httpforwarder

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/backlog"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/wamp"
)

// Component forwards events.
type Component struct {
	http       *http.Client
	forwarders []*forwarder

	stop context.CancelFunc // ends the forwarders; nil before the first Join
	wg   sync.WaitGroup     // waits for the forwarders
}

// New is the component.Factory of junctor.HTTPForwarder.
func New(cfg component.Config) (component.Component, error) {
	loaded, err := load(cfg)
	if err != nil {
		return nil, err
	}
	c := &Component{http: &http.Client{
		Transport: extra.Transport(len(loaded.Subscriptions)),
		// Following would turn the post into a GET.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	for _, s := range loaded.Subscriptions {
		c.forwarders = append(c.forwarders, &forwarder{
			config:       loaded,
			subscription: s,
			http:         c.http,
			log:          cfg.Log().With("uri", s.Topic),
			queue:        backlog.New(loaded.Queue, loaded.QueueBytes, func(p post) int { return len(p.body) }),
		})
	}
	return c, nil
}

// Join subscribes to the topics.
func (c *Component) Join(ctx context.Context, s *client.Session) error {
	if c.stop == nil {
		var life context.Context
		life, c.stop = context.WithCancel(context.Background())
		for _, f := range c.forwarders {
			c.wg.Go(func() { f.run(life) })
		}
	}
	for i, f := range c.forwarders {
		if _, err := s.Subscribe(ctx, f.Topic, f.take, &client.SubscribeOptions{Match: wamp.Match(f.Match)}); err != nil {
			return fmt.Errorf("extra.subscriptions[%d]: %w", i, err)
		}
	}
	return nil
}

// Close forwards what waits, until the context ends. The error says how many
// events were left.
func (c *Component) Close(ctx context.Context) error {
	if c.stop == nil {
		return nil
	}
	defer c.stop()
	defer context.AfterFunc(ctx, c.stop)()
	unsent := 0
	for _, f := range c.forwarders {
		f.queue.Close()
	}
	c.wg.Wait()
	for _, f := range c.forwarders {
		unsent += f.unsent
		f.unsent = 0
	}
	c.http.CloseIdleConnections()
	if unsent > 0 {
		return fmt.Errorf("%d events were not forwarded: %w", unsent, context.Cause(ctx))
	}
	return nil
}
