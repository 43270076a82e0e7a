package node

import (
	"fmt"
	"slices"
	"strings"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

// Question asks what a configuration says to a request.
type Question struct {
	Realm  wamp.URI
	Role   string
	Action router.Action
	URI    wamp.URI
	Match  wamp.Match
}

// Ruling is the answer for one router that has the realm.
type Ruling struct {
	Worker    string
	Allowed   bool
	Asks      wamp.URI // the authorizer that decides; Allowed means nothing then
	Disclosed bool
	By        *Permission // nil if no permission decides
	Why       string
	Others    []Permission // those that speak of the URI, and do not decide
}

// Permission is one of the configuration's.
type Permission struct {
	At    config.Position
	URI   wamp.URI
	Match wamp.Match
	Allow []string
	Why   string // why it does not decide
}

// Explain answers a question for each router that has the realm, as the routers
// themselves would answer the request. The error says that there is no such
// realm.
func Explain(cfg *config.Node, q Question) ([]Ruling, error) {
	var rulings []Ruling
	var names []string
	for _, w := range cfg.Workers {
		if w.Router == nil {
			continue
		}
		for _, realm := range w.Router.Realms {
			names = append(names, fmt.Sprintf("%q", realm.Name))
			if realm.Name == q.Realm {
				ruling := q.ask(realm)
				ruling.Worker = w.ID
				rulings = append(rulings, ruling)
			}
		}
	}
	if len(rulings) == 0 {
		slices.Sort(names)
		return nil, fmt.Errorf("no router of the configuration has the realm %q; there is %s", q.Realm, list(slices.Compact(names)))
	}
	return rulings, nil
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// ask answers the question for one realm.
func (q *Question) ask(realm config.Realm) Ruling {
	i := slices.IndexFunc(realm.Roles, func(r config.Role) bool { return r.Name == q.Role })
	rule := realm.Options.URICheck
	switch {
	case !q.URI.ValidPattern(q.Match, rule):
		return Ruling{Why: fmt.Sprintf("refused with %s: no %s URI on this realm", wamp.ErrInvalidURI, ruleName(rule))}
	case q.reserved() && q.Role != config.TrustedRole:
		return Ruling{Why: fmt.Sprintf("refused with %s: what is below \"wamp.\" is for the router", wamp.ErrInvalidURI)}
	case q.Role == config.TrustedRole:
		return Ruling{Allowed: true, Why: "the role is the router's own, and may do anything; clients cannot get it"}
	case i < 0 && q.Role == "anonymous":
		return Ruling{Why: "the realm does not define the role: clients may join and do nothing"}
	case i < 0:
		return Ruling{Why: "the realm does not define the role: clients cannot join"}
	case realm.Roles[i].Authorizer != "":
		return Ruling{Asks: realm.Roles[i].Authorizer, Why: "the authorizer decides on everything"}
	}
	return q.explain(realm.Roles[i], realm.Options.RefuseDisclosure)
}

func ruleName(r wamp.URIRule) string {
	if r == wamp.URIStrict {
		return "valid (strict)"
	}
	return "valid"
}

// reserved reports whether the request is for the router alone (URI-3).
func (q *Question) reserved() bool {
	return q.URI.Reserved() && (q.Action == router.ActionRegister || q.Action == router.ActionPublish)
}

func (q *Question) explain(role config.Role, refuseDisclosure bool) Ruling {
	static := staticRole(role)
	e := static.Explain(q.Action, q.URI, q.Match)
	ruling := Ruling{Allowed: e.Allowed, Why: e.Why, Disclosed: e.Disclosed && !refuseDisclosure}
	switch {
	case e.Permission != router.ByDefault:
		by := permissionOf(role.Permissions[e.Permission], "")
		ruling.By = &by
	case role.AllowByDefault && e.Allowed:
		ruling.Why += ", and the role has allow-by-default"
	}
	for _, c := range e.Others {
		ruling.Others = append(ruling.Others, permissionOf(role.Permissions[c.Permission], c.Why))
	}
	return ruling
}

func permissionOf(p config.Permission, why string) Permission {
	r := Permission{At: p.At(), URI: p.URI, Match: p.Match, Allow: []string{}, Why: why}
	allowed := actions(p.Allow)
	for _, a := range []router.Action{router.ActionCall, router.ActionRegister, router.ActionPublish, router.ActionSubscribe} {
		if allowed&a != 0 {
			r.Allow = append(r.Allow, a.String())
		}
	}
	return r
}
