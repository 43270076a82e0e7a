package dealer

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Options configure a Dealer. All but IDs may be zero.
type Options struct {
	// IDs is the source of randomness.
	IDs core.IDSource

	// URIRule is how strictly the URIs of REGISTER and CALL are checked (URI-1).
	URIRule wamp.URIRule

	// MaxPending bounds the calls of one caller that wait for an answer; a call
	// beyond it is refused. 0 means DefaultMaxPending.
	MaxPending int

	// MaxRegistrations bounds the registrations that one session holds; a
	// REGISTER beyond it is refused. 0 means DefaultMaxRegistrations.
	MaxRegistrations int

	// DefaultTimeout applies to calls that name no timeout. 0 means none.
	DefaultTimeout time.Duration

	// MaxTimeout shortens longer timeouts, and applies to calls without any
	// timeout. 0 means that timeouts are not bounded.
	MaxTimeout time.Duration

	// RefuseDisclosure refuses calls and registrations that ask for the
	// caller's identity to be disclosed (CID-3).
	RefuseDisclosure bool
}

// The limits that apply where Options name none.
const (
	DefaultMaxPending       = 1 << 16
	DefaultMaxRegistrations = 1 << 17
)

// Dealer routes the calls of one realm. Make one with New.
type Dealer struct {
	o Options
}

// New returns a Dealer without registrations.
func New(o Options) *Dealer { return &Dealer{o: o} }

// Features returns the features that the dealer role announces in WELCOME.
func (d *Dealer) Features() []wamp.Feature { return nil }

// Register adds a callee to the registration of m.Procedure.
func (d *Dealer) Register(from *core.Peer, m *wamp.Register, out *core.Deliveries) {}

// Unregister withdraws a callee from its registration.
func (d *Dealer) Unregister(from *core.Peer, m *wamp.Unregister, out *core.Deliveries) {}

// Call hands a call to a callee.
func (d *Dealer) Call(from *core.Peer, m *wamp.Call, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	return nil
}

// Cancel cancels a call of the peer.
func (d *Dealer) Cancel(from *core.Peer, m *wamp.Cancel, out *core.Deliveries) {}

// Yield hands a callee's result to the caller.
func (d *Dealer) Yield(from *core.Peer, m *wamp.Yield, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	return nil
}

// Error hands a callee's error to the caller.
func (d *Dealer) Error(from *core.Peer, m *wamp.Error, now time.Time, out *core.Deliveries) *wamp.ProtocolError {
	return nil
}

// Leave forgets a peer whose session ended.
func (d *Dealer) Leave(peer *core.Peer, out *core.Deliveries) {}

// NextDeadline returns when the next call times out, if any will.
func (d *Dealer) NextDeadline() (time.Time, bool) { return time.Time{}, false }

// Expire ends the calls whose deadline is not after now.
func (d *Dealer) Expire(now time.Time, out *core.Deliveries) {}

// Undelivered ends the call behind an INVOCATION that could not be put on its
// way to the callee; the caller gets an ERROR with the given URI.
func (d *Dealer) Undelivered(callee *core.Peer, invocation wamp.ID, uri wamp.ErrorURI, out *core.Deliveries) {
}

// ResultUndelivered answers a caller whose RESULT could not be put on its way
// with an ERROR of the given URI.
func (d *Dealer) ResultUndelivered(caller *core.Peer, request wamp.ID, uri wamp.ErrorURI, out *core.Deliveries) {
}
