package router

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/junctorio/junctor/transport"
)

const (
	// chunkBytes is the size of the pooled buffers that an outbox gathers small
	// messages in; one write takes many of them.
	chunkBytes = 16 << 10

	// spareBytes is how much of a chunk may stay empty so that the next message
	// begins a chunk of its own, before which a turn of writing can end.
	spareBytes = 4 << 10
)

var chunkPool = sync.Pool{New: func() any { return new([chunkBytes]byte) }}

// What push answers when a message does not go into an outbox.
var (
	errTooLarge = errors.New("message is larger than its receiver accepts")
	errFull     = errors.New("outbox is full")
	errGone     = errors.New("session has ended")
)

// outbox is what waits to be written to one connection: octets, already
// framed, in the order in which they were pushed.
//
// Whoever pushes notes the outbox as touched (see worker) and later calls
// flush, which writes what the socket takes without blocking. What is left is
// a flusher goroutine's, started for it and gone when the outbox is empty.
type outbox struct {
	conn   transport.Conn // constant
	limits transport.Limits
	budget *budget

	mu       sync.Mutex  // guards the fields below
	queue    []chunk     // written from the front
	slots    int         // slots in queue
	size     int         // octets in queue and in the chunks being written
	max      int         // above it nothing more is pushed; set on joining
	charged  int         // octets of size charged to budget
	touched  bool        // somebody will call flush
	writing  bool        // a flush or the flusher is at work and will look at queue again
	stuck    bool        // the flusher is at work: the socket was full, or there was too much
	final    bool        // nothing may be pushed any more; what is queued is still written
	closed   bool        // nothing is written any more
	failed   *time.Timer // closes a connection that could not be written to
	flushers sync.WaitGroup
	drained  chan struct{} // made by drain; closed when there is nothing left to write

	iov [][]byte // for whoever is writing
}

// chunk is a run of octets in an outbox.
type chunk struct {
	b       []byte
	pooled  *[chunkBytes]byte // b's memory, if it goes back to the pool; b may grow in it
	slot    *slot             // if set, a message takes this place that is not known yet
	starts  bool              // the chunk is not the continuation of a message
	control bool              // b is control octets, which are added to
}

// slot keeps a place in an outbox for a message that is still being
// transcoded. Only the worker that made it fills it.
type slot struct {
	filled             bool // guarded by the outbox's mu
	head, payload, end []byte
}

// push appends a message, given in three parts: a head, which is copied, and a
// payload and an end, which are copied when the payload is small, and kept when
// it is large.
func (o *outbox) push(head, payload, end []byte, w *worker) error {
	size := len(head) + len(payload) + len(end)
	if size > o.limits.Send {
		return errTooLarge
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.admitLocked(); err != nil {
		return err
	}
	header := o.conn.AppendHeader(w.header[:0], size)
	o.queue = appendMessage(o.queue, header, head, payload, end)
	o.grownLocked(len(header) + size)
	o.touchLocked(w)
	return nil
}

// reserve appends a place for a message that follows with fill.
func (o *outbox) reserve(w *worker) (*slot, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.admitLocked(); err != nil {
		return nil, err
	}
	s := &slot{}
	o.queue = append(o.queue, chunk{slot: s, starts: true})
	o.slots++
	o.touchLocked(w)
	return s, nil
}

// fill puts a message in a reserved place, or nothing when it is too large.
// The payload is kept, not copied.
func (o *outbox) fill(s *slot, head, payload, end []byte, w *worker) error {
	size := len(head) + len(payload) + len(end)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settledLocked(s, w)
	if size > o.limits.Send {
		return errTooLarge
	}
	s.head = append(o.conn.AppendHeader(nil, size), head...)
	s.payload, s.end = payload, end
	o.grownLocked(len(s.head) + len(payload) + len(end))
	return nil
}

// empty gives a reserved place up.
func (o *outbox) empty(s *slot, w *worker) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.settledLocked(s, w)
}

// settledLocked has what waited behind the place flushed. The outbox may have
// been touched by another worker when the place was reserved, and flushed since.
func (o *outbox) settledLocked(s *slot, w *worker) {
	s.filled = true
	o.touchLocked(w)
}

// pushControl puts control octets as near to the front as can be without
// cutting a message in two (RS-25): before everything that no write has begun,
// but after the control octets that wait already. These have a bound of their
// own, so that who is slow, or saying GOODBYE, still gets his answers (RS-21).
func (o *outbox) pushControl(b []byte, w *worker) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return errGone
	}
	if len(o.queue) == 0 || !o.queue[0].control {
		o.queue = slices.Insert(o.queue, 0, chunk{control: true, starts: true})
	}
	c := &o.queue[0]
	if len(c.b) > o.max || len(c.b) > 0 && o.stuck && o.budget.exceeded() {
		return errFull
	}
	c.b = append(c.b, b...)
	o.grownLocked(len(b))
	o.touchLocked(w)
	return nil
}

// setMax sets how many octets may be queued.
func (o *outbox) setMax(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.max = n
}

// finish lets nothing more in; what is queued is still written.
func (o *outbox) finish() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.final = true
}

// crowded reports whether progressive results are to stop, so that there is
// room left to say that their call has ended (PCR-10).
func (o *outbox) crowded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size > o.max-o.max/8
}

func (o *outbox) admitLocked() error {
	switch {
	case o.closed || o.final:
		return errGone
	case o.size > o.max, o.stuck && o.budget.exceeded():
		return errFull
	}
	return nil
}

// appendMessage appends the parts of a message: a large payload, and the end
// behind it, by reference.
func appendMessage(q []chunk, header, head, payload, end []byte) []chunk {
	large := len(payload) >= transport.OwnedFrame
	copied := len(header) + len(head)
	if !large {
		copied += len(payload) + len(end)
	}
	q = appendOctets(appendOctets(startMessage(q, copied), header), head)
	if !large {
		return appendOctets(appendOctets(q, payload), end)
	}
	q = append(q, chunk{b: payload})
	if len(end) > 0 {
		q = append(q, chunk{b: end})
	}
	return q
}

// startMessage appends a chunk for a message of which size octets will be
// copied, unless there is room for it in the last one, or too much to waste.
func startMessage(q []chunk, size int) []chunk {
	if last := len(q) - 1; last >= 0 && q[last].pooled != nil {
		if room := chunkBytes - len(q[last].b); room >= size || room > spareBytes {
			return q
		}
	}
	q = appendChunk(q)
	q[len(q)-1].starts = true
	return q
}

func appendChunk(q []chunk) []chunk {
	buf := chunkPool.Get().(*[chunkBytes]byte)
	return append(q, chunk{b: buf[:0], pooled: buf})
}

// appendOctets appends a copy of b, in pooled chunks.
func appendOctets(q []chunk, b []byte) []chunk {
	for len(b) > 0 {
		if last := len(q) - 1; last < 0 || q[last].pooled == nil || len(q[last].b) == chunkBytes {
			q = appendChunk(q)
		}
		c := &q[len(q)-1]
		n := min(len(b), chunkBytes-len(c.b))
		c.b = append(c.b, b[:n]...)
		b = b[n:]
	}
	return q
}

func (o *outbox) grownLocked(n int) {
	o.size += n
	if o.stuck {
		o.chargeLocked(n)
	}
}

// chargeLocked moves n octets (or gives back, when negative) of the process's budget.
func (o *outbox) chargeLocked(n int) {
	o.charged += n
	o.budget.used.Add(int64(n))
}

func (o *outbox) touchLocked(w *worker) {
	if !o.touched {
		o.touched = true
		w.touched = append(w.touched, o)
	}
}
