package uritree_test

import (
	"fmt"
	"math/bits"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// crowd makes the i-th of many patterns.
type crowd func(i int) key

// TestMatchingDoesNotGrowWithWhatDoesNotMatch counts the nodes that a look-up
// touches, with few and with many other patterns in the tree.
func TestMatchingDoesNotGrowWithWhatDoesNotMatch(t *testing.T) {
	t.Parallel()
	const few, many = 100, 20_000
	long := strings.Repeat("part.", 20)
	tests := []struct {
		name  string
		uri   wamp.URI
		crowd crowd
	}{
		{"exact topics", "com.example.x", func(i int) key { return exactly("com.example.%d", i) }},
		{"prefixes that part at once", "com.example.x", func(i int) key { return prefixed("%d.example", i) }},
		{"prefixes that part at the end", "com.example.x", func(i int) key { return prefixed("com.example.%d", i) }},
		{"prefixes that are longer than the URI", "com.example.x", func(i int) key { return prefixed("com.example.x%d", i) }},
		{"prefixes that share a long head", wamp.URI(long + "x"), func(i int) key { return prefixed(long+"%d", i) }},
		{"wildcards that part at once", "com.example.x", func(i int) key { return wild("%d..x", i) }},
		{"wildcards that part after an empty part", "com.example.x", func(i int) key { return wild("com..%d", i) }},
		{"wildcards that part after many", wamp.URI(long + "x"), func(i int) key { return wild(strings.Repeat(".", 20)+"%d", i) }},
		{"wildcards that share a long literal head", wamp.URI(long + "a.x"), func(i int) key { return wild(long+".%d", i) }},
		{"wildcards with more parts than the URI", "com.example.x", func(i int) key { return wild("com..x.%d", i) }},
		{"wildcards with parts that are longer", "com.example.x", func(i int) key { return wild("com..x%d", i) }},
	}
	for _, tt := range tests {
		cost := func(n int) int {
			var tree uritree.Tree[key]
			for i := range n {
				k := tt.crowd(i)
				tree.Set(k.URI, k.Match, k)
			}
			steps, matches := uritree.Steps(&tree, tt.uri)
			if matches > 0 || tree.Len() != n {
				t.Errorf("%s: %d of %d match", tt.name, matches, tree.Len())
			}
			return steps
		}
		// A node more may be met where the crowd first makes the paths branch.
		if few, many := cost(few), cost(many); many > few+2 {
			t.Errorf("%s: %d steps among few, %d among many", tt.name, few, many)
		}
	}
}

func exactly(format string, i int) key { return key{wamp.URI(fmt.Sprintf(format, i)), wamp.MatchExact} }

func prefixed(format string, i int) key {
	return key{wamp.URI(fmt.Sprintf(format, i)), wamp.MatchPrefix}
}

func wild(format string, i int) key { return key{wamp.URI(fmt.Sprintf(format, i)), wamp.MatchWildcard} }

// The worst that patterns can do: all agree with the URI up to its last part,
// each by another choice of empty parts. They cost no more than two nodes each,
// and no others cost anything.
func TestPatternsThatNearlyMatchCostWhatMatchingOnesCost(t *testing.T) {
	t.Parallel()
	const parts = 10
	uri := wamp.URI(strings.Repeat("a.", parts) + "z")
	var near, matching uritree.Tree[key]
	for choice := range 1 << parts {
		head := ""
		for i := range parts {
			head += strings.Repeat("a", choice>>i&1) + "."
		}
		near.Set(wamp.URI(head+"x"), wamp.MatchWildcard, key{})
		matching.Set(wamp.URI(head+"z"), wamp.MatchWildcard, key{})
	}
	for i := range 20_000 {
		near.Set(wamp.URI(fmt.Sprintf("a.%d%s", i, strings.Repeat(".", parts-1))), wamp.MatchWildcard, key{})
	}
	nearly, none := uritree.Steps(&near, uri)
	fully, all := uritree.Steps(&matching, uri)
	if none != 0 || all != 1<<parts {
		t.Fatalf("%d and %d patterns match, want 0 and %d", none, all, 1<<parts)
	}
	if nearly > fully || fully > 2*all {
		t.Errorf("%d steps for patterns that nearly match, %d for %d that match; want at most two for each", nearly, fully, all)
	}
	for n := range parts { // the shorter the URI, the fewer parts to choose
		short := wamp.URI(strings.Repeat("a.", n) + "z")
		if steps, _ := uritree.Steps(&near, short); bits.Len(uint(steps)) > n+2 {
			t.Errorf("%d steps for a URI of %d parts, want at most 2^%d", steps, n+1, n+2)
		}
	}
}

// Prefixes nest: no more of them can be met than the URI has octets.
func TestPrefixesCostAtMostTheURIsLength(t *testing.T) {
	t.Parallel()
	uri := strings.Repeat("a", 200)
	var tree uritree.Tree[key]
	for n := range len(uri) {
		tree.Set(wamp.URI(uri[:n]+"b"), wamp.MatchPrefix, key{})
		tree.Set(wamp.URI(uri[:n]), wamp.MatchPrefix, key{})
	}
	if steps, matches := uritree.Steps(&tree, wamp.URI(uri)); steps > len(uri)+1 || matches != len(uri) {
		t.Errorf("%d steps and %d matches for a URI of %d octets", steps, matches, len(uri))
	}
}
