package client

import (
	"context"
	"fmt"
	"time"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// HistoryQuery selects events of the past (HIS-1). What is zero selects
// everything; what is given must hold all at once.
type HistoryQuery struct {
	Reverse bool     // the newest first
	Limit   int      // at most so many; 0: all that the router gives
	Topic   wamp.URI // of this topic only, for subscriptions to patterns

	From, After   time.Time // not before this time; after it
	Until, Before time.Time // not after this time; before it

	// Positions in the router's order, which need not be that of the times:
	// from this event on, after it, up to it, before it.
	FromPublication, AfterPublication   wamp.ID
	UntilPublication, BeforePublication wamp.ID
}

// kwargs returns the query as the procedure takes it.
func (q *HistoryQuery) kwargs() Dict {
	d := Dict{}
	if q.Reverse {
		d["reverse"] = true
	}
	if q.Limit != 0 {
		d["limit"] = q.Limit
	}
	if q.Topic != "" {
		d["topic"] = q.Topic
	}
	for name, at := range map[string]time.Time{
		"from_time": q.From, "after_time": q.After, "until_time": q.Until, "before_time": q.Before,
	} {
		if !at.IsZero() {
			d[name] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	for name, id := range map[string]wamp.ID{
		"from_publication": q.FromPublication, "after_publication": q.AfterPublication,
		"until_publication": q.UntilPublication, "before_publication": q.BeforePublication,
	} {
		if id != 0 {
			d[name] = id
		}
	}
	return d
}

// PastEvent is an event with the time at which the router received it.
type PastEvent struct {
	Time time.Time
	Event
}

// History returns events of the past that the subscription would have got, as
// far as the router keeps them (section 3.20). A nil query asks for all. Events
// for whose topic there is a key in Options.Keyring are decrypted; one that
// cannot be is an error. Other errors are those of Call.
func (sub *Subscription) History(ctx context.Context, q *HistoryQuery) ([]PastEvent, error) {
	if q == nil {
		q = &HistoryQuery{}
	}
	events, err := sub.history(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("client: history of %s: %w", sub.pattern.uri, err)
	}
	return events, nil
}

func (sub *Subscription) history(ctx context.Context, q *HistoryQuery) ([]PastEvent, error) {
	s := sub.session
	s.mu.Lock()
	var id wamp.ID
	if sub.topic != nil {
		id = sub.topic.id
	}
	s.mu.Unlock()
	if id == 0 {
		return nil, wamp.ErrNoSuchSubscription
	}
	told, err := Call[[]wamp.Dict](ctx, s, "wamp.subscription.get_events", Args{id}, &CallOptions{Kwargs: q.kwargs()})
	if err != nil {
		return nil, err
	}
	events := make([]PastEvent, len(told))
	for i, d := range told {
		if events[i], err = pastEvent(sub.pattern, id, d); err == nil {
			err = events[i].open(s.opts.Keyring)
		}
		if err != nil {
			return nil, fmt.Errorf("event %d of %d: %w", i+1, len(told), err)
		}
	}
	return events, nil
}

// pastEvent writes the EVENT that a dictionary tells of, and reads it: what is
// wrong with it is found as for any other one.
func pastEvent(p pattern, id wamp.ID, d wamp.Dict) (PastEvent, error) {
	text, _ := d["timestamp"].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return PastEvent{}, fmt.Errorf("timestamp: %w", err)
	}
	elements := []any{wamp.CodeEvent, id, d["publication"], d["details"], orEmpty(d["args"]), d["kwargs"]}
	if d["kwargs"] == nil {
		elements = elements[:5]
	}
	frame, err := serializer.CBOR.EncodePayload(elements, nil)
	if err != nil {
		return PastEvent{}, err
	}
	m, err := serializer.NewDecoder(serializer.CBOR).Decode(frame.Bytes)
	if err != nil {
		return PastEvent{}, err
	}
	ev := m.(*wamp.Event) // by its code
	return PastEvent{Time: at, Event: *newEvent(p, ev, ev.Payload)}, nil
}

func orEmpty(list any) any {
	if list == nil {
		return []any{}
	}
	return list
}
