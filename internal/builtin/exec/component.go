package exec

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/wamp"
)

// Component serves procedures and topics by commands.
type Component struct {
	procedures []servedProcedure // constant
	topics     []servedTopic     // constant

	stop context.CancelFunc // ends the workers; nil before the first Join
	wg   sync.WaitGroup     // waits for the workers
}

// served is a command and, if it is long-lived, what keeps it running.
type served struct {
	command *command
	worker  *worker // nil in mode per-call
	log     *slog.Logger
}

type servedProcedure struct {
	served
	procedure
}

type servedTopic struct {
	served
	topic
}

// New is the component.Factory of junctor.Exec.
func New(cfg component.Config) (component.Component, error) {
	loaded, err := load(cfg)
	if err != nil {
		return nil, err
	}
	c := new(Component)
	for _, p := range loaded.Procedures {
		sp := servedProcedure{procedure: p}
		sp.served = serve(&sp.procedure.command, cfg.Log().With("uri", p.URI))
		c.procedures = append(c.procedures, sp)
	}
	for _, t := range loaded.Topics {
		st := servedTopic{topic: t}
		st.served = serve(&st.topic.command, cfg.Log().With("uri", t.URI))
		c.topics = append(c.topics, st)
	}
	return c, nil
}

func serve(c *command, log *slog.Logger) served {
	own := *c
	s := served{command: &own, log: log}
	if own.Mode == longLived {
		s.worker = newWorker(&own, log)
	}
	return s
}

// Join registers the procedures and subscribes to the topics. The first Join
// looks for the commands and starts the long-lived ones; if one is not there,
// that is its error.
func (c *Component) Join(ctx context.Context, s *client.Session) error {
	if c.stop == nil {
		if err := c.begin(); err != nil {
			return err
		}
	}
	for i := range c.procedures {
		p := &c.procedures[i]
		if _, err := s.Register(ctx, p.URI, p.answer, &client.RegisterOptions{
			Match: wamp.Match(p.Match), Invoke: wamp.Invoke(p.Invoke), MaxHandlers: p.Concurrency,
		}); err != nil {
			return fmt.Errorf("extra.procedures[%d]: %w", i, err)
		}
	}
	for i := range c.topics {
		t := &c.topics[i]
		if _, err := s.Subscribe(ctx, t.URI, t.handle, &client.SubscribeOptions{Match: wamp.Match(t.Match)}); err != nil {
			return fmt.Errorf("extra.topics[%d]: %w", i, err)
		}
	}
	return nil
}

// begin starts the long-lived processes, which live until Close.
func (c *Component) begin() error {
	var life context.Context
	life, c.stop = context.WithCancel(context.Background())
	for i := range c.procedures {
		if err := c.beginOne(life, &c.procedures[i].served); err != nil {
			return fmt.Errorf("extra.procedures[%d].%w", i, err)
		}
	}
	for i := range c.topics {
		if err := c.beginOne(life, &c.topics[i].served); err != nil {
			return fmt.Errorf("extra.topics[%d].%w", i, err)
		}
	}
	return nil
}

func (c *Component) beginOne(life context.Context, s *served) error {
	if err := s.command.find(); err != nil {
		return err
	}
	if s.worker == nil {
		return nil
	}
	p, err := s.worker.start(life)
	if err != nil {
		return fmt.Errorf("command: %w", err)
	}
	c.wg.Go(func() { s.worker.supervise(life, p) })
	return nil
}

// Close ends the long-lived processes: their input ends, and those that have
// not ended after their grace, or when the context ends, are killed. It waits
// for all of them.
func (c *Component) Close(ctx context.Context) error {
	if c.stop == nil {
		return nil
	}
	c.stop()
	inTime := context.AfterFunc(ctx, c.kill)
	c.wg.Wait()
	if !inTime() {
		return fmt.Errorf("processes were killed: %w", context.Cause(ctx))
	}
	return nil
}

// kill kills the long-lived processes. There will be no others, since Close
// has stopped the workers.
func (c *Component) kill() {
	for i := range c.procedures {
		c.procedures[i].kill()
	}
	for i := range c.topics {
		c.topics[i].kill()
	}
}

func (s *served) kill() {
	if s.worker == nil {
		return
	}
	if p, err := s.worker.current(); err == nil {
		p.kill()
	}
}

func (s *served) answer(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	if s.worker != nil {
		return s.worker.answerCall(ctx, inv)
	}
	return s.command.answerCall(ctx, inv, s.log)
}

func (s *served) handle(ctx context.Context, ev *client.Event) {
	var err error
	if s.worker != nil {
		err = s.worker.takeEvent(ctx, ev)
	} else {
		err = s.command.takeEvent(ctx, ev, s.log)
	}
	if err != nil {
		s.log.Warn("event was not handled", "publication", ev.Publication, "err", err)
	}
}

var _ interface {
	component.Component
	component.Closer
} = (*Component)(nil)
