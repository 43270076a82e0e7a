package broker

import (
	"cmp"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// revoked is the reason in UNSUBSCRIBED where none is given, as Crossbar.io has
// it for registrations.
const revoked = "wamp.error.unsubscribed"

// RemoveSubscriber takes a subscription from the session with the given ID, and
// tells it if it announced to understand that (REV-5); reason may be empty. It
// reports whether there is such a subscription, and whether the session was one
// of its subscribers.
func (b *Broker) RemoveSubscriber(subscription, subscriber wamp.ID, reason string, out *core.Deliveries) (exists, removed bool) {
	if _, ok := b.Entry(subscription); !ok {
		return false, false
	}
	sub := b.byID[subscription]
	for i := range sub.subscribers {
		if s := sub.subscribers[i]; s.peer.ID == subscriber {
			b.part(s.session, s.place, out)
			if s.peer.Roles.HasFeature(wamp.RoleSubscriber, wamp.FeatureSubscriptionRevocation) {
				out.Send(s.peer, &wamp.Unsubscribed{Subscription: subscription, Reason: cmp.Or(reason, revoked)})
			}
			return true, true
		}
	}
	return true, false
}
