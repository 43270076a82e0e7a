package bench_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/bench"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// realm returns what connects to a new router in this process, which allows
// everything but what is below com.example.denied.
func realm(t *testing.T) bench.Connect {
	t.Helper()
	r := router.New(router.Options{})
	all := router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe
	_, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{
		Name: auth.DefaultRole,
		Permissions: []router.Permission{
			{Match: wamp.MatchPrefix, Allow: all},
			{URI: "com.example.denied", Match: wamp.MatchPrefix},
		},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return func(ctx context.Context) (*client.Session, error) {
		near, far := inproc.Pair(wamp.SerializerMsgPack)
		go r.Attach(context.Background(), far, router.Access{Methods: auth.Set{auth.Anonymous{}}})
		return client.Join(ctx, near, client.Options{Realm: "realm1"})
	}
}

// load is offered on a fake clock, where a call takes no time: 100 operations.
var load = bench.Load{Concurrency: 8, Rate: 1000, Duration: 100 * time.Millisecond, Warmup: 5 * time.Millisecond}

// bubble runs a test on a fake clock.
func bubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}

func TestRPCCalls(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]bench.RPCOptions{
		"one callee":            {Callers: 1, Callees: 1},
		"callees that share":    {Callers: 3, Callees: 2, Size: 100, Timeout: time.Minute},
		"more callers than ops": {Callers: 16, Callees: 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				o.Procedure = "com.example.echo"
				r, err := bench.RPC(t.Context(), realm(t), o, load)
				if err != nil || r.Kind != "rpc" || r.Operations != 100 || r.Observations != 100 || r.Errors != 0 {
					t.Errorf("got %+v, %v; want 100 calls without errors, each observed", r, err)
				}
			})
		})
	}
}

func TestRPCOfOthersCountsTheirErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, err := bench.RPC(t.Context(), realm(t), bench.RPCOptions{Callers: 1, Procedure: "com.example.nobody"}, load)
		if err != nil || r.Operations != 0 || r.Errors != 100 {
			t.Fatalf("got %+v, %v; want 100 errors", r, err)
		}
		for text := range r.ErrorTexts {
			if !strings.Contains(text, string(wamp.ErrNoSuchProcedure)) {
				t.Errorf("error %q, want %s", text, wamp.ErrNoSuchProcedure)
			}
		}
	})
}

func TestPubSubReachesAllSubscribers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := bench.PubSubOptions{Publishers: 2, Subscribers: 5, Topic: "com.example.tick", Size: 10, Timeout: time.Minute}
		r, err := bench.PubSub(t.Context(), realm(t), o, load)
		if err != nil || r.Kind != "pubsub" || r.Operations != 100 || r.Errors != 0 || r.Observations != 500 {
			t.Errorf("got %+v, %v; want 100 publications with five deliveries each, and no errors", r, err)
		}
	})
}

func TestPubSubSaysWhyNothingArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		o := bench.PubSubOptions{Publishers: 1, Subscribers: 1, Topic: "com.example.denied.topic"}
		if _, err := bench.PubSub(t.Context(), realm(t), o, load); !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("got %v, want %v", err, wamp.ErrNotAuthorized)
		}
	})
}

func TestImpossibleScenariosAreRefused(t *testing.T) {
	t.Parallel()
	connect := realm(t)
	for name, o := range map[string]bench.RPCOptions{"no caller": {Callees: 1}, "fewer than no callees": {Callers: 1, Callees: -1}, "a negative size": {Callers: 1, Size: -1}} {
		if _, err := bench.RPC(t.Context(), connect, o, load); err == nil {
			t.Errorf("RPC with %s was accepted", name)
		}
	}
	for name, o := range map[string]bench.PubSubOptions{"no publisher": {Subscribers: 1}, "no subscriber": {Publishers: 1}, "a negative size": {Publishers: 1, Subscribers: 1, Size: -1}} {
		if _, err := bench.PubSub(t.Context(), connect, o, load); err == nil {
			t.Errorf("PubSub with %s was accepted", name)
		}
	}
	if _, err := bench.PubSub(t.Context(), connect, bench.PubSubOptions{Publishers: 1, Subscribers: 1}, bench.Load{}); err == nil {
		t.Error("PubSub with a load of nothing was accepted")
	}
}
