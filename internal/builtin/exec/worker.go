package exec

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/wamp"
)

// worker keeps a long-lived command running.
type worker struct {
	command *command
	log     *slog.Logger

	mu   sync.Mutex    // guards the fields below
	now  *process      // nil while there is none
	up   chan struct{} // closed once now is set; a new one while it is nil
	down error         // why now is nil
}

func newWorker(c *command, log *slog.Logger) *worker {
	return &worker{command: c, log: log, up: make(chan struct{}), down: fmt.Errorf("the process has not started")}
}

// supervise starts the process anew whenever it ends, until ctx ends. The
// first one, p, runs already.
func (w *worker) supervise(ctx context.Context, p *process) {
	for failures := 0; p != nil; {
		began := time.Now()
		err := p.wait()
		w.lost(err)
		if time.Since(began) > time.Duration(w.command.Restart.Max) {
			failures = 0
		}
		p = w.restart(ctx, err, &failures)
	}
}

// restart waits and starts a process, as often as it takes. It returns nil
// when ctx has ended.
func (w *worker) restart(ctx context.Context, err error, failures *int) (p *process) {
	for err != nil {
		if ctx.Err() != nil {
			return nil
		}
		*failures++
		delay := w.command.Restart.Delay(*failures)
		w.log.Warn("process is started again", "err", err, "delay", delay)
		if extra.Sleep(ctx, delay) != nil {
			return nil
		}
		p, err = w.start(ctx)
	}
	return p
}

// start starts a process and lets calls and events have it.
func (w *worker) start(ctx context.Context) (*process, error) {
	p, err := w.command.start(ctx, w.log)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.down = err
		return nil, err
	}
	w.now = p
	close(w.up)
	return p, nil
}

func (w *worker) lost(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.down, w.up = nil, err, make(chan struct{})
}

// current returns the process, or why there is none.
func (w *worker) current() (*process, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now == nil {
		return nil, fmt.Errorf("%w: %w; it is started again", wamp.ErrUnavailable, w.down)
	}
	return w.now, nil
}

// await returns the process, once there is one.
func (w *worker) await(ctx context.Context) (*process, error) {
	for {
		w.mu.Lock()
		p, up := w.now, w.up
		w.mu.Unlock()
		if p != nil {
			return p, nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// answerCall has the process answer a call.
func (w *worker) answerCall(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	p, err := w.current()
	if err != nil {
		return client.Reply{}, err
	}
	ctx, cancel := w.command.withTimeout(ctx)
	defer cancel()
	c := p.begin()
	defer p.finish(c)
	line, err := requestLine(c.id, inv.Payload, callDetails(inv))
	if err != nil {
		return client.Reply{}, err
	}
	if err := p.send(ctx, line); err != nil {
		return client.Reply{}, explain(err)
	}
	final, err := p.collect(ctx, c, inv)
	if err != nil {
		p.abandon(c)
		return client.Reply{}, explain(err)
	}
	return final.reply()
}

// collect takes answers until the final one.
func (p *process) collect(ctx context.Context, c *pending, inv *client.Invocation) (answer, error) {
	for {
		select {
		case a := <-c.answers:
			if !a.progress || a.err != nil {
				return a, nil
			}
			if err := inv.Progress(ctx, a.args, a.kwargs); err != nil {
				return answer{}, err
			}
		case <-p.done:
			return answer{}, p.err
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}

// takeEvent hands an event to the process. While there is none, it waits, and
// the events behind this one wait too.
func (w *worker) takeEvent(ctx context.Context, ev *client.Event) error {
	line, err := requestLine(0, ev.Payload, eventDetails(ev))
	if err != nil {
		return err
	}
	p, err := w.await(ctx)
	if err != nil {
		return err
	}
	return p.send(ctx, line)
}
