package router_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// judge is an Authorizer that a test plays.
type judge struct {
	mu     sync.Mutex
	asked  []router.Intent
	decide func(ctx context.Context, in *router.Intent) (router.Decision, error)
}

func (j *judge) Authorize(ctx context.Context, in *router.Intent) (router.Decision, error) {
	j.mu.Lock()
	j.asked = append(j.asked, *in)
	j.mu.Unlock()
	return j.decide(ctx, in)
}

// uris returns what the judge was asked about.
func (j *judge) uris() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := []string{}
	for _, in := range j.asked {
		list = append(list, fmt.Sprintf("%s %s", in.Action, in.URI))
	}
	return list
}

// allowing returns a judge that allows everything and has it kept as said.
func allowing(k router.Keep) *judge {
	return &judge{decide: func(context.Context, *router.Intent) (router.Decision, error) {
		return router.Decision{Allow: true, Keep: k}, nil
	}}
}

// taking returns a judge that takes that long for what is named "slow", and
// allows everything.
func taking(d time.Duration) *judge {
	return &judge{decide: func(ctx context.Context, in *router.Intent) (router.Decision, error) {
		if !strings.Contains(string(in.URI), "slow") {
			return router.Decision{Allow: true}, nil
		}
		select {
		case <-time.After(d):
			return router.Decision{Allow: true}, nil
		case <-ctx.Done():
			return router.Decision{}, ctx.Err()
		}
	}}
}

func judged(j *judge) router.RealmConfig {
	return router.RealmConfig{Roles: []router.Role{{Name: "anonymous", Authorizer: j}}}
}

// subscribed returns a client with that subscription.
func (b *bench) subscribed(topic string) *peer {
	b.t.Helper()
	p := b.join(inproc.Config{})
	p.send(`[32,1,{"match":"prefix"},%s]`, quoted(topic))
	p.expect(`^\[33,`)
	return p
}

// ORD-1, ORD-3, ORD-7.
func TestMessagesKeepTheirOrderWhileAnAuthorizerDecides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, judged(taking(3*time.Second)))
		watcher, other, p := b.subscribed("com"), b.join(inproc.Config{}), b.join(inproc.Config{})
		other.send(`[64,2,{},"com.example.echo"]`)
		other.expect(`^\[65,`)
		began := time.Now()
		for i, topic := range []string{"com.slow.1", "com.quick.2", "com.slow.3", "com.quick.4"} {
			p.send(`[16,%d,{},"%s",[%d]]`, i+1, topic, i+1)
		}
		p.send(`[48,5,{},"com.example.echo"]`)
		other.send(`[16,3,{},"com.from.another"]`) // waits for nobody
		watcher.expect(`^\[36,.*"com.from.another"`)
		if took := time.Since(began); took > 0 {
			t.Errorf("another session waited %v", took)
		}
		for i := range 4 {
			watcher.expect(fmt.Sprintf(`^\[36,.*,\[%d\]\]$`, i+1))
		}
		other.expect(`^\[68,`)
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("two decisions of 3 s took %v", took)
		}
	})
}

func TestWhatNeedsNoPermissionDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, judged(taking(3*time.Second)))
		p, caller := b.join(inproc.Config{}), b.join(inproc.Config{})
		p.send(`[64,1,{},"com.example.work"]`)
		p.expect(`^\[65,`)
		caller.send(`[64,1,{},"com.example.other"]`)
		caller.expect(`^\[65,`)
		caller.send(`[48,2,{},"com.example.work"]`)
		caller.send(`[48,3,{},"com.example.work"]`)
		first, second := p.expect(`^\[68,(\d+),`)[0], p.expect(`^\[68,(\d+),`)[0]
		p.send(`[48,2,{},"com.example.other"]`)
		caller.expect(`^\[68,1,`)

		began := time.Now()
		p.send(`[48,3,{},"com.slow.call"]`)
		p.send(`[70,%s,{},["yielded"]]`, first)
		p.send(`[8,68,%s,{},"com.example.error"]`, second)
		p.send(`[49,2,{"mode":"skip"}]`)
		caller.expect(`^\[50,2,\{\},\["yielded"\]\]$`)
		caller.expect(`^\[8,48,3,\{\},"com.example.error"`)
		p.expect(`^\[8,48,2,\{\},"wamp.error.canceled"`)
		if took := time.Since(began); took > 0 {
			t.Errorf("answers and a CANCEL waited %v", took)
		}
		p.send(`[49,3,{}]`) // follows its CALL
		p.expect(`^\[8,48,3,\{\},"wamp.error.no_such_procedure"`)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("the call was answered after %v", took)
		}
	})
}

