package node

import (
	"context"
	"fmt"
	"maps"
	"os"
	"sync"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/guest"
)

// guestWorker is a program under supervision, and its part in the node.
type guestWorker struct {
	*guest.Guest
	config guest.Config
	after  []*guestWorker // whom it waits for

	vars      map[string]string // where its router is
	to        config.GuestRouter
	tickets   *ticketOffice
	ready     *sighting       // nil: it is ready once it is started
	seen      <-chan struct{} // of ready; belongs to the goroutine of run
	forget    func()          // ends the waiting for seen; likewise
	sightings *sightings

	running chan struct{} // closed when it has been ready once
	runs    sync.Once
	gone    chan struct{} // closed when run has returned
	outcome error         // set before that: what run returned
}

func openGuest(cfg config.Worker, n *Node) (*guestWorker, config.Findings) {
	g := &guestWorker{
		config: guestConfig(cfg), vars: n.routerVars(cfg.Options.Guest.Connect), sightings: n.sightings,
		to: cfg.Options.Guest.Connect, tickets: n.tickets,
		forget: func() {}, running: make(chan struct{}), gone: make(chan struct{}),
	}
	hooks := guest.Hooks{
		Logger:  n.opts.Logger.With("worker", cfg.ID),
		Environ: g.environ,
		Changed: g.changed,
	}
	if r := cfg.Options.Guest.Ready; r != nil {
		g.ready = readiness(r, cfg.Options.Guest.Connect)
		hooks.Ready = g.awaitReady
	}
	var err error
	if g.Guest, err = guest.New(g.config, hooks); err != nil {
		return g, config.Findings{cfg.At().Problem("", "%v", err)}
	}
	if info, err := os.Stat(g.config.Workdir); err != nil || !info.IsDir() {
		return g, config.Findings{cfg.Options.At("workdir").Problem("", "%s is not a directory", g.config.Workdir)}
	}
	if _, err := g.Find(); err != nil {
		return g, config.Findings{cfg.At("executable").Problem("", "%v", err)}
	}
	return g, nil
}

func guestConfig(cfg config.Worker) guest.Config {
	o := cfg.Options.Guest
	gc := guest.Config{
		ID:         cfg.ID,
		Executable: cfg.Guest.Executable,
		Arguments:  cfg.Guest.Arguments,
		Workdir:    o.Workdir,
		Env:        guest.Env{Clean: !o.Env.Inherit.All, Keep: o.Env.Inherit.Names, Vars: o.Env.Vars},
		Stdin:      guest.Stdin{JSON: o.Stdin.Value, KeepOpen: !o.Stdin.Close},
		Stdout:     guestOutput(o.Stdout),
		Stderr:     guestOutput(o.Stderr),
		Restart:    guestRestart(o.Restart),
		After:      o.After,
		StopGrace:  o.StopGrace,
	}
	if o.Workdir == "" {
		gc.Workdir = "."
	}
	if o.Ready != nil {
		gc.ReadyTimeout = o.Ready.Timeout
	}
	if w := o.Watch; w != nil {
		gc.Watch = guest.Watch{Directories: w.Directories, Interval: w.Interval, Debounce: w.Debounce, Ignore: w.Ignore}
	}
	return gc
}

func guestOutput(o config.GuestOutput) guest.Output {
	switch o {
	case config.OutputDrop:
		return guest.OutputDrop
	case config.OutputClose:
		return guest.OutputClose
	}
	return guest.OutputLog
}

func guestRestart(r config.Restart) guest.Restart {
	out := guest.Restart{
		Initial: r.Backoff.Initial, Max: r.Backoff.Max, Factor: r.Backoff.Factor, Jitter: 0.5,
		MaxFailures: r.CrashLoop.Failures, Window: r.CrashLoop.Within,
	}
	if out.MaxFailures == 0 {
		out.MaxFailures = -1 // the configuration's 0 is no bound
	}
	switch r.Policy {
	case config.RestartAlways:
		out.Policy = guest.RestartAlways
	case config.RestartOnFailed:
		out.Policy = guest.RestartOnFailed
	}
	return out
}

