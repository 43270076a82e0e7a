package config

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// Store is where a realm keeps events for wamp.subscription.get_events.
type Store struct {
	Place
	Limit     int // events of each topic that has no limit of its own
	Events    []StoredTopic
	MaxEvents int // of all topics
	MaxBytes  int

	CallQueues []CallQueue
}

// StoredTopic is a topic, or a pattern of topics, whose events are kept.
type StoredTopic struct {
	Place
	URI   wamp.URI
	Match wamp.Match
	Limit int // events; never 0: the store's limit is filled in
}

// CallQueue says how many calls may wait for procedures whose callees are busy.
type CallQueue struct {
	Place
	URI   wamp.URI
	Match wamp.Match
	Limit int // calls
}

// defaultStoreLimit is Crossbar.io's.
const defaultStoreLimit = 100

var eventCount = integer(1, 1<<31-1, "events")

var storeObject = object[Store]{
	name:    "store",
	title:   "Store",
	lenient: true,
	fields: []field[Store]{
		typeOnly[Store]("memory"),
		{
			key: "limit", is: into(eventCount, func(s *Store) *int { return &s.Limit }),
			def: fmt.Sprint(defaultStoreLimit),
			doc: "How many of the newest events are kept for each item of `event-history` that does not say so itself.",
		},
		{
			key: "event-history", is: into(listOf(storedTopicObject.form()), func(s *Store) *[]StoredTopic { return &s.Events }),
			def: "[]", doc: "The topics whose events are kept, from the start, whether or not somebody is subscribed. Clients ask with `wamp.subscription.get_events`.",
			note: "keeps an event once for each subscriber, and none without subscribers.",
		},
		{
			key: "max-events", added: true, def: "100000",
			is:  into(eventCount, func(s *Store) *int { return &s.MaxEvents }),
			doc: "How many events are kept of all topics together.",
		},
		{
			key: "max-bytes", added: true, def: "67108864",
			is:  into(integer(1, 1<<40, "bytes"), func(s *Store) *int { return &s.MaxBytes }),
			doc: "How many bytes they may take, with 512 for each. The oldest ones are given up for a new one.",
		},
		{
			key: "call-queue", is: into(listOf(callQueueObject.form()), func(s *Store) *[]CallQueue { return &s.CallQueues }),
			def: "[]", doc: "Procedures for which another number of calls may wait than the realm's `max_queued_calls`.",
			note: "ignores the list, and queues for all procedures without limit.",
		},
	},
	finish: func(c *checker, v *value, s *Store) {
		seen := map[StoredTopic]bool{}
		for i := range s.Events {
			t := &s.Events[i]
			if t.Limit == 0 {
				t.Limit = s.Limit
			}
			key := StoredTopic{URI: t.URI, Match: t.Match}
			if seen[key] {
				c.fail(Duplicate, t.At(), "remove one of the two", "the events of %s %q are kept already", t.Match, t.URI)
			}
			seen[key] = true
		}
	},
}

var callQueueObject = object[CallQueue]{
	name:  "callQueue",
	title: "Call queue",
	fields: []field[CallQueue]{
		{
			key: "uri", required: true,
			is:  into(uriPattern, func(q *CallQueue) *wamp.URI { return &q.URI }),
			doc: "The procedure, or a pattern of procedures.",
		},
		{
			key: "match", is: into(matchWord, func(q *CallQueue) *wamp.Match { return &q.Match }),
			def: `"exact"`, doc: "As for events; the most specific item counts.",
		},
		{
			key: "limit", required: true,
			is:  into(integer(0, 1<<20, "calls"), func(q *CallQueue) *int { return &q.Limit }),
			doc: "How many calls may wait for one registration.",
		},
	},
	finish: func(c *checker, v *value, q *CallQueue) { c.checkPattern(v.get("uri"), q.URI, q.Match) },
}

var storedTopicObject = object[StoredTopic]{
	name:  "storedTopic",
	title: "Stored topic",
	fields: []field[StoredTopic]{
		{
			key: "uri", required: true,
			is:  into(uriPattern, func(t *StoredTopic) *wamp.URI { return &t.URI }),
			doc: "The topic, or a pattern of topics.",
		},
		{
			key: "match", is: into(matchWord, func(t *StoredTopic) *wamp.Match { return &t.Match }),
			def: `"exact"`, doc: "`exact`: this topic; `prefix`: topics that begin so; `wildcard`: empty parts stand for any one part.",
		},
		{
			key: "limit", is: into(eventCount, func(t *StoredTopic) *int { return &t.Limit }),
			absent: "the store's", doc: "How many of the newest events are kept.",
		},
	},
	finish: func(c *checker, v *value, t *StoredTopic) {
		at := v.get("uri")
		if c.checkPattern(at, t.URI, t.Match) && t.URI.Reserved() && t.Match != wamp.MatchWildcard {
			c.fail(BadValue, at.position(), "", "%s is the router's own; there is no history of it", at)
		}
	},
}

// checkPattern looks at a URI that may have been reported already.
func (c *checker) checkPattern(at *value, uri wamp.URI, m wamp.Match) bool {
	if at == nil || at.kind != isText || string(uri) != at.text {
		return false
	}
	if !uri.ValidPattern(m, wamp.URILoose) {
		c.fail(BadValue, at.position(), "", "%s is no valid URI for match %q", at, m)
		return false
	}
	return true
}
