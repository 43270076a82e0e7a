package client_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/keepalive/pingtest"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// joinPinging joins a scripted router, which has the given agent, over a
// connection with PINGs.
func joinPinging(t *testing.T, k transport.KeepAlive, agent string) (*client.Session, *peer) {
	t.Helper()
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) {
		return client.Join(t.Context(), &pingtest.Conn{Conn: ours}, client.Options{Realm: realm, KeepAlive: k})
	})
	expect[*wamp.Hello](p)
	answer := welcome()
	answer.Agent = agent
	p.send(answer)
	s := joined.must(t)
	t.Cleanup(func() {
		_ = theirs.Close()
		s.Wait()
	})
	return s, p
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
					p.control("PONG")
				}
			}
			if err != nil {
				return
			}
		}
	}()
	return pings
}

func (p *peer) control(word string) {
	_ = p.conn.Write([][]byte{append(p.conn.AppendHeader(nil, len(word)), word...)}) // fails once the client has gone
}

// RS-26.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	auto := transport.KeepAlive{}
	always := transport.KeepAlive{Mode: transport.KeepAliveAlways}
	never := transport.KeepAlive{Mode: transport.KeepAliveNever}
	const crossbar = "Crossbar.io"
	tests := []struct {
		name        string
		keepAlive   transport.KeepAlive
		agent       string
		asks        bool // sends a PING itself
		answers     bool
		pinged, end bool
	}{
		{"keeps a session with junctor that answers", auto, "junctor", false, true, true, false},
		{"ends a session with junctor that does not", auto, "junctor", false, false, true, true},
		{"never sends a PING to Crossbar.io, which breaks by it", auto, crossbar, false, false, false, false},
		{"never sends a PING to a router without a name", auto, "", false, false, false, false},
		{"sends PINGs to a router that has sent one", auto, "bondy", true, true, true, false},
		{"ends the session if that falls silent", auto, "bondy", true, false, true, true},
		{"sends PINGs to anybody if so configured", always, crossbar, false, false, true, true},
		{"sends PINGs to nobody if so configured", never, "junctor", true, false, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p := joinPinging(t, tt.keepAlive, tt.agent)
				if tt.asks {
					p.control("PING")
				}
				waiting := call(t.Context(), s, nil)
				pings := p.countPings(tt.answers)
				time.Sleep(time.Hour)
				synctest.Wait()
				if got := pings.Load(); got > 0 != tt.pinged || tt.end && got != transport.DefaultPingAttempts {
					t.Errorf("got %d PINGs in an hour", got)
				}
				if !tt.end {
					if err := s.Err(); err != nil {
						t.Errorf("the session has ended: %v", err)
					}
					_ = p.conn.Close()
				}
				var inFlight *client.InFlightError
				err := waiting.fails(t)
				if !errors.As(err, &inFlight) || errors.Is(err, client.ErrSilent) != tt.end || !errors.Is(err, net.ErrClosed) {
					t.Errorf("a call under way fails with %v", err)
				}
				if errors.Is(s.Err(), client.ErrSilent) != tt.end {
					t.Errorf("the session ended with %v", s.Err())
				}
			})
		})
	}
}

// TestClientFindsOutThatItsLineIsDead has a network without a route under a
// client: nobody is told, and writing succeeds. The router's end knows no PINGs,
// but only gets some that were sent on a connection which is over by then.
func TestClientFindsOutThatItsLineIsDead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		line := r.NewPath(t)
		down := make(chan error, 10)
		c, err := client.New("", client.Options{Realm: junctortest.Realm}, client.Supervision{
			Dial: func(ctx context.Context) (transport.Conn, error) {
				conn, err := line.Dial(ctx)
				if err != nil {
					return nil, err
				}
				return &pingtest.Conn{Conn: conn}, nil
			},
			OnDown: func(err error) { down <- err },
		})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		run(t, c)
		if _, err := c.Call(t.Context(), "com.example.none", nil, nil); !errors.Is(err, wamp.ErrNoSuchProcedure) {
			t.Fatalf("got %v", err)
		}
		line.Cut(junctortest.Both)
		if err := <-down; !errors.Is(err, client.ErrSilent) {
			t.Errorf("the client is down because of %v", err)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("it took %v to find out", took)
		}
		line.Heal()
		if _, err := c.Call(t.Context(), "com.example.none", nil, nil); !errors.Is(err, wamp.ErrNoSuchProcedure) {
			t.Errorf("after the line was healed, got %v", err)
		}
	})
}
