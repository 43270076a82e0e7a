package dealer

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

const (
	minSlots  = 8    // of a table that holds anything
	keepSlots = 1024 // of a table that became empty: 16 KiB
)

// table finds the pending calls of one session by ID. It is a hash table with
// linear probing, at most half full: IDs come and go in sequence, which makes
// a Go map collect tombstones and rehash, while here a warm insertion and
// deletion touch one or two cache lines and allocate nothing (see
// BenchmarkTable). The seed keeps callers, who choose their request IDs, from
// choosing them to collide.
type table struct {
	seed  uint64
	used  int
	slots []slot // none, or a power of two
}

// slot is free if call is nil.
type slot struct {
	id   wamp.ID
	call *call
}

// get returns the call with the given ID, or nil.
func (t *table) get(id wamp.ID) *call {
	if t.used == 0 {
		return nil
	}
	return t.slots[t.find(id)].call
}

// put adds a call under an ID that is not in the table.
func (t *table) put(id wamp.ID, c *call) {
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	t.slots[t.find(id)] = slot{id, c}
	t.used++
}

// delete removes the call with the given ID, which is in the table.
func (t *table) delete(id wamp.ID) {
	t.used--
	if t.used == 0 && len(t.slots) > keepSlots {
		t.slots = nil
		return
	}
	hole := t.find(id)
	mask := len(t.slots) - 1
	for i := (hole + 1) & mask; t.slots[i].call != nil; i = (i + 1) & mask {
		// What lies between its home and here may move into the hole only if
		// the hole lies there too.
		if (i-t.home(t.slots[i].id))&mask >= (i-hole)&mask {
			t.slots[hole] = t.slots[i]
			hole = i
		}
	}
	t.slots[hole] = slot{}
}

// inOrder returns the calls by ascending ID.
func (t *table) inOrder() []*call {
	filled := make([]slot, 0, t.used)
	for _, s := range t.slots {
		if s.call != nil {
			filled = append(filled, s)
		}
	}
	slices.SortFunc(filled, func(a, b slot) int { return cmp.Compare(a.id, b.id) })
	calls := make([]*call, len(filled))
	for i, s := range filled {
		calls[i] = s.call
	}
	return calls
}

// find returns the index of the slot with the ID, or of the free slot where it
// would go.
func (t *table) find(id wamp.ID) int {
	mask := len(t.slots) - 1
	i := t.home(id)
	for t.slots[i].call != nil && t.slots[i].id != id {
		i = (i + 1) & mask
	}
	return i
}

// home returns the index at which the search for an ID begins.
func (t *table) home(id wamp.ID) int {
	h := (uint64(id) ^ t.seed) * 0x9e3779b97f4a7c15
	h = (h ^ h>>32) * 0xd6e8feb86659fd93
	return int(h >> (64 - bits.TrailingZeros(uint(len(t.slots)))))
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(minSlots, 2*len(old)))
	for _, s := range old {
		if s.call != nil {
			t.slots[t.find(s.id)] = s
		}
	}
}
