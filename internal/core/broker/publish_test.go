package broker_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

func TestOneEventPerMatchingSubscription(t *testing.T) { // PSUB-1, PSUB-2, PS-3
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	exact := r.subscribe(alice, "com.app.tick", wamp.MatchExact)
	prefix := r.subscribe(alice, "com.app", wamp.MatchPrefix)
	wildcard := r.subscribe(alice, "com..tick", wamp.MatchWildcard)
	r.subscribe(alice, "com.app.tock", wamp.MatchExact)
	r.subscribe(alice, "com..tock", wamp.MatchWildcard)
	payload := wamp.Payload{Bytes: []byte("[1]"), Elements: 1}
	r.publish(bob, &wamp.Publish{Topic: "com.app.tick", Payload: payload},
		sent{"alice", &wamp.Event{Subscription: exact, Publication: 1001, Payload: payload}},
		sent{"alice", &wamp.Event{Subscription: prefix, Publication: 1001, Topic: "com.app.tick", Payload: payload}},
		sent{"alice", &wamp.Event{Subscription: wildcard, Publication: 1001, Topic: "com.app.tick", Payload: payload}})
}

func TestSubscribersOfASubscriptionShareOneMessage(t *testing.T) { // PS-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	publisher := r.join("publisher", "")
	for _, name := range []string{"a", "b", "c"} {
		r.subscribe(r.join(name, ""), "topic", wamp.MatchExact)
	}
	r.broker.Publish(publisher, &wamp.Publish{Topic: "topic"}, &r.out)
	all := r.out.All()
	if len(all) != 3 || all[0].Msg != all[1].Msg || all[1].Msg != all[2].Msg {
		t.Errorf("got %+v, want three deliveries of one message", all)
	}
}

func TestPublishersDoNotGetTheirOwnEventsUnlessTheyAsk(t *testing.T) { // PS-4, PEX-1, PEX-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, aliceToo := r.join("alice", ""), r.join("alice", "")
	sub := r.subscribe(alice, "topic", wamp.MatchExact)
	event := func(id wamp.ID) sent { return sent{"alice", &wamp.Event{Subscription: sub, Publication: id}} }
	r.publish(alice, &wamp.Publish{Topic: "topic"})
	r.publish(alice, &wamp.Publish{Topic: "topic", IncludeMe: true}, event(1002))
	r.publish(alice, &wamp.Publish{Topic: "topic", IncludeMe: true, Filter: &wamp.Filter{Exclude: []wamp.ID{alice.ID}}})
	r.publish(aliceToo, &wamp.Publish{Topic: "topic"}, event(1004))
}

