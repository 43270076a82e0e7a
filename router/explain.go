package router

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// ByDefault stands for the permission that decides where none speaks of a URI.
const ByDefault = -1

// Explanation is what the permissions of a role say to a request, and why.
type Explanation struct {
	Allowed    bool
	Disclosed  bool // who asks is told to the other side
	Permission int  // index of what decides in Role.Permissions, or ByDefault
	Why        string
	Others     []Considered // the others that speak of the URI, or of a part of the pattern
}

// Considered is a permission that does not decide.
type Considered struct {
	Permission int // index in Role.Permissions
	Why        string
}

// Explain explains what the role may do, by the permissions alone: an
// Authorizer is not asked. It decides as sessions of the role meet it.
func (r *Role) Explain(a Action, u wamp.URI, m wamp.Match) Explanation {
	static := *r
	static.Authorizer = nil
	ps := compile(&static, true)
	by := ps.decisive(a, u, m)
	e := Explanation{Allowed: by.Allow&a != 0, Permission: by.index, Disclosed: by.Allow&a != 0 && by.discloses(a)}
	e.Why = ps.why(by, a, m)
	for i := range r.Permissions {
		p := &r.Permissions[i]
		if i != by.index && speaksOf(p, u, m) {
			e.Others = append(e.Others, Considered{i, ps.whyNot(i, p, by, a, u, m)})
		}
	}
	return e
}

// speaksOf reports whether a permission matches the URI, or a part of the pattern.
func speaksOf(p *Permission, u wamp.URI, m wamp.Match) bool {
	if m == wamp.MatchExact {
		return u.Matches(p.URI, p.Match)
	}
	return p.overlaps(u, m)
}

// why says why a permission decides.
func (ps *permissions) why(by *rule, a Action, m wamp.Match) string {
	switch {
	case by.unnamed:
		return "it ends, or changes, what other sessions have: a permission for URIs below \"wamp.\" must allow it"
	case by.index == ByDefault:
		return "no permission speaks of it"
	case m != wamp.MatchExact && by.Allow&a == 0:
		return "all of the pattern must be allowed, and this one denies it, or a part of it"
	case m != wamp.MatchExact:
		return "it is the most specific one that covers all of the pattern"
	case by.Match == wamp.MatchExact:
		return "an exact permission decides"
	}
	return fmt.Sprintf("it is the most specific one: %d literal characters", by.literals)
}

// whyNot says why a permission that speaks of the URI does not decide.
func (ps *permissions) whyNot(i int, p *Permission, by *rule, a Action, u wamp.URI, m wamp.Match) string {
	literals := literalOctets(p.URI)
	switch {
	case !ps.has(i):
		return "a later permission is for the same URIs"
	case m != wamp.MatchExact && !p.covers(u, m) && p.Allow&a != 0:
		return "it covers a part of the pattern only"
	case by.index == ByDefault:
		return "it does not decide"
	case by.Match == wamp.MatchExact && m == wamp.MatchExact:
		return "an exact permission goes before"
	case literals == by.literals && by.Match == wamp.MatchWildcard && p.Match != wamp.MatchWildcard:
		return "a wildcard goes before a prefix with as many literal characters"
	case literals < by.literals:
		return fmt.Sprintf("less specific: %d literal characters", literals)
	}
	return "the other one is decisive already"
}

// has reports whether the i-th permission of the role counts.
func (ps *permissions) has(i int) bool {
	for _, p := range ps.all {
		if p.index == i {
			return true
		}
	}
	return false
}
