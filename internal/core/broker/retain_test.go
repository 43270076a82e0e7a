package broker_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// retain publishes an event to be retained whose payload is the given JSON.
func (r *realm) retain(from *core.Peer, topic wamp.URI, args string, change ...func(*wamp.Publish)) {
	m := &wamp.Publish{Topic: topic, Retain: true, Payload: wamp.Payload{Bytes: []byte("[" + args + "]"), Elements: 1}}
	for _, c := range change {
		c(m)
	}
	r.broker.Publish(from, m, &r.out)
	r.out.Reset()
}

func includeMe(m *wamp.Publish) { m.IncludeMe = true }

func to(f wamp.Filter) func(*wamp.Publish) { return func(m *wamp.Publish) { m.Filter = &f } }

// retained subscribes with get_retained and returns, as topic and payload, what
// comes besides SUBSCRIBED.
func (r *realm) retained(p *core.Peer, topic wamp.URI, m wamp.Match) string {
	r.t.Helper()
	r.broker.Subscribe(p, &wamp.Subscribe{Request: 1, Topic: topic, Match: m, GetRetained: true}, time.Time{}, &r.out)
	defer r.out.Reset()
	all := r.out.All()
	subscribed, ok := all[0].Msg.(*wamp.Subscribed) // ORD-2
	if !ok {
		r.t.Fatalf("got %+v, want SUBSCRIBED first", all[0].Msg)
	}
	got := []string{}
	for _, d := range all[1:] {
		ev := d.Msg.(*wamp.Event)
		if d.To != p || ev.Subscription != subscribed.Subscription || !ev.Retained || (ev.Topic == "") != (m == wamp.MatchExact) {
			r.t.Errorf("SUBSCRIBE %v %q: %+v to %s", m, topic, ev, d.To.Principal.AuthID)
		}
		got = append(got, strings.TrimPrefix(string(ev.Topic)+string(ev.Payload.Bytes), " "))
	}
	return strings.Join(got, " ")
}

