package broker_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// counting is an IDSource whose IDs the tests can foretell.
type counting struct{ last wamp.ID }

func (c *counting) RandomID() wamp.ID {
	c.last++
	return c.last
}

// sent is a delivery by the recipient's name.
type sent struct {
	To  string
	Msg wamp.Message
}

// realm plays with a Broker and states what each step sends.
type realm struct {
	t      *testing.T
	broker *broker.Broker
	ids    counting
	joined wamp.ID
	out    core.Deliveries
}

func newRealm(t *testing.T, o broker.Options) *realm {
	r := &realm{t: t, ids: counting{last: 1000}}
	o.IDs = &r.ids
	r.broker = broker.New(o)
	return r
}

// join returns a peer with its name as authid and the given role.
func (r *realm) join(name, role string) *core.Peer {
	r.joined++
	return &core.Peer{ID: 100 + r.joined, Principal: wamp.Principal{AuthID: name, AuthRole: role}}
}

// subscribe subscribes exactly and returns the subscription's ID.
func (r *realm) subscribe(p *core.Peer, topic wamp.URI, m wamp.Match) wamp.ID {
	r.t.Helper()
	r.broker.Subscribe(p, &wamp.Subscribe{Request: 1, Topic: topic, Match: m}, time.Time{}, &r.out)
	sub, ok := r.out.All()[0].Msg.(*wamp.Subscribed)
	if !ok {
		r.t.Fatalf("SUBSCRIBE %q: got %+v, want SUBSCRIBED", topic, r.out.All()[0].Msg)
	}
	r.out.Reset()
	return sub.Subscription
}

// publish gives the message to the broker and checks all that is sent.
func (r *realm) publish(from *core.Peer, m *wamp.Publish, want ...sent) {
	r.t.Helper()
	r.broker.Publish(from, m, &r.out)
	r.check("PUBLISH "+string(m.Topic), want)
}

func (r *realm) check(what string, want []sent) {
	r.t.Helper()
	got := []sent{}
	for _, d := range r.out.All() {
		got = append(got, sent{d.To.Principal.AuthID, d.Msg})
	}
	if diff := cmp.Diff(append([]sent{}, want...), got); diff != "" {
		r.t.Errorf("%s: deliveries (-want +got):\n%s", what, diff)
	}
	r.out.Reset()
}

func refused(to string, request wamp.Code, uri wamp.ErrorURI) sent {
	return sent{to, &wamp.Error{RequestType: request, Request: 1, URI: uri}}
}

func TestFeaturesAreTheOnesThatAreThere(t *testing.T) { // FEA-1
	t.Parallel()
	want := []wamp.Feature{
		wamp.FeatureSubscriberBlackWhiteListing, wamp.FeaturePublisherExclusion,
		wamp.FeaturePublisherIdentification, wamp.FeaturePublicationTrustLevels, wamp.FeaturePatternBasedSubscription, wamp.FeaturePayloadPassthruMode,
		wamp.FeatureEventRetention,
	}
	if diff := cmp.Diff(want, newRealm(t, broker.Options{}).broker.Features()); diff != "" {
		t.Error(diff)
	}
}

