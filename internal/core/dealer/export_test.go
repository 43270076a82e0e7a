package dealer

import "github.com/junctorio/junctor/wamp"

// Held counts everything that a Dealer keeps for peers and calls. It is 0 once
// everyone left.
func Held(d *Dealer) int {
	return len(d.sessions) + d.procedures.Len() + len(d.deadlines) + d.stats.Registrations + d.stats.Pending
}

// Table is the table of pending calls, with a mark in place of each call.
type Table struct {
	t     table
	marks map[*call]int
}

func NewTable(seed uint64) *Table {
	return &Table{t: table{seed: seed}, marks: map[*call]int{}}
}

func (t *Table) Put(id wamp.ID, mark int) {
	c := &call{}
	t.marks[c] = mark
	t.t.put(id, c)
}

func (t *Table) Get(id wamp.ID) (mark int, ok bool) {
	c := t.t.get(id)
	return t.marks[c], c != nil
}

func (t *Table) Delete(id wamp.ID) { t.t.delete(id) }
func (t *Table) Slots() int        { return len(t.t.slots) }

func (t *Table) InOrder() []int {
	var marks []int
	for _, c := range t.t.inOrder() {
		marks = append(marks, t.marks[c])
	}
	return marks
}