func TestSubscribersGetWhatIsRetainedForThem(t *testing.T) { // RET-1, RET-2, RET-3
	t.Parallel()
	// The sessions are 101 ann (user), 102 ben (user), 103 eve (admin).
	type step func(r *realm, ann, ben, eve *core.Peer)
	tests := []struct {
		name  string
		steps step
		want  string // what ann, ben and eve get
	}{
		{"nothing is retained", func(r *realm, ann, _, _ *core.Peer) {
			r.broker.Publish(ann, &wamp.Publish{Topic: "topic"}, &r.out)
			r.out.Reset()
		}, "||"},
		{"an event for all but its publisher", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1")
		}, "|[1]|[1]"},
		{"an event for its publisher too", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe)
		}, "[1]|[1]|[1]"},
		{"a later event replaces the former", func(r *realm, ann, ben, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe)
			r.retain(ben, "topic", "2", includeMe)
		}, "[2]|[2]|[2]"},
		{"an event without payload is an event too", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1")
			r.retain(ann, "topic", "", func(m *wamp.Publish) { m.Payload = wamp.Payload{Elements: 0, Bytes: []byte("empty")} })
		}, "|empty|empty"},
		{"the newest that one may see", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe)
			r.retain(ann, "topic", "2", includeMe, to(wamp.Filter{Eligible: []wamp.ID{102}}))
			r.retain(ann, "topic", "3", includeMe, to(wamp.Filter{ExcludeAuthRole: []string{"user"}}))
		}, "[1]|[2]|[3]"},
		{"lists alone, of each kind", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe, to(wamp.Filter{EligibleAuthID: []string{"ann"}}))
			r.retain(ann, "topic", "2", includeMe, to(wamp.Filter{ExcludeAuthID: []string{"ann", "eve"}}))
		}, "[1]|[2]|"},
		{"the same lists replace, others do not", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe, to(wamp.Filter{Exclude: []wamp.ID{103}}))
			r.retain(ann, "topic", "2", includeMe, to(wamp.Filter{Eligible: []wamp.ID{}}))
			r.retain(ann, "topic", "3", includeMe, to(wamp.Filter{Exclude: []wamp.ID{103}}))
		}, "[3]|[3]|"},
		{"one for everybody replaces those with lists", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe, to(wamp.Filter{Exclude: []wamp.ID{103}}))
			r.retain(ann, "topic", "2", includeMe)
		}, "[2]|[2]|[2]"},
		{"a publication that is refused", func(r *realm, ann, _, _ *core.Peer) {
			r.retain(ann, "topic", "1", includeMe)
			r.retain(ann, "topic..", "2", includeMe)
			r.retain(ann, "wamp.topic", "3", includeMe)
		}, "[1]|[1]|[1]"},
		{"the publisher has left", func(r *realm, ann, _, _ *core.Peer) {
			gone := r.join("gone", "user")
			r.retain(gone, "topic", "1")
			r.broker.Leave(gone, &r.out)
		}, "[1]|[1]|[1]"},
	}
	for _, tt := range tests {
		r := newRealm(t, broker.Options{})
		ann, ben, eve := r.join("ann", "user"), r.join("ben", "user"), r.join("eve", "admin")
		tt.steps(r, ann, ben, eve)
		got := []string{}
		for _, p := range []*core.Peer{ann, ben, eve} {
			got = append(got, r.retained(p, "topic", wamp.MatchExact))
		}
		if strings.Join(got, "|") != tt.want {
			t.Errorf("%s: ann, ben and eve get %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPatternSubscriptionsGetOneRetainedEventPerTopic(t *testing.T) { // RET-4, PSUB-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	for i, topic := range []wamp.URI{"com.b.x", "com.a.x", "com.c.y", "org.a.x", "com.b.x", "com"} {
		r.retain(alice, topic, fmt.Sprint(i))
	}
	tests := []struct {
		name  string
		topic wamp.URI
		match wamp.Match
		want  string
	}{
		{"a prefix, in storage order", "com.", wamp.MatchPrefix, "com.a.x[1] com.c.y[2] com.b.x[4]"},
		{"a prefix that ends within a part", "com.a", wamp.MatchPrefix, "com.a.x[1]"},
		{"a prefix that nothing begins with", "com.ab", wamp.MatchPrefix, ""},
		{"the empty prefix", "", wamp.MatchPrefix, "com.a.x[1] com.c.y[2] org.a.x[3] com.b.x[4] com[5]"},
		{"a wildcard with a literal head", "com..x", wamp.MatchWildcard, "com.a.x[1] com.b.x[4]"},
		{"a wildcard without", "..x", wamp.MatchWildcard, "com.a.x[1] org.a.x[3] com.b.x[4]"},
		{"a wildcard of one part", "", wamp.MatchWildcard, "com[5]"},
		{"a wildcard without empty parts", "com.c.y", wamp.MatchWildcard, "com.c.y[2]"},
		{"an exact one", "com.b.x", wamp.MatchExact, "[4]"},
	}
	for _, tt := range tests {
		if got := r.retained(bob, tt.topic, tt.match); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestRetainedEventsAreSentOnlyToWhoAsksAndAsOftenAsAsked(t *testing.T) { // RET-5
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob, carol := r.join("alice", ""), r.join("bob", ""), r.join("carol", "")
	r.retain(alice, "topic", "1")
	r.subscribe(carol, "topic", wamp.MatchExact)
	r.subscribe(bob, "topic", wamp.MatchExact)
	for range 2 {
		if got := r.retained(bob, "topic", wamp.MatchExact); got != "[1]" {
			t.Errorf("who is subscribed and asks gets %q", got)
		}
	}
}

func TestARetainedEventIsTheOneThatWasPublished(t *testing.T) { // RET-4, PID-1, PPT-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", "admin"), r.join("bob", "")
	sub := r.subscribe(bob, "topic", wamp.MatchExact)
	at := &wamp.Attributes{PPTScheme: "x_mine"}
	want := wamp.Event{
		Subscription: sub, Publication: 1001, Attributes: at,
		Publisher: alice.ID, PublisherAuthID: "alice", PublisherAuthRole: "admin",
	}
	live := want
	r.publish(alice, &wamp.Publish{Topic: "topic", Retain: true, DiscloseMe: true, Attributes: at}, sent{"bob", &live})
	want.Retained = true
	r.broker.Subscribe(bob, &wamp.Subscribe{Request: 1, Topic: "topic", GetRetained: true}, time.Time{}, &r.out)
	r.check("SUBSCRIBE", []sent{{"bob", &wamp.Subscribed{Request: 1, Subscription: sub}}, {"bob", &want}})
}

func TestWhatIsRetainedIsBounded(t *testing.T) { // RET-6
	t.Parallel()
	large := strings.Repeat("9", 2000)
	tests := []struct {
		name    string
		o       broker.Options
		publish func(r *realm, from *core.Peer)
		want    string
		lost    uint64
	}{
		{"the oldest of too many is given up", broker.Options{MaxRetained: 2}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1")
			r.retain(from, "b", "2")
			r.retain(from, "c", "3")
		}, "b[2] c[3]", 1},
		{"one that is replaced makes room", broker.Options{MaxRetained: 2}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1")
			r.retain(from, "b", "2")
			r.retain(from, "a", "3")
		}, "b[2] a[3]", 0},
		{"the oldest ones make room for a large one", broker.Options{MaxRetainedBytes: 3000}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1")
			r.retain(from, "b", "2")
			r.retain(from, "c", large)
		}, "c[" + large + "]", 2},
		{"one larger than all the room, and what it replaces", broker.Options{MaxRetainedBytes: 2000}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1")
			r.retain(from, "b", "2")
			r.retain(from, "a", large)
		}, "b[2]", 1},
		{"long lists count", broker.Options{MaxRetainedBytes: 2000}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1", to(wamp.Filter{ExcludeAuthID: []string{large}}))
			r.retain(from, "b", "1", to(wamp.Filter{Exclude: make([]wamp.ID, 100)}))
		}, "", 2},
		{"long attributes count", broker.Options{MaxRetainedBytes: 2000}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "1", func(m *wamp.Publish) { m.Attributes = &wamp.Attributes{PPTKeyID: large} })
			r.retain(from, "a", "1", func(m *wamp.Publish) {
				m.Attributes = &wamp.Attributes{ForwardFor: []wamp.Forwarder{{AuthID: large}}}
			})
		}, "", 2},
		{"the oldest of too many with lists is given up", broker.Options{}, func(r *realm, from *core.Peer) {
			r.retain(from, "a", "0")
			for i := range broker.MaxRestricted + 1 {
				r.retain(from, "a", fmt.Sprint(i+1), to(wamp.Filter{ExcludeAuthID: []string{"bob", fmt.Sprint(i)}}))
			}
		}, "a[0]", 1},
	}
	for _, tt := range tests {
		r := newRealm(t, tt.o)
		tt.publish(r, r.join("alice", ""))
		if got := r.retained(r.join("bob", ""), "", wamp.MatchPrefix); got != tt.want {
			t.Errorf("%s: got %.100q, want %.100q", tt.name, got, tt.want)
		}
		if got := r.broker.Stats().RetainedLost; got != tt.lost {
			t.Errorf("%s: %d are counted as lost, want %d", tt.name, got, tt.lost)
		}
	}
}