// routerVars is what a guest is told about its router.
func (n *Node) routerVars(to config.GuestRouter) map[string]string {
	vars := make(map[string]string)
	for _, e := range n.Endpoints() {
		if e.Worker == to.Router && e.Transport == to.Transport {
			vars["JUNCTOR_URL"] = e.URL
		}
	}
	if to.Realm != "" {
		vars["JUNCTOR_REALM"] = string(to.Realm)
	}
	return vars
}

func readiness(r *config.GuestReady, at config.GuestRouter) *sighting {
	if r.AuthID != "" {
		return &sighting{at.Router, at.Realm, joined, r.AuthID}
	}
	return &sighting{at.Router, at.Realm, registered, string(r.Procedure)}
}

// environ is called before each start: what makes the guest ready counts from
// then on, and its ticket is a new one.
func (g *guestWorker) environ(context.Context) (map[string]string, error) {
	if g.ready != nil {
		g.forget()
		g.seen, g.forget = g.sightings.expect(*g.ready)
	}
	if g.to.Role == "" {
		return g.vars, nil
	}
	vars := maps.Clone(g.vars)
	vars["JUNCTOR_AUTH"], vars["JUNCTOR_AUTHID"] = auth.MethodTicket, g.to.AuthID
	vars["JUNCTOR_TICKET"] = g.tickets.issue(g.ID(), g.to)
	return vars, nil
}

func (g *guestWorker) awaitReady(ctx context.Context) error {
	select {
	case <-g.seen:
		return nil
	case <-ctx.Done():
		what := "no session with the authid %q has joined %s"
		if g.ready.what == registered {
			what = "the procedure %q was not registered in %s"
		}
		return fmt.Errorf(what, g.ready.name, g.ready.realm)
	}
}

func (g *guestWorker) changed(s guest.Status) {
	switch s.State {
	case guest.Running:
		g.runs.Do(func() { close(g.running) })
	case guest.Stopping, guest.BackingOff, guest.Stopped, guest.Failed:
		g.tickets.revoke(g.ID())
	}
}

// run waits for the guests that come before, then runs the guest until ctx
// ends or nothing follows on its end. The error says how it failed.
func (g *guestWorker) run(ctx context.Context) (err error) {
	defer func() {
		g.forget()
		g.outcome = err
		close(g.gone)
	}()
	for _, before := range g.after {
		if err := before.await(ctx); err != nil {
			return fmt.Errorf("guest %q was not started: %w", g.ID(), err)
		}
		if ctx.Err() != nil {
			return nil
		}
	}
	return g.Run(ctx)
}

// await returns when the guest has been ready, has done its work, or ctx has
// ended; or why it never will be.
func (g *guestWorker) await(ctx context.Context) error {
	select {
	case <-g.running:
	case <-ctx.Done():
	case <-g.gone:
		return g.outcome
	}
	return nil
}

// openGuests opens the guests and sorts them into the order of starting. Those
// that are disabled are not waited for.
func (n *Node) openGuests(workers []config.Worker) config.Findings {
	var findings config.Findings
	byID := make(map[string]*guestWorker)
	for _, w := range workers {
		g, fs := openGuest(w, n)
		findings = append(findings, fs...)
		n.guests = append(n.guests, g)
		byID[w.ID] = g
	}
	configs := make([]guest.Config, len(n.guests))
	for i, g := range n.guests {
		configs[i] = g.config
		configs[i].After = nil
		for _, id := range g.config.After {
			if before := byID[id]; before != nil {
				configs[i].After = append(configs[i].After, id)
				g.after = append(g.after, before)
			}
		}
	}
	order, err := guest.Order(configs)
	if err != nil { // which the check of a file has found before
		return append(findings, workers[0].At().Problem("", "%v", err))
	}
	sorted := make([]*guestWorker, len(order))
	for i, at := range order {
		sorted[i] = n.guests[at]
	}
	n.guests = sorted
	return findings
}
