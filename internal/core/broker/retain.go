package broker

import (
	"cmp"
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/uritree"
	"github.com/junctorio/junctor/wamp"
)

const (
	// DefaultMaxRetained and DefaultMaxRetainedBytes apply where Options name
	// no limit.
	DefaultMaxRetained      = 100_000
	DefaultMaxRetainedBytes = 16 << 20

	// maxRestricted bounds the events of one topic that were published with
	// lists. A subscriber that asks for what is retained is compared with each.
	maxRestricted = 16

	// retainedOverhead is about what a retained event takes besides the octets
	// that its publisher chose.
	retainedOverhead = 512
)

// retention keeps the retained events of all topics, within bounds.
type retention struct {
	maxEvents, maxBytes int

	topics uritree.Index[*retainedTopic]
	oldest *retained // of all topics, where the list in storage order begins
	newest *retained
	events int
	bytes  int
	last   uint64 // place of newest in the order of all that was ever stored
	lost   uint64
}

// retainedTopic is what one topic retains: at most one event for everybody,
// and after it some that were published with lists (RET-3).
type retainedTopic struct {
	uri    wamp.URI
	events []*retained // in storage order, never empty
}

// retained is an event as it was on the day of its publication: who may receive
// it was decided then, and whether its publisher is disclosed too (RET-4).
type retained struct {
	event wamp.Event // for a pattern subscription, without its ID

	publisher wamp.ID // of which session it is, which may be long gone
	includeMe bool
	lists     *wamp.Filter // nil: for everybody
	filter    *filter      // of the lists; nil: for everybody

	at         *retainedTopic
	place      uint64 // in storage order
	size       int
	prev, next *retained
}

// keep retains a publication (RET-1). One for everybody takes the place of all
// that its topic retained; one with lists takes the place of one with the same
// lists. To make room, the events that were stored first are given up.
func (r *retention) keep(p *publication) {
	topic, known := r.topics.Get(p.m.Topic)
	if known {
		r.replace(topic, p)
	}
	e := newRetained(p)
	if e.size > r.maxBytes {
		r.lost++
		return
	}
	for r.events > 0 && (r.events >= r.maxEvents || r.bytes+e.size > r.maxBytes) {
		r.lost++
		r.drop(r.oldest)
	}
	r.add(e)
}

// replace drops what the publication replaces in its topic.
func (r *retention) replace(topic *retainedTopic, p *publication) {
	restricted := 0
	for _, e := range slices.Clone(topic.events) {
		switch {
		case p.m.Filter == nil, sameLists(e.lists, p.m.Filter):
			r.drop(e)
		case e.lists != nil:
			restricted++
		}
	}
	if restricted >= maxRestricted {
		i := slices.IndexFunc(topic.events, func(e *retained) bool { return e.lists != nil })
		r.lost++
		r.drop(topic.events[i])
	}
}

func newRetained(p *publication) *retained {
	e := &retained{publisher: p.from.ID, includeMe: p.m.IncludeMe}
	if p.m.Filter != nil {
		filter := p.filter
		e.lists, e.filter = p.m.Filter, &filter
	}
	p.describe(&e.event)
	e.event.Topic, e.event.Retained = p.m.Topic, true
	e.size = retainedOverhead + len(p.m.Topic) + len(p.m.Payload.Bytes) + sizeOfLists(p.m.Filter) + core.AttributesSize(p.m.Attributes)
	return e
}

// add appends an event to its topic and to the order of all.
func (r *retention) add(e *retained) {
	topic, known := r.topics.Get(e.event.Topic)
	if !known {
		topic = &retainedTopic{uri: e.event.Topic}
		r.topics.Set(topic.uri, topic)
	}
	topic.events = append(topic.events, e)
	r.last++
	e.at, e.place, e.prev = topic, r.last, r.newest
	if r.newest == nil {
		r.oldest = e
	} else {
		r.newest.next = e
	}
	r.newest = e
	r.events++
	r.bytes += e.size
}

func (r *retention) drop(e *retained) {
	i := slices.Index(e.at.events, e)
	if e.at.events = slices.Delete(e.at.events, i, i+1); len(e.at.events) == 0 {
		r.topics.Delete(e.at.uri)
	}
	if e.prev == nil {
		r.oldest = e.next
	} else {
		e.prev.next = e.next
	}
	if e.next == nil {
		r.newest = e.prev
	} else {
		e.next.prev = e.prev
	}
	r.events--
	r.bytes -= e.size
}

// send sends a subscriber that asks for them the retained events of a
// subscription: of each topic that it matches the newest one that the
// subscriber may receive (RET-2), in storage order (RET-4).
func (r *retention) send(sub *subscription, to *core.Peer, out *core.Deliveries) {
	var found []*retained
	for topic := range r.topics.MatchedBy(sub.topic, sub.match) {
		if e := topic.newestFor(to); e != nil {
			found = append(found, e)
		}
	}
	slices.SortFunc(found, func(a, b *retained) int { return cmp.Compare(a.place, b.place) })
	for _, e := range found {
		ev := out.Event()
		*ev = e.event
		ev.Subscription = sub.id
		if sub.match == wamp.MatchExact { // PSUB-2
			ev.Topic = ""
		}
		if !knowsTrust(to) { // TRL-2
			ev.TrustLevel = nil
		}
		out.Send(to, ev)
	}
}

func (t *retainedTopic) newestFor(p *core.Peer) *retained {
	for _, e := range slices.Backward(t.events) {
		if e.admits(p) {
			return e
		}
	}
	return nil
}

// admits reports whether the peer would have received the event, had it been
// subscribed then (RET-3).
func (e *retained) admits(p *core.Peer) bool {
	return (e.includeMe || p.ID != e.publisher) && (e.filter == nil || e.filter.admits(p))
}

func sameLists(a, b *wamp.Filter) bool {
	if a == nil || b == nil {
		return a == b
	}
	return sameList(a.Exclude, b.Exclude) && sameList(a.Eligible, b.Eligible) &&
		sameList(a.ExcludeAuthID, b.ExcludeAuthID) && sameList(a.EligibleAuthID, b.EligibleAuthID) &&
		sameList(a.ExcludeAuthRole, b.ExcludeAuthRole) && sameList(a.EligibleAuthRole, b.EligibleAuthRole)
}

// sameList tells an absent list from an empty one (MSG-8).
func sameList[T comparable](a, b []T) bool { return (a == nil) == (b == nil) && slices.Equal(a, b) }

func sizeOfLists(f *wamp.Filter) int {
	if f == nil {
		return 0
	}
	const idBytes, stringBytes = 32, 64 // more than a slot in a list and one in a map
	n := idBytes * (len(f.Exclude) + len(f.Eligible))
	for _, list := range [][]string{f.ExcludeAuthID, f.EligibleAuthID, f.ExcludeAuthRole, f.EligibleAuthRole} {
		for _, s := range list {
			n += stringBytes + len(s)
		}
	}
	return n
}
