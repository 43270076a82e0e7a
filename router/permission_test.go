package router

import (
	"testing"

	"github.com/junctorio/junctor/wamp"
)

func TestTheMostSpecificPermissionDecides(t *testing.T) {
	t.Parallel()
	const exact, prefix, wildcard = wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard
	allow := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m, Allow: ActionCall} }
	deny := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m} }
	tests := []struct {
		name  string
		rules []Permission
		uri   wamp.URI
		want  bool
	}{
		{"nothing is allowed without a permission", nil, "com.a", false},
		{"the empty prefix allows everything", []Permission{allow("", prefix)}, "com.a", true},
		{"a prefix matches characters, not components", []Permission{allow("com.a", prefix)}, "com.ab", true},
		{"a prefix does not match what is shorter", []Permission{allow("com.a.", prefix)}, "com.a", false},
		{"an exact denial within an allowed prefix", []Permission{allow("com.", prefix), deny("com.a", exact)}, "com.a", false},
		{"an exact denial does not deny what is longer", []Permission{allow("", prefix), deny("com.a", exact)}, "com.a.b", true},
		{"the longer prefix wins", []Permission{allow("com.", prefix), deny("com.a.", prefix)}, "com.a.b", false},
		{"the longer prefix wins, given first", []Permission{deny("com.a.", prefix), allow("com.", prefix)}, "com.a.b", false},
		{"a wildcard wins over a shorter prefix", []Permission{allow("", prefix), deny("com..secret", wildcard)}, "com.a.secret", false},
		{"a wildcard wins over a prefix of as many characters", []Permission{deny("com.foo.", prefix), allow("com..bar", wildcard)}, "com.foo.bar", true},
		{"a longer prefix wins over a wildcard", []Permission{deny("com.foobar.", prefix), allow("com..a", wildcard)}, "com.foobar.a", false},
		{"of two equal patterns the later counts", []Permission{deny("com.a", exact), allow("com.a", exact)}, "com.a", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ps := compile(&Role{Permissions: tt.rules}, true)
			if got := ps.allows(ActionCall, tt.uri, exact); got != tt.want {
				t.Errorf("%s: got %t, want %t", tt.uri, got, tt.want)
			}
		})
	}
}

// TestAPatternNeedsPermissionForAllOfIt is rule AZ-3.
func TestAPatternNeedsPermissionForAllOfIt(t *testing.T) {
	t.Parallel()
	const exact, prefix, wildcard = wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard
	allow := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m, Allow: ActionSubscribe} }
	deny := func(u wamp.URI, m wamp.Match) Permission { return Permission{URI: u, Match: m} }
	tests := []struct {
		name  string
		rules []Permission
		uri   wamp.URI
		match wamp.Match
		want  bool
	}{
		{"a prefix within an allowed prefix", []Permission{allow("com.a.", prefix)}, "com.a.b", prefix, true},
		{"a prefix wider than the allowed one", []Permission{allow("com.a.", prefix)}, "com.", prefix, false},
		{"a wildcard within an allowed prefix", []Permission{allow("com.a.", prefix)}, "com.a..c", wildcard, true},
		{"a wildcard that reaches out of the allowed prefix", []Permission{allow("com.a.", prefix)}, "com..c", wildcard, false},
		{"a wildcard within an allowed wildcard", []Permission{allow("com...c", wildcard)}, "com.a..c", wildcard, true},
		{"a wildcard wider than the allowed one", []Permission{allow("com.a..c", wildcard)}, "com...c", wildcard, false},
		{"an exact permission covers no pattern", []Permission{allow("com.a", exact)}, "com.a", prefix, false},
		{"a prefix that includes a denied URI", []Permission{allow("", prefix), deny("com.secret", exact)}, "com.", prefix, false},
		{"a prefix beside a denied URI", []Permission{allow("", prefix), deny("com.secret", exact)}, "org.", prefix, true},
		{"a prefix that includes a denied prefix", []Permission{allow("", prefix), deny("com.a.b.", prefix)}, "com.a", prefix, false},
		{"a wildcard that meets a denied wildcard", []Permission{allow("", prefix), deny("com..b", wildcard)}, "com.a.", wildcard, false},
		{"a wildcard of another length than the denied one", []Permission{allow("", prefix), deny("com..b", wildcard)}, "com.a..", wildcard, true},
		{"a denial behind a more specific permission", []Permission{deny("", prefix), allow("com.", prefix)}, "com.a", prefix, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ps := compile(&Role{Permissions: tt.rules}, true)
			if got := ps.allows(ActionSubscribe, tt.uri, tt.match); got != tt.want {
				t.Errorf("%s %q: got %t, want %t", tt.match, tt.uri, got, tt.want)
			}
		})
	}
}
