package node_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

func TestTheMetaAPIIsThereUnlessItIsTurnedOff(t *testing.T) {
	t.Parallel()
	path := socket(t)
	cfg := parseText(t, fmt.Sprintf(`{"version": 2, "workers": [{"type": "router", "transports": [%s], "realms": [
  {"name": "with", "roles": [{"name": "anonymous", "permissions": [
    {"uri": "", "match": "prefix", "allow": {"call": true}}, {"uri": "wamp.session.kill_all", "allow": {"call": true}}]}]},
  {"name": "without", "options": {"enable_meta_api": false}, "roles": [{"name": "anonymous", "permissions": [
    {"uri": "wamp.", "match": "prefix", "allow": {"call": true}}]}]}]}]}`, unix(path)))
	start(t, open(t, cfg, node.Options{}))
	for _, tt := range []struct {
		realm, procedure wamp.URI
		want             error
	}{
		{"with", "wamp.session.count", nil},
		{"with", "wamp.session.kill_all", nil},
		{"with", "wamp.session.kill_by_authid", wamp.ErrNotAuthorized}, // nobody has named it
		{"without", "wamp.session.count", wamp.ErrNoSuchProcedure},
		{"without", "wamp.session.kill_all", wamp.ErrNoSuchProcedure},
	} {
		s := connect(t, "unix://"+path, client.Options{Realm: tt.realm})
		if _, err := client.Call[int](t.Context(), s, tt.procedure, nil, nil); !errors.Is(err, tt.want) {
			t.Errorf("%s, realm %s: got error %v, want %v", tt.procedure, tt.realm, err, tt.want)
		}
	}
}

func TestBoundsOfTestamentsAreTheRealms(t *testing.T) {
	t.Parallel()
	cfg := parseText(t, `{"version": 2, "workers": [{"type": "router", "transports": [], "realms": [
  {"name": "realm1", "options": {"max_testaments": 3, "max_testament_bytes": 400}, "roles": []}]}]}`)
	if got := node.RealmConfig(cfg.Workers[0].Router.Realms[0]); got.MaxTestaments != 3 || got.MaxTestamentBytes != 400 || got.NoMetaAPI {
		t.Errorf("got %+v, want the bounds of the realm, and a meta API", got)
	}
}
