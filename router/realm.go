package router

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/internal/core/dealer"
	coresession "github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of RealmConfig.
const (
	DefaultOutboxBytes   = 16 << 20
	DefaultKeptCallBytes = dealer.DefaultMaxKeptBytes
)

// RealmConfig describes a realm. Zero fields mean the defaults.
type RealmConfig struct {
	// Name is what clients join; a loose URI. Required.
	Name wamp.URI

	// Roles are what sessions may do. A session whose role is not among them
	// joins only as "anonymous" and may then do nothing.
	Roles []Role

	// URIRule is how strictly URIs are checked (URI-1).
	URIRule wamp.URIRule

	// StrictRequestIDs makes a request ID that is not the next one a protocol
	// violation (ID-4).
	StrictRequestIDs bool

	// RefuseDisclosure refuses calls and publications that ask to disclose
	// their sender (CID-3, PID-2); no permission discloses anybody either.
	RefuseDisclosure bool

	// NoMetaAPI takes away the procedures and events below "wamp." that tell of
	// sessions, registrations and subscriptions (sections 3.22 to 3.25), and what
	// they announce.
	NoMetaAPI bool

	// RetainedEvents and RetainedBytes bound what publishers have retained
	// (RET-6): the number of events, and the octets that they take. The oldest
	// ones are given up for a new one. Defaults 100 000 and 16 MiB; a subscriber
	// that asks for more retained events than fit into OutboxBytes at once loses
	// the rest as it would lose any events.
	RetainedEvents, RetainedBytes int

	// MaxTestaments and MaxTestamentBytes bound what one session has published
	// after its end (TES-6): the number of publications, and the octets of their
	// topics, options and payloads. A session that wants more gets
	// wamp.ErrLimitExceeded. Defaults DefaultMaxTestaments and
	// DefaultMaxTestamentBytes.
	MaxTestaments, MaxTestamentBytes int

	// CallTimeout is the timeout of calls that name none, and MaxCallTimeout the
	// longest that a call may have, also if it names none (TMO-6). 0 means none.
	CallTimeout, MaxCallTimeout time.Duration

	// QueuedCalls is how many calls may wait for one registration whose callees
	// all have as many as they take (REGISTER's concurrency), where CallQueues
	// say nothing of its procedure. Without a place to wait, a call gets ERROR
	// crossbar.error.max_concurrency_reached.
	QueuedCalls int
	CallQueues  []CallQueue

	// KeptCallBytes bounds what the realm keeps for calls that wait, that are
	// progressive, or that may have to be handed to another callee (RER-1).
	// Default DefaultKeptCallBytes.
	KeptCallBytes int

	// Events keeps events for wamp.subscription.get_events (section 3.20); nil:
	// there is no event history. It needs the meta API. The store is the realm's
	// alone, and its owner's to close, after the Router is closed.
	Events EventStore

	// OutboxBytes bounds what a session's outbox holds while its socket is
	// full, give or take one message. Below it nothing is lost; above it an
	// EVENT is dropped and counted (or see DisconnectSlow), a call to the
	// session fails at once with wamp.error.network_failure, and any other
	// message that does not fit ends the session. A call of the session that
	// has too many progressive results ends before that, at seven eighths of
	// it. Default DefaultOutboxBytes.
	OutboxBytes int

	// DisconnectSlow ends a session whose outbox is full instead of dropping
	// the events that do not fit.
	DisconnectSlow bool
}

// CallQueue says how many calls may wait for each registration of certain
// procedures. The most specific one that matches counts, as for calls.
type CallQueue = dealer.Queue

func (c *RealmConfig) check() error {
	if !c.Name.Valid(wamp.URILoose) {
		return fmt.Errorf("router: realm name %q is no valid URI", c.Name)
	}
	if c.OutboxBytes < 0 {
		return fmt.Errorf("router: realm %q: OutboxBytes is %d, want 0 (default) or more", c.Name, c.OutboxBytes)
	}
	if c.RetainedEvents < 0 || c.RetainedBytes < 0 {
		return fmt.Errorf("router: realm %q: RetainedEvents is %d and RetainedBytes is %d, want 0 (default) or more",
			c.Name, c.RetainedEvents, c.RetainedBytes)
	}
	if c.MaxTestaments < 0 || c.MaxTestamentBytes < 0 {
		return fmt.Errorf("router: realm %q: MaxTestaments is %d and MaxTestamentBytes is %d, want 0 (default) or more",
			c.Name, c.MaxTestaments, c.MaxTestamentBytes)
	}
	if err := c.checkCalls(); err != nil {
		return fmt.Errorf("router: realm %q: %w", c.Name, err)
	}
	if err := checkTopics(c.Events); err != nil {
		return fmt.Errorf("router: realm %q: %w", c.Name, err)
	}
	if c.Events != nil && c.NoMetaAPI {
		return fmt.Errorf("router: realm %q: an event store needs the meta API", c.Name)
	}
	seen := make(map[string]bool)
	for _, role := range c.Roles {
		if err := role.check(c.URIRule); err != nil {
			return fmt.Errorf("router: realm %q: %w", c.Name, err)
		}
		if seen[role.Name] {
			return fmt.Errorf("router: realm %q: role %q is given twice", c.Name, role.Name)
		}
		seen[role.Name] = true
	}
	return nil
}