func TestSubscriptionIDsAreSmallAndShared(t *testing.T) { // PS-1, PS-2, PSUB-3
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	tests := []struct {
		name  string
		peer  *core.Peer
		topic wamp.URI
		match wamp.Match
		want  wamp.ID
	}{
		{"the first subscription", alice, "a.b", wamp.MatchExact, 1},
		{"the same again", alice, "a.b", wamp.MatchExact, 1},
		{"another session", bob, "a.b", wamp.MatchExact, 1},
		{"the same URI as a prefix", alice, "a.b", wamp.MatchPrefix, 2},
		{"the same URI as a wildcard", alice, "a.b", wamp.MatchWildcard, 3},
		{"another topic", alice, "a.c", wamp.MatchExact, 4},
	}
	for _, tt := range tests {
		if got := r.subscribe(tt.peer, tt.topic, tt.match); got != tt.want {
			t.Errorf("%s: subscription ID %d, want %d", tt.name, got, tt.want)
		}
	}
	if got, want := r.broker.Stats(), (broker.Stats{Subscriptions: 4, Subscribers: 5}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
}

func TestSubscribeRefusesInvalidTopics(t *testing.T) { // section 2.10
	t.Parallel()
	tests := []struct {
		name  string
		rule  wamp.URIRule
		topic wamp.URI
		match wamp.Match
		want  wamp.ErrorURI
	}{
		{"white space", wamp.URILoose, "a b", wamp.MatchExact, wamp.ErrInvalidURI},
		{"empty", wamp.URILoose, "", wamp.MatchExact, wamp.ErrInvalidURI},
		{"empty component", wamp.URILoose, "a..b", wamp.MatchExact, wamp.ErrInvalidURI},
		{"empty component in a prefix", wamp.URILoose, "a..b", wamp.MatchPrefix, wamp.ErrInvalidURI},
		{"upper case where the realm is strict", wamp.URIStrict, "a.B", wamp.MatchExact, wamp.ErrInvalidURI},
		{"upper case where it is not", wamp.URILoose, "a.B", wamp.MatchExact, ""},
		{"empty component in a wildcard", wamp.URIStrict, "a..b", wamp.MatchWildcard, ""},
		{"empty prefix", wamp.URIStrict, "", wamp.MatchPrefix, ""},
		{"reserved topic", wamp.URIStrict, "wamp.session.on_join", wamp.MatchExact, ""},
	}
	for _, tt := range tests {
		r := newRealm(t, broker.Options{URIRule: tt.rule})
		r.broker.Subscribe(r.join("alice", ""), &wamp.Subscribe{Request: 1, Topic: tt.topic, Match: tt.match}, time.Time{}, &r.out)
		want := sent{"alice", &wamp.Subscribed{Request: 1, Subscription: 1}}
		if tt.want != "" {
			want = refused("alice", wamp.CodeSubscribe, tt.want)
		}
		r.check(tt.name, []sent{want})
	}
}

func TestSubscriptionsOfASessionAreBounded(t *testing.T) {
	t.Parallel()
	r := newRealm(t, broker.Options{MaxSubscriptions: 2})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	r.subscribe(alice, "a", wamp.MatchExact)
	r.subscribe(alice, "b", wamp.MatchExact)
	r.subscribe(alice, "b", wamp.MatchExact) // takes no room
	r.broker.Subscribe(alice, &wamp.Subscribe{Request: 1, Topic: "c"}, time.Time{}, &r.out)
	r.check("one too many", []sent{refused("alice", wamp.CodeSubscribe, wamp.ErrLimitExceeded)})
	r.subscribe(bob, "c", wamp.MatchExact)
	r.broker.Leave(alice, &r.out)
	r.subscribe(alice, "c", wamp.MatchExact)
}

func TestUnsubscribeEndsOnlyOnesOwnMembership(t *testing.T) { // PSUB-3, section 2.10
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob, carol := r.join("alice", ""), r.join("bob", ""), r.join("carol", "")
	shared := r.subscribe(alice, "a", wamp.MatchExact)
	r.subscribe(bob, "a", wamp.MatchExact)
	other := r.subscribe(bob, "a", wamp.MatchPrefix)
	unsubscribe := func(p *core.Peer, id wamp.ID, want sent) {
		t.Helper()
		r.broker.Unsubscribe(p, &wamp.Unsubscribe{Request: 1, Subscription: id}, &r.out)
		r.check("UNSUBSCRIBE", []sent{want})
	}
	unsubscribe(alice, other, refused("alice", wamp.CodeUnsubscribe, wamp.ErrNoSuchSubscription))
	unsubscribe(alice, 99, refused("alice", wamp.CodeUnsubscribe, wamp.ErrNoSuchSubscription))
	unsubscribe(carol, shared, refused("carol", wamp.CodeUnsubscribe, wamp.ErrNoSuchSubscription))
	unsubscribe(bob, shared, sent{"bob", &wamp.Unsubscribed{Request: 1}})
	unsubscribe(bob, shared, refused("bob", wamp.CodeUnsubscribe, wamp.ErrNoSuchSubscription))
	r.publish(carol, &wamp.Publish{Topic: "a"},
		sent{"alice", &wamp.Event{Subscription: shared, Publication: 1001}},
		sent{"bob", &wamp.Event{Subscription: other, Publication: 1001, Topic: "a"}})
}

func TestASubscriptionIDIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice := r.join("alice", "")
	first := r.subscribe(alice, "a", wamp.MatchExact)
	r.broker.Unsubscribe(alice, &wamp.Unsubscribe{Request: 1, Subscription: first}, &r.out)
	r.out.Reset()
	if again := r.subscribe(alice, "a", wamp.MatchExact); again == first {
		t.Errorf("subscription ID %d was given to two subscriptions", again)
	}
}

func TestLeaveEndsAllSubscriptions(t *testing.T) { // PS-6
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	for _, topic := range []wamp.URI{"a", "b", "c"} {
		r.subscribe(alice, topic, wamp.MatchExact)
		r.subscribe(alice, topic, wamp.MatchPrefix)
	}
	b := r.subscribe(bob, "b", wamp.MatchExact)
	r.broker.Leave(alice, &r.out)
	r.broker.Leave(alice, &r.out) // a peer without subscriptions leaves no trace either
	r.check("Leave", nil)
	if got, want := r.broker.Stats(), (broker.Stats{Subscriptions: 1, Subscribers: 1}); got != want {
		t.Errorf("Stats() = %+v, want %+v", got, want)
	}
	r.publish(alice, &wamp.Publish{Topic: "b"}, sent{"bob", &wamp.Event{Subscription: b, Publication: 1001}})
}
