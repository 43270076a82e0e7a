package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/builtin/backlog"
	"github.com/junctorio/junctor/wamp"
)

// event is one that waits to be published at the other end.
type event struct {
	topic       wamp.URI
	acknowledge bool
	attributes  *wamp.Attributes
	payload     wamp.Payload
}

// lane passes events on one way: the handlers of its subscriptions push them
// into its queue, and run publishes them, one after the other.
type lane struct {
	bridge   *bridge
	way      direction // up or down
	from, to *end
	log      *slog.Logger
	queue    *backlog.Backlog[event]

	mu   sync.Mutex // guards the field below
	lost int        // events in a row, until now
}

func (b *bridge) newLane(way direction, from, to *end) *lane {
	return &lane{
		bridge: b,
		way:    way,
		from:   from,
		to:     to,
		log:    b.log.With("direction", directions[way]),
		queue:  backlog.New(b.config.Queue, b.config.QueueBytes, func(ev event) int { return len(ev.payload.Bytes) }),
	}
}

// handler returns the handler of the events of config.Topics[i].
func (l *lane) handler(i int) client.EventHandler {
	t := l.bridge.config.Topics[i]
	return func(ctx context.Context, ev *client.Event) {
		if ev.Lost > 0 {
			l.drop(ev.Lost, errors.New("events came faster than they could be queued"))
		}
		if ev.Topic.Reserved() || l.taken(i, ev.Topic) {
			return
		}
		source, err := l.from.await(ctx) // upstream's is there a moment after its first event
		if err != nil {
			l.drop(1, err)
			return
		}
		if l.bridge.passed(ev.Attributes) || hops(ev.Attributes) >= l.bridge.config.MaxHops {
			return
		}
		if taken, _ := l.queue.Push(event{ev.Topic, t.Acknowledge, onward(ev.Attributes, source), ev.Payload}); !taken {
			l.drop(1, errors.New("too many events wait to be passed on"))
		}
	}
}

// taken reports whether an earlier entry passes the events of a topic on. The
// router sends one to each subscription that matches (PSUB-1).
func (l *lane) taken(i int, uri wamp.URI) bool {
	for _, t := range l.bridge.config.Topics[:i] {
		if t.Direction&l.way != 0 && uri.Matches(t.URI, wamp.Match(t.Match)) {
			return true
		}
	}
	return false
}

// run passes events on until the queue is closed and empty, or ctx ends. While
// the other realm is away it waits for it no longer than joined lasts.
func (l *lane) run(ctx, joined context.Context) {
	for {
		ev, ok := l.queue.Pop(ctx)
		if !ok {
			break
		}
		if err := l.pass(ctx, joined, ev); err != nil {
			l.drop(1, err)
		} else {
			l.resume()
		}
	}
	if left := l.queue.Len(); left > 0 {
		l.drop(left, errors.New("the link has ended"))
	}
	l.resume()
}

// pass publishes an event at the other end. With keep it does not give up
// because that is lost: what was not sent, or not acknowledged where that was
// asked for, is sent again.
func (l *lane) pass(ctx, joined context.Context, ev event) error {
	for {
		s, err := l.target(joined)
		if err != nil {
			return err
		}
		_, err = s.Publish(ctx, ev.topic, nil, &client.PublishOptions{
			Payload:     ev.payload,
			Attributes:  ev.attributes,
			Acknowledge: ev.acknowledge,
		})
		if !l.bridge.config.Keep || !errors.Is(err, net.ErrClosed) {
			return err
		}
		select {
		case <-s.Done():
		case <-ctx.Done():
			return err
		}
	}
}

func (l *lane) target(joined context.Context) (*client.Session, error) {
	if s := l.to.present(); s != nil {
		return s, nil
	}
	if !l.bridge.config.Keep {
		return nil, errAway(l.to)
	}
	s, err := l.to.await(joined)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errAway(l.to), err)
	}
	return s, nil
}

// drop counts events that are not passed on, and says so for the first in a row.
func (l *lane) drop(n int, reason error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost == 0 {
		l.log.Warn("link drops events", "err", reason)
	}
	l.lost += n
}

// resume says how many events were lost in a row, if any.
func (l *lane) resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost > 0 {
		l.log.Warn("link has dropped events", "dropped", l.lost)
	}
	l.lost = 0
}
