package router

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// Action is what a session wants to do with a URI; values can be combined.
type Action uint8

// The actions of WAMP's authorization (AZ-2).
const (
	ActionCall Action = 1 << iota
	ActionRegister
	ActionPublish
	ActionSubscribe
)

// String returns the word for a single action, such as "call".
func (a Action) String() string {
	switch a {
	case ActionCall:
		return "call"
	case ActionRegister:
		return "register"
	case ActionPublish:
		return "publish"
	case ActionSubscribe:
		return "subscribe"
	}
	return fmt.Sprintf("Action(%d)", uint8(a))
}

// ParseAction returns the Action with the given word.
func ParseAction(word string) (Action, bool) {
	for a := ActionCall; a <= ActionSubscribe; a <<= 1 {
		if a.String() == word {
			return a, true
		}
	}
	return 0, false
}

// Role is what the sessions that have it may do: a named set of permissions, or
// somebody who decides.
type Role struct {
	Name        string
	Permissions []Permission

	// AllowByDefault allows what no permission speaks of; the default denies it.
	AllowByDefault bool

	// Authorizer, if not nil, decides on everything that the role's sessions
	// want to do. It excludes Permissions and AllowByDefault.
	Authorizer Authorizer

	// AuthorizerTimeout is how long the Authorizer may take for a decision;
	// 0 means DefaultAuthorizerTimeout. Beyond it the request, and those of the
	// session that have waited behind it, are refused with
	// wamp.ErrAuthorizationFailed.
	AuthorizerTimeout time.Duration

	// DecisionLifetime is how long a decision counts that the Authorizer wants
	// kept; 0 means DefaultDecisionLifetime.
	DecisionLifetime time.Duration

	// Trusted reserves the role for connections whose Access is Trusted.
	Trusted bool

	// TrustLevel, if not nil, is what callees and subscribers that announced to
	// understand it are told with the calls and events of the role's sessions
	// (TRL-1, TRL-2), unless a Permission has another one for the URI. 0 is the
	// lowest.
	TrustLevel *int
}

// Permission says what sessions of a role may do with the URIs that it
// matches. Among the permissions that match a URI the most specific one
// decides alone: an exact one, else the one with the most literal characters,
// a wildcard before a prefix of as many.
type Permission struct {
	URI   wamp.URI // a pattern by Match
	Match wamp.Match
	Allow Action // the allowed actions; all others are denied

	// DiscloseCaller and DisclosePublisher tell callees and subscribers who
	// calls and publishes, whether or not the client asks for it (CID-1, PID-1).
	DiscloseCaller    bool
	DisclosePublisher bool

	// TrustLevel, if not nil, is the role's for the URIs that the permission
	// decides on.
	TrustLevel *int
}

func (r *Role) check(rule wamp.URIRule) error {
	if r.Name == "" {
		return fmt.Errorf("a role has no name")
	}
	switch {
	case r.Authorizer != nil && (len(r.Permissions) > 0 || r.AllowByDefault):
		return fmt.Errorf("role %q: it has permissions and an Authorizer, want one of them", r.Name)
	case r.AuthorizerTimeout < 0 || r.DecisionLifetime < 0:
		return fmt.Errorf("role %q: negative AuthorizerTimeout or DecisionLifetime; 0 means the default", r.Name)
	case r.TrustLevel != nil && *r.TrustLevel < 0:
		return fmt.Errorf("role %q: trust level %d, want 0 or more", r.Name, *r.TrustLevel)
	}
	for _, p := range r.Permissions {
		if !p.URI.ValidPattern(p.Match, wamp.URILoose) {
			return fmt.Errorf("role %q: %q is no valid %s pattern", r.Name, p.URI, p.Match)
		}
		if p.TrustLevel != nil && *p.TrustLevel < 0 {
			return fmt.Errorf("role %q: trust level %d for %q, want 0 or more", r.Name, *p.TrustLevel, p.URI)
		}
	}
	return nil
}

// permissions is a Role made ready for look-ups. It is immutable.
type permissions struct {
	tree     uritree.Tree[*rule]
	all      []rule // those of tree
	fallback rule   // decides what no other speaks of
	dynamic  *dynamic
	trusted  bool // see Role
	trusts   bool // some permission, or the role itself, has a trust level
}

// rule is a permission that counts.
type rule struct {
	Permission
	index    int  // in Role.Permissions; ByDefault: it is the fallback
	literals int  // see literalOctets; -1: it is the fallback
	unnamed  bool // it is there to deny a meta procedure that nobody has named
}

// compile makes a role ready. Of two permissions with the same pattern the
// later one counts, as in Crossbar.io. Without disclose, none discloses anybody.
func compile(r *Role, disclose bool) *permissions {
	ps := &permissions{fallback: rule{index: ByDefault, literals: -1}, trusted: r.Trusted}
	if r.AllowByDefault {
		ps.fallback.Allow = ActionCall | ActionRegister | ActionPublish | ActionSubscribe
	}
	if r.Authorizer != nil {
		ps.dynamic = newDynamic(r, disclose)
	}
	ps.fallback.TrustLevel = r.TrustLevel
	ps.trusts = r.TrustLevel != nil
	counts := counting(r.Permissions)
	ps.all = make([]rule, len(counts))
	for n, i := range counts {
		p := &ps.all[n]
		*p = rule{Permission: r.Permissions[i], index: i, literals: literalOctets(r.Permissions[i].URI)}
		if p.TrustLevel == nil {
			p.TrustLevel = r.TrustLevel
		}
		ps.trusts = ps.trusts || p.TrustLevel != nil
		p.DiscloseCaller = p.DiscloseCaller && disclose
		p.DisclosePublisher = p.DisclosePublisher && disclose
		ps.tree.Set(p.URI, p.Match, p)
	}
	ps.denyUnlessNamed()
	return ps
}

