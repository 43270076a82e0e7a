package wamp

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// URI names a realm, topic, procedure or reason. Two URIs are equal if and
// only if their code points are (URI-4).
type URI string

// URIRule is how strictly URIs are checked (URI-1).
type URIRule uint8

// The rules. The zero rule is loose.
const (
	URILoose  URIRule = iota // components without '.', '#' and white space
	URIStrict                // components of [0-9a-z_] only
)

// Valid reports whether u is a concrete URI under the rule: non-empty
// components separated by dots (section 2.5).
func (u URI) Valid(rule URIRule) bool { return u.ValidPattern(MatchExact, rule) }

// ValidPattern reports whether u may be registered, subscribed to or permitted
// with the given matching policy. A prefix may have an empty last component,
// a wildcard any number of empty components; the empty string is a valid
// pattern but no valid concrete URI (URI-5).
func (u URI) ValidPattern(m Match, rule URIRule) bool {
	componentStart := 0
	s := string(u)
	for i := 0; i < len(s); {
		c := s[i]
		if c == '.' {
			if i == componentStart && m != MatchWildcard {
				return false
			}
			i++
			componentStart = i
			continue
		}
		if c < utf8.RuneSelf || rule == URIStrict {
			if octetRules[c]>>rule&1 == 0 {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if unicode.IsSpace(r) || r == utf8.RuneError && size == 1 {
			return false
		}
		i += size
	}
	return componentStart < len(s) || m != MatchExact
}

// octetRules tells for each octet whether it may stand in a component: bit 0
// under the loose rule, bit 1 under the strict one. A table, since URIs are
// checked for every publication.
var octetRules = func() (rules [256]uint8) {
	for c := range rune(utf8.RuneSelf) {
		if c != '.' && c != '#' && !unicode.IsSpace(c) && (c < 0x1c || c > 0x1f) { // Python's \s has 0x1c to 0x1f too (URI-2)
			rules[c] |= 1 << URILoose
		}
		if c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' {
			rules[c] |= 1 << URIStrict
		}
	}
	return rules
}()

// Reserved reports whether u is below the first component "wamp", where
// applications must not register or publish (URI-3).
func (u URI) Reserved() bool {
	return u == "wamp" || strings.HasPrefix(string(u), "wamp.")
}

// Matches reports whether the concrete URI u is matched by the pattern p under
// policy m (PREG-1, PREG-2).
func (u URI) Matches(p URI, m Match) bool {
	switch m {
	case MatchPrefix:
		return strings.HasPrefix(string(u), string(p))
	case MatchWildcard:
		return matchWildcard(string(u), string(p))
	default:
		return u == p
	}
}

func matchWildcard(u, p string) bool {
	for {
		uc, urest, umore := strings.Cut(u, ".")
		pc, prest, pmore := strings.Cut(p, ".")
		if umore != pmore || pc != "" && pc != uc {
			return false
		}
		if !umore {
			return true
		}
		u, p = urest, prest
	}
}
