// Package memory is a router.EventStore that keeps the newest events in memory,
// within bounds.
//
// A [Store] keeps each event once, however many of its topics match it and
// whoever is subscribed; a query matches the events with the subscription.
// Nothing outlives the process. A Store is safe for concurrent use.
package memory

import (
	"fmt"
	"slices"
	"sync"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of Config.
const (
	DefaultLimit     = 100
	DefaultMaxEvents = 100_000
	DefaultMaxBytes  = 64 << 20
)

// eventOverhead is about what an event takes besides its payload, topic, lists
// and attributes.
const eventOverhead = 512

// Config says what a Store keeps. Zero numbers mean the defaults.
type Config struct {
	Topics []Topic

	// MaxEvents and MaxBytes bound the events of all topics together: their
	// number, and what they take. The oldest ones are given up for a new one.
	MaxEvents, MaxBytes int
}

// Topic is a topic, or a pattern of topics, whose events are kept.
type Topic struct {
	URI   wamp.URI
	Match wamp.Match

	// Limit is how many of the newest events that match are kept.
	Limit int
}

// Store is a bounded store of events. Make one with New.
type Store struct {
	cfg    Config                 // constant
	topics uritree.Tree[*keeping] // constant, but for what it leads to

	mu    sync.RWMutex // guards the fields below, and what topics leads to
	log   []*record    // all events, in the order of storage, and gone ones
	gone  int          // of log
	bytes int          // that those that are not gone take

	byTopic map[wamp.URI][]*record // in the same order, without gone ones
}

// keeping is what is kept for one Topic.
type keeping struct {
	limit  int
	events []*record // in the order of storage
}

// record is a stored event. Events of one topic are kept by the same Topics,
// and go in the order in which they came.
type record struct {
	event   router.StoredEvent // constant
	size    int                // constant
	holders int                // Topics that keep it; 0: gone
}

// New returns an empty Store.
func New(cfg Config) (*Store, error) {
	if cfg.MaxEvents == 0 {
		cfg.MaxEvents = DefaultMaxEvents
	}
	if cfg.MaxBytes == 0 {
		cfg.MaxBytes = DefaultMaxBytes
	}
	if cfg.MaxEvents < 0 || cfg.MaxBytes < 0 {
		return nil, fmt.Errorf("memory: MaxEvents is %d and MaxBytes is %d, want 0 (default) or more", cfg.MaxEvents, cfg.MaxBytes)
	}
	s := &Store{cfg: cfg, byTopic: map[wamp.URI][]*record{}}
	for _, t := range cfg.Topics {
		if t.Limit == 0 {
			t.Limit = DefaultLimit
		}
		if t.Limit < 0 {
			return nil, fmt.Errorf("memory: the limit of %s %q is %d, want 0 (default) or more", t.Match, t.URI, t.Limit)
		}
		s.topics.Set(t.URI, t.Match, &keeping{limit: t.Limit})
	}
	return s, nil
}

// Topics implements router.EventStore.
func (s *Store) Topics() []router.HistoryTopic {
	topics := make([]router.HistoryTopic, len(s.cfg.Topics))
	for i, t := range s.cfg.Topics {
		topics[i] = router.HistoryTopic{URI: t.URI, Match: t.Match}
	}
	return topics
}

// Append implements router.EventStore. It never fails. An event that alone is
// larger than MaxBytes is not kept.
func (s *Store) Append(events []router.StoredEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.add(&record{event: e, size: sizeOf(&e)})
	}
	return nil
}

func (s *Store) add(r *record) {
	if r.size > s.cfg.MaxBytes {
		return
	}
	for k := range s.topics.Match(r.event.Topic) {
		r.holders++
		k.events = append(k.events, r)
	}
	if r.holders == 0 {
		return
	}
	s.log = append(s.log, r)
	s.byTopic[r.event.Topic] = append(s.byTopic[r.event.Topic], r)
	s.bytes += r.size
	for k := range s.topics.Match(r.event.Topic) {
		if len(k.events) > k.limit {
			s.letGo(k)
		}
	}
	for len(s.log)-s.gone > s.cfg.MaxEvents || s.bytes > s.cfg.MaxBytes {
		s.dropOldest()
	}
}

// letGo ends the keeping of a Topic's oldest event, and with the last of its
// keepings the event.
func (s *Store) letGo(k *keeping) {
	r := k.events[0]
	k.events[0] = nil
	k.events = k.events[1:]
	if r.holders--; r.holders > 0 {
		return
	}
	s.bytes -= r.size
	s.gone++
	of := s.byTopic[r.event.Topic]
	of[0] = nil
	if s.byTopic[r.event.Topic] = of[1:]; len(of) == 1 {
		delete(s.byTopic, r.event.Topic)
	}
	s.tidy()
}

// dropOldest drops the oldest event, which is then the oldest one of each Topic
// that keeps it.
func (s *Store) dropOldest() {
	i := slices.IndexFunc(s.log, func(r *record) bool { return r.holders > 0 })
	r := s.log[i]
	for k := range s.topics.Match(r.event.Topic) {
		if len(k.events) > 0 && k.events[0] == r {
			s.letGo(k)
		}
	}
}

// tidy removes gone events from the front of the log, and all of them once they
// are most of it.
func (s *Store) tidy() {
	for len(s.log) > 0 && s.log[0].holders == 0 {
		s.log[0] = nil
		s.log = s.log[1:]
		s.gone--
	}
	if s.gone > len(s.log)/2 {
		s.log = slices.DeleteFunc(s.log, func(r *record) bool { return r.holders == 0 })
		s.gone = 0
	}
}

// Query implements router.EventStore. It never fails. What it costs depends on
// how many events are kept of the topic, or of all topics for a pattern.
func (s *Store) Query(q router.EventQuery) ([]router.StoredEvent, error) {
	records := s.snapshot(&q)
	return q.Select(func(yield func(*router.StoredEvent) bool) {
		for _, r := range records {
			if !yield(&r.event) {
				return
			}
		}
	}), nil
}

// snapshot returns the events that q could select, in the order of storage.
func (s *Store) snapshot(q *router.EventQuery) (records []*record) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if q.Match == wamp.MatchExact {
		return slices.Clone(s.byTopic[q.Topic])
	}
	for _, r := range s.log {
		if r.holders > 0 {
			records = append(records, r)
		}
	}
	return records
}

// sizeOf is about how many octets an event takes.
func sizeOf(e *router.StoredEvent) int {
	n := eventOverhead + len(e.Topic) + len(e.Payload.Bytes) + len(e.PublisherAuthID) + len(e.PublisherAuthRole) +
		core.AttributesSize(e.Attributes)
	if f := e.Lists; f != nil {
		for _, list := range [][]string{f.ExcludeAuthID, f.EligibleAuthID, f.ExcludeAuthRole, f.EligibleAuthRole} {
			for _, s := range list {
				n += eventOverhead/8 + len(s)
			}
		}
	}
	return n
}
