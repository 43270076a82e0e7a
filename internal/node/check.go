package node

import (
	"log/slog"
	"strings"

	"github.com/junctorio/junctor/internal/config"
)

// Check returns what Open finds, and leaves nothing open. Known is what was
// found when the configuration was read: where there are errors, what is not
// affected by them is checked all the same. An address that is taken is a
// warning here: it may be the running node that is being checked.
func Check(cfg *config.Node, known config.Findings, opts Options) config.Findings {
	if known.HasErrors() {
		cfg = sound(cfg, known)
	}
	opts.Logger = slog.New(slog.DiscardHandler)
	n, findings := Open(cfg, opts)
	if n != nil {
		n.Close()
	}
	for i, f := range findings {
		if f.Kind == kindTaken {
			findings[i].Severity = config.Warning
		}
	}
	return findings
}

// sound returns the routers and containers without errors and, of the other
// routers, the transports without. Guests are left out: they are told where
// all routers listen. Cfg is nil if the file could not be parsed.
func sound(cfg *config.Node, known config.Findings) *config.Node {
	var rest config.Node
	if cfg == nil {
		return &rest
	}
	rest.Dir = cfg.Dir
	for _, w := range cfg.Workers {
		broken := hasErrors(w.At(), known)
		switch {
		case w.Guest != nil, broken && w.Router == nil:
			continue
		case broken:
			w.Router = &config.Router{Transports: soundTransports(w.Router, known)}
		}
		rest.Workers = append(rest.Workers, w)
	}
	return &rest
}

func soundTransports(r *config.Router, known config.Findings) []config.Transport {
	var list []config.Transport
	for _, t := range r.Transports {
		if !hasErrors(t.At(), known) {
			list = append(list, t)
		}
	}
	return list
}

// hasErrors reports whether there are errors at the place or within it.
func hasErrors(at config.Position, known config.Findings) bool {
	for _, f := range known {
		rest, within := strings.CutPrefix(f.Path, at.Path)
		if within && f.Severity == config.Error && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}
