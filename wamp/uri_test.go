package wamp_test

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/junctorio/junctor/wamp"
)

// The specification's regular expressions (section 2.5), with Python's \s.
const space = "\\s\u000b\u001c-\u001f\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"

var uriExpressions = map[wamp.URIRule][3]*regexp.Regexp{
	wamp.URILoose: {
		wamp.MatchExact:    regexp.MustCompile(`^([^` + space + `.#]+\.)*([^` + space + `.#]+)$`),
		wamp.MatchPrefix:   regexp.MustCompile(`^([^` + space + `.#]+\.)*([^` + space + `.#]*)$`),
		wamp.MatchWildcard: regexp.MustCompile(`^(([^` + space + `.#]+\.)|\.)*([^` + space + `.#]+)?$`),
	},
	wamp.URIStrict: {
		wamp.MatchExact:    regexp.MustCompile(`^([0-9a-z_]+\.)*([0-9a-z_]+)$`),
		wamp.MatchPrefix:   regexp.MustCompile(`^([0-9a-z_]+\.)*([0-9a-z_]*)$`),
		wamp.MatchWildcard: regexp.MustCompile(`^(([0-9a-z_]+\.)|\.)*([0-9a-z_]+)?$`),
	},
}

func TestURIsAreCheckedAsTheSpecificationsExpressionsDo(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab_0.#A- \t\u001c\u0085\u00a0\u2028ü☃."))).Draw(t, "uri")
		for rule, expressions := range uriExpressions {
			for m, expression := range expressions {
				got, want := wamp.URI(text).ValidPattern(wamp.Match(m), rule), expression.MatchString(text)
				if got != want {
					t.Fatalf("%q as %v pattern under rule %d: got %t, want %t", text, wamp.Match(m), rule, got, want)
				}
			}
		}
	})
}

func TestURIsOfInvalidUTF8AreInvalid(t *testing.T) {
	t.Parallel()
	for _, u := range []wamp.URI{"\xff", "com.\xc3", "com.\xe2\x98.a"} {
		if u.Valid(wamp.URILoose) || u.Valid(wamp.URIStrict) {
			t.Errorf("%q is taken for valid", u)
		}
	}
}

func TestMatching(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		uri     wamp.URI
		pattern wamp.URI
		match   wamp.Match
		want    bool
	}{
		{"exact is by code points", "com.a", "com.A", wamp.MatchExact, false},
		{"a prefix is of characters (PREG-1)", "com.app.obj-x", "com.app.obj", wamp.MatchPrefix, true},
		{"the empty prefix matches all (URI-5)", "com.a", "", wamp.MatchPrefix, true},
		{"an empty component matches one (PREG-2)", "a.b.c", "a..c", wamp.MatchWildcard, true},
		{"an empty component does not match none", "a.c", "a..c", wamp.MatchWildcard, false},
		{"an empty component does not match two", "a.b.b.c", "a..c", wamp.MatchWildcard, false},
		{"empty components at both ends", "a.b.c", ".b.", wamp.MatchWildcard, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.uri.Matches(tt.pattern, tt.match); got != tt.want {
				t.Errorf("%q against %q: got %t, want %t", tt.uri, tt.pattern, got, tt.want)
			}
		})
	}
}

func TestReservedURIs(t *testing.T) {
	t.Parallel()
	for u, want := range map[wamp.URI]bool{"wamp": true, "wamp.session.count": true, "wampire.a": false, "com.wamp": false} {
		if got := u.Reserved(); got != want {
			t.Errorf("%q: got %t, want %t (URI-3)", u, got, want)
		}
	}
}

func BenchmarkURIValid(b *testing.B) {
	u := wamp.URI(strings.Repeat("component.", 3) + "end")
	for b.Loop() {
		if !u.Valid(wamp.URILoose) {
			b.Fatal("invalid")
		}
	}
}
