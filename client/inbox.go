package client

import (
	"context"
	"iter"

	"github.com/junctorio/junctor/wamp"
)

// maxLate is how many progressive invocations are remembered that ended here
// before their last chunk came.
const maxLate = 1024

// inbox holds the chunks of a progressive invocation that its handler has not
// taken yet. Session.mu guards it.
type inbox struct {
	waiting  []wamp.Payload
	size     int  // octets of waiting
	complete bool // the last chunk has come
	dropped  bool // nobody will take chunks any more
	more     chan struct{}
}

func newInbox() *inbox { return &inbox{more: make(chan struct{}, 1)} }

// Chunks yields what the caller passed, chunk by chunk: first Payload, then,
// if the call is progressive, those that follow, as they come (PCI-12). It ends
// after the last one, or with an error when ctx ends, as the handler's context
// does if the call is cancelled, or when the session has ended. An ordinary
// call is one chunk.
//
// A loop that was left is taken up by the next one, with the chunk that
// follows. Chunks that wait to be taken are bounded; see
// RegisterOptions.TakeChunks.
func (inv *Invocation) Chunks(ctx context.Context) iter.Seq2[wamp.Payload, error] {
	return func(yield func(wamp.Payload, error) bool) {
		for {
			p, more, err := inv.nextChunk(ctx)
			if err != nil {
				yield(wamp.Payload{}, err)
				return
			}
			if !more || !yield(p, nil) {
				return
			}
		}
	}
}

// nextChunk waits for the next chunk. It reports false after the last one.
func (inv *Invocation) nextChunk(ctx context.Context) (p wamp.Payload, more bool, err error) {
	s := inv.registration.session
	for {
		if ctx.Err() != nil {
			return p, false, context.Cause(ctx)
		}
		s.mu.Lock()
		first := !inv.state.begun
		p, more, over := inv.takeChunkLocked()
		s.mu.Unlock()
		switch {
		case first || over:
			return p, more, nil
		case more:
			p, err = inv.openChunk(p)
			return p, true, err
		}
		select {
		case <-inv.inbox.more:
		case <-ctx.Done():
		case <-s.done: // a context of the handler's own may outlast it
			return p, false, s.Err()
		}
	}
}

func (inv *Invocation) takeChunkLocked() (p wamp.Payload, more, over bool) {
	if !inv.state.begun {
		inv.state.begun = true
		return inv.Payload, true, false
	}
	in := inv.inbox
	if in == nil || len(in.waiting) == 0 {
		return p, false, in == nil || in.complete
	}
	p = in.waiting[0]
	in.waiting[0] = wamp.Payload{}
	in.waiting = in.waiting[1:]
	inv.freeLocked(len(p.Bytes) + itemOverhead)
	return p, true, false
}

// freeLocked gives room back that waiting chunks had.
func (inv *Invocation) freeLocked(size int) {
	inv.inbox.size -= size
	inv.registration.chunkBytes -= size
}

// dropChunksLocked frees what waits, and whatever comes from now on.
func (inv *Invocation) dropChunksLocked() {
	if in := inv.inbox; in != nil {
		in.waiting, in.dropped = nil, true
		inv.freeLocked(in.size)
	}
}

// continuedLocked is an INVOCATION that continues a progressive one (PCI-1).
func (s *Session) continuedLocked(inv *Invocation, m *wamp.Invocation, owned bool) *wamp.ProtocolError {
	in := inv.inbox
	if in == nil || in.complete {
		return wamp.Violation("INVOCATION %d is in progress already", m.Request)
	}
	in.complete = !m.Progress
	if in.dropped || inv.state.interrupted != nil {
		return nil
	}
	if !inv.admitChunkLocked(len(m.Payload.Bytes) + itemOverhead) {
		s.overrunLocked(inv)
		return nil
	}
	in.waiting = append(in.waiting, keep(m.Payload, owned))
	inv.restartTimerLocked() // PCI-8
	select {
	case in.more <- struct{}{}:
	default:
	}
	return nil
}

// admitChunkLocked takes room for a chunk. The chunks of all invocations of a
// registration share one bound; a handler that has none waiting gets its next
// one all the same, so that one that is slow does not stop the others.
func (inv *Invocation) admitChunkLocked(size int) bool {
	reg, in := inv.registration, inv.inbox
	idle := inv.state.stop != nil && len(in.waiting) == 0
	if !idle && reg.chunkBytes+size > reg.session.opts.ReceiveBytes {
		return false
	}
	in.size += size
	reg.chunkBytes += size
	return true
}

// overrunLocked fails an invocation whose chunks come faster than its handler
// takes them.
func (s *Session) overrunLocked(inv *Invocation) {
	s.log.Warn("progressive invocation is failed, too many of its chunks wait for the handler", "uri", inv.Procedure)
	inv.state.interrupted, inv.state.answered = wamp.ErrUnavailable, true
	if inv.state.stop != nil {
		inv.state.stop(wamp.ErrUnavailable)
	}
	s.answeredLocked(inv)
	s.refuseLocked(inv.request, wamp.ErrUnavailable, "chunks came faster than the callee took them")
}

// lateInvocations are progressive invocations that have ended on this side
// before their last chunk came: the chunks that still come are ignored (PCI-6),
// and must not be taken for new invocations. Only so many are remembered.
type lateInvocations struct {
	ids   map[wamp.ID]struct{}
	order []wamp.ID // ring: the oldest is at next once it is full
	next  int
}

func (l *lateInvocations) add(id wamp.ID) {
	if l.ids == nil {
		l.ids = make(map[wamp.ID]struct{})
	}
	l.ids[id] = struct{}{}
	if len(l.order) < maxLate {
		l.order = append(l.order, id)
		return
	}
	if l.order[l.next] != id {
		delete(l.ids, l.order[l.next])
	}
	l.order[l.next] = id
	l.next = (l.next + 1) % maxLate
}

// take reports whether m is a late chunk.
func (l *lateInvocations) take(m *wamp.Invocation) bool {
	if len(l.ids) == 0 {
		return false
	}
	if _, late := l.ids[m.Request]; !late {
		return false
	}
	if !m.Progress {
		delete(l.ids, m.Request)
	}
	return true
}
