package node

import (
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
)

// WithListeners returns a node of one worker with these listeners.
func WithListeners(opts Options, rules []config.ShutdownRule, listeners ...transport.Listener) *Node {
	w := &worker{id: "worker001", router: router.New(router.Options{})}
	for _, l := range listeners {
		w.doors = append(w.doors, door{id: l.Addr().String(), listener: l})
	}
	return &Node{opts: opts.withDefaults(), rules: rules, workers: []*worker{w}}
}

// KindTaken marks findings about addresses in use.
const KindTaken = kindTaken
