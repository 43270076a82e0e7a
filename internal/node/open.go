package node

import (
	"github.com/junctorio/junctor/internal/config"
)

// Open builds what the configuration describes and takes its addresses; until
// Run nothing is accepted, no component joins and no program is started.
// Findings are sorted; with errors among them the Node is nil and nothing is
// left behind. The configuration must have none itself.
func Open(cfg *config.Node, opts Options) (*Node, config.Findings) {
	opts = opts.withDefaults()
	n := &Node{opts: opts, rules: cfg.Controller.Options.Shutdown, sightings: new(sightings), tickets: newTicketOffice(cfg.Workers)}
	var findings config.Findings
	var guests []config.Worker // they are told where routers listen
	for _, w := range cfg.Workers {
		switch {
		case w.Options.Disabled:
			opts.Logger.Warn("worker is disabled", "worker", w.ID)
		case w.Guest != nil:
			guests = append(guests, w)
		default:
			findings = append(findings, n.openWorker(w, cfg.Dir)...)
		}
	}
	findings = append(findings, n.openGuests(guests)...)
	findings.Sort()
	if findings.HasErrors() {
		n.Close()
		return nil, findings
	}
	return n, findings
}

func (n *Node) openWorker(cfg config.Worker, dir string) config.Findings {
	hosts := hosts{opts: n.opts, dir: dir, tickets: n.tickets, log: n.opts.Logger.With("worker", cfg.ID)}
	switch {
	case cfg.Router != nil:
		w, findings := openRouter(cfg, hosts, n.sightings)
		n.routers = append(n.routers, w)
		return findings
	case cfg.Container != nil:
		c, findings := openContainer(cfg, hosts)
		n.containers = append(n.containers, c)
		return findings
	}
	f := cfg.At("type").Problem("remove or disable the worker", "a worker of type %q is not yet supported", cfg.Type)
	f.Kind = config.NotSupported
	return config.Findings{f}
}
