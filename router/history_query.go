package router

import (
	"iter"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// EventQuery selects stored events: those that satisfy all conditions. Zero
// fields are none (HIS-1). Only Topic, which may be empty for the pattern that
// matches everything, is always one.
type EventQuery struct {
	// Topic and Match are a subscription's: the events are its history.
	Topic wamp.URI
	Match wamp.Match

	// Only is the one topic wanted of a pattern's.
	Only wamp.URI

	// From and Until include their moment, After and Before do not.
	FromTime, AfterTime, UntilTime, BeforeTime time.Time

	// The same by publication, in the order of storage. Nothing is selected by
	// one that is not in the history (HIS-6).
	FromPublication, AfterPublication, UntilPublication, BeforePublication wamp.ID

	// Reader is who asks: the events' lists apply (HIS-4).
	Reader wamp.Principal

	// Reverse has the newest first, also for Limit.
	Reverse bool

	// Limit is how many events are wanted of those that are left; 0: all.
	Limit int
}

// Select returns the events that q selects of those that a store has, which are
// given in the order of storage. It is for implementations of EventStore.
func (q *EventQuery) Select(stored iter.Seq[*StoredEvent]) []StoredEvent {
	var history []*StoredEvent
	for e := range stored {
		if e.Topic.Matches(q.Topic, q.Match) {
			history = append(history, e)
		}
	}
	history = q.between(history)
	if q.Reverse {
		slices.Reverse(history)
	}
	selected := []StoredEvent{}
	for _, e := range history {
		if q.Limit > 0 && len(selected) == q.Limit {
			break
		}
		if q.admits(e) {
			selected = append(selected, *e)
		}
	}
	return selected
}

// between returns the part of a history between the given publications.
func (q *EventQuery) between(history []*StoredEvent) []*StoredEvent {
	first, end := 0, len(history)
	for _, bound := range []struct {
		at    wamp.ID
		apply func(i int)
	}{
		{q.FromPublication, func(i int) { first = max(first, i) }},
		{q.AfterPublication, func(i int) { first = max(first, i+1) }},
		{q.UntilPublication, func(i int) { end = min(end, i+1) }},
		{q.BeforePublication, func(i int) { end = min(end, i) }},
	} {
		if bound.at == 0 {
			continue
		}
		i := slices.IndexFunc(history, func(e *StoredEvent) bool { return e.Publication == bound.at })
		if i < 0 {
			return nil // HIS-6
		}
		bound.apply(i)
	}
	if first >= end {
		return nil
	}
	return history[first:end]
}

// admits reports whether an event satisfies the conditions on it alone.
func (q *EventQuery) admits(e *StoredEvent) bool {
	switch {
	case q.Only != "" && e.Topic != q.Only,
		!q.FromTime.IsZero() && e.Time.Before(q.FromTime),
		!q.AfterTime.IsZero() && !e.Time.After(q.AfterTime),
		!q.UntilTime.IsZero() && e.Time.After(q.UntilTime),
		!q.BeforeTime.IsZero() && !e.Time.Before(q.BeforeTime):
		return false
	}
	return broker.Admits(e.Lists, &core.Peer{Principal: q.Reader}) // HIS-4
}
