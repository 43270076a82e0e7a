package node

import (
	"context"
	"log/slog"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// WithListeners returns a node of one worker with these listeners.
func WithListeners(opts Options, rules []config.ShutdownRule, listeners ...transport.Listener) *Node {
	w := &routerWorker{id: "worker001", router: router.New(router.Options{})}
	for _, l := range listeners {
		w.doors = append(w.doors, door{id: l.Addr().String(), listener: l})
	}
	return &Node{opts: opts.withDefaults(), rules: rules, routers: []*routerWorker{w}}
}

// KindTaken marks findings about addresses in use.
const KindTaken = kindTaken

// Hosting is what a component is hosted with in tests.
type Hosting struct {
	Factory component.Factory
	Restart config.Restart
	Dial    func(context.Context) (transport.Conn, error)
	Log     *slog.Logger
}

// Host hosts a component until ctx ends or nothing follows on its end.
func Host(ctx context.Context, o Hosting) error {
	h := &hosted{
		id: "tested", factory: o.Factory, dial: o.Dial, restart: o.Restart, patience: joinTimeout, log: o.Log,
		session: client.Options{Realm: "realm1"},
	}
	return h.run(ctx, func() {})
}

// Authorizer returns the authorizer that is the procedure, called by call.
func Authorizer(procedure wamp.URI, call func(args []any) (any, error)) router.Authorizer {
	return &authorizer{
		procedure: procedure,
		call: func(_ context.Context, _ wamp.URI, _ string, _ wamp.URI, args []any) (any, error) {
			return call(args)
		},
	}
}

// RealmConfig is what a realm's configuration means to the router.
func RealmConfig(realm config.Realm) router.RealmConfig { return new(routerWorker).realmConfig(realm) }

// TicketOffice is what issues tickets to guests.
type TicketOffice = ticketOffice

// NewTicketOffice returns one for the guests of a configuration.
func NewTicketOffice(cfg *config.Node) *TicketOffice { return newTicketOffice(cfg.Workers) }

// Issue is issue.
func (o *TicketOffice) Issue(guest string, to config.GuestRouter) string { return o.issue(guest, to) }

// Revoke is revoke.
func (o *TicketOffice) Revoke(guest string) { o.revoke(guest) }

// Admit is admit.
func (o *TicketOffice) Admit(worker, transport string, set auth.Set) auth.Set {
	return o.admit(doorID{worker, transport}, set)
}

// CallWhileJoining calls a procedure by a session that somebody else has join.
func CallWhileJoining(ctx context.Context) error {
	joining := &caller{turn: make(chan struct{}, 1)}
	joining.turn <- struct{}{}
	c := &callers{sessions: map[callerKey]*caller{{realm: "realm1"}: joining}}
	_, err := c.call(ctx, "realm1", "", "com.example.p", nil)
	return err
}
