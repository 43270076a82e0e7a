package router

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

const (
	// maxHeldBytes bounds what waits behind a decision, in one session. Above
	// it the connection is not read from, which holds the client back, for as
	// long as a decision may take. Then further requests are refused. Other
	// messages cannot be: when as much of them has come, the session ends.
	maxHeldBytes = 4 << 20

	// heldOverhead is what a waiting message costs beside its octets.
	heldOverhead = 128
)

// gate is where the messages of a session wait, in order, while an Authorizer
// decides on the first of them (ORD-7). Only sessions of roles with an
// Authorizer have one.
//
// The reader puts messages in and goes on reading: it answers PINGs, notices
// the end of the connection, and lets pass what does not wait, among it the
// YIELD of an authorizer that is asked about its own session. While something
// waits there is a goroutine that asks and carries out, gone when nothing
// waits any more. The session waits for it before it leaves the realm.
type gate struct {
	role *dynamic
	as   Intent    // what all requests of the session have in common
	own  decisions // those of KeepSession

	ctx    context.Context // ends with stop: that of all decisions
	cancel context.CancelFunc

	mu      sync.Mutex // guards the fields below
	changed *sync.Cond // of any of them
	queue   []held
	bytes   int   // in queue
	overrun bool  // there was no room for too long, and there still is none
	since   int   // what has come to queue since then
	busy    bool  // the goroutine runs
	stopped bool  // nothing is carried out any more
	failure error // what the goroutine ended the session for

	passing sync.WaitGroup // the goroutine
}

// held is a message that waits.
type held struct {
	frame    []byte  // of its own
	call     wamp.ID // the request, if it is a CALL
	hopeless bool    // waited already when a decision took too long
}

func (h *held) size() int { return len(h.frame) + heldOverhead }

// openGate gives a session that joins a gate, if its role needs one.
func (s *session) openGate(admitted *auth.Grant) {
	if s.perms.dynamic == nil {
		return
	}
	g := &gate{role: s.perms.dynamic}
	g.as = Intent{
		Realm: s.realm.cfg.Name, Session: s.id, Principal: admitted.Principal, AuthExtra: admitted.Extra, Transport: s.conn.Info(),
	}
	g.own.limit = maxOwnDecisions
	g.ctx, g.cancel = context.WithCancel(context.Background())
	g.changed = sync.NewCond(&g.mu)
	s.gate.Store(g)
}

// errOverrun ends a session that has more waiting than there is room for.
var errOverrun = &wamp.ProtocolError{Reason: wamp.ErrAuthorizationFailed, Message: "too many messages wait for the authorizer"}

// held decides, on the reader, what becomes of a message: it waits, and true is
// returned, or it may be carried out at once with the verdict in w.
func (s *session) held(m wamp.Message, w *worker) (bool, error) {
	g := s.gate.Load()
	action, _, _ := wanted(m)
	switch g.way(m) {
	case wayBarred:
		return true, nil
	case wayFull:
		if action != 0 {
			w.verdict = verdict{refusal: wamp.ErrAuthorizationFailed}
			return false, nil
		}
	case wayFree:
		if !asksMore(m) && s.known(m, w) {
			return false, nil
		}
	}
	if g.hold(s, m, w.frame) {
		s.await(w, func() { g.waitForRoom(g.role.timeout) })
	}
	if g.overflows() {
		return true, errOverrun
	}
	return true, nil
}

// way is what becomes of a message at a gate.
type way uint8

const (
	wayQueue  way = iota
	wayFree       // it need not wait for others
	wayFull       // there is no room to wait
	wayBarred     // nothing is carried out any more
)

// way returns the way of a message. It need not wait for others if nothing
// waits, or if its order among those that do means nothing: what answers an
// invocation is in order with its like only; a CANCEL follows its CALL.
func (g *gate) way(m wamp.Message) way {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.stopped:
		return wayBarred
	case !g.busy:
		return wayFree
	}
	switch m := m.(type) {
	case *wamp.Yield, *wamp.Error:
		return wayFree
	case *wamp.Cancel:
		if !g.awaitsLocked(m.Request) {
			return wayFree
		}
	}
	if g.overrun {
		return wayFull
	}
	return wayQueue
}

// awaitsLocked reports whether a CALL waits.
func (g *gate) awaitsLocked(call wamp.ID) bool {
	return slices.ContainsFunc(g.queue, func(h held) bool { return h.call == call })
}

