package router

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/wamp"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	const exact, prefix, wildcard = wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard
	allow := func(u wamp.URI, m wamp.Match) Permission {
		return Permission{URI: u, Match: m, Allow: ActionCall | ActionSubscribe, DiscloseCaller: true}
	}
	deny := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m} }
	role := Role{Name: "r", Permissions: []Permission{
		allow("", prefix), deny("com.a.b", exact), allow("com.a.b", exact), deny("com.foo.", prefix), allow("com..bar", wildcard),
	}}
	tests := []struct {
		name   string
		action Action
		uri    wamp.URI
		match  wamp.Match
		want   Explanation
	}{
		{"an exact permission", ActionCall, "com.a.b", exact, Explanation{true, true, 2, "an exact permission decides", []Considered{
			{0, "an exact permission goes before"}, {1, "a later permission is for the same URIs"},
		}}},
		{"a wildcard before a prefix", ActionCall, "com.foo.bar", exact, Explanation{true, true, 4, "it is the most specific one: 6 literal characters", []Considered{
			{0, "less specific: 0 literal characters"}, {3, "a wildcard goes before a prefix with as many literal characters"},
		}}},
		{"a denial, which discloses nobody", ActionPublish, "org", exact, Explanation{false, false, 0, "it is the most specific one: 0 literal characters", nil}},
		{
			"a pattern that is covered", ActionSubscribe, "org.", prefix,
			Explanation{true, false, 0, "it is the most specific one that covers all of the pattern", nil},
		},
		{
			"a pattern of which a part is denied", ActionSubscribe, "com.f", prefix,
			Explanation{false, false, 3, "all of the pattern must be allowed, and this one denies it, or a part of it", []Considered{
				{0, "less specific: 0 literal characters"}, {4, "it covers a part of the pattern only"},
			}},
		},
		{"what must be named", ActionCall, "wamp.session.kill", exact, Explanation{false, false, 0,
			`it ends, or changes, what other sessions have: a permission for URIs below "wamp." must allow it`, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, role.Explain(tt.action, tt.uri, tt.match)); diff != "" {
				t.Errorf("explanation (-want +got):\n%s", diff)
			}
		})
	}
	got := (&Role{Name: "none"}).Explain(ActionCall, "com.a", exact)
	if diff := cmp.Diff(Explanation{Permission: ByDefault, Why: "no permission speaks of it"}, got); diff != "" {
		t.Errorf("a role without permissions (-want +got):\n%s", diff)
	}
}

// An explanation is of what happens, and names a permission that says so.
func TestExplanationsAreTrue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		match := rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard})
		uri := rapid.StringMatching(`(a|b|ab)?(\.(a|b|ab)?){0,3}`)
		role := Role{Name: "r", AllowByDefault: rapid.Bool().Draw(t, "default")}
		for range rapid.IntRange(0, 6).Draw(t, "permissions") {
			p := Permission{URI: wamp.URI(uri.Draw(t, "uri")), Match: match.Draw(t, "match"), Allow: Action(rapid.IntRange(0, 15).Draw(t, "allow"))}
			if p.URI.ValidPattern(p.Match, wamp.URILoose) {
				role.Permissions = append(role.Permissions, p)
			}
		}
		u, m := wamp.URI(uri.Draw(t, "asked")), match.Draw(t, "asked match")
		if !u.ValidPattern(m, wamp.URILoose) {
			return
		}
		e := role.Explain(ActionSubscribe, u, m)
		if want := compile(&role, true).allows(ActionSubscribe, u, m); e.Allowed != want {
			t.Fatalf("explained as %v, and is %v", e.Allowed, want)
		}
		says := role.AllowByDefault
		if e.Permission != ByDefault {
			says = role.Permissions[e.Permission].Allow&ActionSubscribe != 0
		}
		if says != e.Allowed {
			t.Fatalf("permission %d decides, and says %v", e.Permission, says)
		}
		for _, other := range e.Others {
			if other.Permission == e.Permission || other.Why == "" {
				t.Fatalf("another one: %+v", other)
			}
		}
	})
}

