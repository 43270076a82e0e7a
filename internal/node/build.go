package node

import (
	"cmp"
	"log/slog"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
)

// newRouter makes the router of a worker, with its realms and roles.
func newRouter(cfg *config.Router, log *slog.Logger, agent string) (*router.Router, config.Findings) {
	var findings config.Findings
	r := router.New(router.Options{Logger: log, Agent: agent})
	for _, realm := range cfg.Realms {
		if _, err := r.AddRealm(realmConfig(realm)); err != nil {
			findings = append(findings, realm.At().Problem("", "%v", err))
		}
	}
	return r, findings
}

func realmConfig(realm config.Realm) router.RealmConfig {
	o := realm.Options
	rc := router.RealmConfig{
		Name: realm.Name, URIRule: o.URICheck,
		StrictRequestIDs: o.StrictRequestIDs, RefuseDisclosure: o.RefuseDisclosure,
		OutboxBytes: o.QueuedBytes, DisconnectSlow: o.DisconnectSlow,
	}
	for _, role := range realm.Roles {
		rr := router.Role{Name: role.Name, AllowByDefault: role.AllowByDefault}
		for _, p := range role.Permissions {
			rr.Permissions = append(rr.Permissions, router.Permission{
				URI: p.URI, Match: p.Match, Allow: actions(p.Allow),
				DiscloseCaller: p.Disclose.Caller, DisclosePublisher: p.Disclose.Publisher,
			})
		}
		rc.Roles = append(rc.Roles, rr)
	}
	return rc
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

// methods are what clients of a transport may authenticate with. The empty Set
// admits nobody.
func methods(cfg config.Auth) auth.Set {
	var set auth.Set
	if a := cfg.Anonymous; a != nil {
		set = append(set, auth.Anonymous{Role: cmp.Or(a.Role, auth.DefaultRole), AuthID: a.AuthID})
	}
	return set
}
