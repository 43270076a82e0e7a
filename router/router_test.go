package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var serializers = []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR}

func TestPeersOfDifferentSerializersUnderstandEachOther(t *testing.T) {
	t.Parallel()
	for _, caller := range serializers {
		for _, callee := range serializers {
			t.Run(caller.String()+" calls "+callee.String(), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, router.RealmConfig{})
				answers, asks := b.join(inproc.Config{Serializer: callee}), b.join(inproc.Config{Serializer: caller})
				answers.send(`[64,1,{},"com.example.echo"]`)
				answers.expect(`^\[65,1,\d+\]$`)
				const payload = `["grüße ☃","\u0000AQID",1.5,{"n":null}],{"k":[true,-7]}`
				asks.send(`[48,1,{},"com.example.echo",%s]`, payload)
				got := answers.expect(`^\[68,(\d+),\d+,\{\},(.*)\]$`)
				answers.send(`[70,%s,{},%s]`, got[0], got[1])
				if got := asks.expect(`^\[50,1,\{\},(.*)\]$`)[0]; got != payload {
					t.Errorf("got back %s, want %s", got, payload)
				}
			})
		}
	}
}

func TestOneEventForSubscribersOfAllSerializers(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	var subscribers []*peer
	for _, s := range append(serializers, serializers...) {
		p := b.join(inproc.Config{Serializer: s})
		p.send(`[32,1,{},"com.example.tick"]`)
		p.expect(`^\[33,1,\d+\]$`)
		subscribers = append(subscribers, p)
	}
	publisher := b.join(inproc.Config{Serializer: wamp.SerializerCBOR})
	publisher.send(`[16,1,{},"com.example.tick",["a",{"b":2}]]`)
	publisher.send(`[16,2,{},"com.example.tick",["c"]]`)
	for _, p := range subscribers {
		p.expect(`^\[36,\d+,\d+,\{\},\["a",\{"b":2\}\]\]$`)
		p.expect(`^\[36,\d+,\d+,\{\},\["c"\]\]$`)
	}
}

func TestMessagesTooLargeForTheirReceiver(t *testing.T) {
	t.Parallel()
	large := quoted(strings.Repeat("x", 2000))
	for _, big := range serializers {
		for _, small := range serializers {
			t.Run("from "+big.String()+" to "+small.String(), func(t *testing.T) {
				t.Parallel()
				b := newBench(t, router.RealmConfig{})
				rich := b.join(inproc.Config{Serializer: big})
				poor := b.join(inproc.Config{Serializer: small, MaxMessage: [2]int{1000, 0}})
				poor.send(`[32,1,{},"com.example.topic"]`)
				poor.expect(`^\[33,`)
				poor.send(`[64,2,{},"com.example.poor"]`)
				poor.expect(`^\[65,`)
				rich.send(`[64,1,{},"com.example.rich"]`)
				rich.expect(`^\[65,`)

				rich.send(`[16,2,{"acknowledge":true},"com.example.topic",[%s]]`, large)
				rich.expect(`^\[17,2,`)
				rich.send(`[48,3,{},"com.example.poor",[%s]]`, large)
				rich.expect(`^\[8,48,3,\{\},"wamp.error.payload_size_exceeded"`)

				poor.send(`[48,3,{},"com.example.rich"]`)
				invocation := rich.expect(`^\[68,(\d+),`)[0]
				rich.send(`[70,%s,{},[%s]]`, invocation, large)
				poor.expect(`^\[8,48,3,\{\},"wamp.error.payload_size_exceeded"`)
				poor.send(`[48,4,{},"com.example.rich"]`)
				invocation = rich.expect(`^\[68,(\d+),`)[0]
				rich.send(`[8,68,%s,{},"com.example.error",[%s]]`, invocation, large)
				poor.expect(`^\[8,48,4,\{\},"wamp.error.payload_size_exceeded"`)

				poor.send(`[48,5,{},"com.example.rich"]`)
				invocation = rich.expect(`^\[68,(\d+),`)[0]
				rich.send(`[8,68,%s,{},"com.example.%s"]`, invocation, strings.Repeat("x", 2000))
				poor.expect(`^\[8,48,5,\{\},"wamp.error.payload_size_exceeded"`)

				rich.send(`[16,4,{},"com.example.topic",["small"]]`)
				poor.expect(`^\[36,\d+,\d+,\{\},\["small"\]\]$`)
				if got := b.realm.Stats().EventsTooLarge; got != 1 {
					t.Errorf("%d events counted as too large, want 1", got)
				}
			})
		}
	}
}

