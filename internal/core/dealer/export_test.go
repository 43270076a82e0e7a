package dealer

import (
	"testing"

	"github.com/junctorio/junctor/wamp"
)

// Held counts everything that a Dealer keeps for peers and calls. It is 0 once
// everyone left.
func Held(d *Dealer) int {
	return len(d.sessions) + d.procedures.Len() + len(d.byID) + len(d.deadlines) + d.stats.Registrations + d.stats.Pending + d.stats.Queued + d.kept
}

// Table is the table of pending calls, with a mark in place of each call.
type Table struct {
	t     table
	marks map[*call]int
}

func NewTable(seed uint64) *Table {
	return &Table{t: table{link: byRequest, seed: seed}, marks: map[*call]int{}}
}

func (t *Table) Put(id wamp.ID, mark int) {
	c := &call{request: link{id: id}}
	t.marks[c] = mark
	t.t.put(c)
}

func (t *Table) Get(id wamp.ID) (mark int, ok bool) {
	c := t.t.get(id)
	return t.marks[c], c != nil
}

func (t *Table) InOrder() []int {
	var marks []int
	for _, c := range t.t.inOrder() {
		marks = append(marks, t.marks[c])
	}
	return marks
}

func (t *Table) Delete(id wamp.ID) { t.t.delete(t.t.get(id)) }
func (t *Table) Chains() int       { return len(t.t.chains) }

// Longest returns the length of the longest chain.
func (t *Table) Longest() int {
	longest := 0
	for _, c := range t.t.chains {
		length := 0
		for ; c != nil; c = c.request.next {
			length++
		}
		longest = max(longest, length)
	}
	return longest
}

// MeasureTable adds, finds and deletes IDs in sequence, window at a time.
func MeasureTable(b *testing.B, window wamp.ID) {
	t := table{link: byRequest}
	calls := make([]call, window)
	id := wamp.ID(1)
	put := func() {
		c := &calls[id%window]
		c.request.id = id
		t.put(c)
		id++
	}
	for id < window {
		put()
	}
	b.ReportAllocs()
	for b.Loop() {
		put()
		t.delete(t.get(id - window))
	}
}

// MeasureMap does the same with a Go map.
func MeasureMap(b *testing.B, window wamp.ID) {
	t := map[wamp.ID]*call{}
	calls := make([]call, window)
	id := wamp.ID(1)
	put := func() {
		c := &calls[id%window]
		c.request.id = id
		t[id] = c
		id++
	}
	for id < window {
		put()
	}
	b.ReportAllocs()
	for b.Loop() {
		put()
		delete(t, t[id-window].request.id)
	}
}
