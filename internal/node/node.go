package node

import (
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/wamp"
)

// DefaultShutdownTimeout bounds how long a node waits for its clients at the end.
const DefaultShutdownTimeout = 10 * time.Second

// Options configure a Node. Zero fields mean the defaults.
type Options struct {
	// Logger receives the log of the node and all that it runs; nil discards it.
	Logger *slog.Logger

	// Agent is what routers and components call themselves; empty means the
	// defaults of packages router and client.
	Agent string

	// ShutdownTimeout is how long clients may take at the end to answer
	// GOODBYE and to read what is queued for them, and, before that, how long
	// components may take to end. Default DefaultShutdownTimeout.
	ShutdownTimeout time.Duration

	// Components finds what makes the components of a class. Nil means those
	// that are part of junctor or registered with package component.
	Components func(class string) (component.Factory, error)
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = DefaultShutdownTimeout
	}
	if o.Components == nil {
		o.Components = builtin.Find
	}
	return o
}

// Node is a configuration come to life.
type Node struct {
	opts       Options
	rules      []config.ShutdownRule // nil: the default ones
	routers    []*routerWorker
	containers []*container
	guests     []*guestWorker // in the order of starting
	sightings  *sightings
	tickets    *ticketOffice
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
	for _, w := range n.routers {
		for _, d := range w.doors {
			all = append(all, d.endpoint)
		}
	}
	return all
}

// Close undoes Open where Run is not to be called.
func (n *Node) Close() {
	n.closeListeners()
	for _, w := range n.routers {
		w.router.Close()
	}
}

func (n *Node) closeListeners() {
	for _, w := range slices.Backward(n.routers) {
		for _, d := range slices.Backward(w.doors) {
			if err := d.listener.Close(); err != nil {
				n.opts.Logger.Warn("closing a transport", "transport", d.id, "err", err)
			}
		}
	}
}
