package router_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/keepalive/pingtest"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// joinPinged is join with keep-alive, of a client with the given agent.
func (b *bench) joinPinged(k transport.KeepAlive, agent string) *peer {
	b.t.Helper()
	mine, theirs := inproc.Pair(wamp.SerializerJSON)
	p := &peer{t: b.t, conn: mine, ser: serializer.JSON, ended: make(chan error, 1)}
	b.wait.Go(func() {
		access := router.Access{Methods: auth.Set{auth.Anonymous{}}, KeepAlive: k}
		p.ended <- b.r.Attach(context.Background(), &pingtest.Conn{Conn: theirs}, access)
	})
	b.t.Cleanup(func() { mine.Close() })
	p.send(`[1,"realm1",{"agent":%s,"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]`, quoted(agent))
	p.expect(`^\[2,`)
	return p
}

// countPings reads what comes until the end and counts the PINGs, which are
// answered or not.
func (p *peer) countPings(answer bool) *atomic.Int64 {
	pings := new(atomic.Int64)
	go func() {
		for {
			batch, _, err := p.conn.Read(nil)
			for _, m := range batch {
				if string(m) != "PING" {
					continue
				}
				if pings.Add(1); answer {
					_ = p.conn.Write([][]byte{p.conn.AppendHeader(nil, 4), []byte("PONG")})
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return pings
}

// RS-26.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	auto := transport.KeepAlive{}
	always := transport.KeepAlive{Mode: transport.KeepAliveAlways}
	never := transport.KeepAlive{Mode: transport.KeepAliveNever}
	const autobahn = "AutobahnPython/25.12.2"
	tests := []struct {
		name        string
		keepAlive   transport.KeepAlive
		agent       string
		asks        bool // sends a PING itself
		answers     bool
		pinged, end bool
	}{
		{"keeps a client of junctor that answers", auto, "junctor-go", false, true, true, false},
		{"ends a client of junctor that does not", auto, "junctor-go", false, false, true, true},
		{"never sends a PING to Autobahn, which breaks by it", auto, autobahn, false, false, false, false},
		{"never sends a PING to a client without a name", auto, "", false, false, false, false},
		{"sends PINGs to a client that has sent one", auto, "WampSharp", true, true, true, false},
		{"ends a client that has sent a PING and then nothing", auto, "WampSharp", true, false, true, true},
		{"sends PINGs to anybody if so configured", always, autobahn, false, false, true, true},
		{"sends PINGs to nobody if so configured", never, "junctor-go", true, false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, router.RealmConfig{})
				p := b.joinPinged(tt.keepAlive, tt.agent)
				if tt.asks {
					p.sendOctets([]byte("PING"))
				}
				pings := p.countPings(tt.answers)
				time.Sleep(time.Hour)
				synctest.Wait()
				if got := pings.Load(); got > 0 != tt.pinged || tt.end && got != transport.DefaultPingAttempts {
					t.Errorf("got %d PINGs in an hour", got)
				}
				if ended := len(p.ended) > 0; ended != tt.end {
					t.Errorf("the session has ended: %v, want %v", ended, tt.end)
				}
			})
		})
	}
}

// What the half-dead connection of a callee costs: nothing after a minute.
func TestASilentCalleeIsAnsweredFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, log := newLoggedBench(t, router.RealmConfig{})
		callee, caller := b.joinPinged(transport.KeepAlive{}, "junctor-go"), b.join(inproc.Config{})
		callee.send(`[64,1,{},"com.example.add"]`)
		callee.expect(`^\[65,1,`)
		callee.countPings(false)
		began := time.Now()
		caller.send(`[48,1,{},"com.example.add"]`)
		caller.expect(`^\[8,48,1,\{.*\},"wamp.error.canceled"`)
		if took := time.Since(began); took > time.Minute {
			t.Errorf("the caller waited %v", took)
		}
		caller.send(`[64,2,{},"com.example.add"]`)
		caller.expect(`^\[65,2,`)
		if got := log.lines("nothing heard", "peer=inproc", "realm=realm1", "session=", "idle=40s", "pings=2"); len(got) != 1 {
			t.Errorf("logged: %q", got)
		}
	})
}

func TestNobodyIsMissedWhoHasLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, log := newLoggedBench(t, router.RealmConfig{})
		p := b.joinPinged(transport.KeepAlive{}, "junctor-go")
		time.Sleep(25 * time.Second) // a PING is unanswered
		p.conn.Close()
		time.Sleep(time.Hour)
		if got := log.lines("nothing heard"); len(got) > 0 {
			t.Errorf("logged: %q", got)
		}
	})
}

func TestAttachRefusesAKeepAliveThatIsNone(t *testing.T) {
	t.Parallel()
	mine, theirs := inproc.Pair(wamp.SerializerJSON)
	err := router.New(router.Options{}).Attach(t.Context(), theirs, router.Access{KeepAlive: transport.KeepAlive{Attempts: -1}})
	if err == nil {
		t.Error("got no error for -1 attempts")
	}
	if _, _, err := mine.Read(nil); err == nil {
		t.Error("the connection is still open")
	}
}
