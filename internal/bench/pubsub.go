package bench

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// PubSubOptions describe who publishes to whom.
type PubSubOptions struct {
	Publishers  int           // sessions that publish, at least 1
	Subscribers int           // sessions that each get every event, at least 1
	Topic       wamp.URI      // which nobody else publishes to
	Size        int           // octets of an event's text
	Timeout     time.Duration // until the last subscriber must have an event; 0: none
}

// PubSub publishes events. A publication has ended when the last subscriber
// has got it; each delivery is observed.
func PubSub(ctx context.Context, connect Connect, o PubSubOptions, l Load) (*Report, error) {
	if o.Publishers < 1 || o.Subscribers < 1 || o.Size < 0 {
		return nil, impossible("%d publishers, %d subscribers, %d octets: want at least one publisher and one subscriber, and no negative numbers", o.Publishers, o.Subscribers, o.Size)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	var s sessions
	defer s.close()
	f := &fanOut{opts: o, text: strings.Repeat("x", o.Size), pending: make([]atomic.Pointer[publication], l.Concurrency)}
	var err error
	if f.publishers, err = s.open(ctx, connect, o.Publishers); err != nil {
		return nil, err
	}
	// The first event is acknowledged: later ones would be refused silently.
	if _, err := f.publishers[0].Publish(ctx, o.Topic, nil, &client.PublishOptions{Acknowledge: true}); err != nil {
		return nil, fmt.Errorf("publish to %s: %w", o.Topic, err)
	}
	if err := f.subscribe(ctx, &s, connect); err != nil {
		return nil, err
	}
	report, err := Run(ctx, l, f.publish)
	if report != nil {
		report.Kind = "pubsub"
	}
	return report, err
}

// fanOut follows publications to all their subscribers. Each worker of the
// load has one publication on its way, named in the event by the worker and a
// number.
type fanOut struct {
	opts       PubSubOptions
	text       string
	publishers []*client.Session
	pending    []atomic.Pointer[publication] // by worker
	numbers    atomic.Int64
}

type publication struct {
	number  int64
	observe func(time.Time)
	missing atomic.Int64 // subscribers that do not have it yet
	done    chan struct{}
}

func (f *fanOut) subscribe(ctx context.Context, s *sessions, connect Connect) error {
	subscribers, err := s.open(ctx, connect, f.opts.Subscribers)
	if err != nil {
		return err
	}
	for _, subscriber := range subscribers {
		if _, err := subscriber.Subscribe(ctx, f.opts.Topic, f.event, nil); err != nil {
			return fmt.Errorf("subscribe to %s: %w", f.opts.Topic, err)
		}
	}
	return nil
}

func (f *fanOut) publish(ctx context.Context, worker int, observe func(time.Time)) error {
	ctx, cancel := within(ctx, f.opts.Timeout)
	defer cancel()
	p := &publication{number: f.numbers.Add(1), observe: observe, done: make(chan struct{})}
	p.missing.Store(int64(f.opts.Subscribers))
	f.pending[worker].Store(p)
	defer f.pending[worker].Store(nil)
	publisher := f.publishers[worker%len(f.publishers)]
	if _, err := publisher.Publish(ctx, f.opts.Topic, client.Args{worker, p.number, f.text}, nil); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-publisher.Done():
		return publisher.Err()
	case <-ctx.Done():
		return fmt.Errorf("not all subscribers got the event: %w", ctx.Err())
	}
}

// event is called for each delivery.
func (f *fanOut) event(_ context.Context, ev *client.Event) {
	now := time.Now()
	var args []any
	if err := ev.Decode(&args, nil); err != nil || len(args) != 3 {
		return // not ours
	}
	worker, _ := args[0].(int64)
	number, _ := args[1].(int64)
	if worker < 0 || worker >= int64(len(f.pending)) {
		return
	}
	p := f.pending[worker].Load()
	if p == nil || p.number != number {
		return // given up
	}
	p.observe(now)
	if p.missing.Add(-1) == 0 {
		close(p.done)
	}
}