func TestAnAuthorizerMayAskTheSessionThatWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		answered := make(chan struct{})
		j := allowing(router.KeepNot)
		decide := j.decide
		j.decide = func(ctx context.Context, in *router.Intent) (router.Decision, error) {
			if in.URI == "com.example.recursive" {
				<-answered
			}
			return decide(ctx, in)
		}
		b := newBench(t, judged(j))
		p, router := b.join(inproc.Config{}), b.join(inproc.Config{})
		p.send(`[64,1,{},"com.example.authorize"]`)
		p.expect(`^\[65,`)
		p.send(`[48,2,{},"com.example.recursive"]`)
		router.send(`[48,1,{},"com.example.authorize"]`)
		p.send(`[70,%s,{},[true]]`, p.expect(`^\[68,(\d+),`)[0])
		router.expect(`^\[50,1,`)
		close(answered)
		p.expect(`^\[8,48,2,\{\},"wamp.error.no_such_procedure"`)
	})
}

func TestADecisionThatTakesTooLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := taking(time.Hour)
		b, log := newLoggedBench(t, judged(j))
		p := b.join(inproc.Config{})
		began := time.Now()
		for i := range 3 {
			p.send(`[48,%d,{},"com.slow"]`, i+1)
		}
		for i := range 3 {
			got := p.expect(fmt.Sprintf(`^\[8,48,%d,\{\},"wamp.error.authorization_failed",\["(.*)"\]\]$`, i+1))[0]
			if !strings.Contains(got, `nobody has decided whether the role \"anonymous\" may call \"com.slow\"`) {
				t.Errorf("explained: %s", got)
			}
		}
		if took := time.Since(began); took != router.DefaultAuthorizerTimeout {
			t.Errorf("three calls that waited together took %v, want the time of one", took)
		}
		p.send(`[48,4,{},"com.quick"]`)
		p.expect(`^\[8,48,4,\{\},"wamp.error.no_such_procedure"`)
		if n := len(log.lines("level=WARN", "the authorizer gives no decision", "uri=com.slow", "no decision within 5s")); n != 1 {
			t.Errorf("%d warnings, want 1", n)
		}
		if n := len(log.lines("level=INFO", "decides again")); n != 1 {
			t.Errorf("the end of the failure was logged %d times", n)
		}
	})
}

func TestAnAuthorizerThatFails(t *testing.T) {
	t.Parallel()
	j := &judge{decide: func(context.Context, *router.Intent) (router.Decision, error) {
		return router.Decision{Allow: true, Keep: router.KeepRole}, errors.New("out of order")
	}}
	b := newBench(t, judged(j))
	p := b.join(inproc.Config{})
	p.send(`[16,1,{},"com.example.topic"]`) // nothing (section 2.10)
	for i, request := range []string{
		`[16,%d,{"acknowledge":true},"com.example.topic"]`, `[32,%d,{},"com.example.topic"]`,
		`[48,%d,{},"com.example.call"]`, `[64,%d,{},"com.example.call"]`,
	} {
		p.send(request, i+2)
		p.expect(fmt.Sprintf(`^\[8,\d+,%d,\{\},"wamp.error.authorization_failed"`, i+2))
	}
	if got := len(j.uris()); got != 5 {
		t.Errorf("asked %d times, want 5: no failure is kept", got)
	}
}

