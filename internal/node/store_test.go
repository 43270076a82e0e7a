package node_test

import (
	"fmt"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

func TestTheStoreOfARealmKeepsItsEvents(t *testing.T) { // HIS-1, HIS-3
	t.Parallel()
	n := open(t, parseText(t, fmt.Sprintf(`{"version": 2, "workers": [{"type": "router", "transports": [%s],
  "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "allow-by-default": true}],
    "store": {"type": "memory", "limit": 1, "event-history": [
      {"uri": "com.example.", "match": "prefix", "limit": 2}, {"uri": "com.other"}]}}]}]}`, unix(socket(t)))), node.Options{})
	start(t, n)
	s := connect(t, n.Endpoints()[0].URL, client.Options{})
	for _, topic := range []wamp.URI{"com.example.a", "com.other", "com.example.b", "com.other", "com.example.c"} {
		if _, err := s.Publish(t.Context(), topic, client.Args{string(topic)}, &client.PublishOptions{Acknowledge: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		lookup client.Args
		want   int
	}{
		{client.Args{"com.example.", wamp.Dict{"match": "prefix"}}, 2},
		{client.Args{"com.other"}, 1},
	} {
		id, err := client.Call[int64](t.Context(), s, "wamp.subscription.lookup", tt.lookup, nil)
		if err != nil {
			t.Fatal(err)
		}
		events, err := client.Call[[]any](t.Context(), s, "wamp.subscription.get_events", client.Args{id}, nil)
		if err != nil || len(events) != tt.want {
			t.Errorf("history of %v: %v, %v, want %d events", tt.lookup, events, err, tt.want)
		}
	}
}

func TestCallQueuesOfAStoreAreTheRealms(t *testing.T) {
	t.Parallel()
	cfg := parseText(t, `{"version": 2, "workers": [{"type": "router", "transports": [], "realms": [{
  "name": "realm1", "roles": [], "options": {"max_retained_events": 7, "max_retained_bytes": 8},
  "store": {"type": "memory", "call-queue": [{"uri": "com.example.", "match": "prefix", "limit": 3}]}}]}]}`)
	got := node.RealmConfig(cfg.Workers[0].Router.Realms[0])
	want := router.CallQueue{URI: "com.example.", Match: wamp.MatchPrefix, Limit: 3}
	if len(got.CallQueues) != 1 || got.CallQueues[0] != want {
		t.Errorf("call queues %+v, want %+v", got.CallQueues, want)
	}
	if got.RetainedEvents != 7 || got.RetainedBytes != 8 {
		t.Errorf("%d retained events and %d octets, want 7 and 8", got.RetainedEvents, got.RetainedBytes)
	}
}
