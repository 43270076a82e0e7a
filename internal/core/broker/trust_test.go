package broker_test

import (
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// TRL-2: those that understand it are told the trust level, of retained events
// too; the others get the same event without it.
func TestTrustLevelIsForThoseThatUnderstandIt(t *testing.T) {
	t.Parallel()
	r := newRealm(t, broker.Options{})
	alice, simple, knows, later := r.join("alice", "r"), r.join("simple", "r"), r.join("knows", "r"), r.join("later", "r")
	knows.Roles = knows.Roles.With(wamp.RoleSubscriber, wamp.FeaturePublicationTrustLevels)
	later.Roles = knows.Roles
	r.subscribe(simple, "a", wamp.MatchExact)
	r.subscribe(knows, "a", wamp.MatchExact)

	r.broker.Publish(alice, &wamp.Publish{Request: 1, Topic: "a", Retain: true, TrustLevel: new(2)}, &r.out)
	got := map[string]*int{}
	for _, d := range r.out.All() {
		got[d.To.Principal.AuthID] = d.Msg.(*wamp.Event).TrustLevel
	}
	if len(got) != 2 || got["simple"] != nil || got["knows"] == nil || *got["knows"] != 2 {
		t.Errorf("trust levels %v, want none for simple and 2 for knows", got)
	}
	r.out.Reset()

	r.broker.Subscribe(later, &wamp.Subscribe{Request: 1, Topic: "a", GetRetained: true}, time.Time{}, &r.out)
	last := r.out.All()[len(r.out.All())-1]
	ev, ok := last.Msg.(*wamp.Event)
	if !ok || ev.TrustLevel == nil || *ev.TrustLevel != 2 {
		t.Errorf("got %+v, want the retained event with trust level 2", last.Msg)
	}
}
