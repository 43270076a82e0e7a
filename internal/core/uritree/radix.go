package uritree

import (
	"slices"
	"strings"
)

// radix maps patterns to values in a radix tree over octets. The zero radix is
// empty.
type radix[V any] struct {
	root node[V]
	size int // number of patterns
}

// node stands for the pattern that the labels from the root to it spell. But
// for the root, a node has a value or at least two edges, so that there are
// fewer than two nodes for each pattern.
type node[V any] struct {
	label string    // empty in the root only
	edges []edge[V] // sorted by first
	value V
	has   bool // whether value is set
}

// edge leads to the node whose label begins with an octet. The octet stands
// beside the pointer so that a search touches one node only.
type edge[V any] struct {
	first byte
	to    *node[V]
}

// find returns where the edge for an octet is or belongs.
func (n *node[V]) find(first byte) (int, bool) {
	low, high := 0, len(n.edges)
	for low < high {
		middle := int(uint(low+high) / 2)
		if n.edges[middle].first < first {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low, low < len(n.edges) && n.edges[low].first == first
}

// toward returns the node behind the edge for an octet, nil if there is none.
func (n *node[V]) toward(first byte) *node[V] {
	if i, ok := n.find(first); ok {
		return n.edges[i].to
	}
	return nil
}

// child returns the node below n whose label s begins with, and the rest of s.
func (n *node[V]) child(s string) (*node[V], string) {
	if s == "" {
		return nil, ""
	}
	c := n.toward(s[0])
	if c == nil || !strings.HasPrefix(s, c.label) {
		return nil, ""
	}
	return c, s[len(c.label):]
}

func (r *radix[V]) get(pattern string) (v V, ok bool) {
	n, rest := &r.root, pattern
	for n != nil && rest != "" {
		n, rest = n.child(rest)
	}
	if n == nil {
		return v, false
	}
	return n.value, n.has
}

func (r *radix[V]) set(pattern string, v V) {
	n := r.root.grow(pattern)
	if !n.has {
		r.size++
	}
	n.value, n.has = v, true
}

// grow returns the node for a pattern, given from n on, and makes it if needed.
func (n *node[V]) grow(pattern string) *node[V] {
	for pattern != "" {
		i, ok := n.find(pattern[0])
		if !ok {
			n.edges = slices.Insert(n.edges, i, edge[V]{pattern[0], &node[V]{label: pattern}})
		}
		n = n.edges[i].to
		common := commonPrefix(n.label, pattern)
		if common < len(n.label) {
			n.split(common)
		}
		pattern = pattern[common:]
	}
	return n
}

// split cuts n's label in two: n keeps the first at octets, a new node below it
// gets the rest and all else. The label that stays short is cloned, lest it
// keep the string of a pattern alive that may be deleted.
func (n *node[V]) split(at int) {
	lower := *n
	lower.label = n.label[at:]
	*n = node[V]{label: strings.Clone(n.label[:at]), edges: []edge[V]{{lower.label[0], &lower}}}
}

func (r *radix[V]) delete(pattern string) bool {
	var parent *node[V]
	n, rest := &r.root, pattern
	for n != nil && rest != "" {
		parent = n
		n, rest = n.child(rest)
	}
	if n == nil || !n.has {
		return false
	}
	r.size--
	var none V
	n.value, n.has = none, false
	if parent != nil {
		n.label = strings.Clone(n.label)
		parent.prune(n)
		parent.mend()
	}
	return true
}

// prune restores node's rule for a node below n that lost its value.
func (n *node[V]) prune(c *node[V]) {
	if len(c.edges) > 0 {
		c.mend()
		return
	}
	i, _ := n.find(c.label[0])
	n.edges = slices.Delete(n.edges, i, i+1)
	if len(n.edges) == 0 {
		n.edges = nil
	}
}

// mend joins n with its only child if n is there for that child alone.
func (n *node[V]) mend() {
	if n.has || len(n.edges) != 1 || n.label == "" {
		return
	}
	child := n.edges[0].to
	label := n.label + child.label
	*n = *child
	n.label = label
}

func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
