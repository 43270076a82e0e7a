package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// DefaultShutdownTimeout bounds how long a node waits for its clients at the end.
const DefaultShutdownTimeout = 10 * time.Second

// Options configure a Node. Zero fields mean the defaults.
type Options struct {
	// Logger receives the log of the node and its routers; nil discards it.
	Logger *slog.Logger

	// Agent is what routers call themselves in WELCOME; empty means "junctor".
	Agent string

	// ShutdownTimeout is how long clients may take at the end to answer
	// GOODBYE and to read what is queued for them. Default
	// DefaultShutdownTimeout.
	ShutdownTimeout time.Duration
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = DefaultShutdownTimeout
	}
	return o
}

// Node is a configuration come to life.
type Node struct {
	opts    Options
	rules   []config.ShutdownRule
	workers []*worker
}

// worker is a router and its transports.
type worker struct {
	id     string
	router *router.Router
	realms []wamp.URI
	doors  []door
}

// door is a listening transport.
type door struct {
	id       string
	listener transport.Listener
	endpoint Endpoint
	access   router.Access
}

// Endpoint says where clients reach a router.
type Endpoint struct {
	Worker      string // its id
	Transport   string // its id
	URL         string // for a client on this machine
	Addr        net.Addr
	Realms      []wamp.URI
	Serializers []wamp.SerializerNumber
}

// Endpoints returns where the node's routers listen, in the configuration's order.
func (n *Node) Endpoints() []Endpoint {
	var all []Endpoint
	for _, w := range n.workers {
		for _, d := range w.doors {
			all = append(all, d.endpoint)
		}
	}
	return all
}

// Run serves until ctx ends, then shuts down: no connection is accepted any
// more, every client is told GOODBYE wamp.close.system_shutdown and gets what
// is queued for it, and what is left after Options.ShutdownTimeout is cut. The
// error is nil after an orderly end; it says so if clients had to be cut, or
// which transport failed if that ended the node. Run is called once, and
// everything of the node has ended when it returns.
func (n *Node) Run(ctx context.Context) error {
	var group errgroup.Group
	ended := make(chan error)
	for _, w := range n.workers {
		for _, d := range w.doors {
			group.Go(func() error {
				ended <- n.serve(w, d)
				return nil
			})
		}
	}
	n.announce()
	failure := n.supervise(ctx, ended)
	n.opts.Logger.Info("node stopping", "reason", reason(ctx, failure))
	drained := make(chan error, 1)
	go func() { drained <- n.shutdown() }()
	go func() { group.Wait(); close(ended) }()
	for err := range ended { // nobody may wait for a reader of the channel
		failure = errors.Join(failure, err)
	}
	err := errors.Join(failure, <-drained)
	n.opts.Logger.Info("node stopped")
	return err
}

func reason(ctx context.Context, failure error) string {
	if failure != nil {
		return failure.Error()
	}
	return context.Cause(ctx).Error()
}

// serve accepts connections until the listener is closed or fails.
func (n *Node) serve(w *worker, d door) error {
	err := d.listener.Serve(func(conn transport.Conn) {
		// The router logs what becomes of a session; ending it at shutdown is
		// the router's business too, so the context never ends by itself.
		_ = w.router.Attach(context.Background(), conn, d.access)
	})
	if err != nil {
		return fmt.Errorf("transport %s: %w", d.id, err)
	}
	return nil
}

// supervise waits until ctx ends, or a transport fails and the controller's
// rules say that the node ends with it.
func (n *Node) supervise(ctx context.Context, ended <-chan error) error {
	left := len(n.Endpoints())
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-ended:
			left--
			n.opts.Logger.Error("transport failed", "err", err)
			if n.endsNode(left) {
				return err
			}
		}
	}
}

// endsNode reports whether a failed transport ends the node. Its worker can no
// longer do its work, which is what the rules call a worker's exit.
func (n *Node) endsNode(left int) bool {
	rule := func(r config.ShutdownRule) bool { return slices.Contains(n.rules, r) }
	return len(n.rules) == 0 ||
		rule(config.ShutdownOnWorkerExit) || rule(config.ShutdownOnWorkerExitWithError) ||
		rule(config.ShutdownOnLastWorkerExit) && left == 0
}

// shutdown closes the listeners of all workers, then ends all sessions.
func (n *Node) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), n.opts.ShutdownTimeout)
	defer cancel()
	n.closeListeners()
	var group errgroup.Group
	for _, w := range n.workers {
		group.Go(func() error {
			if err := w.router.Shutdown(ctx); err != nil {
				return fmt.Errorf("worker %s: some clients did not leave within %v and were cut off", w.id, n.opts.ShutdownTimeout)
			}
			return nil
		})
	}
	return group.Wait()
}

// Close undoes Open where Run is not to be called.
func (n *Node) Close() {
	n.closeListeners()
	for _, w := range n.workers {
		w.router.Close()
	}
}

func (n *Node) closeListeners() {
	for _, w := range slices.Backward(n.workers) {
		for _, d := range slices.Backward(w.doors) {
			if err := d.listener.Close(); err != nil {
				n.opts.Logger.Warn("closing a transport", "transport", d.id, "err", err)
			}
		}
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

// announce logs what an operator wants to see of a start.
func (n *Node) announce() {
	for _, w := range n.workers {
		n.opts.Logger.Info("router started", "worker", w.id, "realms", w.realms)
		for _, d := range w.doors {
			n.opts.Logger.Info("transport listening", "worker", w.id, "transport", d.id, "url", d.endpoint.URL, "serializers", names(d.endpoint.Serializers))
		}
	}
	if len(n.workers) == 0 {
		n.opts.Logger.Warn("nothing to do: the configuration has no workers that are enabled")
	}
}