func TestADenialExplainsItself(t *testing.T) {
	t.Parallel()
	static := router.RealmConfig{Roles: []router.Role{{Name: "anonymous", Permissions: []router.Permission{
		{URI: "com.own.", Match: wamp.MatchPrefix, Allow: router.ActionSubscribe},
	}}}}
	deny := func(context.Context, *router.Intent) (router.Decision, error) { return router.Decision{}, nil }
	for name, cfg := range map[string]router.RealmConfig{"static": static, "dynamic": judged(&judge{decide: deny})} {
		p := newBench(t, cfg).join(inproc.Config{MaxMessage: [2]int{512, 0}})
		p.send(`[16,1,{},"com.example.topic"]`) // nothing
		p.send(`[16,2,{"acknowledge":true},"com.example.topic"]`)
		p.expect(`^\[8,16,2,\{\},"wamp.error.not_authorized",\["the role \\"anonymous\\" may not publish \\"com.example.topic\\""\]\]$`)
		p.send(`[32,3,{"match":"prefix"},"com."]`)
		p.expect(`^\[8,32,3,\{\},"wamp.error.not_authorized",\["the role \\"anonymous\\" may not subscribe all of the prefix \\"com.\\""\]\]$`)
		p.send(`[48,4,{},"com.%s"]`, strings.Repeat("x", 5000))
		p.expect(`^\[8,48,4,\{\},"wamp.error.not_authorized",\["the role \\"anonymous\\" may not call \\"com.x+\\"…"\]\]$`)
		if t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestWhatAnAuthorizerIsAsked(t *testing.T) {
	t.Parallel()
	j := allowing(router.KeepNot)
	b := newBench(t, judged(j))
	p := b.join(inproc.Config{})
	p.send(`[32,1,{"match":"wildcard"},"com..topic"]`)
	p.expect(`^\[33,`)
	p.send(`[48,2,{"timeout":500},"com.example.call"]`)
	p.expect(`^\[8,48,2,`)
	p.send(`[48,3,{},"not a uri"]`)
	p.expect(`^\[8,48,3,\{\},"wamp.error.invalid_uri"`) // there is nothing to ask about
	p.send(`[34,4,4711]`)
	p.expect(`^\[8,34,4,`)
	want := []router.Intent{
		{Action: router.ActionSubscribe, URI: "com..topic", Match: wamp.MatchWildcard, Options: wamp.Dict{"match": "wildcard"}},
		{Action: router.ActionCall, URI: "com.example.call", Options: wamp.Dict{"timeout": int64(500)}},
	}
	for i, got := range j.asked {
		if got.Realm != "realm1" || got.Principal.AuthRole != "anonymous" || got.Principal.AuthMethod != "anonymous" ||
			!got.Session.Valid() || got.Transport.Transport != "inproc" {
			t.Errorf("who asks: %+v", got)
		}
		got.Realm, got.Principal, got.Session, got.Transport = "", wamp.Principal{}, 0, nil
		j.asked[i] = got
	}
	if diff := cmp.Diff(want, j.asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestDecisionsAreKeptAsSaid(t *testing.T) {
	t.Parallel()
	const topic = `"com.example.topic"`
	tests := []struct {
		name string
		keep router.Keep
		play func(b *bench, p *peer, publish func(*peer, string))
		want int // how often the authorizer was asked
	}{
		{"not", router.KeepNot, func(_ *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			publish(p, topic)
		}, 2},
		{"for the session", router.KeepSession, func(b *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			publish(p, topic)
			publish(b.join(inproc.Config{}), topic)
		}, 2},
		{"for the role", router.KeepRole, func(b *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			publish(b.join(inproc.Config{}), topic)
		}, 1},
		{"for one URI", router.KeepRole, func(_ *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			publish(p, `"com.example.other"`)
		}, 2},
		{"for one action", router.KeepRole, func(_ *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			p.send(`[32,99,{},` + topic + `]`)
			p.expect(`^\[33,`)
		}, 2},
		{"for one matching policy", router.KeepRole, func(_ *bench, p *peer, _ func(*peer, string)) {
			p.send(`[32,1,{},` + topic + `]`)
			p.expect(`^\[33,`)
			p.send(`[32,2,{"match":"prefix"},` + topic + `]`)
			p.expect(`^\[33,`)
		}, 2},
		{"for the same options", router.KeepRole, func(_ *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			p.send(`[16,99,{"acknowledge":true,"retain":true},` + topic + `]`)
			p.expect(`^\[17,`)
		}, 2},
		{"not beyond their time", router.KeepSession, func(_ *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			time.Sleep(router.DefaultDecisionLifetime - 1)
			publish(p, topic)
			time.Sleep(time.Nanosecond)
			publish(p, topic)
		}, 2},
		{"until they are to be forgotten", router.KeepRole, func(b *bench, p *peer, publish func(*peer, string)) {
			publish(p, topic)
			b.realm.ForgetDecisions()
			publish(p, topic)
			publish(p, topic)
		}, 2},
		{"not for URIs that take much room", router.KeepRole, func(_ *bench, p *peer, publish func(*peer, string)) {
			long := quoted("com." + strings.Repeat("x", 2000))
			publish(p, long)
			publish(p, long)
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := allowing(tt.keep)
				b := newBench(t, judged(j))
				request := 0
				tt.play(b, b.join(inproc.Config{}), func(p *peer, topic string) {
					request++
					p.send(`[16,%d,{"acknowledge":true},%s]`, request, topic)
					p.expect(`^\[17,`)
				})
				if got := len(j.uris()); got != tt.want {
					t.Errorf("asked %d times, want %d: %q", got, tt.want, j.uris())
				}
			})
		})
	}
}

func TestAnAuthorizerDisclosesAsItSays(t *testing.T) {
	t.Parallel()
	for _, refused := range []bool{false, true} {
		j := &judge{decide: func(_ context.Context, in *router.Intent) (router.Decision, error) {
			return router.Decision{Allow: true, Disclose: true}, nil
		}}
		cfg := judged(j)
		cfg.RefuseDisclosure = refused
		b := newBench(t, cfg)
		other, p := b.subscribed("com"), b.join(inproc.Config{})
		other.send(`[64,2,{},"com.example.work"]`)
		other.expect(`^\[65,`)
		p.send(`[48,1,{},"com.example.work"]`)
		p.send(`[16,2,{},"com.example.topic"]`)
		caller, publisher := `"caller":\d+`, `"publisher":\d+`
		if refused {
			caller, publisher = `\{\}`, `\{"topic":"com.example.topic"\}`
		}
		other.expect(`^\[68,\d+,\d+,.*` + caller)
		other.expect(`^\[36,\d+,\d+,.*` + publisher)
	}
}

// burst sends a large publication that waits, n times.
func (p *peer) burst(n int) {
	for i := range n {
		message := fmt.Appendf(nil, `[16,%d,{},"com.slow",["%s"]]`, i+1, strings.Repeat("x", 100_000))
		_ = p.conn.Write([][]byte{p.conn.AppendHeader(nil, len(message)), message})
	}
}

// RS-26: whoever waits for an authorizer is not silent.
func TestAWaitingSessionIsAlive(t *testing.T) {
	t.Parallel()
	for name, burst := range map[string]int{"few messages": 1, "more than may wait": 100} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cfg := judged(taking(10 * time.Minute))
				cfg.Roles[0].AuthorizerTimeout = time.Hour
				b := newBench(t, cfg)
				p := b.joinPinged(transport.KeepAlive{}, "junctor-go")
				p.countPings(burst == 1)
				go p.burst(burst)
				time.Sleep(30 * time.Minute)
				synctest.Wait()
				if len(p.ended) > 0 {
					t.Errorf("the session has ended: %v", <-p.ended)
				}
			})
		})
	}
}

