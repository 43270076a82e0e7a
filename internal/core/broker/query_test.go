package broker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// told is what the changes of a broker have told: the subscribers of each subscription.
type told map[wamp.ID]map[wamp.ID]bool

// hear takes changes in and reports whether each can follow what was before (SUM-2).
func (r told) hear(changes []core.Change) bool {
	for _, c := range changes {
		id, peer := c.Entry.ID, c.Peer.ID
		subscribers, there := r[id]
		switch {
		case c.Of != wamp.CodeSubscribe:
			return false
		case c.Entry.URI.Reserved(): // not told of (META-2)
		case c.Kind == core.Created && !there:
			r[id] = map[wamp.ID]bool{}
		case c.Kind == core.Entered && there && !subscribers[peer]:
			subscribers[peer] = true
		case c.Kind == core.Parted && subscribers[peer]:
			delete(subscribers, peer)
		case c.Kind == core.Deleted && there && len(subscribers) == 0:
			delete(r, id)
		default:
			return false
		}
	}
	return true
}

// check compares with what the broker answers.
func (r told) check(t *rapid.T, b *broker.Broker) {
	ids := b.IDs()
	if n := len(ids[0]) + len(ids[1]) + len(ids[2]); n != len(r) {
		t.Fatalf("the broker has %d subscriptions, was told of %d", n, len(r))
	}
	for id, want := range r {
		got, ok := b.Subscribers(id)
		for _, p := range got {
			ok = ok && want[p]
		}
		if !ok || len(got) != len(want) {
			t.Fatalf("subscription %d has the subscribers %v, was told of %v", id, got, want)
		}
	}
}

func TestQueries(t *testing.T) { // SUM-1, META-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice := r.join("alice", "")
	now := time.Unix(1000, 0)
	for _, m := range []wamp.Subscribe{
		{Topic: "com.example.one"},
		{Topic: "com.example", Match: wamp.MatchPrefix},
		{Topic: "com..one", Match: wamp.MatchWildcard},
		{Topic: "wamp.session.on_join"},
	} {
		m.Request = 1
		r.broker.Subscribe(alice, &m, now, &r.out)
	}
	r.out.Reset()

	if diff := cmp.Diff([3][]wamp.ID{{1}, {2}, {3}}, r.broker.IDs()); diff != "" {
		t.Errorf("IDs (-want +got):\n%s", diff)
	}
	want := core.Entry{ID: 2, URI: "com.example", Match: wamp.MatchPrefix, Created: now}
	if got, ok := r.broker.Entry(2); !ok || got != want {
		t.Errorf("Entry(2) = %+v, %v, want %+v", got, ok, want)
	}
	for uri, want := range map[wamp.URI][]wamp.ID{
		"com.example.one": {1, 2, 3}, "com.example.two": {2}, "com.x.one": {3}, "org": nil, "wamp.session.on_join": nil,
	} {
		if got := r.broker.Match(uri); !slices.Equal(got, want) {
			t.Errorf("Match(%q) = %v, want %v", uri, got, want)
		}
	}
	if got, ok := r.broker.Lookup("com.example", wamp.MatchExact); ok {
		t.Errorf("Lookup finds %+v by another policy", got)
	}
	if got, ok := r.broker.Lookup("com..one", wamp.MatchWildcard); !ok || got.ID != 3 {
		t.Errorf("Lookup = %+v, %v, want subscription 3", got, ok)
	}
	if _, ok := r.broker.Subscribers(4); ok {
		t.Error("a subscription below wamp. has subscribers to tell of")
	}
}

func TestRemoveSubscriber(t *testing.T) { // REV-5
	t.Parallel()
	r := newRealm(t, broker.Options{})
	informed, ignorant := r.join("informed", ""), r.join("ignorant", "")
	informed.Roles = wamp.Roles{}.With(wamp.RoleSubscriber, wamp.FeatureSubscriptionRevocation)
	r.subscribe(informed, "t", wamp.MatchExact)
	r.subscribe(ignorant, "t", wamp.MatchExact)
	remove := func(subscription wamp.ID, p *core.Peer) (exists, removed bool) {
		return r.broker.RemoveSubscriber(subscription, p.ID, "", &r.out)
	}
	if exists, _ := remove(2, informed); exists {
		t.Error("a subscription that there is not exists")
	}
	if exists, removed := remove(1, informed); !exists || !removed {
		t.Error("a subscriber was not removed")
	}
	r.check("remove informed", []sent{{"informed", &wamp.Unsubscribed{Subscription: 1, Reason: "wamp.error.unsubscribed"}}})
	if exists, removed := remove(1, informed); !exists || removed {
		t.Error("a subscriber was removed again")
	}
	if exists, removed := remove(1, ignorant); !exists || !removed {
		t.Error("the last subscriber was not removed")
	}
	r.check("remove ignorant", nil)
	if left := broker.Remains(r.broker); left != 0 {
		t.Errorf("%d entries remain", left)
	}
}
