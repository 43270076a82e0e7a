package router

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

// EventStore keeps published events, each once, whoever is subscribed, for
// wamp.subscription.get_events (section 3.20). A realm has one of its own.
type EventStore interface {
	// Topics returns what the store keeps: patterns, none of them twice, none
	// below "wamp.". It never changes.
	Topics() []HistoryTopic

	// Append stores events that were published in this order. They are the
	// store's from then on. It is not called again before it has returned.
	Append(events []StoredEvent) error

	// Query returns the events that q selects. It may be called while others
	// query or append.
	Query(q EventQuery) ([]StoredEvent, error)
}

// HistoryTopic is a topic, or a pattern of topics, whose events are kept.
type HistoryTopic struct {
	URI   wamp.URI
	Match wamp.Match
}

// StoredEvent is a publication as a store keeps it. What it refers to must not
// be changed.
type StoredEvent struct {
	Time        time.Time // when the router received it
	Publication wamp.ID
	Topic       wamp.URI

	// Who published it, where that was disclosed (PID-1).
	Publisher                          wamp.ID
	PublisherAuthID, PublisherAuthRole string

	TrustLevel *int // of the publisher, nil if there is none (TRL-2)

	// Lists are applied to who asks (HIS-4); nil where there are none. They never
	// name sessions.
	Lists *wamp.Filter

	Attributes *wamp.Attributes
	Payload    wamp.Payload // a copy, in the publisher's serializer
}

// maxUnstoredBytes bounds what waits for a store that is slow.
const maxUnstoredBytes = 16 << 20

// unstoredOverhead is about what an event takes besides its payload.
const unstoredOverhead = 256

// history hands a realm's events to its store. The nil history has none.
type history struct {
	store  EventStore
	topics uritree.Tree[struct{}] // constant
	failed func(lost int, err error)

	mu      sync.Mutex // guards the fields below
	waiting []StoredEvent
	bytes   int  // that they take
	storing bool // a goroutine is in storeAll

	lost      atomic.Uint64
	append    sync.Mutex // held around Append
	storeAlls sync.WaitGroup
}

func newHistory(store EventStore, failed func(lost int, err error)) *history {
	h := &history{store: store, failed: failed}
	for _, t := range store.Topics() {
		h.topics.Set(t.URI, t.Match, struct{}{})
	}
	return h
}

// checkTopics checks what a store keeps.
func checkTopics(store EventStore) error {
	if store == nil {
		return nil
	}
	seen := map[HistoryTopic]bool{}
	for _, t := range store.Topics() {
		switch {
		case !t.URI.ValidPattern(t.Match, wamp.URILoose):
			return fmt.Errorf("event store: %q is no valid %s pattern", t.URI, t.Match)
		case t.URI.Reserved() && t.Match != wamp.MatchWildcard:
			return fmt.Errorf("event store: %q is the router's own, of which there is no history", t.URI) // META-2
		case seen[t]:
			return fmt.Errorf("event store: %s %q is given twice", t.Match, t.URI)
		}
		seen[t] = true
	}
	return nil
}

// wants reports whether an event is to be stored. One for certain sessions is
// not (HIS-4).
func (h *history) wants(m *wamp.Publish) bool {
	if h == nil || m.Filter != nil && (m.Filter.Exclude != nil || m.Filter.Eligible != nil) {
		return false
	}
	for range h.topics.Match(m.Topic) {
		return true
	}
	return false
}

// add has an event stored soon, behind all that were added before. The payload
// is the history's. It never blocks: an event that the store is too slow for is
// lost, and counted.
func (h *history) add(from *core.Peer, id wamp.ID, m *wamp.Publish) {
	e := StoredEvent{
		Time: time.Now(), Publication: id, Topic: m.Topic,
		TrustLevel: m.TrustLevel,
		Lists:      m.Filter, Attributes: m.Attributes, Payload: m.Payload,
	}
	if m.DiscloseMe {
		e.Publisher = from.ID
		e.PublisherAuthID, e.PublisherAuthRole = from.Principal.AuthID, from.Principal.AuthRole
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bytes > maxUnstoredBytes {
		h.lost.Add(1)
		return
	}
	h.waiting = append(h.waiting, e)
	h.bytes += unstoredOverhead + len(m.Payload.Bytes)
	if !h.storing {
		h.storing = true
		h.storeAlls.Go(h.storeAll)
	}
}

// storeAll runs, on a goroutine of its own, while there is something to store.
func (h *history) storeAll() {
	for {
		h.storeWaiting()
		h.mu.Lock()
		done := len(h.waiting) == 0
		if done {
			h.storing = false
		}
		h.mu.Unlock()
		if done {
			return
		}
	}
}

// storeWaiting stores what waits, behind what is being stored.
func (h *history) storeWaiting() {
	h.append.Lock()
	defer h.append.Unlock()
	h.mu.Lock()
	batch := h.waiting
	h.waiting, h.bytes = nil, 0
	h.mu.Unlock()
	if len(batch) == 0 {
		return
	}
	if err := h.store.Append(batch); err != nil {
		h.lost.Add(uint64(len(batch)))
		h.failed(len(batch), err)
	}
}

// query asks the store, once all that was added before is stored.
func (h *history) query(q EventQuery) ([]StoredEvent, error) {
	h.storeWaiting()
	return h.store.Query(q)
}

// wait waits until everything is stored.
func (h *history) wait() {
	if h != nil {
		h.storeAlls.Wait()
	}
}

// notStored tells of events that the store refused.
func (r *Realm) notStored(lost int, err error) {
	r.router.opts.Logger.Warn("events are missing in the history", "realm", string(r.cfg.Name), "events", lost, "err", err)
}

// provide makes the subscriptions by which to ask for what is kept of topics
// that nobody has subscribed to yet (HIS-3).
func (r *Realm) provide(topics []HistoryTopic, now time.Time) {
	for _, t := range topics {
		r.broker.Provide(t.URI, t.Match, now)
	}
}
