package dealer

import (
	"cmp"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

const (
	minChains  = 8    // of a table that holds anything
	keepChains = 1024 // of a table that became empty: 8 KiB
	maxChain   = 8    // calls in one chain of a table that is not scrambled
)

// table finds the pending calls of one session by their request IDs. It is a
// hash table with chains through the calls themselves. IDs come and go in
// sequence, so their low bits are hash enough: the table is a ring that long
// calls do not hold up. That takes a quarter of the time of a Go map, and a
// warm one allocates nothing (BenchmarkTable).
//
// Callers choose their request IDs, and could choose them to meet in one
// chain. Once a chain is too long, the table is scrambled with a secret seed.
type table struct {
	link      func(*call) *link // constant: which of a call's IDs
	seed      uint64            // constant
	scrambled bool
	used      int
	chains    []*call // none, or a power of two
}

// link is the place of a call in a table.
type link struct {
	id   wamp.ID
	next *call
}

// get returns the call with the given ID, or nil.
func (t *table) get(id wamp.ID) *call {
	if t.used == 0 {
		return nil
	}
	c := *t.chain(id)
	for c != nil && t.link(c).id != id {
		c = t.link(c).next
	}
	return c
}

// put adds a call whose ID is not in the table.
func (t *table) put(c *call) {
	if t.used == len(t.chains) {
		t.rebuild(max(minChains, 2*t.used))
	}
	t.used++
	if length := t.push(c); length > maxChain && !t.scrambled {
		t.scrambled = true
		t.rebuild(len(t.chains))
	}
}

// push puts a call first in its chain, and returns the chain's length.
func (t *table) push(c *call) (length int) {
	l := t.link(c)
	chain := t.chain(l.id)
	l.next = *chain
	*chain = c
	for ; c != nil; c = t.link(c).next {
		length++
	}
	return length
}

// delete removes a call that is in the table.
func (t *table) delete(c *call) {
	p := t.chain(t.link(c).id)
	for *p != c {
		p = &t.link(*p).next
	}
	*p = t.link(c).next
	t.used--
	if t.used == 0 && len(t.chains) > keepChains {
		t.chains = nil
	}
}

// inOrder returns the calls by ascending ID.
func (t *table) inOrder() []*call {
	calls := make([]*call, 0, t.used)
	for _, c := range t.chains {
		for ; c != nil; c = t.link(c).next {
			calls = append(calls, c)
		}
	}
	slices.SortFunc(calls, func(a, b *call) int { return cmp.Compare(t.link(a).id, t.link(b).id) })
	return calls
}

func (t *table) chain(id wamp.ID) *(*call) {
	h := uint64(id)
	if t.scrambled {
		h = (h ^ t.seed) * 0x9e3779b97f4a7c15
		h = (h ^ h>>32) * 0xd6e8feb86659fd93
		h ^= h >> 32
	}
	return &t.chains[h&uint64(len(t.chains)-1)]
}

func (t *table) rebuild(size int) {
	old := t.chains
	t.chains = make([]*call, size)
	for _, c := range old {
		for c != nil {
			next := t.link(c).next
			t.push(c)
			c = next
		}
	}
}