func TestOnlyAcknowledgedPublicationsAreAnswered(t *testing.T) { // PS-5, PID-2, URI-3, section 2.10
	t.Parallel()
	tests := []struct {
		name    string
		o       broker.Options
		m       wamp.Publish
		trusted bool
		want    wamp.ErrorURI // empty: PUBLISHED
	}{
		{"without subscribers", broker.Options{}, wamp.Publish{Topic: "a.b"}, false, ""},
		{"invalid topic", broker.Options{}, wamp.Publish{Topic: "a..b"}, false, wamp.ErrInvalidURI},
		{"empty topic", broker.Options{}, wamp.Publish{Topic: ""}, false, wamp.ErrInvalidURI},
		{"topic that is only loosely valid", broker.Options{URIRule: wamp.URIStrict}, wamp.Publish{Topic: "A"}, false, wamp.ErrInvalidURI},
		{"reserved topic", broker.Options{}, wamp.Publish{Topic: "wamp.a"}, false, wamp.ErrInvalidURI},
		{"reserved topic by the router itself", broker.Options{}, wamp.Publish{Topic: "wamp.a"}, true, ""},
		{"disclosure that is allowed", broker.Options{}, wamp.Publish{Topic: "a", DiscloseMe: true}, false, ""},
		{
			"disclosure that is refused", broker.Options{RefuseDisclosure: true},
			wamp.Publish{Topic: "a", DiscloseMe: true}, false, wamp.ErrDiscloseMeNotAllowed,
		},
	}
	for _, tt := range tests {
		r := newRealm(t, tt.o)
		alice, listener := r.join("alice", ""), r.join("listener", "")
		alice.Trusted = tt.trusted
		r.subscribe(listener, "", wamp.MatchPrefix)
		m := tt.m
		m.Request = 1

		r.broker.Publish(alice, &m, &r.out)
		if reached := len(r.out.All()) == 1; reached != (tt.want == "") {
			t.Errorf("%s: %d deliveries without acknowledge", tt.name, len(r.out.All()))
		}
		r.out.Reset()

		m.Acknowledge = true
		r.broker.Publish(alice, &m, &r.out)
		all := r.out.All()
		last := all[len(all)-1] // after the events, if any
		if ack, ok := last.Msg.(*wamp.Published); ok != (tt.want == "") || ok && ack.Publication != r.ids.last {
			t.Errorf("%s: got %+v for an acknowledged publication", tt.name, last.Msg)
		}
		if e, ok := last.Msg.(*wamp.Error); ok && (e.URI != tt.want || e.RequestType != wamp.CodePublish || len(all) != 1) {
			t.Errorf("%s: got %+v, want only an ERROR %v", tt.name, e, tt.want)
		}
	}
}

func TestDisclosureSetsAllThreeFields(t *testing.T) { // PID-1
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", "admin"), r.join("bob", "")
	sub := r.subscribe(bob, "topic", wamp.MatchExact)
	r.publish(alice, &wamp.Publish{Topic: "topic", DiscloseMe: true}, sent{"bob", &wamp.Event{
		Subscription: sub, Publication: 1001,
		Publisher: alice.ID, PublisherAuthID: "alice", PublisherAuthRole: "admin",
	}})
}

func TestAttributesGoWithTheEvent(t *testing.T) { // PPT-2
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, bob := r.join("alice", ""), r.join("bob", "")
	sub := r.subscribe(bob, "topic", wamp.MatchExact)
	at := &wamp.Attributes{PPTScheme: "x_mine"}
	r.publish(alice, &wamp.Publish{Topic: "topic", Attributes: at},
		sent{"bob", &wamp.Event{Subscription: sub, Publication: 1001, Attributes: at}})
}