func TestStatsSayWhatIsRetained(t *testing.T) {
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice := r.join("alice", "")
	r.retain(alice, "a", "1")
	one := r.broker.Stats()
	r.retain(alice, "a", "2")
	if diff := cmp.Diff(one, r.broker.Stats()); diff != "" || one.Retained != 1 || one.RetainedBytes == 0 {
		t.Errorf("after the same again: %s", diff)
	}
	r.retain(alice, "b", "3")
	if got := r.broker.Stats(); got.Retained != 2 || got.RetainedBytes != 2*one.RetainedBytes {
		t.Errorf("after another topic: %+v", got)
	}
}

func TestAProvidedSubscriptionOutlivesItsSubscribers(t *testing.T) { // HIS-3
	t.Parallel()
	r := newRealm(t, broker.Options{})
	r.broker.Provide("a.", wamp.MatchPrefix, time.Unix(1, 0))
	before, ok := r.broker.Lookup("a.", wamp.MatchPrefix)
	if !ok || before.Created != time.Unix(1, 0) {
		t.Fatalf("looked up %+v, %v", before, ok)
	}
	alice := r.join("alice", "")
	if id := r.subscribe(alice, "a.", wamp.MatchPrefix); id != before.ID {
		t.Errorf("who subscribes gets the subscription %d, want %d", id, before.ID)
	}
	r.broker.Leave(alice, &r.out)
	for _, c := range r.out.Changes() {
		if c.Kind == core.Created || c.Kind == core.Deleted {
			t.Errorf("the meta API is told that it was created or deleted: %+v", c)
		}
	}
	r.out.Reset()
	if after, _ := r.broker.Lookup("a.", wamp.MatchPrefix); after != before {
		t.Errorf("after everybody left: %+v, want %+v", after, before)
	}
	r.publish(alice, &wamp.Publish{Topic: "a.b"})
}
