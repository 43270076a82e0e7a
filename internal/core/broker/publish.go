package broker

import (
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Publish sends an EVENT for every subscription that matches m.Topic (PSUB-1)
// to each of its subscribers that may receive it, and PUBLISHED or ERROR to
// the peer if m asks for it (PS-5), last. The EVENTs of one publication have
// the same publication ID (PS-3), which Publish returns; it is 0 if the
// publication was refused.
//
// It only reads the broker unless m.Retain is set: then it keeps what m holds,
// which nobody may change any more (RET-1). It allocates nothing when out is
// warm, m is not to be retained, and its black- and whitelists, if any, are
// short.
func (b *Broker) Publish(from *core.Peer, m *wamp.Publish, out *core.Deliveries) wamp.ID {
	if refusal := b.refusePublish(from, m); refusal != "" {
		if m.Acknowledge {
			out.Refuse(from, wamp.CodePublish, m.Request, refusal, b.whyNot(m, refusal))
		}
		return 0
	}
	p := publication{from: from, m: m, id: b.o.IDs.RandomID(), filter: compile(m.Filter)}
	for sub := range b.topics.Match(m.Topic) {
		p.send(sub, out)
	}
	if m.Retain {
		b.retained.keep(&p)
	}
	if m.Acknowledge {
		ack := out.Published()
		ack.Request, ack.Publication = m.Request, p.id
		out.Send(from, ack)
	}
	return p.id
}

// refusePublish returns why a PUBLISH is refused, or "".
func (b *Broker) refusePublish(from *core.Peer, m *wamp.Publish) wamp.ErrorURI {
	switch {
	case !m.Topic.Valid(b.o.URIRule):
		return wamp.ErrInvalidURI
	case m.Topic.Reserved() && !from.Trusted: // URI-3
		return wamp.ErrInvalidURI
	case m.DiscloseMe && b.o.RefuseDisclosure:
		return wamp.ErrDiscloseMeNotAllowed
	}
	return ""
}

// whyNot words a refusal of refusePublish.
func (b *Broker) whyNot(m *wamp.Publish, refusal wamp.ErrorURI) string {
	switch {
	case refusal == wamp.ErrDiscloseMeNotAllowed:
		return "this realm does not disclose who publishes: leave disclose_me out"
	case m.Topic.Valid(b.o.URIRule):
		return core.ReservedURI("topic", m.Topic)
	default:
		return core.InvalidURI("topic", m.Topic, b.o.URIRule)
	}
}

// publication is a PUBLISH on its way to the subscribers.
type publication struct {
	from   *core.Peer
	m      *wamp.Publish
	id     wamp.ID
	filter filter
}

// send sends the event of one subscription, the same for all its subscribers,
// but for a trust level, which not all understand (TRL-2).
func (p *publication) send(sub *subscription, out *core.Deliveries) {
	var plain, trusted *wamp.Event
	for i := range sub.subscribers {
		to := sub.subscribers[i].peer
		if !p.reaches(to) {
			continue
		}
		if p.m.TrustLevel != nil && knowsTrust(to) {
			if trusted == nil {
				trusted = p.event(sub, out)
			}
			out.Send(to, trusted)
			continue
		}
		if plain == nil {
			plain = p.event(sub, out)
			plain.TrustLevel = nil
		}
		out.Send(to, plain)
	}
}

// knowsTrust reports whether the subscriber understands trust levels.
func knowsTrust(to *core.Peer) bool {
	return to.Roles.HasFeature(wamp.RoleSubscriber, wamp.FeaturePublicationTrustLevels)
}

// reaches reports whether a subscriber may receive the event: it is not the
// publisher unless that asked for it (PEX-1, PEX-2), and passes the lists.
func (p *publication) reaches(to *core.Peer) bool {
	return (to != p.from || p.m.IncludeMe) && (p.filter.none || p.filter.admits(to))
}

// event makes the event of a subscription.
func (p *publication) event(sub *subscription, out *core.Deliveries) *wamp.Event {
	ev := out.Event()
	p.describe(ev)
	ev.Subscription = sub.id
	if sub.match != wamp.MatchExact { // PSUB-2
		ev.Topic = p.m.Topic
	}
	return ev
}

// describe fills what is the same for all subscriptions.
func (p *publication) describe(ev *wamp.Event) {
	ev.Publication = p.id
	ev.Attributes, ev.Payload = p.m.Attributes, p.m.Payload
	ev.TrustLevel = p.m.TrustLevel
	if p.m.DiscloseMe { // PID-1
		ev.Publisher = p.from.ID
		ev.PublisherAuthID = p.from.Principal.AuthID
		ev.PublisherAuthRole = p.from.Principal.AuthRole
	}
}
