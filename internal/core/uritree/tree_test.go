package uritree_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// key is a key of the tree, and the value the tests store under it.
type key struct {
	URI   wamp.URI
	Match wamp.Match
}

func (k key) String() string { return fmt.Sprintf("%v %q", k.Match, string(k.URI)) }

func build(keys ...key) *uritree.Tree[key] {
	var t uritree.Tree[key]
	for _, k := range keys {
		t.Set(k.URI, k.Match, k)
	}
	return &t
}

func TestBestSelectsAsTheSpecificationsExampleDoes(t *testing.T) { // section 3.8
	t.Parallel()
	tree := build(
		key{"a1.b2.c3.d4.e55", wamp.MatchExact},
		key{"a1.b2.c3", wamp.MatchPrefix},
		key{"a1.b2.c3.d4", wamp.MatchPrefix},
		key{"a1.b2..d4.e5", wamp.MatchWildcard},
		key{"a1.b2.c33..e5", wamp.MatchWildcard},
		key{"a1.b2..d4.e5..g7", wamp.MatchWildcard},
		key{"a1.b2..d4..f6.g7", wamp.MatchWildcard},
	)
	for uri, want := range map[wamp.URI]wamp.URI{
		"a1.b2.c3.d4.e55":  "a1.b2.c3.d4.e55",
		"a1.b2.c3.d98.e74": "a1.b2.c3",
		"a1.b2.c3.d4.e325": "a1.b2.c3.d4",
		"a1.b2.c55.d4.e5":  "a1.b2..d4.e5",
		// The specification says 5, but by its own rule "a1.b2.c3" is a prefix
		// of this URI (PREG-1), and a prefix beats every wildcard (PREG-3).
		"a1.b2.c33.d4.e5":       "a1.b2.c3",
		"a1.b2.c88.d4.e5.f6.g7": "a1.b2..d4.e5..g7",
		"a2.b2.c2.d2.e2":        "",
	} {
		if got, ok := tree.Best(uri); got.URI != want || ok != (want != "") {
			t.Errorf("Best(%q) = %v, %v, want %q", uri, got, ok, want)
		}
	}
	tree.Delete("a1.b2.c3", wamp.MatchPrefix)
	if got, _ := tree.Best("a1.b2.c33.d4.e5"); got.URI != "a1.b2.c33..e5" {
		t.Errorf("without the prefix, Best is %v, want the wildcard with the longer literal run", got)
	}
}

func TestMatching(t *testing.T) { // PREG-1, PREG-2
	t.Parallel()
	tests := []struct {
		name    string
		pattern key
		matches []wamp.URI
		others  []wamp.URI
	}{
		{
			"a prefix is not aligned to components", key{"com.app.obj", wamp.MatchPrefix},
			[]wamp.URI{"com.app.obj", "com.app.obj.x", "com.app.obj-x"}, []wamp.URI{"com.app.ob", "com.app", "a.com.app.obj"},
		},
		{
			"the empty prefix matches everything", key{"", wamp.MatchPrefix},
			[]wamp.URI{"a", "a.b", "wamp.session.on_join"}, nil,
		},
		{
			"an empty component matches exactly one", key{"a..c", wamp.MatchWildcard},
			[]wamp.URI{"a.b.c", "a.a.c"}, []wamp.URI{"a.c", "a.b.b.c", "a.b.c.d", "a.b.cc", "aa.b.c", "b.b.c"},
		},
		{
			"the empty wildcard is one component", key{"", wamp.MatchWildcard},
			[]wamp.URI{"a", "abc"}, []wamp.URI{"a.b", ".", ".a"},
		},
		{
			"empty components at both ends match", key{".b.", wamp.MatchWildcard},
			[]wamp.URI{"a.b.c"}, []wamp.URI{"b", "a.b", "b.c", "a.c.b", "a.b.c.d"},
		},
		{
			"a wildcard without empty components is exact", key{"a.b", wamp.MatchWildcard},
			[]wamp.URI{"a.b"}, []wamp.URI{"a", "a.b.c", "a.c", "a.bb"},
		},
		{
			"exact compares code points", key{"a.é", wamp.MatchExact},
			[]wamp.URI{"a.é"}, []wamp.URI{"a.e\u0301", "A.é"},
		},
	}
	for _, tt := range tests {
		tree := build(tt.pattern)
		for _, uri := range tt.matches {
			if got := slices.Collect(tree.Match(uri)); len(got) != 1 {
				t.Errorf("%s: Match(%q) = %v, want %v", tt.name, uri, got, tt.pattern)
			}
		}
		for _, uri := range tt.others {
			if got := slices.Collect(tree.Match(uri)); len(got) != 0 {
				t.Errorf("%s: Match(%q) = %v, want nothing", tt.name, uri, got)
			}
		}
	}
}