// hold has a message wait, and reports whether too much waits now.
func (g *gate) hold(s *session, m wamp.Message, frame []byte) (full bool) {
	h := held{frame: frame}
	if len(frame) < transport.OwnedFrame {
		h.frame = bytes.Clone(frame)
	}
	if call, ok := m.(*wamp.Call); ok {
		h.call = call.Request
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.queue = append(g.queue, h)
	g.bytes += h.size()
	if g.overrun {
		g.since += h.size()
	}
	if !g.busy {
		g.busy = true
		g.passing.Go(func() { s.pass(g) })
	}
	return g.bytes > maxHeldBytes
}

// await has the reader wait for the gate. Nothing is read meanwhile, not even a
// PONG, so that the client's silence means nothing.
func (s *session) await(w *worker, wait func()) {
	w.flush()
	s.watch.Suspend()
	defer s.watch.Resume()
	wait()
}

// waitForRoom waits until there is room, for as long as patience lasts.
func (g *gate) waitForRoom(patience time.Duration) {
	timer := time.AfterFunc(patience, g.noRoom)
	defer timer.Stop()
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.bytes > maxHeldBytes && !g.stopped && !g.overrun {
		g.changed.Wait()
	}
}

// overflows reports whether there was no room for too long, and much has come
// since.
func (g *gate) overflows() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.overrun && g.since > maxHeldBytes
}

func (g *gate) noRoom() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.overrun, g.since = g.bytes > maxHeldBytes, 0
	g.changed.Broadcast()
}

// drain lets what waits be carried out, for as long as patience lasts; the rest
// is dropped.
func (g *gate) drain(patience time.Duration) {
	timer := time.AfterFunc(patience, g.stop)
	defer timer.Stop()
	g.mu.Lock()
	for g.busy && !g.stopped {
		g.changed.Wait()
	}
	g.mu.Unlock()
	g.passing.Wait()
}

// stop drops what waits; from anywhere. A nil gate has nothing that waits.
func (g *gate) stop() {
	if g == nil {
		return
	}
	g.cancel()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped = true
	g.queue, g.bytes = nil, 0
	g.changed.Broadcast()
}

// end is stop for the reader: nothing is carried out any more when it returns.
// The error is what the session was ended for on account of a message that had
// waited.
func (g *gate) end() error {
	if g == nil {
		return nil
	}
	g.stop()
	g.passing.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.failure
}

// pass carries out what waits until nothing does.
func (s *session) pass(g *gate) {
	w := takeWorker()
	defer w.release()
	defer w.flush()
	for {
		h, ok := g.first()
		if !ok {
			return
		}
		if err := s.passOne(g, h, w); err != nil {
			s.fail(g, err)
		}
		g.drop()
	}
}

// first returns the message whose turn it is. It still counts as waiting.
func (g *gate) first() (held, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.busy = false
		g.changed.Broadcast()
		return held{}, false
	}
	return g.queue[0], true
}

// drop removes the first message, unless all have been dropped meanwhile.
func (g *gate) drop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		return
	}
	g.bytes -= g.queue[0].size()
	g.queue[0] = held{}
	if g.queue = g.queue[1:]; len(g.queue) == 0 {
		g.queue = nil
	}
	g.overrun = g.overrun && g.bytes > maxHeldBytes
	g.changed.Broadcast()
}

func (s *session) passOne(g *gate, h held, w *worker) error {
	m, err := w.decoder(s.serializer).Decode(h.frame)
	if err != nil {
		return err // not reached: the reader has decoded it before
	}
	w.now = time.Now()
	if !s.known(m, w) {
		w.flush()
		w.verdict = s.ask(g, intentOf(m), h.hopeless)
		w.now = time.Now()
	}
	if g.ctx.Err() != nil {
		return nil // the session has ended
	}
	if asksMore(m) {
		w.flush()
	}
	return s.carryOut(m, w)
}

// giveUp makes everything hopeless that waits now.
func (g *gate) giveUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range g.queue {
		g.queue[i].hopeless = true
	}
}

// fail ends the session for what a message led to that had waited. The reader
// finds out by the connection's end.
func (s *session) fail(g *gate, err error) {
	g.mu.Lock()
	g.failure = err
	g.mu.Unlock()
	g.stop()
	if violation := wamp.AsProtocolError(err); violation != nil {
		s.sayLast(violation.Abort())
	}
	time.AfterFunc(lingerTimeout, s.disconnect)
}
