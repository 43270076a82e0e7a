package broker_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// model is the slow obvious broker: who is subscribed to what, and which
// publications are retained, in storage order.
type model struct {
	ids         map[topic]wamp.ID // of subscriptions that exist
	subscribers map[topic]map[*core.Peer]bool
	retained    []published
	lost        uint64
}

type topic struct {
	URI   wamp.URI
	Match wamp.Match
}

type published struct {
	id   wamp.ID
	from *core.Peer
	m    wamp.Publish
}

// maxRetained is small, so that the broker often runs out of room.
const maxRetained = 4

func (m *model) drop(p *core.Peer, t topic) {
	delete(m.subscribers[t], p)
	if len(m.subscribers[t]) == 0 {
		delete(m.subscribers, t)
		delete(m.ids, t)
	}
}

// reaches reports whether a subscriber may receive a publication (section 3.12).
func (p *published) reaches(to *core.Peer) bool {
	if to == p.from && !p.m.IncludeMe {
		return false
	}
	f, who := p.m.Filter, to.Principal
	return f == nil || (f.Eligible == nil || slices.Contains(f.Eligible, to.ID)) &&
		(f.EligibleAuthID == nil || slices.Contains(f.EligibleAuthID, who.AuthID)) &&
		(f.EligibleAuthRole == nil || slices.Contains(f.EligibleAuthRole, who.AuthRole)) &&
		!slices.Contains(f.Exclude, to.ID) && !slices.Contains(f.ExcludeAuthID, who.AuthID) &&
		!slices.Contains(f.ExcludeAuthRole, who.AuthRole)
}

// reached lists, sorted, who receives a publication for which subscription.
func (m *model) reached(p published) []string {
	reached := []string{}
	for t, peers := range m.subscribers {
		for to := range peers {
			if p.m.Topic.Matches(t.URI, t.Match) && p.reaches(to) {
				reached = append(reached, fmt.Sprint(to.ID, " by ", m.ids[t]))
			}
		}
	}
	slices.Sort(reached)
	return reached
}

func (m *model) retain(p published) {
	m.retained = slices.DeleteFunc(m.retained, func(old published) bool {
		return old.m.Topic == p.m.Topic && (p.m.Filter == nil || reflect.DeepEqual(old.m.Filter, p.m.Filter))
	})
	m.retained = append(m.retained, p)
	if len(m.retained) > maxRetained {
		m.retained = m.retained[1:]
		m.lost++
	}
}

// retainedFor lists, in storage order, the publications that a new subscriber
// gets: of each topic the newest that it may receive.
func (m *model) retainedFor(to *core.Peer, t topic) (ids []wamp.ID) {
	seen := map[wamp.URI]bool{}
	for _, p := range slices.Backward(m.retained) {
		if p.m.Topic.Matches(t.URI, t.Match) && p.reaches(to) && !seen[p.m.Topic] {
			seen[p.m.Topic] = true
			ids = append([]wamp.ID{p.id}, ids...)
		}
	}
	return ids
}

// system is the Broker beside its model.
type system struct {
	broker *broker.Broker
	told   told
	out    core.Deliveries
	model  model
	peers  []*core.Peer
}

func newSystem() *system {
	s := &system{
		broker: broker.New(broker.Options{IDs: random{}, MaxRetained: maxRetained}),
		told:   told{},
		model:  model{ids: map[topic]wamp.ID{}, subscribers: map[topic]map[*core.Peer]bool{}},
	}
	for i := range 4 {
		p := &core.Peer{ID: wamp.ID(i + 1), Principal: wamp.Principal{
			AuthID: []string{"ann", "ben"}[i%2], AuthRole: []string{"user", "admin"}[i/2],
		}}
		if i%2 == 0 {
			p.Roles = p.Roles.With(wamp.RoleSubscriber, wamp.FeatureSubscriptionRevocation)
		}
		s.peers = append(s.peers, p)
	}
	return s
}

var topics = rapid.Custom(func(t *rapid.T) topic {
	return topic{
		rapid.SampledFrom([]wamp.URI{"a.b", "a.c", "a"}).Draw(t, "uri"),
		rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard}).Draw(t, "match"),
	}
})

// filters draws lists of publications, none more often than any other.
var filters = rapid.Custom(func(t *rapid.T) *wamp.Filter {
	return rapid.SampledFrom([]*wamp.Filter{
		nil, nil, nil,
		{Exclude: []wamp.ID{1, 3}}, {Eligible: []wamp.ID{1, 2}}, {Eligible: []wamp.ID{}},
		{ExcludeAuthID: []string{"ann"}}, {EligibleAuthID: []string{"ann"}},
		{ExcludeAuthRole: []string{"admin"}}, {EligibleAuthRole: []string{"admin"}, Exclude: []wamp.ID{4}},
	}).Draw(t, "filter")
})

func (s *system) subscribe(t *rapid.T) {
	p, at := rapid.SampledFrom(s.peers).Draw(t, "peer"), topics.Draw(t, "topic")
	m := &wamp.Subscribe{Request: 1, Topic: at.URI, Match: at.Match, GetRetained: rapid.Bool().Draw(t, "get_retained")}
	s.broker.Subscribe(p, m, time.Time{}, &s.out)
	defer s.hear(t)
	all := s.out.All()
	got := all[0].Msg.(*wamp.Subscribed).Subscription
	if want, exists := s.model.ids[at]; exists && got != want {
		t.Fatalf("%v has subscription ID %d, want %d", at, got, want)
	}
	if s.model.subscribers[at] == nil {
		s.model.subscribers[at] = map[*core.Peer]bool{}
	}
	s.model.ids[at] = got
	s.model.subscribers[at][p] = true
	var sent, want []wamp.ID
	for _, d := range all[1:] {
		sent = append(sent, d.Msg.(*wamp.Event).Publication)
	}
	if m.GetRetained {
		want = s.model.retainedFor(p, at)
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Fatalf("%d gets of what is retained for %v (-want +got):\n%s", p.ID, at, diff)
	}
}

