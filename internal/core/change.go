package core

import (
	"time"

	"github.com/junctorio/junctor/wamp"
)

// ChangeKind says what a Change is about.
type ChangeKind uint8

// The kinds of changes, in the order in which they befall one registration or
// subscription (RM-1, SUM-2).
const (
	Created ChangeKind = iota // it came into being; Entered follows
	Entered                   // a session became a callee or subscriber
	Parted                    // a session ceased to be one
	Deleted                   // it is gone; Parted came before
)

// Entry describes a registration or subscription to the meta API.
type Entry struct {
	ID      wamp.ID
	URI     wamp.URI // a pattern by Match
	Match   wamp.Match
	Invoke  wamp.Invoke // of a registration
	Created time.Time
}

// Change is something that the meta API has to tell of.
type Change struct {
	Kind  ChangeKind
	Of    wamp.Code // wamp.CodeRegister or wamp.CodeSubscribe: which of the two Entry is
	Peer  *Peer     // whose doing it is
	Entry Entry
}

// Change appends what the meta API has to tell of.
func (d *Deliveries) Change(c Change) { d.changes = append(d.changes, c) }

// Changes returns what Change was called with, in that order, valid until the
// next Change or Reset.
func (d *Deliveries) Changes() []Change { return d.changes }

// maxKeptChanges is how many changes a Deliveries keeps room for: who leaves
// may have held a million subscriptions.
const maxKeptChanges = 256

func (d *Deliveries) resetChanges() {
	if cap(d.changes) > maxKeptChanges {
		d.changes = nil
		return
	}
	clear(d.changes)
	d.changes = d.changes[:0]
}
