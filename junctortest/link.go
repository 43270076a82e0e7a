package junctortest

import (
	"slices"
	"sync"
	"time"

	"github.com/junctorio/junctor/transport"
)

// link is a connection over a Path: two connections in memory, and between
// them what passes messages on.
type link struct {
	client, router transport.Conn // the near ends
	toRouter       *flow
	toClient       *flow
}

func newLink(client, router transport.Conn) *link {
	return &link{
		client:   client,
		router:   router,
		toRouter: newFlow(client, router),
		toClient: newFlow(router, client),
	}
}

// run passes messages on until both directions have ended.
func (l *link) run() {
	var flows sync.WaitGroup
	for _, f := range []*flow{l.toRouter, l.toClient} {
		flows.Go(f.receive)
		flows.Go(f.deliver)
	}
	flows.Wait()
	_ = l.client.Close()
	_ = l.router.Close()
}

func (l *link) drop() {
	l.silence()
	_ = l.client.Close()
	_ = l.router.Close()
}

func (l *link) halfOpen(gone End) {
	l.silence()
	if gone == ClientEnd {
		_ = l.client.Close()
	} else {
		_ = l.router.Close()
	}
}

func (l *link) silence() {
	l.toRouter.silence()
	l.toClient.silence()
}

// heldOctets is how much a flow holds back before its sender has to wait, as
// the buffers of a network would.
const heldOctets = 1 << 20

// flow is one direction of a link. What is received waits in a queue until it
// is due: that makes the delay that of a long line, not of a slow one.
type flow struct {
	from, to transport.Conn

	mu      sync.Mutex // guards the fields below
	delay   time.Duration
	cut     bool
	silent  bool // for good: discards everything, the end included
	queue   []parcel
	octets  int           // in queue
	changed chan struct{} // closed and replaced when anything above changes
}

// parcel is a message, or the end of the flow.
type parcel struct {
	due   time.Time
	frame []byte // as it is written; nil at the end
}

func newFlow(from, to transport.Conn) *flow {
	return &flow{from: from, to: to, changed: make(chan struct{})}
}

// set sets the faults of the flow.
func (f *flow) set(delay time.Duration, cut bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.delay, f.cut = delay, cut
	f.changedLocked()
}

func (f *flow) silence() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silent = true
	f.changedLocked()
}

func (f *flow) isSilent() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.silent
}

func (f *flow) changedLocked() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// receive queues what arrives until the sender's end is closed.
func (f *flow) receive() {
	var batch [][]byte
	for {
		frames, _, err := f.from.Read(batch[:0])
		for _, frame := range frames {
			f.push(slices.Concat(f.to.AppendHeader(nil, len(frame)), frame))
		}
		if err != nil {
			f.push(nil)
			return
		}
		batch = frames
	}
}

// push queues a parcel, and waits first while too much is queued.
func (f *flow) push(frame []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for frame != nil && f.octets > heldOctets && !f.silent {
		f.waitLocked(0)
	}
	f.queue = append(f.queue, parcel{time.Now().Add(f.delay), frame})
	f.octets += len(frame)
	f.changedLocked()
}

// deliver writes what is due until the end of the flow.
func (f *flow) deliver() {
	for {
		frame, discard := f.next()
		switch {
		case frame == nil && discard:
			return
		case frame == nil:
			_ = f.to.CloseWrite() // fails only if that end is closed, which says the same
			return
		case discard:
		case f.to.Write([][]byte{frame}) != nil: // that end is closed: what it would have got vanishes
			f.silence()
		}
	}
}

// next waits for the next parcel that is due, and takes it.
func (f *flow) next() (frame []byte, discard bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for !f.readyLocked() {
		var due time.Duration // 0: that of a change
		if len(f.queue) > 0 && !f.cut {
			due = max(time.Until(f.queue[0].due), 1)
		}
		f.waitLocked(due)
	}
	frame = f.queue[0].frame
	f.queue = f.queue[1:]
	f.octets -= len(frame)
	f.changedLocked()
	return frame, f.silent
}

func (f *flow) readyLocked() bool {
	return len(f.queue) > 0 && (f.silent || !f.cut && !f.queue[0].due.After(time.Now()))
}

// waitLocked waits, unlocked, for a change, or so long if that is not 0.
func (f *flow) waitLocked(limit time.Duration) {
	changed := f.changed
	f.mu.Unlock()
	defer f.mu.Lock()
	if limit <= 0 {
		<-changed
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-changed:
	case <-timer.C:
	}
}
