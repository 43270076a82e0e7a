package uritree

import "github.com/junctorio/junctor/wamp"

// Steps returns how many nodes a tree looks at to find all that matches, and
// how much that is.
func Steps[V any](t *Tree[V], uri wamp.URI) (steps, matches int) {
	steps = t.match(uri, func(V) bool {
		matches++
		return true
	})
	return steps, matches
}