func (s *system) unsubscribe(t *rapid.T) {
	p, at := rapid.SampledFrom(s.peers).Draw(t, "peer"), topics.Draw(t, "topic")
	s.broker.Unsubscribe(p, &wamp.Unsubscribe{Request: 1, Subscription: s.model.ids[at]}, &s.out)
	_, ok := s.only(t, p).(*wamp.Unsubscribed)
	if ok != s.model.subscribers[at][p] {
		t.Fatalf("UNSUBSCRIBE of %v succeeded: %v, want %v", at, ok, !ok)
	}
	s.model.drop(p, at)
}

// revoke takes a subscription from a peer, who is told if it understands (REV-5).
func (s *system) revoke(t *rapid.T) {
	p, at := rapid.SampledFrom(s.peers).Draw(t, "peer"), topics.Draw(t, "topic")
	exists, removed := s.broker.RemoveSubscriber(s.model.ids[at], p.ID, "", &s.out)
	defer s.hear(t)
	if was := s.model.subscribers[at][p]; exists != (s.model.ids[at] != 0) || removed != was {
		t.Fatalf("RemoveSubscriber of %v = %v, %v, want %v, %v", at, exists, removed, !exists, was)
	}
	told := removed && p.Roles.HasFeature(wamp.RoleSubscriber, wamp.FeatureSubscriptionRevocation)
	if len(s.out.All()) > 0 != told {
		t.Fatalf("sent %+v, want UNSUBSCRIBED: %v", s.out.All(), told)
	}
	s.model.drop(p, at)
}

func (s *system) leave(t *rapid.T) {
	p := rapid.SampledFrom(s.peers).Draw(t, "peer")
	s.broker.Leave(p, &s.out)
	s.hear(t)
	for at := range maps.Clone(s.model.subscribers) {
		s.model.drop(p, at)
	}
}

func (s *system) only(t *rapid.T, to *core.Peer) wamp.Message {
	defer s.hear(t)
	all := s.out.All()
	if len(all) != 1 || all[0].To != to {
		t.Fatalf("got %+v, want one answer", all)
	}
	return all[0].Msg
}

// hear takes in, and forgets, what the broker decided.
func (s *system) hear(t *rapid.T) {
	if !s.told.hear(s.out.Changes()) {
		t.Fatalf("%+v cannot follow on %v", s.out.Changes(), s.told)
	}
	s.out.Reset()
}

func (s *system) publish(t *rapid.T) {
	p := published{from: rapid.SampledFrom(s.peers).Draw(t, "publisher"), m: wamp.Publish{
		Topic:     rapid.SampledFrom([]wamp.URI{"a.b", "a.c", "a", "ab", "b.b"}).Draw(t, "published"),
		IncludeMe: rapid.Bool().Draw(t, "include me"),
		Retain:    rapid.Bool().Draw(t, "retain"),
		Filter:    filters.Draw(t, "filter"),
	}}
	p.id = s.broker.Publish(p.from, &p.m, &s.out)
	defer s.hear(t)
	got := []string{}
	for _, d := range s.out.All() {
		ev := d.Msg.(*wamp.Event)
		if ev.Publication != p.id || ev.Retained {
			t.Fatalf("publication %d is sent as %+v", p.id, ev)
		}
		got = append(got, fmt.Sprint(d.To.ID, " by ", ev.Subscription))
	}
	slices.Sort(got)
	if diff := cmp.Diff(s.model.reached(p), got); diff != "" {
		t.Fatalf("publication %+v (-want +got):\n%s", p.m, diff)
	}
	if p.m.Retain {
		s.model.retain(p)
	}
}

func (s *system) check(t *rapid.T) {
	s.told.check(t, s.broker)
	want := broker.Stats{
		Subscriptions: len(s.model.subscribers), Retained: len(s.model.retained), RetainedLost: s.model.lost,
	}
	for _, peers := range s.model.subscribers {
		want.Subscribers += len(peers)
	}
	got := s.broker.Stats()
	if got.RetainedBytes > 0 != (want.Retained > 0) {
		t.Fatalf("%d retained events take %d octets", want.Retained, got.RetainedBytes)
	}
	got.RetainedBytes = 0
	if got != want {
		t.Fatalf("Stats() = %+v, want %+v", got, want)
	}
}

func TestBrokerBehavesAsTheObviousModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSystem()
		t.Repeat(map[string]func(*rapid.T){
			"subscribe": s.subscribe, "unsubscribe": s.unsubscribe, "revoke": s.revoke, "leave": s.leave,
			"publish": s.publish, "": s.check,
		})
		for _, p := range s.peers {
			s.broker.Leave(p, &s.out)
		}
		if left := broker.Remains(s.broker); left != 0 {
			t.Fatalf("%d entries remain after everyone left", left)
		}
		s.forgetRetained(t)
	})
}

// forgetRetained publishes until the events that are retained now have been
// given up, and looks whether anything else is left of them.
func (s *system) forgetRetained(t *rapid.T) {
	for i := range maxRetained {
		m := &wamp.Publish{Topic: wamp.URI(fmt.Sprintf("new.%d", i)), Retain: true}
		s.broker.Publish(s.peers[0], m, &s.out)
	}
	s.out.Reset()
	if topics, listed := broker.RetainedTopics(s.broker); topics != maxRetained || listed != maxRetained {
		t.Fatalf("%d topics and %d events are remembered, want %d", topics, listed, maxRetained)
	}
}
