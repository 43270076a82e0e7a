package node

import (
	"fmt"
	"log/slog"
	"slices"

	"github.com/junctorio/junctor/internal/config"
)

// exit says that a worker, or a part of one, has ended by itself.
type exit struct {
	of   string // such as "container worker001"
	kind exitKind
	gone bool  // nothing is left of the worker
	ends bool  // the configuration says of this part that it ends the node
	err  error // how it failed; nil if it ended in order
}

type exitKind uint8

const (
	ofRouter exitKind = iota
	ofContainer
	ofGuest
	ofComponent
)

// exit is that of a component that has failed for good.
func (h *hosted) exit(worker string, err error) exit {
	return exit{of: fmt.Sprintf("component %s of %s", h.id, worker), kind: ofComponent, ends: h.endsNode, err: err}
}

// Error says what ended, and how.
func (e *exit) Error() string {
	if e.err == nil {
		return e.of + " has ended"
	}
	return fmt.Sprintf("%s: %v", e.of, e.err)
}

// Unwrap returns how it failed.
func (e *exit) Unwrap() error { return e.err }

func (e *exit) log(log *slog.Logger) {
	if e.err == nil {
		log.Info("ended", "what", e.of)
		return
	}
	log.Error("failed", "what", e.of, "err", e.err)
}

// endsNode reports whether the node ends because of e, by the controller's
// rules (nil: none were given), when so many workers are left. Without rules of
// its own a node ends with its routers and containers, but not with a guest,
// whose end Crossbar.io does not see either.
func (e *exit) endsNode(rules []config.ShutdownRule, left int) bool {
	rule := func(r config.ShutdownRule) bool { return slices.Contains(rules, r) }
	switch {
	case e.kind == ofComponent:
		return e.ends
	case rules == nil:
		return e.kind != ofGuest
	}
	return rule(config.ShutdownOnWorkerExit) ||
		rule(config.ShutdownOnWorkerExitWithError) && e.err != nil ||
		rule(config.ShutdownOnLastWorkerExit) && e.gone && left == 0
}
