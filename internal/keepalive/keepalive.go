// Package keepalive finds out that the peer of a connection has vanished
// without a word (RS-26). Router and client use it alike.
//
// A Watch is a timer and what it compares. It has no goroutine, is asked about
// nothing while messages flow, and looks at a connection once per interval.
package keepalive

import (
	"sync"
	"time"

	"github.com/junctorio/junctor/transport"
)

// Watch watches one connection. Its methods may be called from anywhere.
type Watch struct {
	// Constant after Start.
	conn    transport.Conn
	config  *transport.KeepAlive
	send    func(ping []byte)
	expired func()

	mu         sync.Mutex // guards the fields below
	timer      *time.Timer
	heard      uint64 // of conn, when it was looked at last
	unanswered int    // PINGs sent since it last changed
	stopped    bool
}

// Start watches a connection until Stop, or until its peer has left as many
// PINGs unanswered as c, which is complete and stays as it is, allows.
//
// send has a PING written between two messages; expired is called at most once,
// and should close the connection. Both are called on goroutines of the timer,
// which end with the call, and must not block. On a connection without PINGs
// nothing is watched.
func Start(conn transport.Conn, c *transport.KeepAlive, send func(ping []byte), expired func()) *Watch {
	w := &Watch{conn: conn, config: c, send: send, expired: expired}
	if len(conn.AppendPing(nil)) == 0 {
		w.stopped = true
		return w
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = conn.Heard()
	w.timer = time.AfterFunc(c.Interval, w.look)
	return w
}

// Stop ends the watch. A call of send or expired that has begun goes on. It may
// be called twice, and on nil.
func (w *Watch) Stop() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// look runs on the timer.
func (w *Watch) look() {
	ping, expired := w.judge()
	switch {
	case expired:
		w.expired()
	case ping:
		w.send(w.conn.AppendPing(nil))
	}
}

// judge decides what is due and when to look again. The timer runs again
// before the PING is sent: however long that takes, it counts.
func (w *Watch) judge() (ping, expired bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.conn.Heard()
	switch {
	case w.stopped:
	case heard != w.heard:
		w.heard, w.unanswered = heard, 0
		w.timer.Reset(w.config.Interval)
	case w.unanswered == w.config.Attempts:
		w.stopped, expired = true, true
	default:
		w.unanswered++
		w.timer.Reset(w.config.Timeout)
		ping = true
	}
	return ping, expired
}