func TestTooManyRequestsForAnAuthorizer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, judged(taking(3*time.Second)))
		p := b.join(inproc.Config{Buffer: 1 << 30})
		p.burst(80) // twice of what may wait
		p.send(`[48,99,{},"com.quick"]`)
		began := time.Now()
		p.expect(`^\[8,48,99,\{\},"wamp.error.no_such_procedure"`)
		if took := time.Since(began); took != 80*3*time.Second {
			t.Errorf("took %v, want 4 minutes", took)
		}
	})
}

// A connection that is not read from is one whose end nobody notices, so that
// this must not last.
func TestFarTooManyRequestsForAnAuthorizer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := judged(taking(54 * time.Second))
		cfg.Roles[0].AuthorizerTimeout = time.Minute
		b := newBench(t, cfg)
		p := b.join(inproc.Config{Buffer: 1 << 30})
		began := time.Now()
		call := func(request, size int) {
			p.send(`[48,%d,{},"com.slow",["%s"]]`, request, strings.Repeat("x", size))
		}
		expect := func(request int, after time.Duration, uri string) {
			t.Helper()
			p.expect(fmt.Sprintf(`^\[8,48,%d,\{\},"wamp.error.%s"`, request, uri))
			if took := time.Since(began); took != after {
				t.Errorf("call %d was answered after %v, want %v", request, took, after)
			}
		}
		call(1, 10)
		call(2, 5<<20) // more than may wait
		call(3, 10)    // is read when that has lasted for a minute
		expect(1, 54*time.Second, "no_such_procedure")
		expect(3, 60*time.Second, "authorization_failed")
		expect(2, 108*time.Second, "no_such_procedure")
		call(4, 10)
		expect(4, 162*time.Second, "no_such_procedure")
	})
}

