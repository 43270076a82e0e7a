package broker_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// model is the slow obvious broker: who is subscribed to what.
type model struct {
	ids         map[topic]wamp.ID // of subscriptions that exist
	subscribers map[topic]map[*core.Peer]bool
}

type topic struct {
	URI   wamp.URI
	Match wamp.Match
}

func (m *model) drop(p *core.Peer, t topic) {
	delete(m.subscribers[t], p)
	if len(m.subscribers[t]) == 0 {
		delete(m.subscribers, t)
		delete(m.ids, t)
	}
}

// reached lists, sorted, who receives a publication for which subscription.
func (m *model) reached(from *core.Peer, uri wamp.URI) []string {
	reached := []string{}
	for t, peers := range m.subscribers {
		for p := range peers {
			if uri.Matches(t.URI, t.Match) && p != from {
				reached = append(reached, fmt.Sprint(p.ID, " by ", m.ids[t]))
			}
		}
	}
	slices.Sort(reached)
	return reached
}

// system is the Broker beside its model.
type system struct {
	broker *broker.Broker
	told   told
	out    core.Deliveries
	model  model
	peers  []*core.Peer
}

var topics = rapid.Custom(func(t *rapid.T) topic {
	return topic{
		rapid.SampledFrom([]wamp.URI{"a.b", "a.c", "a"}).Draw(t, "uri"),
		rapid.SampledFrom([]wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard}).Draw(t, "match"),
	}
})

func (s *system) subscribe(t *rapid.T) {
	p, at := rapid.SampledFrom(s.peers).Draw(t, "peer"), topics.Draw(t, "topic")
	s.broker.Subscribe(p, &wamp.Subscribe{Request: 1, Topic: at.URI, Match: at.Match}, time.Time{}, &s.out)
	got := s.only(t, p).(*wamp.Subscribed).Subscription
	if want, exists := s.model.ids[at]; exists && got != want {
		t.Fatalf("%v has subscription ID %d, want %d", at, got, want)
	}
	if s.model.subscribers[at] == nil {
		s.model.subscribers[at] = map[*core.Peer]bool{}
	}
	s.model.ids[at] = got
	s.model.subscribers[at][p] = true
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

func (s *system) check(t *rapid.T) {
	s.told.check(t, s.broker)
	from := rapid.SampledFrom(s.peers).Draw(t, "publisher")
	uri := rapid.SampledFrom([]wamp.URI{"a.b", "a.c", "a", "ab", "b.b"}).Draw(t, "published")
	s.broker.Publish(from, &wamp.Publish{Topic: uri}, &s.out)
	got := []string{}
	for _, d := range s.out.All() {
		got = append(got, fmt.Sprint(d.To.ID, " by ", d.Msg.(*wamp.Event).Subscription))
	}
	s.out.Reset()
	slices.Sort(got)
	if diff := cmp.Diff(s.model.reached(from, uri), got); diff != "" {
		t.Fatalf("publication to %q (-want +got):\n%s", uri, diff)
	}
	want := broker.Stats{Subscriptions: len(s.model.subscribers)}
	for _, peers := range s.model.subscribers {
		want.Subscribers += len(peers)
	}
	if s.broker.Stats() != want {
		t.Fatalf("Stats() = %+v, want %+v", s.broker.Stats(), want)
	}
}

func TestBrokerBehavesAsTheObviousModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &system{
			broker: broker.New(broker.Options{IDs: random{}}),
			told:   told{},
			model:  model{map[topic]wamp.ID{}, map[topic]map[*core.Peer]bool{}},
		}
		for id := range wamp.ID(4) {
			s.peers = append(s.peers, &core.Peer{ID: id + 1})
		}
		t.Repeat(map[string]func(*rapid.T){
			"subscribe": s.subscribe, "unsubscribe": s.unsubscribe, "leave": s.leave, "": s.check,
		})
		for _, p := range s.peers {
			s.broker.Leave(p, &s.out)
		}
		if left := broker.Remains(s.broker); left != 0 {
			t.Fatalf("%d entries remain after everyone left", left)
		}
	})
}
