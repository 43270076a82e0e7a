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

	// MaxRetained and MaxRetainedBytes bound the events that are retained
	// (RET-6): their number, and the octets of their payloads, topics and lists
	// with a flat rate for the rest. To make room for a new event the oldest ones
	// are given up; one that is larger than all the room is not retained, nor is
	// then what it replaces. Stats.RetainedLost counts them. 0 or less means
	// DefaultMaxRetained and DefaultMaxRetainedBytes.
	MaxRetained, MaxRetainedBytes int

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
	retained retention
}

// New returns a Broker without subscriptions.
func New(o Options) *Broker {
	if o.MaxSubscriptions <= 0 {
		o.MaxSubscriptions = DefaultMaxSubscriptions
	}
	if o.MaxRetained <= 0 {
		o.MaxRetained = DefaultMaxRetained
	}
	if o.MaxRetainedBytes <= 0 {
		o.MaxRetainedBytes = DefaultMaxRetainedBytes
	}
	return &Broker{
		o:        o,
		sessions: map[*core.Peer]*session{},
		byID:     map[wamp.ID]*subscription{},
		retained: retention{maxEvents: o.MaxRetained, maxBytes: o.MaxRetainedBytes},
	}
}

// Features returns what the broker announces in WELCOME (FEA-1).
func (b *Broker) Features() []wamp.Feature {
	return []wamp.Feature{
		wamp.FeatureSubscriberBlackWhiteListing,
		wamp.FeaturePublisherExclusion,
		wamp.FeaturePublisherIdentification,
		wamp.FeaturePublicationTrustLevels,
		wamp.FeaturePatternBasedSubscription,
		wamp.FeaturePayloadPassthruMode,
		wamp.FeatureEventRetention,
	}
}

// Stats counts what a Broker holds.
type Stats struct {
	Subscriptions int // that have a subscriber, or were provided
	Subscribers   int // sum of the subscribers of all subscriptions

	Retained      int    // events
	RetainedBytes int    // as Options.MaxRetainedBytes counts them
	RetainedLost  uint64 // events not retained, or not any longer, for want of room
}

// Stats returns the current counts.
func (b *Broker) Stats() Stats {
	s, r := b.stats, &b.retained
	s.Retained, s.RetainedBytes, s.RetainedLost = r.events, r.bytes, r.lost
	return s
}

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
