package router_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

const helloWithTrust = `[1,"realm1",{"roles":{"callee":{"features":{"call_trustlevels":true}},"subscriber":{"features":{"publication_trustlevels":true}}}}]`

// TRL-1, TRL-2: the trust level of the permission, else of the role, goes to
// those that understand it.
func TestTrustLevels(t *testing.T) {
	t.Parallel()
	allowed := everything.Permissions[0].Allow
	b := newBench(t, router.RealmConfig{Roles: []router.Role{{
		Name: "anonymous", TrustLevel: new(3),
		Permissions: []router.Permission{
			{Match: wamp.MatchPrefix, Allow: allowed},
			{URI: "com.example.secure.", Match: wamp.MatchPrefix, Allow: allowed, TrustLevel: new(0)},
		},
	}}})
	knows := b.connect(inproc.Config{})
	knows.send(helloWithTrust)
	knows.expect(`^\[2,`)
	simple, sender := b.join(inproc.Config{}), b.join(inproc.Config{})
	knows.send(`[64,1,{"match":"prefix"},"com.example."]`)
	knows.expect(`^\[65,1,`)
	simple.send(`[64,1,{},"com.other"]`)
	simple.expect(`^\[65,1,`)
	for _, p := range []*peer{knows, simple} {
		p.send(`[32,2,{"match":"prefix"},"com.example."]`)
		p.expect(`^\[33,2,`)
	}

	sender.send(`[48,1,{},"com.example.a"]`)
	knows.expect(`^\[68,\d+,\d+,\{"procedure":"com.example.a","trustlevel":3\}\]$`)
	sender.send(`[48,2,{},"com.example.secure.a"]`)
	knows.expect(`^\[68,\d+,\d+,\{"procedure":"com.example.secure.a","trustlevel":0\}\]$`)
	sender.send(`[48,3,{},"com.other"]`)
	simple.expect(`^\[68,\d+,\d+,\{\}\]$`)

	sender.send(`[16,4,{},"com.example.a"]`)
	knows.expect(`^\[36,\d+,\d+,\{"topic":"com.example.a","trustlevel":3\}\]$`)
	simple.expect(`^\[36,\d+,\d+,\{"topic":"com.example.a"\}\]$`)
	sender.send(`[16,5,{},"com.example.secure.a"]`)
	knows.expect(`^\[36,\d+,\d+,\{"topic":"com.example.secure.a","trustlevel":0\}\]$`)
}

// TMO-6: a realm's timeouts hold for calls that name none, or too long ones.
func TestTimeoutsOfARealm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{CallTimeout: time.Second, MaxCallTimeout: time.Minute})
		p := b.join(inproc.Config{})
		p.send(`[64,1,{},"com.example.slow"]`)
		p.expect(`^\[65,1,`)
		for timeout, want := range map[string]time.Duration{
			`{}`:                time.Second,
			`{"timeout":30}`:    30 * time.Millisecond,
			`{"timeout":90000}`: time.Minute,
		} {
			began := time.Now()
			p.send(`[48,2,%s,"com.example.slow"]`, timeout)
			p.expect(`^\[68,`)
			p.expect(`^\[8,48,2,\{\},"wamp.error.timeout",\["there was no answer within ` + want.String() + `"\]\]$`)
			if took := time.Since(began); took != want {
				t.Errorf("options %s: timed out after %v, want %v", timeout, took, want)
			}
		}
	})
}

func TestCallsWaitForBusyCallees(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{
		QueuedCalls: 1,
		CallQueues:  []router.CallQueue{{URI: "com.example.", Match: wamp.MatchPrefix, Limit: 2}},
	})
	caller, callee := b.join(inproc.Config{}), b.join(inproc.Config{Serializer: wamp.SerializerCBOR})
	for i, c := range []struct {
		procedure string
		waiting   int
	}{{"com.example.a", 2}, {"com.other", 1}} {
		callee.send(`[64,%d,{"concurrency":1},%q]`, i+1, c.procedure)
		callee.expect(`^\[65,`)
		for n := range c.waiting + 2 {
			caller.send(`[48,%d,{},%q,[%d]]`, 10*i+n+1, c.procedure, n)
		}
		caller.expect(`^\[8,48,\d+,\{\},"crossbar.error.max_concurrency_reached",\[".*"\]\]$`)
		if got := b.realm.Stats(); got.QueuedCalls != c.waiting || got.PendingCalls != c.waiting+1 {
			t.Errorf("%s: Stats() = %+v, want %d queued calls of %d pending", c.procedure, got, c.waiting, c.waiting+1)
		}
		for n := range c.waiting + 1 { // in order, with the payloads that they came with
			inv := callee.expect(`^\[68,(\d+),\d+,\{\},\[(\d+)\]\]$`)
			if want := string(rune('0' + n)); inv[1] != want {
				t.Errorf("%s: call %s is next, want %s", c.procedure, inv[1], want)
			}
			callee.send(`[70,%s,{}]`, inv[0])
			caller.expect(`^\[50,\d+,\{\}\]$`)
		}
	}
}

func TestRealmsRefuseSenselessLimitsOfCalls(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]router.RealmConfig{
		"negative timeout":          {CallTimeout: -1},
		"negative maximum":          {MaxCallTimeout: -1},
		"negative number of calls":  {QueuedCalls: -1},
		"negative number of octets": {KeptCallBytes: -1},
		"a queue for no URI":        {CallQueues: []router.CallQueue{{URI: "a b", Limit: 1}}},
		"a negative queue":          {CallQueues: []router.CallQueue{{URI: "a", Limit: -1}}},
		"negative trust":            {Roles: []router.Role{{Name: "r", TrustLevel: new(-1)}}},
		"negative trust of a permission": {Roles: []router.Role{{
			Name: "r", Permissions: []router.Permission{{URI: "a", TrustLevel: new(-1)}},
		}}},
	} {
		cfg.Name = "realm1"
		if _, err := router.New(router.Options{}).AddRealm(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// However many chunks of a call are refused, there is one answer (RPC-1).
func TestOneAnswerToARefusedProgressiveCall(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{Roles: []router.Role{{Name: "anonymous"}}})
	p := b.connect(inproc.Config{})
	p.send(`[1,"realm1",{"roles":{"caller":{"features":{"progressive_call_invocations":true}}}}]`)
	p.expect(`^\[2,`)
	p.send(`[48,1,{"progress":true},"com.example.secret",[1]]`)
	p.send(`[48,1,{"progress":true},"com.example.secret",[2]]`)
	p.send(`[48,1,{},"com.example.secret",[3]]`)
	p.send(`[48,2,{},"com.example.secret"]`)
	p.expect(`^\[8,48,1,\{\},"wamp.error.not_authorized",\[".*"\]\]$`)
	p.expect(`^\[8,48,2,\{\},"wamp.error.not_authorized",\[".*"\]\]$`)
}
