package uritree

import "strings"

// In the tree of wildcard patterns, an octet is compared as it is except at
// the start of a component: a '.' there, or the end of the pattern, is an
// empty component and stands for any one of the URI's (PREG-2).

// cursor is how far a URI has been compared with a path of the tree.
type cursor struct {
	rest  string // of the URI
	start bool   // at the start of a component
}

// search yields the values of the patterns that match a URI.
type search[V any] struct {
	yield func(V) bool
	steps int // nodes looked at: what the search costs, for tests to hold on to
}

// prefixes searches a tree of prefixes, from short to long. Like wildcards it
// returns false when yield did.
func (s *search[V]) prefixes(n *node[V], uri string) bool {
	for rest := uri; n != nil; n, rest = n.child(rest) {
		s.steps++
		if n.has && !s.yield(n.value) {
			return false
		}
	}
	return true
}

// wildcards searches below n, from the end of its label on, the more specific
// first. Literals go first: that is the order of PREG-5. It recurses once for
// each branch of the tree on the way, and a branch takes a pattern, so nobody
// can make it deep with one long URI.
//
// It looks at a node only if all before it agrees with the URI. Of those there
// are at most two for each pattern, and at most 2^(n+1) for a URI of n
// components; so many patterns that agree with a URI for long and do not match
// it in the end cost about what they would cost if they matched.
func (s *search[V]) wildcards(n *node[V], at cursor) bool {
	s.steps++
	if !at.start {
		if at.rest == "" {
			return !n.has || s.yield(n.value)
		}
		return s.follow(n, at.rest[0], at)
	}
	dot := strings.IndexByte(at.rest, '.')
	if dot != 0 && at.rest != "" && !s.follow(n, at.rest[0], at) {
		return false
	}
	if dot < 0 {
		return !n.has || s.yield(n.value)
	}
	return s.follow(n, '.', at)
}

// follow goes on below n by the edge for an octet, if there is one and its
// label agrees with the URI.
func (s *search[V]) follow(n *node[V], first byte, at cursor) bool {
	c := n.toward(first)
	if c == nil || !at.pass(c.label) {
		return true
	}
	return s.wildcards(c, at)
}

// pass moves the cursor over a label and reports whether they agree.
func (c *cursor) pass(label string) bool {
	for i := range len(label) {
		if c.start && label[i] == '.' {
			dot := strings.IndexByte(c.rest, '.')
			if dot < 0 {
				return false
			}
			c.rest = c.rest[dot:]
		}
		if c.rest == "" || c.rest[0] != label[i] {
			return false
		}
		c.rest = c.rest[1:]
		c.start = label[i] == '.'
	}
	return true
}