func TestMatchYieldsExactThenPrefixesThenWildcards(t *testing.T) { // PSUB-1
	t.Parallel()
	want := []key{
		{"a.b.c", wamp.MatchExact}, {"", wamp.MatchPrefix}, {"a.", wamp.MatchPrefix}, {"a.b.c", wamp.MatchPrefix},
		{"a.b.", wamp.MatchWildcard}, {"a..c", wamp.MatchWildcard}, {"..", wamp.MatchWildcard},
	}
	tree := build(append(slices.Clone(want), key{"a.b.cc", wamp.MatchPrefix}, key{"a.c.", wamp.MatchWildcard})...)
	if diff := cmp.Diff(want, slices.Collect(tree.Match("a.b.c"))); diff != "" {
		t.Error(diff)
	}
	for n := range want { // an iteration may end anywhere
		i := 0
		for range tree.Match("a.b.c") {
			if i++; i > n {
				break
			}
		}
		if i != n+1 {
			t.Errorf("stopped after %d values, want %d", i, n+1)
		}
	}
}

func TestLookupsAllocateNothing(t *testing.T) {
	tree := build(
		key{"a.b.c", wamp.MatchExact}, key{"a.", wamp.MatchPrefix}, key{"a.b", wamp.MatchPrefix},
		key{"a..c", wamp.MatchWildcard}, key{"..", wamp.MatchWildcard},
	)
	total := 0
	allocs := testing.AllocsPerRun(100, func() {
		for range tree.Match("a.b.c") {
			total++
		}
		tree.Best("a.x.c")
		tree.Best("b.x.c")
		tree.Get("a..c", wamp.MatchWildcard)
	})
	if allocs != 0 || total != 101*5 {
		t.Errorf("lookups allocate %v times and match %d times, want 0 and %d", allocs, total, 101*5)
	}
}

// The longest pattern that fits a message must neither nest deep nor cost more
// than a node.
func TestPatternsOfAMillionComponents(t *testing.T) {
	t.Parallel()
	long := wamp.URI(strings.Repeat(".", 1<<20))
	uri := wamp.URI(strings.Repeat("a.", 1<<20) + "a")
	tree := build(key{long, wamp.MatchWildcard}, key{long[1:], wamp.MatchWildcard}, key{uri, wamp.MatchWildcard})
	if got := slices.Collect(tree.Match(uri)); len(got) != 2 || got[0].URI != uri || got[1].URI != long {
		t.Errorf("got %d matches, want the literal and the wildcards", len(got))
	}
}

// model is the slow obvious Tree.
type model map[key]bool

func (m model) matching(uri wamp.URI) (keys []key) {
	for k := range m {
		if uri.Matches(k.URI, k.Match) {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, bySpecificity)
	return keys
}

// bySpecificity orders matching keys as Match yields them.
func bySpecificity(a, b key) int {
	if a.Match != b.Match {
		return int(a.Match) - int(b.Match)
	}
	if a.Match == wamp.MatchPrefix {
		return len(a.URI) - len(b.URI)
	}
	as, bs := strings.Split(string(a.URI), "."), strings.Split(string(b.URI), ".")
	for i := range as {
		if (as[i] == "") != (bs[i] == "") {
			return len(bs[i]) - len(as[i])
		}
	}
	return 0
}

func (m model) best(uri wamp.URI) (best key, ok bool) {
	keys := m.matching(uri)
	if len(keys) == 0 {
		return key{}, false
	}
	best = keys[0]
	for _, k := range keys {
		if best.Match == wamp.MatchPrefix && k.Match == wamp.MatchPrefix {
			best = k // the longest comes last
		}
	}
	return best, true
}

// uris draws URIs and patterns over so few letters that they often meet,
// empty components included: a tree may be asked before a URI was checked.
var uris = rapid.Custom(func(t *rapid.T) wamp.URI {
	return wamp.URI(rapid.StringOfN(rapid.SampledFrom([]rune("ab.é.")), 0, 9, -1).Draw(t, "uri"))
})

var policies = rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard})

func TestTreeBehavesAsTheObviousModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var tree uritree.Tree[key]
		var index uritree.Index[wamp.URI] // of the exact keys
		want := model{}
		drawKey := func() key { return key{uris.Draw(t, "uri"), policies.Draw(t, "match")} }
		drawKnown := func() key {
			if len(want) == 0 {
				return drawKey()
			}
			known := slices.SortedFunc(keysOf(want), func(a, b key) int { return strings.Compare(a.String(), b.String()) })
			return rapid.SampledFrom(known).Draw(t, "known")
		}
		remove := func(k key) {
			if got := tree.Delete(k.URI, k.Match); got != want[k] {
				t.Fatalf("Delete(%v) = %v, want %v", k, got, want[k])
			}
			if k.Match == wamp.MatchExact && index.Delete(k.URI) != want[k] {
				t.Fatalf("Index.Delete(%q) = %v", k.URI, !want[k])
			}
			delete(want, k)
		}
		t.Repeat(map[string]func(*rapid.T){
			"set": func(*rapid.T) {
				k := drawKey()
				tree.Set(k.URI, k.Match, k)
				if k.Match == wamp.MatchExact {
					index.Set(k.URI, k.URI)
				}
				want[k] = true
			},
			"delete":       func(*rapid.T) { remove(drawKey()) },
			"delete known": func(*rapid.T) { remove(drawKnown()) },
			"get": func(*rapid.T) {
				k := drawKey()
				if got, ok := tree.Get(k.URI, k.Match); ok != want[k] || ok && got != k {
					t.Fatalf("Get(%v) = %v, %v, want %v", k, got, ok, want[k])
				}
			},
			"": func(t *rapid.T) {
				checkAgainst(t, &tree, want)
				checkIndex(t, &index, want, drawKey())
			},
		})
	})
}

func keysOf(m model) func(func(key) bool) {
	return func(yield func(key) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func checkAgainst(t *rapid.T, tree *uritree.Tree[key], want model) {
	if tree.Len() != len(want) {
		t.Fatalf("Len() = %d, want %d", tree.Len(), len(want))
	}
	uri := uris.Draw(t, "asked")
	if diff := cmp.Diff(want.matching(uri), slices.Collect(tree.Match(uri))); diff != "" {
		t.Fatalf("Match(%q): %s", uri, diff)
	}
	best, ok := want.best(uri)
	if got, gotOK := tree.Best(uri); got != best || gotOK != ok {
		t.Fatalf("Best(%q) = %v, %v, want %v, %v", uri, got, gotOK, best, ok)
	}
	for k := range want {
		if got, ok := tree.Get(k.URI, k.Match); !ok || got != k {
			t.Fatalf("Get(%v) = %v, %v", k, got, ok)
		}
	}
}

func checkIndex(t *rapid.T, x *uritree.Index[wamp.URI], m model, pattern key) {
	exact, want := 0, []wamp.URI{}
	for k := range m {
		if k.Match != wamp.MatchExact {
			continue
		}
		exact++
		if got, ok := x.Get(k.URI); !ok || got != k.URI {
			t.Fatalf("Index.Get(%q) = %q, %v", k.URI, got, ok)
		}
		if k.URI.Matches(pattern.URI, pattern.Match) {
			want = append(want, k.URI)
		}
	}
	got := append([]wamp.URI{}, slices.Collect(x.MatchedBy(pattern.URI, pattern.Match))...)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" || x.Len() != exact {
		t.Fatalf("MatchedBy(%v), of %d: %s", pattern, x.Len(), diff)
	}
	for range x.MatchedBy(pattern.URI, pattern.Match) {
		break // an iteration may end anywhere
	}
}