func TestBlackAndWhitelisting(t *testing.T) { // BWL-1 to BWL-4
	t.Parallel()
	// The subscribers are 102 ann (user), 103 ben (user), 104 eve (admin).
	tests := []struct {
		name string
		f    wamp.Filter
		want string
	}{
		{"no list restricts nothing", wamp.Filter{}, "ann ben eve"},
		{"exclude", wamp.Filter{Exclude: []wamp.ID{102}}, "ben eve"},
		{"exclude by authid", wamp.Filter{ExcludeAuthID: []string{"ben"}}, "ann eve"},
		{"exclude by authrole", wamp.Filter{ExcludeAuthRole: []string{"user"}}, "eve"},
		{"eligible", wamp.Filter{Eligible: []wamp.ID{102, 104}}, "ann eve"},
		{"eligible by authid", wamp.Filter{EligibleAuthID: []string{"ben"}}, "ben"},
		{"eligible by authrole", wamp.Filter{EligibleAuthRole: []string{"user"}}, "ann ben"},
		{"an empty eligible list is nobody", wamp.Filter{Eligible: []wamp.ID{}}, ""},
		{"an empty eligible list of authids is nobody", wamp.Filter{EligibleAuthID: []string{}}, ""},
		{"an empty eligible list of authroles is nobody", wamp.Filter{EligibleAuthRole: []string{}}, ""},
		{"an empty exclude list is everybody", wamp.Filter{Exclude: []wamp.ID{}}, "ann ben eve"},
		{"black wins over white", wamp.Filter{Eligible: []wamp.ID{102, 103}, Exclude: []wamp.ID{102}}, "ben"},
		{"lists are conjoined", wamp.Filter{Eligible: []wamp.ID{102, 104}, EligibleAuthRole: []string{"user"}}, "ann"},
		{"unknown and doubled items do nothing", wamp.Filter{Eligible: []wamp.ID{9, 102, 102}, ExcludeAuthID: []string{"zoe"}}, "ann"},
		{"a long list counts like a short one", wamp.Filter{Exclude: append(make([]wamp.ID, 1000), 103)}, "ann eve"},
		{"a long whitelist too", wamp.Filter{Eligible: append(make([]wamp.ID, 1000), 103)}, "ben"},
	}
	for _, tt := range tests {
		r := newRealm(t, broker.Options{})
		publisher := r.join("publisher", "user")
		r.subscribe(publisher, "topic", wamp.MatchExact) // never receives: BWL-2
		r.subscribe(r.join("ann", "user"), "topic", wamp.MatchExact)
		r.subscribe(r.join("ben", "user"), "topic", wamp.MatchExact)
		r.subscribe(r.join("eve", "admin"), "topic", wamp.MatchExact)
		r.broker.Publish(publisher, &wamp.Publish{Topic: "topic", Filter: &tt.f}, &r.out)
		got := ""
		for _, d := range r.out.All() {
			if got != "" {
				got += " "
			}
			got += d.To.Principal.AuthID
		}
		if got != tt.want {
			t.Errorf("%s: reaches %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestPublishingAllocatesNothing(t *testing.T) {
	r := newRealm(t, broker.Options{})
	publisher := r.join("publisher", "")
	for range 10 {
		p := r.join("subscriber", "")
		r.subscribe(p, "com.app.tick", wamp.MatchExact)
		r.subscribe(p, "com.app.", wamp.MatchPrefix)
		r.subscribe(p, "com..tick", wamp.MatchWildcard)
	}
	m := &wamp.Publish{
		Topic: "com.app.tick", Acknowledge: true, DiscloseMe: true,
		Filter: &wamp.Filter{Exclude: []wamp.ID{1, 2, 3}},
	}
	allocs := testing.AllocsPerRun(100, func() {
		r.broker.Publish(publisher, m, &r.out)
		if got := len(r.out.All()); got != 31 {
			t.Fatalf("%d deliveries, want 31", got)
		}
		r.out.Reset()
	})
	if allocs != 0 {
		t.Errorf("Publish allocates %v times, want 0", allocs)
	}
}

// random is an IDSource that is safe for concurrent use.
type random struct{}

func (random) RandomID() wamp.ID { return wamp.ID(rand.Uint64N(uint64(wamp.MaxID)) + 1) }

func TestPublishMayRunConcurrently(t *testing.T) { // the race detector is the judge
	t.Parallel()
	b := broker.New(broker.Options{IDs: random{}})
	var out core.Deliveries
	for id := range wamp.ID(20) {
		p := &core.Peer{ID: id + 1}
		b.Subscribe(p, &wamp.Subscribe{Request: 1, Topic: "com.app.tick"}, time.Time{}, &out)
		b.Subscribe(p, &wamp.Subscribe{Request: 2, Topic: "com..tick", Match: wamp.MatchWildcard}, time.Time{}, &out)
	}
	var wg sync.WaitGroup
	for id := range wamp.ID(4) {
		wg.Go(func() {
			var out core.Deliveries
			from := &core.Peer{ID: 1000 + id}
			for range 200 {
				b.Publish(from, &wamp.Publish{Topic: "com.app.tick", Acknowledge: true}, &out)
				if got := len(out.All()); got != 41 {
					t.Errorf("%d deliveries, want 41", got)
				}
				out.Reset()
			}
		})
	}
	wg.Wait()
}
