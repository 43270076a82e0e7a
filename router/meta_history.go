package router

import (
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// getEvents is wamp.subscription.get_events (HIS-1 to HIS-6). It answers with
// one list of events.
func (c *metaCall) getEvents() ([]any, error) {
	id, err := c.id(0, "subscription")
	if err != nil {
		return nil, err
	}
	var e core.Entry
	var ok bool
	c.lookAtBroker(func(b *broker.Broker) { e, ok = b.Entry(id) })
	if !ok {
		return nil, wamp.ErrNoSuchSubscription
	}
	s := c.caller.Owner.(*session)
	if refusal := s.may(ActionSubscribe, e.URI, e.Match); refusal != "" { // HIS-5
		return nil, refusal
	}
	q, err := c.eventQuery()
	if err != nil {
		return nil, err
	}
	q.Topic, q.Match, q.Reader = e.URI, e.Match, c.caller.Principal
	found, err := c.realm.history.query(q)
	if err != nil {
		return nil, &metaError{wamp.ErrUnavailable, err.Error()}
	}
	if octetsOf(found) > mayShrink*s.outbox.limits.Send {
		return nil, &metaError{wamp.ErrPayloadSizeExceeded, "the events do not fit into a message: ask for fewer of them with limit"}
	}
	return tellEvents(found, e)
}

// mayShrink is how much larger the payloads of an answer may be than a message
// to the caller, since they may shrink in its serializer. More is not even
// looked at, or one call could take a multiple of the store's memory.
const mayShrink = 4

func octetsOf(events []StoredEvent) (n int) {
	for i := range events {
		n += len(events[i].Payload.Bytes)
	}
	return n
}

// eventQuery reads the keyword arguments.
func (c *metaCall) eventQuery() (q EventQuery, err error) {
	if q.Reverse, err = c.optionalBool("reverse"); err != nil {
		return q, err
	}
	if limit := c.kwargs["limit"]; limit != nil {
		n, ok := limit.(int64)
		if !ok || n < 1 {
			return q, badArgument("limit: want an integer greater than 0")
		}
		q.Limit = int(min(n, 1<<31-1))
	}
	if topic, given, err := c.optionalText(kwarg, "topic"); err != nil {
		return q, err
	} else if q.Only = wamp.URI(topic); given && !q.Only.Valid(wamp.URILoose) {
		return q, badArgument("topic: want a URI")
	}
	for name, at := range map[string]*time.Time{
		"from_time": &q.FromTime, "after_time": &q.AfterTime, "until_time": &q.UntilTime, "before_time": &q.BeforeTime,
	} {
		if *at, err = c.optionalTime(name); err != nil {
			return q, err
		}
	}
	for name, at := range map[string]*wamp.ID{
		"from_publication": &q.FromPublication, "after_publication": &q.AfterPublication,
		"until_publication": &q.UntilPublication, "before_publication": &q.BeforePublication,
	} {
		if c.kwargs[name] != nil {
			if *at, err = c.id(kwarg, name); err != nil {
				return q, err
			}
		}
	}
	return q, nil
}

func (c *metaCall) optionalBool(name string) (bool, error) {
	switch b := c.kwargs[name].(type) {
	case nil:
		return false, nil
	case bool:
		return b, nil
	default:
		return false, badArgument("%s: want true or false", name)
	}
}

func (c *metaCall) optionalTime(name string) (time.Time, error) {
	text, given, err := c.optionalText(kwarg, name)
	if err != nil || !given {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, badArgument("%s: want a time such as 2006-01-02T15:04:05.999Z", name)
	}
	return at, nil
}

// tellEvents returns events as the result of getEvents (HIS-2).
func tellEvents(events []StoredEvent, sub core.Entry) ([]any, error) {
	list := make([]any, len(events))
	for i := range events {
		told, err := events[i].tell(sub)
		if err != nil {
			return nil, err
		}
		list[i] = told
	}
	return []any{list}, nil
}

// tell returns an event of a subscription's history.
func (e *StoredEvent) tell(sub core.Entry) (wamp.Dict, error) {
	args, kwargs, err := e.Payload.Values()
	if err != nil {
		return nil, err
	}
	d := wamp.Dict{
		"timestamp":    e.Time.UTC().Format(time.RFC3339Nano),
		"subscription": sub.ID,
		"publication":  e.Publication,
		"details":      e.details(sub.Match),
	}
	if len(args) > 0 {
		d["args"] = args
	}
	if len(kwargs) > 0 {
		d["kwargs"] = kwargs
	}
	return d, nil
}

// details returns the Details that the EVENT had.
func (e *StoredEvent) details(m wamp.Match) wamp.Dict {
	d := wamp.Dict{}
	if m != wamp.MatchExact { // PSUB-2
		d["topic"] = string(e.Topic)
	}
	if e.Publisher != 0 {
		d["publisher"], d["publisher_authid"], d["publisher_authrole"] = e.Publisher, e.PublisherAuthID, e.PublisherAuthRole
	}
	if e.TrustLevel != nil {
		d["trustlevel"] = *e.TrustLevel
	}
	o := optionDict(d)
	o.attributes(e.Attributes)
	return d
}
