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

// matchWildcards yields the values of the patterns, spelled from the root n,
// that match the URI, the more specific first. It returns false when yield did.
func (n *node[V]) matchWildcards(uri string, yield func(V) bool) bool {
	return n.wildcards(cursor{uri, true}, yield)
}

// wildcards goes on from the end of n's label. Literals go first: that is the
// order of PREG-5. It recurses once for each branch of the tree on the way,
// and a branch takes a pattern, so nobody can make it deep with one long URI.
func (n *node[V]) wildcards(at cursor, yield func(V) bool) bool {
	if !at.start {
		if at.rest == "" {
			return !n.has || yield(n.value)
		}
		return n.follow(at.rest[0], at, yield)
	}
	dot := strings.IndexByte(at.rest, '.')
	if dot != 0 && at.rest != "" && !n.follow(at.rest[0], at, yield) {
		return false
	}
	if dot < 0 {
		return !n.has || yield(n.value)
	}
	return n.follow('.', at, yield)
}

// follow goes on below n by the edge for an octet, if there is one and its
// label agrees with the URI.
func (n *node[V]) follow(first byte, at cursor, yield func(V) bool) bool {
	c := n.toward(first)
	if c == nil || !at.pass(c.label) {
		return true
	}
	return c.wildcards(at, yield)
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
