package client

import (
	"context"
	"sync"
	"time"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

const (
	// flushRounds is how often a sender writes what others appended meanwhile,
	// before it leaves that to the flusher and gets back to its own work.
	flushRounds = 8

	// extraLimit bounds what the reader answers without taking room.
	extraLimit = 1 << 20

	// keptBuffer is the largest buffer that an outbox keeps for later.
	keptBuffer = 64 << 10
)

// outbox is the write side of a session: framed messages, in the order in
// which they were appended, and octets of the transport's own.
//
// Whoever appends calls flush afterwards, which writes what the connection
// takes without blocking, for all who appended meanwhile. What is left is the
// flusher's, a goroutine that is gone when the outbox is empty.
type outbox struct {
	conn       transport.Conn
	serializer serializer.Serializer
	limit      int             // octets that may wait before reserve blocks
	flushers   *sync.WaitGroup // whoever waits for it owns the flusher

	mu      sync.Mutex // guards the fields below
	head    []byte     // scratch: the message being appended
	next    *batch     // appended, not yet being written
	spare   *batch     // nil, or empty
	size    int        // octets reserved, in next and being written
	extra   int        // octets that took no room, since nothing was queued
	writing bool       // a flush or the flusher is at work and will look at next again
	err     error      // why nothing is written any more
	changed chan struct{}
}

// batch is what one write takes.
type batch struct {
	size    int      // octets in bufs and gathered
	control []byte   // goes first (RS-25)
	bufs    [][]byte // gathered up to cut, large payloads between; [0] is control's place
	small   []byte   // headers, heads and small payloads
	cut     int      // how much of small is in bufs
}

func newBatch() *batch { return &batch{bufs: make([][]byte, 1, 4)} }

func (o *outbox) init(conn transport.Conn, s serializer.Serializer, limit int, flushers *sync.WaitGroup) {
	o.conn, o.serializer, o.limit, o.flushers, o.next = conn, s, limit, flushers, newBatch()
}

// reserve waits until the outbox has room for a message of about size octets,
// and takes that room. A message larger than the limit waits for all others.
func (o *outbox) reserve(ctx context.Context, size int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && o.size > 0 && o.size+size > o.limit {
		if o.waitLocked(ctx.Done(), nil) != nil {
			return ctx.Err()
		}
	}
	if o.err != nil {
		return o.err
	}
	o.size += size
	return nil
}

// release gives reserved room back.
func (o *outbox) release(size int) {
	o.mu.Lock()
	o.size -= size
	o.notifyLocked()
	o.mu.Unlock()
}

// append queues m, for which room was reserved, or which is small and takes no
// room; its payload must be in the session's serializer. In any case the
// reservation is used up. A message above the router's limit is a *SizeError
// (RS-13).
func (o *outbox) append(m wamp.Message, reserved int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	size, err := o.appendLocked(m)
	o.size += size - reserved
	if reserved == 0 {
		o.extra += size
	}
	if size < reserved {
		o.notifyLocked()
	}
	return err
}

func (o *outbox) appendLocked(m wamp.Message) (size int, err error) {
	if o.err != nil {
		return 0, o.err
	}
	head, err := o.serializer.AppendHead(o.head[:0], m)
	if err != nil {
		return 0, err
	}
	if cap(head) <= keptBuffer {
		o.head = head
	}
	var payload []byte
	if p := serializer.PayloadOf(m); p != nil {
		payload = p.Bytes
	}
	var tail [1]byte
	end := o.serializer.AppendEnd(tail[:0])
	message := len(head) + len(payload) + len(end)
	if limit := o.conn.Info().Limits.Send; message > limit {
		return 0, &SizeError{Size: message, Limit: limit}
	}
	b := o.next
	before := b.size + len(b.small)
	b.small = o.conn.AppendHeader(b.small, message)
	b.small = append(b.small, head...)
	b.appendPayload(payload)
	b.small = append(b.small, end...)
	return b.size + len(b.small) - before, nil
}

// appendPayload takes a small payload as a copy, a large one as it is: large
// payloads were made for this message, and nobody writes to them any more.
func (b *batch) appendPayload(p []byte) {
	if len(p) < transport.OwnedFrame {
		b.small = append(b.small, p...)
		return
	}
	b.cutSmall()
	b.bufs = append(b.bufs, p)
	b.size += len(p)
}

// cutSmall moves what was gathered into bufs. Should small grow and move
// afterwards, the slice in bufs keeps the old memory.
func (b *batch) cutSmall() {
	if b.cut < len(b.small) {
		b.bufs = append(b.bufs, b.small[b.cut:len(b.small):len(b.small)])
		b.cut = len(b.small)
	}
}

// appendControl queues octets of the transport's own, ahead of messages.
func (o *outbox) appendControl(p []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.next.control = append(o.next.control, p...)
		o.size += len(p)
		o.extra += len(p)
	}
}

