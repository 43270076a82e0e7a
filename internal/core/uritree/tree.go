// Package uritree indexes values by URI and matching policy: subscriptions,
// registrations, permissions; and, the other way round, values that patterns
// look for by their URI: retained events (Index).
//
// A Tree answers which patterns match a concrete URI: all of them (Match, for
// events and permissions), or the one that decides a call (Best). What a
// lookup costs depends on the URI and on the patterns that agree with it so
// far, not on how many others there are: exact URIs are in a map, prefixes and
// wildcards in one radix tree each. A pattern costs a node or two, however
// long it is.
//
// A Tree is not safe for concurrent use, but any number of goroutines may read
// it (Get, Match, Best, Len) at the same time.
package uritree

import (
	"iter"

	"github.com/junctorio/junctor/wamp"
)

// Tree maps (URI, matching policy) to a V; the same URI with another policy is
// another key (PREG-7). The zero Tree is empty and ready for use. It keeps the
// strings it is given.
type Tree[V any] struct {
	exact    map[wamp.URI]V
	prefix   radix[V]
	wildcard radix[V]
}

// Set stores the value for a key, in place of the one it had.
func (t *Tree[V]) Set(uri wamp.URI, m wamp.Match, v V) {
	if r := t.patterns(m); r != nil {
		r.set(string(uri), v)
		return
	}
	if t.exact == nil {
		t.exact = make(map[wamp.URI]V)
	}
	t.exact[uri] = v
}

// Get returns the value of exactly that key.
func (t *Tree[V]) Get(uri wamp.URI, m wamp.Match) (V, bool) {
	if r := t.patterns(m); r != nil {
		return r.get(string(uri))
	}
	v, ok := t.exact[uri]
	return v, ok
}

// Delete removes the key and reports whether it was there.
func (t *Tree[V]) Delete(uri wamp.URI, m wamp.Match) bool {
	if r := t.patterns(m); r != nil {
		return r.delete(string(uri))
	}
	_, ok := t.exact[uri]
	delete(t.exact, uri)
	return ok
}

// Len returns the number of keys.
func (t *Tree[V]) Len() int { return len(t.exact) + t.prefix.size + t.wildcard.size }

// Match yields the value of every key that matches the concrete URI (PSUB-1):
// the exact one, then the prefixes from short to long, then the wildcards,
// the more specific (PREG-5) first. It allocates nothing. The tree must not
// change until the iteration has ended.
func (t *Tree[V]) Match(uri wamp.URI) iter.Seq[V] {
	return func(yield func(V) bool) { t.match(uri, yield) }
}

// match is Match, and returns how many nodes it looked at.
func (t *Tree[V]) match(uri wamp.URI, yield func(V) bool) (steps int) {
	if v, ok := t.exact[uri]; ok && !yield(v) {
		return 0
	}
	s := search[V]{yield: yield}
	if s.prefixes(&t.prefix.root, string(uri)) && t.wildcard.size > 0 {
		s.wildcards(&t.wildcard.root, cursor{string(uri), true})
	}
	return s.steps
}

// Best returns the value that decides for a concrete URI where only one can
// (PREG-3): the exact one, else the longest prefix, else the wildcard that has
// a literal where its rivals first have none (PREG-5).
func (t *Tree[V]) Best(uri wamp.URI) (V, bool) {
	if v, ok := t.exact[uri]; ok {
		return v, true
	}
	if n := t.longestPrefix(string(uri)); n != nil {
		return n.value, true
	}
	return t.bestWildcard(string(uri))
}

func (t *Tree[V]) longestPrefix(uri string) (longest *node[V]) {
	for n, rest := &t.prefix.root, uri; n != nil; n, rest = n.child(rest) {
		if n.has {
			longest = n
		}
	}
	return longest
}

func (t *Tree[V]) bestWildcard(uri string) (best V, ok bool) {
	if t.wildcard.size == 0 {
		return best, false
	}
	s := search[V]{yield: func(v V) bool {
		best, ok = v, true
		return false
	}}
	s.wildcards(&t.wildcard.root, cursor{uri, true})
	return best, ok
}

// patterns returns the tree for a policy that is not exact, else nil.
func (t *Tree[V]) patterns(m wamp.Match) *radix[V] {
	switch m {
	case wamp.MatchPrefix:
		return &t.prefix
	case wamp.MatchWildcard:
		return &t.wildcard
	}
	return nil
}
