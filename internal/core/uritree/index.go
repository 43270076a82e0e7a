package uritree

import (
	"iter"
	"strings"

	"github.com/junctorio/junctor/wamp"
)

// Index maps concrete URIs to values and finds those that a pattern matches:
// the other way round than a Tree. The zero Index is empty and ready for use.
// It keeps the strings it is given. Any number of goroutines may read it (Get,
// MatchedBy, Len) at the same time.
type Index[V any] struct{ entries radix[entry[V]] }

type entry[V any] struct {
	uri   wamp.URI
	value V
}

// Set stores the value for a URI, in place of the one it had.
func (x *Index[V]) Set(uri wamp.URI, v V) { x.entries.set(string(uri), entry[V]{uri, v}) }

// Get returns the value for a URI.
func (x *Index[V]) Get(uri wamp.URI) (V, bool) {
	e, ok := x.entries.get(string(uri))
	return e.value, ok
}

// Delete removes a URI and reports whether it was there.
func (x *Index[V]) Delete(uri wamp.URI) bool { return x.entries.delete(string(uri)) }

// Len returns the number of URIs.
func (x *Index[V]) Len() int { return x.entries.size }

// MatchedBy yields the values of the URIs that the pattern matches, in no
// order to rely on. What it costs depends on how many URIs begin with the
// pattern's literal head, which is all of a prefix. The index must not change
// until the iteration has ended.
func (x *Index[V]) MatchedBy(pattern wamp.URI, m wamp.Match) iter.Seq[V] {
	return func(yield func(V) bool) {
		if m == wamp.MatchExact {
			if v, ok := x.Get(pattern); ok {
				yield(v)
			}
			return
		}
		head := string(pattern)
		if m == wamp.MatchWildcard {
			head = literalHead(head)
		}
		n := x.entries.under(head)
		n.walk(func(e entry[V]) bool { return !e.uri.Matches(pattern, m) || yield(e.value) })
	}
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

// under returns the highest node whose pattern begins with the head, nil if
// there is none.
func (r *radix[V]) under(head string) *node[V] {
	n, rest := &r.root, head
	for rest != "" {
		c := n.toward(rest[0])
		if c == nil {
			return nil
		}
		if strings.HasPrefix(c.label, rest) {
			return c
		}
		if n, rest = n.child(rest); n == nil {
			return nil
		}
	}
	return n
}

// walk yields the values of n and all below it. It returns false when yield did.
func (n *node[V]) walk(yield func(V) bool) bool {
	if n == nil {
		return true
	}
	if n.has && !yield(n.value) {
		return false
	}
	for _, e := range n.edges {
		if !e.to.walk(yield) {
			return false
		}
	}
	return true
}