func (c *RealmConfig) checkCalls() error {
	switch {
	case c.CallTimeout < 0 || c.MaxCallTimeout < 0:
		return fmt.Errorf("CallTimeout is %v and MaxCallTimeout is %v, want 0 (none) or more", c.CallTimeout, c.MaxCallTimeout)
	case c.QueuedCalls < 0 || c.KeptCallBytes < 0:
		return fmt.Errorf("QueuedCalls is %d and KeptCallBytes is %d, want 0 or more", c.QueuedCalls, c.KeptCallBytes)
	}
	for _, q := range c.CallQueues {
		if !q.URI.ValidPattern(q.Match, wamp.URILoose) || q.Limit < 0 {
			return fmt.Errorf("call queue for %q: want a valid %v pattern and a limit of 0 or more", q.URI, q.Match)
		}
	}
	return nil
}

// Realm is a routing namespace: sessions of one realm never see another's.
type Realm struct {
	cfg    RealmConfig // constant
	router *Router
	roles  map[string]*permissions // constant

	pubsub sync.RWMutex // guards broker; publishing only reads it, unless to be retained
	broker *broker.Broker

	rpc    sync.Mutex // guards the fields below; never held together with pubsub
	dealer *dealer.Dealer
	timer  *time.Timer // fires at the dealer's next deadline
	armed  time.Time   // what timer is set to; zero: not set

	membership sync.Mutex // guards the fields below
	present    map[wamp.ID]*core.Peer
	admitted   uint64 // how many have joined

	service *service // constant; nil without a meta API
	history *history // constant; nil without an event store

	stats      realmStats
	forgetting atomic.Bool // a retained event was given up, which is logged once
}

func newRealm(r *Router, cfg RealmConfig) *Realm {
	cfg.OutboxBytes = cmp.Or(cfg.OutboxBytes, DefaultOutboxBytes)
	cfg.MaxTestaments = cmp.Or(cfg.MaxTestaments, DefaultMaxTestaments)
	cfg.MaxTestamentBytes = cmp.Or(cfg.MaxTestamentBytes, DefaultMaxTestamentBytes)
	realm := &Realm{
		cfg:     cfg,
		router:  r,
		roles:   make(map[string]*permissions, len(cfg.Roles)),
		present: make(map[wamp.ID]*core.Peer),
		broker: broker.New(broker.Options{
			IDs: r.ids, URIRule: cfg.URIRule, RefuseDisclosure: cfg.RefuseDisclosure,
			MaxRetained: cfg.RetainedEvents, MaxRetainedBytes: cfg.RetainedBytes,
		}),
		dealer: dealer.New(dealer.Options{
			IDs: r.ids, URIRule: cfg.URIRule, RefuseDisclosure: cfg.RefuseDisclosure, StrictRequestIDs: cfg.StrictRequestIDs,
			DefaultTimeout: cfg.CallTimeout, MaxTimeout: cfg.MaxCallTimeout,
			MaxQueued: cfg.QueuedCalls, Queues: cfg.CallQueues, MaxKeptBytes: cfg.KeptCallBytes,
		}),
	}
	for i := range cfg.Roles {
		realm.roles[cfg.Roles[i].Name] = compile(&cfg.Roles[i], !cfg.RefuseDisclosure)
	}
	if cfg.Events != nil {
		realm.history = newHistory(cfg.Events, realm.notStored)
		realm.provide(cfg.Events.Topics(), time.Now())
	}
	if !cfg.NoMetaAPI {
		realm.service = newService(realm)
	}
	return realm
}

// Name returns the realm's name.
func (r *Realm) Name() wamp.URI { return r.cfg.Name }

// features are the router roles that WELCOME announces (FEA-1).
func (r *Realm) features() wamp.Roles {
	roles := wamp.Roles{}.
		With(wamp.RoleBroker, r.broker.Features()...).
		With(wamp.RoleDealer, r.dealer.Features()...)
	if r.history != nil {
		roles = roles.With(wamp.RoleBroker, wamp.FeatureEventHistory)
	}
	if r.service == nil {
		return roles
	}
	return roles.
		With(wamp.RoleBroker, wamp.FeatureSessionMetaAPI, wamp.FeatureSubscriptionMetaAPI, wamp.FeatureSubscriptionRevocation).
		With(wamp.RoleDealer, wamp.FeatureSessionMetaAPI, wamp.FeatureRegistrationMetaAPI, wamp.FeatureTestamentMetaAPI)
}

func (r *Realm) acceptorOptions() coresession.AcceptorOptions {
	return coresession.AcceptorOptions{StrictRequestIDs: r.cfg.StrictRequestIDs, Roles: r.features()}
}

// armLocked sets the deadline timer; r.rpc is held.
func (r *Realm) armLocked() {
	next, ok := r.dealer.NextDeadline()
	switch {
	case !ok:
		if r.timer != nil && !r.armed.IsZero() {
			r.timer.Stop()
			r.armed = time.Time{}
		}
	case next.Equal(r.armed):
	case r.timer == nil:
		r.armed = next
		r.timer = time.AfterFunc(time.Until(next), r.expire)
	default:
		r.armed = next
		r.timer.Reset(time.Until(next))
	}
}

// expire runs on the deadline timer.
func (r *Realm) expire() {
	w := takeWorker()
	defer w.release()
	r.rpc.Lock()
	r.armed = time.Time{}
	r.dealer.Expire(time.Now(), &w.out)
	w.deliver()
	r.armLocked()
	r.rpc.Unlock()
	w.settle()
	w.flush()
}