// What is no request cannot be refused, and does not wait without end either.
func TestFarTooMuchElseForAnAuthorizer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := judged(taking(54 * time.Second))
		cfg.Roles[0].AuthorizerTimeout = time.Minute
		b := newBench(t, cfg)
		p := b.join(inproc.Config{Buffer: 1 << 30})
		p.send(`[48,1,{},"com.slow"]`)
		p.send(`[48,2,{},"com.slow",["%s"]]`, strings.Repeat("x", 5<<20)) // more than may wait
		for i := range 40_000 {
			p.send(`[34,%d,1]`, i+3)
		}
		for {
			got, err := p.receive()
			if err != nil {
				t.Fatalf("the session ended with %v, want an ABORT", err)
			}
			if strings.HasPrefix(got, `[3,`) {
				if !strings.Contains(got, "too many messages wait") || !strings.Contains(got, "authorization_failed") {
					t.Errorf("got %s", got)
				}
				return
			}
		}
	})
}

func TestTheEndOfASessionDoesNotWaitForAnAuthorizer(t *testing.T) {
	t.Parallel()
	const linger = 500 * time.Millisecond
	tests := []struct {
		name string
		end  func(b *bench, p *peer)
		most time.Duration
		full time.Duration // the same if more than may wait has come
	}{
		{"the client goes away", func(_ *bench, p *peer) { p.conn.Close() }, 0, time.Minute},
		{"the router is closed", func(b *bench, _ *peer) { b.r.Close() }, 0, 0},
		{"the router shuts down", func(b *bench, _ *peer) {
			if err := b.r.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		}, 5 * time.Second, 5 * time.Second},
		{"the client says GOODBYE", func(_ *bench, p *peer) {
			p.send(`[6,{},"wamp.close.normal"]`)
			p.expect(`^\[6,`)
		}, 5*time.Second + linger, time.Minute + 5*time.Second + linger},
		{"the client breaks the protocol", func(_ *bench, p *peer) {
			p.send(`[70,4711,{}]`)
			p.expect(`^\[3,`)
		}, linger, time.Minute + linger},
	}
	for _, tt := range tests {
		for _, burst := range []int{1, 60} {
			t.Run(fmt.Sprintf("%s after %d messages", tt.name, burst), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cfg := judged(taking(time.Hour))
					cfg.Roles[0].AuthorizerTimeout = time.Minute
					b := newBench(t, cfg)
					p := b.join(inproc.Config{Buffer: 1 << 30})
					p.burst(burst)
					synctest.Wait()
					began, most := time.Now(), tt.most
					if burst > 1 {
						most = tt.full
					}
					tt.end(b, p)
					<-p.ended
					if took := time.Since(began); took > most {
						t.Errorf("took %v, want at most %v", took, most)
					}
				})
			})
		}
	}
}

