package memory_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/junctorio/junctor/internal/history/memory"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

func newStore(t testing.TB, cfg memory.Config) *memory.Store {
	t.Helper()
	s, err := memory.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill appends events of the topics, which are numbered from 1.
func fill(s *memory.Store, topics ...wamp.URI) {
	for i, topic := range topics {
		_ = s.Append([]router.StoredEvent{{Publication: wamp.ID(i + 1), Topic: topic}}) // never fails
	}
}

// kept returns the numbers of all events that the pattern matches.
func kept(s *memory.Store, topic wamp.URI, m wamp.Match) string {
	events, _ := s.Query(router.EventQuery{Topic: topic, Match: m}) // never fails
	numbers := []string{}
	for _, e := range events {
		numbers = append(numbers, fmt.Sprint(e.Publication))
	}
	return strings.Join(numbers, " ")
}

func TestEachEventIsKeptOnceAndForItsTopicsOnly(t *testing.T) { // HIS-3
	t.Parallel()
	s := newStore(t, memory.Config{Topics: []memory.Topic{
		{URI: "a.b"}, {URI: "a.", Match: wamp.MatchPrefix}, {URI: ".b", Match: wamp.MatchWildcard},
	}})
	fill(s, "a.b", "a.c", "c.b", "c.c", "a.b")
	for _, tt := range []struct {
		topic wamp.URI
		match wamp.Match
		want  string
	}{
		{"", wamp.MatchPrefix, "1 2 3 5"},
		{"a.b", wamp.MatchExact, "1 5"},
		{"c.c", wamp.MatchExact, ""},
		{"c", wamp.MatchPrefix, "3"},
		{"a.", wamp.MatchWildcard, "1 2 5"},
	} {
		if got := kept(s, tt.topic, tt.match); got != tt.want {
			t.Errorf("%v %q: events %q, want %q", tt.match, tt.topic, got, tt.want)
		}
	}
	want := []router.HistoryTopic{{URI: "a.b"}, {URI: "a.", Match: wamp.MatchPrefix}, {URI: ".b", Match: wamp.MatchWildcard}}
	if diff := cmp.Diff(want, s.Topics()); diff != "" {
		t.Error(diff)
	}
}

func TestTheOldestEventsAreGivenUp(t *testing.T) {
	t.Parallel()
	everything := []memory.Topic{{Match: wamp.MatchPrefix}}
	for _, tt := range []struct {
		name   string
		cfg    memory.Config
		topics []wamp.URI
		want   string
	}{
		{
			"above a topic's limit", memory.Config{Topics: []memory.Topic{{URI: "a", Limit: 2}, {URI: "b", Limit: 1}}},
			[]wamp.URI{"a", "b", "a", "a", "b"}, "3 4 5",
		},
		{
			"but not while another topic keeps them",
			memory.Config{Topics: []memory.Topic{{URI: "a", Limit: 3}, {URI: "", Match: wamp.MatchPrefix, Limit: 2}}},
			[]wamp.URI{"a", "b", "a", "b", "b", "a"}, "1 3 5 6",
		},
		{"above the number of all", memory.Config{Topics: everything, MaxEvents: 2}, []wamp.URI{"a", "b", "c", "d"}, "3 4"},
		{
			"above the room for all", memory.Config{Topics: everything, MaxBytes: 2500},
			[]wamp.URI{"a", "b", "c", wamp.URI(strings.Repeat("d", 1000))}, "3 4",
		},
		{
			"but not for one that is larger than all the room", memory.Config{Topics: everything, MaxBytes: 2500},
			[]wamp.URI{"a", wamp.URI(strings.Repeat("b", 2000)), "c"}, "1 3",
		},
		{"without limits at the defaults", memory.Config{Topics: everything}, make([]wamp.URI, memory.DefaultLimit), kept100},
	} {
		s := newStore(t, tt.cfg)
		fill(s, tt.topics...)
		if got := kept(s, "", wamp.MatchPrefix); got != tt.want {
			t.Errorf("%s: events %q, want %q", tt.name, got, tt.want)
		}
	}
}

var kept100 = func() string {
	numbers := []string{}
	for i := range memory.DefaultLimit {
		numbers = append(numbers, fmt.Sprint(i+1))
	}
	return strings.Join(numbers, " ")
}()

func TestListsAndAttributesTakeRoom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	for _, e := range []router.StoredEvent{
		{Lists: &wamp.Filter{ExcludeAuthID: []string{long}}},
		{Attributes: &wamp.Attributes{PPTKeyID: long}},
		{Attributes: &wamp.Attributes{ForwardFor: []wamp.Forwarder{{AuthID: long}}}},
		{Payload: wamp.Payload{Bytes: []byte(long)}},
		{PublisherAuthID: long},
	} {
		s := newStore(t, memory.Config{Topics: []memory.Topic{{Match: wamp.MatchPrefix}}, MaxBytes: 3000})
		_ = s.Append([]router.StoredEvent{e})
		if events, _ := s.Query(router.EventQuery{Match: wamp.MatchPrefix}); len(events) > 0 {
			t.Errorf("%+v takes less than it holds", e)
		}
	}
}

func TestNumbersBelowZeroAreRefused(t *testing.T) {
	t.Parallel()
	for _, cfg := range []memory.Config{{MaxEvents: -1}, {MaxBytes: -1}, {Topics: []memory.Topic{{URI: "a", Limit: -1}}}} {
		if _, err := memory.New(cfg); err == nil {
			t.Errorf("%+v is accepted", cfg)
		}
	}
}

// survivors is the model: after each event it works out which are left.
func survivors(topics []wamp.URI, configured []memory.Topic, limit int) (left []int) {
	for n := range topics {
		kept := map[int]bool{}
		for _, c := range configured {
			room := c.Limit
			for _, i := range slices.Backward(append(left, n)) {
				if topics[i].Matches(c.URI, c.Match) && room > 0 {
					kept[i] = true
					room--
				}
			}
		}
		left = slices.Sorted(maps.Keys(kept))
		left = left[max(0, len(left)-limit):]
	}
	return left
}

func TestStoreBehavesAsTheObviousModel(t *testing.T) {
	t.Parallel()
	configured := []memory.Topic{
		{URI: "a", Limit: 3}, {URI: "a", Match: wamp.MatchPrefix, Limit: 5}, {URI: ".b", Match: wamp.MatchWildcard, Limit: 2},
	}
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 8).Draw(t, "max events")
		s, err := memory.New(memory.Config{Topics: configured, MaxEvents: limit})
		if err != nil {
			t.Fatal(err)
		}
		topics := rapid.SliceOfN(rapid.SampledFrom([]wamp.URI{"a", "a.b", "ab", "c.b", "c"}), 0, 60).Draw(t, "topics")
		fill(s, topics...)
		var want []string
		for _, i := range survivors(topics, configured, limit) {
			want = append(want, fmt.Sprint(i+1))
		}
		if got := kept(s, "", wamp.MatchPrefix); got != strings.Join(want, " ") {
			t.Fatalf("of %v up to %d: events %q, want %q", topics, limit, got, want)
		}
	})
}

func TestQueriesAndAppendsAtOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t, memory.Config{Topics: []memory.Topic{{Match: wamp.MatchPrefix, Limit: 10}}})
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				fill(s, "a", "b")
				if events, _ := s.Query(router.EventQuery{Match: wamp.MatchPrefix}); len(events) > 10 || len(events) < 2 {
					t.Errorf("%d events", len(events))
				}
			}
		})
	}
	wait.Wait()
}
