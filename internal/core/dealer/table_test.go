package dealer_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
	"pgregory.net/rapid"
)

func TestTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		table := dealer.NewTable(rapid.Uint64().Draw(t, "seed"))
		want := map[wamp.ID]int{}
		mark := 0
		ids := rapid.OneOf( // many collisions, sequences, anything
			rapid.Map(rapid.IntRange(1, 64), func(i int) wamp.ID { return wamp.ID(i) }),
			rapid.Map(rapid.IntRange(1, 64), func(i int) wamp.ID { return wamp.ID(i) << 47 }),
			rapid.Map(rapid.Uint64Range(1, uint64(wamp.MaxID)), func(i uint64) wamp.ID { return wamp.ID(i) }),
		)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			id := ids.Draw(t, "id")
			if len(want) > 0 && rapid.IntRange(0, 2).Draw(t, "known") == 0 {
				id = rapid.SampledFrom(slices.Sorted(maps.Keys(want))).Draw(t, "of those")
			}
			if got, ok := table.Get(id); ok != (want[id] != 0) || got != want[id] {
				t.Fatalf("get %d: got %d (%v), want %d", id, got, ok, want[id])
			}
			if want[id] != 0 {
				table.Delete(id)
				delete(want, id)
			} else {
				mark++
				table.Put(id, mark)
				want[id] = mark
			}
		}
		var inOrder []int
		for _, id := range slices.Sorted(maps.Keys(want)) {
			inOrder = append(inOrder, want[id])
		}
		if diff := cmp.Diff(inOrder, table.InOrder()); diff != "" {
			t.Fatalf("in order (-want +got):\n%s", diff)
		}
	})
}

func TestTableSize(t *testing.T) {
	t.Parallel()
	table := dealer.NewTable(1)
	if table.Chains() != 0 {
		t.Errorf("a table that holds nothing has %d chains", table.Chains())
	}
	flood := func(n wamp.ID) {
		for id := wamp.ID(1); id <= n; id++ {
			table.Put(id, 1)
		}
		if chains := table.Chains(); chains < int(n) || chains > 2*int(n) {
			t.Errorf("a table of %d has %d chains", n, chains)
		}
		if longest := table.Longest(); longest != 1 {
			t.Errorf("a table of %d IDs in sequence has a chain of %d", n, longest)
		}
		for id := wamp.ID(1); id <= n; id++ {
			table.Delete(id)
		}
	}
	flood(100)
	if table.Chains() == 0 {
		t.Error("a table gives up chains that it is likely to need again")
	}
	flood(10000)
	if table.Chains() != 0 {
		t.Errorf("a table that is empty after a flood keeps %d chains", table.Chains())
	}
}

func TestTableOfHostileIDs(t *testing.T) {
	t.Parallel()
	table := dealer.NewTable(0x123456789abcdef)
	const n = 10000
	for i := range n {
		table.Put(wamp.ID(i+1)<<32, i+1)
	}
	if longest := table.Longest(); longest > 16 {
		t.Errorf("IDs that agree in their low bits share a chain of %d", longest)
	}
	for i := range n {
		if mark, _ := table.Get(wamp.ID(i+1) << 32); mark != i+1 {
			t.Fatalf("get %d: got %d", i+1, mark)
		}
	}
}
