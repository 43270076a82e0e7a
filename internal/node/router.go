package node

import (
	"log/slog"
	"sync"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/history/memory"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

// routerWorker is a router, what runs within it, and its transports.
type routerWorker struct {
	id       string
	router   *router.Router
	realms   []wamp.URI
	doors    []door
	embedded []*hosted
	inside   sync.WaitGroup // the router's side of what is embedded
	callers  callers
	log      *slog.Logger
	deciding authorizers // constant
}

// openRouter builds a router worker, and takes its addresses.
func openRouter(cfg config.Worker, hosts hosts, seen *sightings) (*routerWorker, config.Findings) {
	w := &routerWorker{id: cfg.ID, deciding: make(authorizers)}
	findings := w.build(cfg.Router, router.Options{
		Logger: hosts.log, Agent: hosts.opts.Agent,
		OnJoin: func(realm wamp.URI, p wamp.Principal) { seen.note(sighting{w.id, realm, joined, p.AuthID}) },
		OnRegister: func(realm, procedure wamp.URI) {
			seen.note(sighting{w.id, realm, registered, string(procedure)})
			w.deciding.registered(w.router, realm, procedure)
		},
	})
	w.callers = callers{router: w.router, inside: &w.inside, opts: client.Options{Agent: hosts.opts.Agent, Logger: hosts.log}}
	for _, c := range cfg.Router.Components {
		h, fs := hosts.openEmbedded(c, w.router, &w.inside)
		findings = append(findings, fs...)
		w.embedded = append(w.embedded, h)
	}
	for _, t := range cfg.Router.Transports {
		d, fs := w.openDoor(t, hosts.log)
		findings = append(findings, fs...)
		if d != nil {
			d.access.Methods = hosts.tickets.admit(doorID{cfg.ID, t.ID}, d.access.Methods)
			w.doors = append(w.doors, *d)
		}
	}
	return w, findings
}

// build makes the router, with its realms and roles.
func (w *routerWorker) build(cfg *config.Router, opts router.Options) config.Findings {
	var findings config.Findings
	w.router = router.New(opts)
	for _, realm := range cfg.Realms {
		w.realms = append(w.realms, realm.Name)
		rc := w.realmConfig(realm)
		rc.Roles = append(rc.Roles, trusted())
		store, err := openStore(realm.Store)
		if err == nil {
			rc.Events = store
			_, err = w.router.AddRealm(rc)
		}
		if err != nil {
			findings = append(findings, realm.At().Problem("", "%v", err))
		}
	}
	return findings
}

// trusted is the role that may do everything, what must be named included.
func trusted() router.Role {
	all := router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe
	return router.Role{Name: config.TrustedRole, Trusted: true, AllowByDefault: true, Permissions: []router.Permission{
		{URI: "wamp.", Match: wamp.MatchPrefix, Allow: all},
	}}
}

// openStore makes the event store of a realm, nil if it has none.
func openStore(cfg *config.Store) (router.EventStore, error) {
	if cfg == nil || len(cfg.Events) == 0 {
		return nil, nil
	}
	c := memory.Config{MaxEvents: cfg.MaxEvents, MaxBytes: cfg.MaxBytes}
	for _, t := range cfg.Events {
		c.Topics = append(c.Topics, memory.Topic{URI: t.URI, Match: t.Match, Limit: t.Limit})
	}
	return memory.New(c)
}

func (w *routerWorker) realmConfig(realm config.Realm) router.RealmConfig {
	o := realm.Options
	rc := router.RealmConfig{
		Name: realm.Name, URIRule: o.URICheck,
		StrictRequestIDs: o.StrictRequestIDs, RefuseDisclosure: o.RefuseDisclosure,
		OutboxBytes: o.QueuedBytes, DisconnectSlow: o.DisconnectSlow, NoMetaAPI: !o.MetaAPI,
		RetainedEvents: o.RetainedEvents, RetainedBytes: o.RetainedBytes,
		MaxTestaments: o.MaxTestaments, MaxTestamentBytes: o.MaxTestamentBytes,
		CallTimeout: o.CallTimeout, MaxCallTimeout: o.MaxCallTimeout,
		QueuedCalls: o.QueuedCalls, KeptCallBytes: o.KeptCallBytes,
	}
	if realm.Store != nil {
		for _, q := range realm.Store.CallQueues {
			rc.CallQueues = append(rc.CallQueues, router.CallQueue{URI: q.URI, Match: q.Match, Limit: q.Limit})
		}
	}
	for _, role := range realm.Roles {
		if role.Authorizer == "" {
			rc.Roles = append(rc.Roles, staticRole(role))
			continue
		}
		rc.Roles = append(rc.Roles, router.Role{
			Name:              role.Name,
			Authorizer:        w.deciding.add(realm.Name, &authorizer{procedure: role.Authorizer, call: w.callers.call}),
			AuthorizerTimeout: role.AuthorizerTimeout, DecisionLifetime: role.CacheTime,
			TrustLevel: role.TrustLevel,
		})
	}
	return rc
}

// staticRole is a role whose permissions decide.
func staticRole(role config.Role) router.Role {
	r := router.Role{Name: role.Name, AllowByDefault: role.AllowByDefault, TrustLevel: role.TrustLevel}
	for _, p := range role.Permissions {
		r.Permissions = append(r.Permissions, router.Permission{
			URI: p.URI, Match: p.Match, Allow: actions(p.Allow),
			DiscloseCaller: p.Disclose.Caller, DisclosePublisher: p.Disclose.Publisher,
			TrustLevel: p.TrustLevel,
		})
	}
	return r
}

func actions(a config.Allow) (allowed router.Action) {
	for _, is := range []struct {
		set    bool
		action router.Action
	}{
		{a.Call, router.ActionCall}, {a.Register, router.ActionRegister},
		{a.Publish, router.ActionPublish}, {a.Subscribe, router.ActionSubscribe},
	} {
		if is.set {
			allowed |= is.action
		}
	}
	return allowed
}