// counting returns the indexes of the permissions that count: of several with
// the same pattern the last one.
func counting(list []Permission) []int {
	type pattern struct {
		uri   wamp.URI
		match wamp.Match
	}
	last := make(map[pattern]int, len(list))
	for i, p := range list {
		last[pattern{p.URI, p.Match}] = i
	}
	return slices.Sorted(maps.Values(last))
}

// denyUnlessNamed denies calls of the meta procedures that act on other
// sessions unless a permission speaks of URIs below "wamp." in particular: who
// allows everything has hardly thought of ending other people's sessions (META-1).
func (ps *permissions) denyUnlessNamed() {
	for _, m := range metaProcedures {
		if p := ps.find(m.uri); m.acts && p.Allow&ActionCall != 0 && !p.URI.Reserved() {
			denial := *p
			denial.URI, denial.Match = m.uri, wamp.MatchExact
			denial.Allow &^= ActionCall
			denial.unnamed = true
			ps.tree.Set(denial.URI, denial.Match, &denial)
		}
	}
}

// trustLevel returns what is said of calls to u and events on u (TRL-1, TRL-2).
func (ps *permissions) trustLevel(u wamp.URI) *int {
	if !ps.trusts {
		return nil
	}
	return ps.find(u).TrustLevel
}

// nothing is the permissions of a role that the realm does not define.
var nothing = compile(&Role{}, false)

// find returns the permission that decides on a concrete URI.
func (ps *permissions) find(u wamp.URI) *rule {
	best := &ps.fallback
	for p := range ps.tree.Match(u) {
		if p.Match == wamp.MatchExact {
			return p
		}
		if p.precedes(best) {
			best = p
		}
	}
	return best
}

// precedes reports whether p is more specific than other, neither being exact.
func (p *rule) precedes(other *rule) bool {
	return p.literals > other.literals ||
		p.literals == other.literals && p.Match == wamp.MatchWildcard && other.Match != wamp.MatchWildcard
}

func literalOctets(u wamp.URI) int { return len(u) - strings.Count(string(u), ".") }

// allows reports whether the action is allowed on u, which is a pattern when
// the action is to register or subscribe with a match other than exact.
func (ps *permissions) allows(a Action, u wamp.URI, m wamp.Match) bool {
	return ps.decisive(a, u, m).Allow&a != 0
}

// decisive returns the permission that decides on an action. A pattern is
// allowed by the most specific permission that covers all of it, unless one
// that speaks of a part of it, no less specific, denies that (AZ-3).
func (ps *permissions) decisive(a Action, u wamp.URI, m wamp.Match) *rule {
	if m == wamp.MatchExact {
		return ps.find(u)
	}
	covering := &ps.fallback
	for i := range ps.all {
		if p := &ps.all[i]; p.precedes(covering) && p.covers(u, m) {
			covering = p
		}
	}
	if covering.Allow&a == 0 {
		return covering
	}
	for i := range ps.all {
		if p := &ps.all[i]; p.Allow&a == 0 && p.literals >= covering.literals && p.overlaps(u, m) {
			return p
		}
	}
	return covering
}

// covers reports whether p matches every URI that the pattern matches.
func (p *Permission) covers(pattern wamp.URI, m wamp.Match) bool {
	switch p.Match {
	case wamp.MatchPrefix:
		literal := string(pattern)
		if m == wamp.MatchWildcard {
			literal = literalHead(literal)
		}
		return strings.HasPrefix(literal, string(p.URI))
	case wamp.MatchWildcard:
		// An empty component of the pattern matches only an empty one of p's.
		return m == wamp.MatchWildcard && pattern.Matches(p.URI, wamp.MatchWildcard)
	default:
		return false
	}
}

// overlaps reports whether some URI may be matched by both p and the pattern.
// It errs on the side of yes.
func (p *Permission) overlaps(pattern wamp.URI, m wamp.Match) bool {
	if p.Match == wamp.MatchExact {
		return p.URI.Matches(pattern, m)
	}
	if p.Match == wamp.MatchWildcard && m == wamp.MatchWildcard {
		return wildcardsMeet(string(p.URI), string(pattern))
	}
	a, b := string(p.URI), string(pattern)
	if p.Match == wamp.MatchWildcard {
		a = literalHead(a)
	}
	if m == wamp.MatchWildcard {
		b = literalHead(b)
	}
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// literalHead returns what everything that a wildcard pattern matches begins
// with: the pattern up to its first empty component.
func literalHead(pattern string) string {
	if strings.HasPrefix(pattern, ".") {
		return ""
	}
	if i := strings.Index(pattern, ".."); i >= 0 {
		return pattern[:i+1]
	}
	return pattern
}

func wildcardsMeet(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	if len(as) != len(bs) {
		return false
	}
	for i := range as {
		if as[i] != "" && bs[i] != "" && as[i] != bs[i] {
			return false
		}
	}
	return true
}