// TestAPatternIsAllowedOnlyIfAllOfItIs holds rule AZ-3 against its meaning:
// whatever the pattern matches must be allowed.
func TestAPatternIsAllowedOnlyIfAllOfItIs(t *testing.T) {
	t.Parallel()
	parts := []string{"a", "b", "ab"}
	var concrete []wamp.URI
	for _, x := range parts {
		concrete = append(concrete, wamp.URI(x))
		for _, y := range parts {
			concrete = append(concrete, wamp.URI(x+"."+y))
			for _, z := range parts {
				concrete = append(concrete, wamp.URI(x+"."+y+"."+z))
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		match := rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard})
		uri := rapid.StringMatching(`(a|b|ab)?(\.(a|b|ab)?){0,2}`)
		role := Role{Name: "r", AllowByDefault: rapid.Bool().Draw(t, "default")}
		for range rapid.IntRange(1, 5).Draw(t, "permissions") {
			p := Permission{URI: wamp.URI(uri.Draw(t, "uri")), Match: match.Draw(t, "match")}
			if rapid.Bool().Draw(t, "allow") {
				p.Allow = ActionSubscribe
			}
			if p.URI.ValidPattern(p.Match, wamp.URILoose) {
				role.Permissions = append(role.Permissions, p)
			}
		}
		u, m := wamp.URI(uri.Draw(t, "pattern")), match.Draw(t, "pattern match")
		if !u.ValidPattern(m, wamp.URILoose) {
			return
		}
		ps := compile(&role, true)
		if !ps.allows(ActionSubscribe, u, m) {
			return
		}
		for _, c := range concrete {
			if c.Matches(u, m) && !ps.allows(ActionSubscribe, c, wamp.MatchExact) {
				t.Fatalf("%s %q is allowed, which matches %q, which is denied, by %+v", m, u, c, role)
			}
		}
	})
}

// What Crossbar.io does with the usual shapes of rules is done here too; where
// its result surprises, the most specific rule decides (decision 3).
func TestRulesOfCrossbar(t *testing.T) {
	t.Parallel()
	const exact, prefix, wildcard = wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard
	allow := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m, Allow: ActionCall} }
	deny := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m} }
	tests := []struct {
		name         string
		rules        []Permission
		uri          wamp.URI
		crossbar, us bool
	}{
		{"nothing matches", []Permission{allow("com.foo.", prefix)}, "org.foo", false, false},
		{"everything by an empty prefix", []Permission{allow("", prefix)}, "com.foo", true, true},
		{"a prefix", []Permission{allow("com.foo.", prefix)}, "com.foo.bar", true, true},
		{"a prefix counts characters", []Permission{allow("com.foo", prefix)}, "com.foobar", true, true},
		{"an exact rule", []Permission{allow("com.foo", exact)}, "com.foo", true, true},
		{"an exact rule for something else", []Permission{allow("com.foo", exact)}, "com.foo.bar", false, false},
		{"a longer prefix", []Permission{allow("", prefix), deny("com.foo.", prefix)}, "com.foo.bar", false, false},
		{"an exact rule within a prefix", []Permission{deny("com.", prefix), allow("com.foo", exact)}, "com.foo", true, true},
		{"a wildcard", []Permission{allow("com..foo", wildcard)}, "com.bar.foo", true, true},
		{"a wildcard denies what a short prefix allows", []Permission{allow("", prefix), deny("com..foo", wildcard)}, "com.bar.foo", false, false},
		{"an exact rule goes before a wildcard", []Permission{allow("com..foo", wildcard), deny("com.bar.foo", exact)}, "com.bar.foo", false, false},
		{"the later of two equal rules", []Permission{allow("com.foo", exact), deny("com.foo", exact)}, "com.foo", false, false},

		{"an exact rule shadows a prefix for longer URIs", []Permission{allow("", prefix), deny("com.foo", exact)}, "com.foobar", false, true},
		{"an exact rule shadows a prefix below it", []Permission{allow("", prefix), deny("com.foo", exact)}, "com.foo.bar", false, true},
		{"a wildcard beats a longer prefix", []Permission{deny("com.bar.foo", prefix), allow("com..foo", wildcard)}, "com.bar.foo", true, false},
		{"a wildcard with the head of another replaces it", []Permission{allow("com..a", wildcard), deny("com..b", wildcard)}, "com.x.a", false, true},
		{"a wildcard that begins with an empty part", []Permission{allow("..foo", wildcard)}, "com.bar.foo", false, true},
		{"a wildcard with an empty part at its end", []Permission{allow("com.x.", wildcard)}, "com.x.y", false, true},
		{"two rules with one URI and different policies", []Permission{allow("com.foo", exact), deny("com.foo", prefix)}, "com.foo", false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			role := Role{Name: "r", Permissions: tt.rules}
			if got := role.Explain(ActionCall, tt.uri, exact); got.Allowed != tt.us {
				t.Errorf("got %t, want %t (Crossbar.io: %t): %s", got.Allowed, tt.us, tt.crossbar, got.Why)
			}
		})
	}
}
