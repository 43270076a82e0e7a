package broker

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// Options configure a Broker. All but IDs may be zero.
type Options struct {
	// IDs makes publication IDs. It must not be nil.
	IDs core.IDSource

	// URIRule is how strictly topics are checked (URI-1).
	URIRule wamp.URIRule

	// MaxSubscriptions bounds the subscriptions that one session holds; a
	// SUBSCRIBE beyond it gets ERROR wamp.ErrLimitExceeded. 0 or
	// less means DefaultMaxSubscriptions.
	MaxSubscriptions int

	// RefuseDisclosure refuses publications that ask for the publisher's
	// identity to be disclosed, with ERROR wamp.ErrDiscloseMeNotAllowed where
	// they are acknowledged, silently otherwise (PID-2).
	RefuseDisclosure bool
}

// DefaultMaxSubscriptions applies where Options name no limit.
const DefaultMaxSubscriptions = 1 << 20

// Broker distributes the events of one realm. Make one with New.
type Broker struct {
	o     Options
	stats Stats

	sessions map[*core.Peer]*session // those that have subscriptions
	topics   uritree.Tree[*subscription]
	byID     map[wamp.ID]*subscription
	lastID   wamp.ID // the highest subscription ID in use so far
}

// New returns a Broker without subscriptions.
func New(o Options) *Broker {
	if o.MaxSubscriptions <= 0 {
		o.MaxSubscriptions = DefaultMaxSubscriptions
	}
	return &Broker{
		o:        o,
		sessions: map[*core.Peer]*session{},
		byID:     map[wamp.ID]*subscription{},
	}
}

// Features returns what the broker announces in WELCOME (FEA-1).
func (b *Broker) Features() []wamp.Feature {
	return []wamp.Feature{
		wamp.FeatureSubscriberBlackWhiteListing,
		wamp.FeaturePublisherExclusion,
		wamp.FeaturePublisherIdentification,
		wamp.FeaturePatternBasedSubscription,
		wamp.FeaturePayloadPassthruMode,
	}
}

// Stats counts what a Broker holds.
type Stats struct {
	Subscriptions int // subscriptions that have at least one subscriber
	Subscribers   int // sum of the subscribers of all subscriptions
}

// Stats returns the current counts.
func (b *Broker) Stats() Stats { return b.stats }

// Leave forgets a peer whose session ended: its subscriptions end (PS-6). It
// must be the last operation with the peer.
func (b *Broker) Leave(peer *core.Peer, out *core.Deliveries) {
	s := b.sessions[peer]
	if s == nil {
		return
	}
	for len(s.held) > 0 {
		b.part(s, len(s.held)-1, out)
	}
}
