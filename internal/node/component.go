package node

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// joinTimeout is how long a router may take from the connection until the
// component has joined.
const joinTimeout = 30 * time.Second

// hosts makes components of the configuration ready to be hosted.
type hosts struct {
	opts    Options
	dir     string // of the node
	log     *slog.Logger
	tickets *ticketOffice // of the node's guests
}

// open resolves the component and has it look at its configuration.
func (o hosts) open(cfg config.Component, restart config.Restart) (*hosted, config.Findings) {
	h := &hosted{
		id: cfg.ID, restart: restart, endsNode: cfg.EndsNode, patience: joinTimeout,
		log: o.log.With("component", cfg.ID),
	}
	h.config = component.Config{ID: cfg.ID, Realm: cfg.Realm, Dir: o.dir, Extra: cfg.Extra, Logger: h.log}
	h.session = client.Options{Realm: cfg.Realm, Agent: o.opts.Agent, Logger: h.log}
	var finding *config.Finding
	if h.factory, finding = o.factory(cfg); finding != nil {
		return nil, config.Findings{*finding}
	}
	if _, err := h.build(); err != nil {
		return nil, config.Findings{unbuildable(cfg, err)}
	}
	return h, nil
}

// factory finds what makes the component.
func (o hosts) factory(cfg config.Component) (component.Factory, *config.Finding) {
	if cfg.Type == "function" {
		b := cfg.Callbacks
		return component.Callbacks{Connect: b.Connect, Join: b.Join, Leave: b.Leave, Disconnect: b.Disconnect}.New, nil
	}
	factory, err := o.opts.Components(cfg.ClassName)
	if err != nil {
		f := cfg.At("classname").Problem("", "%v", err)
		f.Kind = config.Unresolved
		return nil, &f
	}
	return factory, nil
}

// unbuildable says where it stands what a component does not take.
func unbuildable(cfg config.Component, err error) config.Finding {
	switch {
	case cfg.Type == "function":
		f := cfg.At("callbacks").Problem("a Python function can run in a guest worker", "%v", err)
		f.Kind = config.Unresolved
		return f
	case len(cfg.Extra) > 0 || strings.HasPrefix(err.Error(), "extra"):
		return cfg.At("extra").Problem("", "%s: %v", cfg.ClassName, err)
	}
	return cfg.At().Problem("", "%s: %v", cfg.ClassName, err)
}

// openConnected opens a component of a container.
func (o hosts) openConnected(cfg config.Component, restart config.Restart) (*hosted, config.Findings) {
	h, findings := o.open(cfg, restart)
	dial, fs := dialConfig(cfg.Transport, o.log)
	if findings = append(findings, fs...); findings.HasErrors() {
		return nil, findings
	}
	h.session.Serializer = dial.Serializer
	h.session.KeepAlive = cfg.Transport.RawSocket.Options.KeepAlive
	h.session.Signers, fs = signers(&cfg.Transport.RawSocket.Auth)
	if findings = append(findings, fs...); findings.HasErrors() {
		return nil, findings
	}
	if a := cfg.Transport.RawSocket.Auth.Anonymous; a != nil && len(h.session.Signers) == 0 {
		h.session.AuthID = a.AuthID
	}
	if dial.Timeout > 0 {
		h.patience += dial.Timeout
	} else {
		h.patience = 24 * time.Hour // connecting may take as long as it likes
	}
	dial.Logger = h.log
	h.dial = func(ctx context.Context) (transport.Conn, error) { return rawsocket.Dial(ctx, dial) }
	return h, findings
}

// openEmbedded opens a component within a router, to which it connects in
// memory. The router's side of its connections counts in conns.
func (o hosts) openEmbedded(cfg config.Component, r *router.Router, conns *sync.WaitGroup) (*hosted, config.Findings) {
	h, findings := o.open(cfg, cfg.Embedded.Restart)
	if h == nil {
		return nil, findings
	}
	access := router.Access{Methods: auth.Set{embedded{role: cfg.Embedded.Role}}, Trusted: true}
	h.dial = func(context.Context) (transport.Conn, error) {
		ours, theirs := inproc.PairOf(inproc.Config{Serializer: wamp.SerializerMsgPack, ID: cfg.ID})
		conns.Go(func() {
			// What becomes of the session, the component's side says.
			_ = r.Attach(context.Background(), theirs, access)
		})
		return ours, nil
	}
	return h, findings
}

// embedded admits the component at the other end of a connection in memory,
// which the configuration trusts.
type embedded struct{ role string }

// Method is what a client without credentials offers.
func (embedded) Method() string { return auth.MethodAnonymous }

// Begin grants the role at once.
func (e embedded) Begin(ctx context.Context, req *auth.Request) (auth.Step, error) {
	step, err := auth.Anonymous{Role: cmp.Or(e.role, auth.DefaultRole)}.Begin(ctx, req)
	if err == nil {
		step.Grant.Principal.AuthMethod, step.Grant.Principal.AuthProvider = "trusted", "configuration"
	}
	return step, err
}