// HIS-5, TES-5: the meta API asks further, and nobody else's connection waits
// for it.
func TestTheMetaAPIAsksTheAuthorizerToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &judge{decide: func(_ context.Context, in *router.Intent) (router.Decision, error) {
			if in.Action != router.ActionCall {
				time.Sleep(3 * time.Second)
			}
			forbidden := in.Action == router.ActionSubscribe && in.URI == "com.other.ahead" || in.URI == "com.secret"
			return router.Decision{Allow: !forbidden, Keep: router.KeepSession}, nil
		}}
		cfg := judged(j)
		cfg.Events = newStore()
		b := newBench(t, cfg)
		p := b.join(inproc.Config{})
		p.send(`[48,1,{},"wamp.subscription.lookup",["com.other.ahead"]]`)
		id := p.expect(`^\[50,1,\{\},\[(\d+)\]\]$`)[0]
		began := time.Now()
		for range 2 { // the second time all is known
			p.send(`[48,2,{},"wamp.subscription.get_events",[%s]]`, id)
			p.expect(`^\[8,48,2,\{\},"wamp.error.not_authorized"`)
		}
		p.send(`[48,4,{},"wamp.session.add_testament",["com.secret",[],{}]]`)
		p.expect(`^\[8,48,4,\{\},"wamp.error.not_authorized"`)
		p.send(`[48,5,{},"wamp.session.add_testament",["com.will",[],{}]]`)
		p.expect(`^\[50,5,`)
		if took := time.Since(began); took != 9*time.Second {
			t.Errorf("took %v", took)
		}
		want := []string{
			"call wamp.subscription.lookup", "call wamp.subscription.get_events", "subscribe com.other.ahead",
			"call wamp.session.add_testament", "publish com.secret", "publish com.will",
		}
		if diff := cmp.Diff(want, j.uris()); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
	})
}

func TestAWaitingSessionCanBeKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := judged(taking(time.Hour))
		cfg.Roles[0].AuthorizerTimeout = time.Hour
		b := newBench(t, cfg)
		watcher := b.subscribed("com")
		for _, burst := range []int{1, 60} {
			p := b.connect(inproc.Config{Buffer: 1 << 30})
			p.send(hello)
			id := p.expect(`^\[2,(\d+),`)[0]
			p.burst(burst)
			synctest.Wait()
			began := time.Now()
			watcher.send(`[48,2,{},"wamp.session.kill",[%s]]`, id)
			watcher.expect(`^\[50,2,`)
			p.expect(`^\[6,`) // and is not echoed
			<-p.ended
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("the session ended after %v", took)
			}
		}
		watcher.send(`[34,3,4711]`)
		watcher.expect(`^\[8,34,3,`) // and no event
	})
}

func TestGoodbyeFollowsWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, judged(taking(2*time.Second)))
		watcher, p := b.subscribed("com"), b.join(inproc.Config{})
		p.send(`[16,1,{},"com.slow",["last words"]]`)
		p.send(`[6,{},"wamp.close.normal"]`)
		p.expect(`^\[6,`)
		watcher.expect(`^\[36,.*\["last words"\]\]$`)
		if err := <-p.ended; err != nil {
			t.Errorf("Attach: %v", err)
		}
	})
}

// PV-1: also what is found out late ends the session.
func TestAViolationInAMessageThatWaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, judged(taking(time.Second)))
		callee, p := b.join(inproc.Config{}), b.join(inproc.Config{})
		callee.send(`[64,1,{},"com.slow.work"]`)
		callee.expect(`^\[65,`)
		p.send(`[48,1,{},"com.slow.work"]`)
		p.send(`[48,1,{},"com.slow.work"]`)
		p.send(`[48,2,{},"com.slow.work"]`)
		callee.expect(`^\[68,`)
		p.expect(`^\[3,.*"wamp.error.protocol_violation"`)
		if err := <-p.ended; !errors.Is(err, wamp.ErrProtocolViolation) {
			t.Errorf("Attach: %v", err)
		}
		callee.send(`[34,2,4711]`)
		callee.expect(`^\[8,34,2,`) // the third call never came
	})
}

func TestARoleHasPermissionsOrAnAuthorizer(t *testing.T) {
	t.Parallel()
	j := allowing(router.KeepNot)
	for name, role := range map[string]router.Role{
		"both":                {Name: "a", Authorizer: j, Permissions: everything.Permissions},
		"a default":           {Name: "a", Authorizer: j, AllowByDefault: true},
		"a negative timeout":  {Name: "a", Authorizer: j, AuthorizerTimeout: -1},
		"a negative lifetime": {Name: "a", Authorizer: j, DecisionLifetime: -1},
	} {
		if _, err := router.New(router.Options{}).AddRealm(router.RealmConfig{Name: "a", Roles: []router.Role{role}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
