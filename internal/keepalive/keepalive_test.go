package keepalive_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/internal/keepalive"
	"github.com/junctorio/junctor/transport"
)

// line is a connection whose peer is the test.
type line struct {
	transport.Conn
	heard atomic.Uint64
	mute  bool // has no PINGs
}

func (l *line) Heard() uint64 { return l.heard.Load() }

func (l *line) AppendPing(dst []byte) []byte {
	if l.mute {
		return dst
	}
	return append(dst, "ping"...)
}

// log is what a Watch did, and when.
type log struct {
	began time.Time

	mu      sync.Mutex // guards the fields below
	pings   []time.Duration
	expired []time.Duration
}

// watch watches l, with answer called after each PING, one at a time.
func watch(l *line, answer func()) (*log, *keepalive.Watch) {
	config := &transport.KeepAlive{Interval: 20 * time.Second, Timeout: 10 * time.Second, Attempts: 2}
	g := &log{began: time.Now()}
	return g, keepalive.Start(l, config, func(ping []byte) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if ping == nil {
			g.expired = append(g.expired, time.Since(g.began))
			return
		}
		if string(ping) != "ping" {
			panic("not a PING: " + string(ping))
		}
		g.pings = append(g.pings, time.Since(g.began))
		answer()
	})
}

func (g *log) expect(t *testing.T, pings int, expired ...time.Duration) {
	t.Helper()
	synctest.Wait()
	if len(g.pings) != pings {
		t.Errorf("got PINGs after %v, want %d", g.pings, pings)
	}
	if len(g.expired) != len(expired) || len(expired) > 0 && g.expired[0] != expired[0] {
		t.Errorf("expired after %v, want %v", g.expired, expired)
	}
}

func silent() {}

func TestWatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"gives a silent peer up after its attempts, once", func(t *testing.T) {
			g, _ := watch(&line{}, silent)
			time.Sleep(time.Hour)
			g.expect(t, 2, 40*time.Second)
			if g.pings[0] != 20*time.Second || g.pings[1] != 30*time.Second {
				t.Errorf("got PINGs after %v", g.pings)
			}
		}},
		{"keeps a peer that answers each PING", func(t *testing.T) {
			l := &line{}
			g, w := watch(l, func() { l.heard.Add(1) })
			time.Sleep(299 * time.Second) // one every 30 s: 20 s of silence, 10 s to notice the answer
			w.Stop()
			g.expect(t, 9+1)
		}},
		{"keeps a peer that answers every second PING", func(t *testing.T) {
			l, n := &line{}, 0
			g, w := watch(l, func() {
				if n++; n%2 == 0 {
					l.heard.Add(1)
				}
			})
			time.Sleep(time.Hour)
			w.Stop()
			synctest.Wait()
			if len(g.expired) > 0 || len(g.pings) < 100 {
				t.Errorf("got %d PINGs, expired %v", len(g.pings), g.expired)
			}
		}},
		{"sends nothing while anything is heard", func(t *testing.T) {
			l := &line{}
			g, w := watch(l, silent)
			for range 1000 {
				time.Sleep(19 * time.Second)
				l.heard.Add(1)
			}
			w.Stop()
			g.expect(t, 0)
		}},
		{"notices that a peer that was busy falls silent", func(t *testing.T) {
			l := &line{}
			g, _ := watch(l, silent)
			time.Sleep(time.Second)
			l.heard.Add(1)
			time.Sleep(time.Hour)
			g.expect(t, 2, 60*time.Second)
		}},
		{"gives nobody up while suspended", func(t *testing.T) {
			g, w := watch(&line{}, silent)
			time.Sleep(35 * time.Second) // two PINGs are unanswered
			w.Suspend()
			time.Sleep(time.Hour)
			g.expect(t, 2)
			w.Resume()
			time.Sleep(time.Hour)
			synctest.Wait()
			if len(g.pings) != 4 || len(g.expired) != 1 || g.expired[0] < time.Hour+35*time.Second+20*time.Second {
				t.Errorf("got PINGs after %v, expired after %v", g.pings, g.expired)
			}
		}},
		{"does nothing once stopped", func(t *testing.T) {
			g, w := watch(&line{}, silent)
			time.Sleep(25 * time.Second)
			w.Stop()
			w.Stop()
			time.Sleep(time.Hour)
			g.expect(t, 1)
		}},
		{"does nothing on a connection without PINGs", func(t *testing.T) {
			g, w := watch(&line{mute: true}, silent)
			time.Sleep(time.Hour)
			w.Stop()
			g.expect(t, 0)
		}},
		{"need not exist to be stopped", func(*testing.T) {
			var w *keepalive.Watch
			w.Stop()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, tt.run)
		})
	}
}