func TestAPayloadThatTheReceiversSerializerCannotCarry(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	callee := b.join(inproc.Config{Serializer: wamp.SerializerJSON})
	callee.send(`[64,1,{},"com.example.echo"]`)
	callee.expect(`^\[65,`)
	caller := b.join(inproc.Config{Serializer: wamp.SerializerMsgPack})
	nan := []byte{0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0}
	call := append([]byte{0x95, 48, 1, 0x80, 0xb0}, "com.example.echo"...)
	caller.sendOctets(append(append(call, 0x91), nan...))
	caller.expect(`^\[8,48,1,\{\},"wamp.error.invalid_argument"`)
}

func TestAClientWithTheSmallestLimitCanJoin(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	for _, s := range serializers {
		b.join(inproc.Config{Serializer: s, MaxMessage: [2]int{512, 0}})
	}
}

func TestASlowSubscriberLosesEventsAndHarmsNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{OutboxBytes: 100_000})
	slow, healthy, publisher := b.join(inproc.Config{Buffer: 1000}), b.join(inproc.Config{}), b.join(inproc.Config{})
	for _, p := range []*peer{slow, healthy} {
		p.send(`[32,1,{},"com.example.tick"]`)
		p.expect(`^\[33,`)
	}
	payload := quoted(strings.Repeat("x", 1000))
	for i := range 500 {
		publisher.send(`[16,%d,{"acknowledge":true},"com.example.tick",[%s]]`, i+1, payload)
		publisher.expect(`^\[17,`)
		healthy.expect(`^\[36,`)
	}
	lost := b.realm.Stats().EventsDropped
	if lost < 350 || lost > 420 {
		t.Errorf("%d of 500 events were dropped with room for about 100", lost)
	}
	if s := b.r.Stats(); s.Connections != 3 || s.QueuedBytes < 80_000 || s.QueuedBytes > 110_000 {
		t.Errorf("Stats() = %+v, want 3 connections and about 100000 octets queued", s)
	}
	for range 500 - lost {
		slow.expect(`^\[36,`) // what was below the bound is not lost
	}
	slow.send(`[34,2,4711]`)
	slow.expect(`^\[8,34,2,`)
}

func TestASlowSubscriberIsDisconnectedIfTheRealmSaysSo(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{OutboxBytes: 10_000, DisconnectSlow: true})
	slow, publisher := b.join(inproc.Config{Buffer: 1000}), b.join(inproc.Config{})
	slow.send(`[32,1,{},"com.example.tick"]`)
	slow.expect(`^\[33,`)
	for i := range 100 {
		publisher.send(`[16,%d,{"acknowledge":true},"com.example.tick",[%s]]`, i+1, quoted(strings.Repeat("x", 1000)))
		publisher.expect(`^\[17,`)
	}
	<-slow.ended
	if got := b.realm.Stats().SlowConsumers; got != 1 {
		t.Errorf("%d slow consumers counted, want 1", got)
	}
}

func TestACallToAStuckCalleeFailsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{OutboxBytes: 10_000})
	stuck, caller := b.join(inproc.Config{Buffer: 1000}), b.join(inproc.Config{})
	stuck.send(`[64,1,{},"com.example.stuck"]`)
	stuck.expect(`^\[65,`)
	payload := quoted(strings.Repeat("x", 1000))
	for i := 1; ; i++ {
		caller.send(`[48,%d,{},"com.example.stuck",[%s]]`, i, payload)
		if i > 12 { // two more than fit
			break
		}
	}
	caller.expect(`^\[8,48,1[123],\{\},"wamp.error.network_failure"`)
}

