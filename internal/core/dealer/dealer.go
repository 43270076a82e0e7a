package dealer

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// Options configure a Dealer. All but IDs may be zero.
type Options struct {
	// IDs is the source of randomness. It must not be nil.
	IDs core.IDSource

	// URIRule is how strictly the URIs of REGISTER and CALL are checked (URI-1).
	URIRule wamp.URIRule

	// MaxPending bounds the calls of one caller that wait for an answer; a call
	// beyond it gets ERROR wamp.ErrLimitExceeded. 0 means DefaultMaxPending.
	MaxPending int

	// MaxRegistrations bounds the registrations that one session holds; a
	// REGISTER beyond it gets ERROR wamp.ErrLimitExceeded. 0 means
	// DefaultMaxRegistrations.
	MaxRegistrations int

	// StrictRequestIDs makes it a protocol error to use the request ID of an
	// earlier CALL for anything but a chunk of a progressive call (PCI-7).
	StrictRequestIDs bool

	// MaxQueued is how many calls may wait for a registration whose callees are
	// all busy, unless one of Queues says so. 0 means that they do not wait but
	// get ERROR wamp.ErrMaxConcurrencyReached.
	MaxQueued int
	Queues    []Queue

	// MaxKeptBytes bounds what is kept, copies of payloads above all, for calls
	// that wait, that are progressive, or that another callee may have to be
	// asked for. Beyond it calls do not wait, are refused, and are not handed
	// on, respectively. 0 means DefaultMaxKeptBytes.
	MaxKeptBytes int

	// DefaultTimeout is the timeout of calls that name none. 0 means none.
	DefaultTimeout time.Duration

	// MaxTimeout shortens longer timeouts (DefaultTimeout included), and is the
	// timeout of calls that would have none. 0 means no such bound.
	MaxTimeout time.Duration

	// RefuseDisclosure refuses calls and registrations that ask for the
	// caller's identity to be disclosed, with ERROR
	// wamp.ErrDiscloseMeNotAllowed (CID-3).
	RefuseDisclosure bool
}

// The limits that apply where Options name none.
const (
	DefaultMaxPending       = 1 << 16
	DefaultMaxRegistrations = 1 << 17
	DefaultMaxKeptBytes     = 64 << 20
)

// Dealer routes the calls of one realm. Make one with New.
type Dealer struct {
	o     Options
	seed  uint64 // of all tables
	stats Stats

	sessions   map[*core.Peer]*session
	procedures uritree.Tree[*registration]
	byID       map[wamp.ID]*registration
	lastID     wamp.ID // the highest registration ID in use so far
	deadlines  deadlines
	queues     uritree.Tree[int] // the limits of Options.Queues
	kept       int               // octets, of MaxKeptBytes
	free       []*call
}

// New returns a Dealer without registrations.
func New(o Options) *Dealer {
	o.MaxPending = cmp.Or(o.MaxPending, DefaultMaxPending)
	o.MaxRegistrations = cmp.Or(o.MaxRegistrations, DefaultMaxRegistrations)
	o.MaxKeptBytes = cmp.Or(o.MaxKeptBytes, DefaultMaxKeptBytes)
	d := &Dealer{
		o:        o,
		seed:     uint64(o.IDs.RandomID()),
		sessions: map[*core.Peer]*session{},
		byID:     map[wamp.ID]*registration{},
	}
	for _, q := range o.Queues {
		d.queues.Set(q.URI, q.Match, q.Limit)
	}
	return d
}

// Features returns what the dealer announces in WELCOME (FEA-1).
func (d *Dealer) Features() []wamp.Feature {
	return []wamp.Feature{
		wamp.FeatureProgressiveCallResults,
		wamp.FeatureProgressiveCallInvocations,
		wamp.FeatureCallTimeout,
		wamp.FeatureCallCanceling,
		wamp.FeatureCallerIdentification,
		wamp.FeaturePatternBasedRegistration,
		wamp.FeatureSharedRegistration,
		wamp.FeatureRegistrationRevocation,
		wamp.FeatureCallReroute,
		wamp.FeatureCallTrustLevels,
		wamp.FeaturePayloadPassthruMode,
	}
}

// Stats counts what a Dealer holds and did.
type Stats struct {
	Registrations int    // registrations that have at least one callee
	Pending       int    // calls that wait for their final answer
	Queued        int    // those of them that wait for a callee
	Rerouted      uint64 // how often a call was handed to another callee (RER-1)
	Unasked       uint64 // progressive results discarded since their caller did not ask for any (PCR-6)
	Late          uint64 // answers discarded since their call was over (PV-3)
}

// Stats returns the current counts.
func (d *Dealer) Stats() Stats { return d.stats }

// session is what the dealer keeps of a peer: nothing until it calls or
// registers, everything else until it leaves.
type session struct {
	peer *core.Peer

	calls          table   // as a caller, by the CALL's request ID
	highest        wamp.ID // the highest request ID of a CALL so far (PCI-7)
	unfinished     unfinished
	invocations    table   // as a callee, by the INVOCATION's request ID
	lastInvocation wamp.ID // the highest request ID of an INVOCATION so far (ID-3, PV-3)
	endpoints      map[wamp.ID]*endpoint
}

// session returns the state of a peer that begins to call or register.
func (d *Dealer) session(p *core.Peer) *session {
	s := d.sessions[p]
	if s == nil {
		s = &session{
			peer:        p,
			calls:       table{link: byRequest, seed: d.seed},
			invocations: table{link: byInvocation, seed: d.seed},
		}
		d.sessions[p] = s
	}
	return s
}

// announced reports whether the session is a callee that announced f.
func (s *session) announced(f wamp.Feature) bool {
	return s.peer.Roles.HasFeature(wamp.RoleCallee, f)
}

// Leave forgets a peer whose session ended: its registrations go, its calls are
// abandoned and their callees interrupted (RPC-3, CAN-7), and the callers of
// what it was invoked for get ERROR wamp.ErrCanceled (RPC-4). It sends nothing
// to the peer, and must be the last operation with it.
func (d *Dealer) Leave(peer *core.Peer, out *core.Deliveries) {
	s := d.sessions[peer]
	if s == nil {
		return
	}
	delete(d.sessions, peer)
	for _, c := range s.calls.inOrder() { // before their registrations go, and they would be answered
		if c.endpoint == nil {
			d.end(c, out)
		}
	}
	// Before calls end, and queued ones take their places.
	for _, id := range slices.Sorted(maps.Keys(s.endpoints)) {
		d.withdraw(s.endpoints[id], out)
	}
	for _, c := range s.calls.inOrder() {
		d.abandon(c, out)
	}
	for _, c := range s.invocations.inOrder() {
		d.fail(c, wamp.ErrCanceled, calleeLeft, out)
	}
}