func (b *batch) empty() bool { return len(b.control) == 0 && len(b.small) == 0 && len(b.bufs) == 1 }

// close returns what is to be written, and its size.
func (b *batch) close() (bufs [][]byte, size int) {
	b.cutSmall()
	b.size += len(b.small) + len(b.control)
	if len(b.control) == 0 {
		return b.bufs[1:], b.size
	}
	b.bufs[0] = b.control
	return b.bufs, b.size
}

func (b *batch) reset() {
	clear(b.bufs)
	b.bufs = b.bufs[:1]
	b.small, b.control = kept(b.small, keptBuffer), kept(b.control, keptBuffer)
	b.cut, b.size = 0, 0
}

// kept returns s emptied, or nil if it has grown too large to keep.
func kept[T any](s []T, limit int) []T {
	if cap(s) > limit {
		return nil
	}
	return s[:0]
}

// flush writes what is queued, as far as the connection takes it without
// blocking, unless somebody else is writing already.
func (o *outbox) flush() {
	o.mu.Lock()
	if o.writing || o.err != nil || o.next.empty() {
		o.mu.Unlock()
		return
	}
	o.writing = true
	for range flushRounds {
		b := o.takeLocked()
		o.mu.Unlock()
		bufs, size := b.close()
		n, err := o.conn.TryWrite(bufs)
		if err == nil && n < size {
			o.flushers.Go(func() { o.write(b, advance(bufs, n)) })
			return
		}
		o.mu.Lock()
		if !o.wroteLocked(b, err) {
			o.mu.Unlock()
			return
		}
	}
	b := o.takeLocked()
	o.mu.Unlock()
	o.flushers.Go(func() {
		bufs, _ := b.close()
		o.write(b, bufs)
	})
}

// write is the flusher: it writes the rest of b, then whatever is queued, and
// returns when nothing is left.
func (o *outbox) write(b *batch, bufs [][]byte) {
	for {
		err := o.conn.Write(bufs)
		o.mu.Lock()
		if !o.wroteLocked(b, err) {
			o.mu.Unlock()
			return
		}
		b = o.takeLocked()
		o.mu.Unlock()
		bufs, _ = b.close()
	}
}

func (o *outbox) takeLocked() *batch {
	b := o.next
	o.next, o.spare = o.spare, nil
	if o.next == nil {
		o.next = newBatch()
	}
	return b
}

// wroteLocked notes that b was written and reports whether there is more to
// write; if not, writing has ended.
func (o *outbox) wroteLocked(b *batch, err error) bool {
	o.size -= b.size
	b.reset()
	o.spare = b
	if err != nil && o.err == nil {
		o.err = &endError{err}
		_ = o.conn.Close() // tells the reader; the error that counts is err
	}
	o.writing = o.err == nil && !o.next.empty()
	if !o.writing {
		o.extra = 0
	}
	o.notifyLocked()
	return o.writing
}

// advance returns bufs without the first n octets.
func advance(bufs [][]byte, n int) [][]byte {
	for n > 0 && n >= len(bufs[0]) {
		n -= len(bufs[0])
		bufs = bufs[1:]
	}
	if n > 0 {
		bufs[0] = bufs[0][n:]
	}
	return bufs
}

// drain waits until everything is written, or cannot be, or the time is over.
func (o *outbox) drain(limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && (o.writing || !o.next.empty()) {
		if o.waitLocked(nil, timer.C) != nil {
			return
		}
	}
}

// throttle waits while much is queued that took no room. The reader calls it
// between two reads, so that a router that asks (PING, or calls that are
// refused) but does not read cannot make the outbox grow.
func (o *outbox) throttle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.err == nil && o.writing && o.extra > extraLimit {
		_ = o.waitLocked(nil, nil)
	}
}

// close makes everything fail with err from now on and waits until nobody
// writes any more. The connection must be closed already.
func (o *outbox) close(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.notifyLocked()
	for o.writing {
		_ = o.waitLocked(nil, nil)
	}
}

// fail makes everything fail with err from now on.
func (o *outbox) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	o.notifyLocked()
}

// failure returns why nothing is written any more, or nil.
func (o *outbox) failure() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// waitLocked waits, unlocked, for a change of size, writing or err. It returns
// an error if one of the channels gives up first.
func (o *outbox) waitLocked(done <-chan struct{}, timeout <-chan time.Time) error {
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	changed := o.changed
	o.mu.Unlock()
	defer o.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-done:
		return context.Canceled
	case <-timeout:
		return context.DeadlineExceeded
	}
}

// notifyLocked wakes all who wait.
func (o *outbox) notifyLocked() {
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
}