func TestASlowCallerLosesItsProgressiveCallButNotItsSession(t *testing.T) { // PCR-10
	t.Parallel()
	b := newBench(t, router.RealmConfig{OutboxBytes: 10_000})
	slow, callee := b.join(inproc.Config{Buffer: 1000}), b.connect(inproc.Config{})
	callee.send(`[1,"realm1",{"roles":{"callee":{"features":{"progressive_call_results":true,"call_canceling":true}}}}]`)
	callee.expect(`^\[2,`)
	callee.send(`[64,1,{},"com.example.count"]`)
	callee.expect(`^\[65,`)
	slow.send(`[48,1,{"receive_progress":true},"com.example.count"]`)
	callee.expect(`^\[68,1,`)
	for i := range 20 {
		callee.send(`[70,1,{"progress":true},[%d,%s]]`, i, quoted(strings.Repeat("x", 1000)))
	}
	callee.expect(`^\[69,1,\{"mode":"killnowait"`)
	got := 0
	for ; ; got++ {
		m, err := slow.receive()
		if err != nil {
			t.Fatalf("the session ended after %d results: %v", got, err)
		}
		if strings.HasPrefix(m, `[8,48,1,{},"wamp.error.network_failure"`) {
			break
		}
		if want := fmt.Sprintf(`[50,1,{"progress":true},[%d,`, got); !strings.HasPrefix(m, want) {
			t.Fatalf("got %.60s, want %s", m, want)
		}
	}
	if got < 5 || got > 12 {
		t.Errorf("%d results came before the call ended, with room for about 9", got)
	}
	slow.send(`[48,2,{},"com.example.none"]`)
	slow.expect(`^\[8,48,2,\{\},"wamp.error.no_such_procedure"`)
}

func TestShutdownSaysGoodbye(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		polite, silent, joining := b.join(inproc.Config{}), b.join(inproc.Config{}), b.connect(inproc.Config{})
		synctest.Wait()
		done := make(chan error)
		go func() { done <- b.r.Shutdown(context.Background()) }()
		for _, p := range []*peer{polite, silent} {
			p.expect(`^\[6,\{\},"wamp.close.system_shutdown"\]$`)
		}
		joining.expectEnd()
		polite.send(`[6,{},"wamp.close.goodbye_and_out"]`)
		polite.expectEnd()
		if err := <-polite.ended; err != nil {
			t.Errorf("a polite session ended with %v", err)
		}
		start := time.Now()
		if err := <-done; err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if waited := time.Since(start); waited < time.Second || waited > 5*time.Second {
			t.Errorf("a silent session was waited for %v, want about 5 s", waited)
		}
		if err := b.r.Attach(t.Context(), mustPair(), router.Access{}); !errors.Is(err, router.ErrClosed) {
			t.Errorf("Attach after Shutdown: %v", err)
		}
	})
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		b.join(inproc.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.r.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAConnectionWithoutHelloIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		silent := b.connect(inproc.Config{})
		start := time.Now()
		silent.expectEnd()
		if waited := time.Since(start); waited != 10*time.Second {
			t.Errorf("closed after %v, want 10 s (RS-12)", waited)
		}
		joined := b.join(inproc.Config{})
		time.Sleep(time.Minute)
		joined.send(`[34,1,4711]`)
		joined.expect(`^\[8,34,1,`)
	})
}

func TestCallTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		callee, caller := b.join(inproc.Config{}), b.join(inproc.Config{})
		callee.send(`[64,1,{},"com.example.slow"]`)
		callee.expect(`^\[65,`)
		start := time.Now()
		caller.send(`[48,1,{"timeout":700},"com.example.slow"]`)
		caller.send(`[48,2,{"timeout":300},"com.example.slow"]`)
		caller.expect(`^\[8,48,2,\{\},"wamp.error.timeout"`)
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("the second call timed out after %v", d)
		}
		caller.expect(`^\[8,48,1,\{\},"wamp.error.timeout"`)
		if d := time.Since(start); d != 700*time.Millisecond {
			t.Errorf("the first call timed out after %v", d)
		}
	})
}

func TestJoiningIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, hello, want string }{
		{"to an unknown realm", `[1,"nowhere",{"roles":{"caller":{}}}]`, `"wamp.error.no_such_realm"`},
		{"to a realm that is no URI", `[1,"no where",{"roles":{"caller":{}}}]`, `"wamp.error.invalid_uri"`},
		{"with a method that is not configured", `[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"]}]`, `"wamp.error.no_matching_auth_method"`},
		{"without roles", `[1,"realm1",{"roles":{}}]`, `"wamp.error.protocol_violation"`},
		{"without HELLO", `[16,1,{},"com.example.topic"]`, `"wamp.error.protocol_violation"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newBench(t, router.RealmConfig{}).connect(inproc.Config{})
			p.send("%s", tt.hello)
			p.expect(`^\[3,\{"message":".+"\},` + tt.want)
			p.expectEnd()
		})
	}
}

func TestARefusalFitsTheSmallestLimit(t *testing.T) {
	t.Parallel()
	p := newBench(t, router.RealmConfig{}).connect(inproc.Config{MaxMessage: [2]int{512, 0}})
	p.send(`[1,"%s",{"roles":{"caller":{}}}]`, strings.Repeat("x", 600))
	p.expect(`^\[3,\{"message":"there is no realm .{1,300}"\},"wamp.error.no_such_realm"\]$`)
	p.expectEnd()
}

func TestARefusalWithoutItsTextFitsTheSmallestLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	b.login = accessOf(func(context.Context, *auth.Query, string) (*auth.Account, error) {
		return nil, &wamp.Abort{Reason: wamp.ErrAuthenticationDenied, Message: strings.Repeat("x", 600)}
	}).Methods
	p := b.connect(inproc.Config{MaxMessage: [2]int{512, 0}})
	p.send(ticketHello)
	p.expect(`^\[4,`)
	p.send(`[5,"",{}]`)
	p.expect(`^\[3,\{\},"wamp.error.authentication_denied"\]$`)
	p.expectEnd()
}

func TestMalformedMessagesEndTheSession(t *testing.T) {
	t.Parallel()
	for _, message := range []string{"", "{}", "[]", "[99]", `[16,"one",{},"com.example.topic"]`, `[48,1,{},"com.example.p",[1`} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			p := newBench(t, router.RealmConfig{}).join(inproc.Config{})
			p.sendOctets([]byte(message))
			p.expect(`^\[3,\{"message":".+"\},"wamp.error.protocol_violation"`)
			p.expectEnd()
		})
	}
}

// mustPair returns the router's end of a pair whose other end is closed.
func mustPair() transport.Conn {
	a, b := inproc.Pair(wamp.SerializerJSON)
	a.Close()
	return b
}

func TestRealmConfigIsChecked(t *testing.T) {
	t.Parallel()
	r := router.New(router.Options{})
	for name, cfg := range map[string]router.RealmConfig{
		"no name":              {},
		"a name with space":    {Name: "a b"},
		"a role without name":  {Name: "a", Roles: []router.Role{{}}},
		"a role twice":         {Name: "a", Roles: []router.Role{{Name: "r"}, {Name: "r"}}},
		"a pattern with space": {Name: "a", Roles: []router.Role{{Name: "r", Permissions: []router.Permission{{URI: "a b"}}}}},
		"a negative bound":     {Name: "a", OutboxBytes: -1},
		"a negative number":    {Name: "a", RetainedEvents: -1},
		"negative room":        {Name: "a", RetainedBytes: -1},
	} {
		if _, err := r.AddRealm(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := r.AddRealm(router.RealmConfig{Name: "a"}); err != nil {
		t.Error(err)
	}
	if _, err := r.AddRealm(router.RealmConfig{Name: "a"}); err == nil {
		t.Error("the same realm twice: accepted")
	}
}
