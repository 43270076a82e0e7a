package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// embedPatience is how long transports wait for components within routers to
// join. One that takes longer may itself wait for a client.
const embedPatience = 30 * time.Second

// Run runs the node until ctx ends, or until something in it ends that ends
// the node by the configuration's rules. The components within routers join
// first; once they have, or have failed, transports accept clients; then the
// components of containers are started, whose routers may be away, and the
// guests.
//
// The end: no connection is accepted any more; guests are told to end, then
// components; then every client is told GOODBYE wamp.close.system_shutdown and
// gets what is queued for it, and what is left after Options.ShutdownTimeout
// is cut. The error is nil after an orderly end; it says so if somebody had to
// be cut, or what failed if that ended the node. Run is called once; when it
// returns, everything of the node has ended, application code excepted that
// did not end in time.
func (n *Node) Run(ctx context.Context) error {
	r := newRun(n)
	r.embed(ctx)
	r.openDoors()
	r.startContainers()
	r.startGuests()
	reason, failure := r.supervise(ctx)
	r.log.Info("node stopping", "reason", reason)
	err := errors.Join(failure, r.stop())
	r.log.Info("node stopped")
	return err
}

// run is a Node that runs: what it has started, in the order of starting.
type run struct {
	node  *Node
	log   *slog.Logger
	exits chan exit // has room for all that can come
	left  int       // workers that have not ended

	embedded   *crew
	doors      *crew
	containers *crew
	guests     *crew
}

func newRun(n *Node) *run {
	r := &run{
		node: n, log: n.opts.Logger, left: len(n.routers) + len(n.containers) + len(n.guests),
		embedded: newCrew(), doors: newCrew(), containers: newCrew(), guests: newCrew(),
	}
	most := len(n.containers) + len(n.guests)
	for _, w := range n.routers {
		most += len(w.doors) + len(w.embedded)
	}
	for _, c := range n.containers {
		most += len(c.hosted)
	}
	r.exits = make(chan exit, most)
	return r
}

// embed starts the components within routers, and waits until each has joined
// or failed.
func (r *run) embed(ctx context.Context) {
	var settled sync.WaitGroup
	for _, w := range r.node.routers {
		r.log.Info("router started", "worker", w.id, "realms", w.realms)
		for _, h := range w.embedded {
			settled.Add(1)
			once := sync.OnceFunc(settled.Done)
			r.embedded.goes(func(ctx context.Context) {
				if err := h.run(ctx, once); err != nil {
					r.exits <- h.exit(w.id, err)
				}
			})
		}
	}
	if !within(ctx, embedPatience, settled.Wait) && ctx.Err() == nil {
		r.log.Warn("transports do not wait any longer for components to join", "waited", embedPatience)
	}
}

// openDoors lets clients in.
func (r *run) openDoors() {
	for _, w := range r.node.routers {
		var left atomic.Int64
		left.Store(int64(len(w.doors)))
		for _, d := range w.doors {
			r.log.Info("transport listening", "worker", w.id, "transport", d.id, "url", d.endpoint.URL, "serializers", names(d.endpoint.Serializers))
			r.doors.goes(func(context.Context) {
				if err := w.serve(d); err != nil {
					r.exits <- exit{of: "transport " + d.id, kind: ofRouter, gone: left.Add(-1) == 0, err: err}
				}
			})
		}
	}
	if r.left == 0 {
		r.log.Warn("nothing to do: the configuration has no workers that are enabled")
	}
}

// serve accepts connections until the listener is closed or fails.
func (w *routerWorker) serve(d door) error {
	return d.listener.Serve(func(conn transport.Conn) {
		// The router logs what becomes of a session; ending it at shutdown is
		// the router's business too, so the context never ends by itself.
		_ = w.router.Attach(context.Background(), conn, d.access)
	})
}

func (r *run) startContainers() {
	for _, c := range r.node.containers {
		r.log.Info("container started", "worker", c.id, "components", len(c.hosted))
		r.containers.goes(func(ctx context.Context) {
			err := c.run(ctx, func(h *hosted, err error) { r.exits <- h.exit(c.id, err) })
			if ctx.Err() == nil {
				r.exits <- exit{of: "container " + c.id, kind: ofContainer, gone: true, err: err}
			}
		})
	}
}

func (r *run) startGuests() {
	for _, g := range r.node.guests {
		r.guests.goes(func(ctx context.Context) {
			err := g.run(ctx)
			if ctx.Err() == nil {
				r.exits <- exit{of: "guest " + g.ID(), kind: ofGuest, gone: true, err: err}
			}
		})
	}
}

// supervise waits until ctx ends, or something that ends the node does.
func (r *run) supervise(ctx context.Context) (reason string, failure error) {
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx).Error(), nil
		case e := <-r.exits:
			e.log(r.log)
			if e.gone {
				r.left--
			}
			switch ends := e.endsNode(r.node.rules, r.left); {
			case ends && e.err != nil:
				return e.Error(), &e
			case ends:
				return e.Error(), nil
			}
		}
	}
}

// stop ends everything, in the opposite order.
func (r *run) stop() error {
	r.node.closeListeners()
	r.guests.end() // each has its own time, and is killed then
	stuck := r.endComponents(r.containers, "containers")
	cut := make(chan error, 1)
	go func() { cut <- r.shutdownRouters() }()
	stuck = errors.Join(stuck, r.endComponents(r.embedded, "routers"))
	err := errors.Join(stuck, <-cut)
	r.doors.end()
	for _, w := range r.node.routers {
		w.inside.Wait()
	}
	return err
}

// endComponents ends application code, whose end nothing can force.
func (r *run) endComponents(c *crew, where string) error {
	if !within(context.Background(), r.node.opts.ShutdownTimeout, c.end) {
		return fmt.Errorf("some components in %s did not end within %v", where, r.node.opts.ShutdownTimeout)
	}
	return nil
}

func (r *run) shutdownRouters() error {
	timeout := r.node.opts.ShutdownTimeout
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	var group errgroup.Group
	for _, w := range r.node.routers {
		group.Go(func() error {
			if err := w.router.Shutdown(ctx); err != nil {
				return fmt.Errorf("worker %s: some clients did not leave within %v and were cut off", w.id, timeout)
			}
			return nil
		})
	}
	return group.Wait()
}

// crew is goroutines that are told to end together.
type crew struct {
	ctx    context.Context
	cancel context.CancelFunc
	group  sync.WaitGroup
}

func newCrew() *crew {
	c := new(crew)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// goes runs f, whose context ends with the crew's work.
func (c *crew) goes(f func(context.Context)) { c.group.Go(func() { f(c.ctx) }) }

// end tells all to end, and waits for that.
func (c *crew) end() {
	c.cancel()
	c.group.Wait()
}

// within calls f and reports whether it returned in time and before ctx ended;
// if not, it goes on by itself.
func within(ctx context.Context, limit time.Duration, f func()) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// names is for the log, where a slice of small numbers would read as octets.
func names(numbers []wamp.SerializerNumber) []string {
	out := make([]string, 0, len(numbers))
	for _, n := range numbers {
		out = append(out, n.String())
	}
	return out
}
