// Package keepalive finds out that the peer of a connection has vanished
// without a word (RS-26). Router and client use it alike.
//
// A Watch is a timer and what it compares. It has no goroutine, is asked about
// nothing while messages flow, looks at a connection once per interval, and
// takes some 200 octets, of which the timer has half.
package keepalive

import (
	"sync"
	"time"

	"github.com/junctorio/junctor/transport"
)

// Watch watches one connection. Its methods may be called from anywhere.
type Watch struct {
	// Constant after Start.
	conn   transport.Conn
	config *transport.KeepAlive
	act    func(ping []byte)

	mu         sync.Mutex // guards the fields below
	timer      *time.Timer
	heard      uint64 // of conn, when it was looked at last
	unanswered uint32 // PINGs sent since it last changed
	suspended  bool
	stopped    bool
}

// Start watches a connection until Stop, or until its peer has left as many
// PINGs unanswered as c, which is complete and stays as it is, allows.
//
// act is called with a PING, to have it written between two messages, and at
// last, where the peer stayed silent, with nil, to close the connection. It is
// called on goroutines of the timer, which end with the call, and must not
// block. On a connection without PINGs nothing is watched.
func Start(conn transport.Conn, c *transport.KeepAlive, act func(ping []byte)) *Watch {
	w := &Watch{conn: conn, config: c, act: act}
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

// Stop ends the watch. A call of act that has begun goes on. It may be called
// twice, and on nil.
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

// Suspend has the peer's silence mean nothing until Resume, because nothing is
// read from it meanwhile. It may be called on nil.
func (w *Watch) Suspend() { w.suspend(true) }

// Resume undoes Suspend. It may be called on nil.
func (w *Watch) Resume() { w.suspend(false) }

func (w *Watch) suspend(is bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.suspended = is
	w.unanswered = 0
}

// look runs on the timer.
func (w *Watch) look() {
	ping, expired := w.judge()
	switch {
	case expired:
		w.act(nil)
	case ping:
		w.act(w.conn.AppendPing(nil))
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
	case heard != w.heard, w.suspended:
		w.heard, w.unanswered = heard, 0
		w.timer.Reset(w.config.Interval)
	case int(w.unanswered) >= w.config.Attempts:
		w.stopped, expired = true, true
	default:
		w.unanswered++
		w.timer.Reset(w.config.Timeout)
		ping = true
	}
	return ping, expired
}
