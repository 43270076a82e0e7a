package link

import (
	"context"
	"log/slog"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Dialing is New with another way to the upstream realm than its URL.
func Dialing(dial func(context.Context) (transport.Conn, error)) component.Factory {
	return func(cfg component.Config) (component.Component, error) {
		c, err := New(cfg)
		if err != nil {
			return nil, err
		}
		c.(*Component).supervision.Dial = dial
		return c, nil
	}
}

// URL returns where a link finds its upstream realm.
func URL(cfg component.Config) (string, error) {
	c, err := load(cfg)
	if err != nil {
		return "", err
	}
	return c.Upstream.URL, nil
}

// greedy is a bridge from a realm to itself whose only topic matches all.
func greedy() *bridge {
	b := &bridge{
		config: &config{Topics: []topic{{Match: extra.Match(wamp.MatchPrefix), Direction: up}}, Queue: 1, MaxHops: 1},
		log:    slog.New(slog.DiscardHandler),
		local:  newEnd("local"),
	}
	b.upstream = b.local
	b.local.set(new(client.Session))
	return b
}

// TakesCall reports whether a link that gets a call passes it on.
func TakesCall(uri wamp.URI) bool {
	return greedy().refuse(&client.Invocation{Procedure: uri}) == nil
}

// TakesEvent reports whether a link that gets an event passes it on.
func TakesEvent(ctx context.Context, uri wamp.URI) bool {
	b := greedy()
	l := b.newLane(up, b.local, b.upstream)
	l.handler(0)(ctx, &client.Event{Topic: uri})
	return l.queue.Len() == 1
}
