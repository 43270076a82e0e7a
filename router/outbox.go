package router

import (
	"errors"
	"slices"
	"sync"

	"github.com/junctorio/junctor/transport"
)

// chunkBytes is the size of the pooled buffers that an outbox gathers small
// messages in; one write takes many of them.
const chunkBytes = 16 << 10

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

	mu       sync.Mutex // guards the fields below
	queue    []chunk    // written from the front
	slots    int        // slots in queue
	size     int        // octets in queue and in the chunks being written
	max      int        // above it nothing more is pushed; set on joining
	charged  int        // octets of size charged to budget
	touched  bool       // somebody will call flush
	writing  bool       // a flush or the flusher is at work and will look at queue again
	stuck    bool       // the flusher is at work: the socket was full
	final    bool       // nothing may be pushed any more; what is queued is still written
	closed   bool       // nothing is written any more
	flushers sync.WaitGroup
	drained  chan struct{} // made by drain; closed when there is nothing left to write

	iov [][]byte // for whoever is writing
}

// chunk is a run of octets in an outbox.
type chunk struct {
	b      []byte
	pooled *[chunkBytes]byte // b's memory, if it goes back to the pool; b may grow in it
	slot   *slot             // if set, a message takes this place that is not known yet
}

// slot keeps a place in an outbox for a message that is still being
// transcoded. Only the worker that made it fills it.
type slot struct {
	filled             bool // guarded by the outbox's mu
	head, payload, end []byte
}

// push appends a message, given in three parts: a head and an end, which are
// copied, and a payload, which is copied when small and kept when large.
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
	o.queue = appendMessage(appendOctets(o.queue, header), head, payload, end)
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
	o.queue = append(o.queue, chunk{slot: s})
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
// cutting a message in two (RS-25): before everything that no write has begun.
func (o *outbox) pushControl(b []byte, w *worker) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.admitLocked(); err != nil {
		return err
	}
	o.queue = append(o.queue, chunk{})
	copy(o.queue[1:], o.queue)
	o.queue[0] = chunk{b: append([]byte(nil), b...)}
	o.grownLocked(len(b))
	o.touchLocked(w)
	return nil
}

// limit sets how many octets may be queued.
func (o *outbox) limit(n int) {
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

func (o *outbox) admitLocked() error {
	switch {
	case o.closed || o.final:
		return errGone
	case o.size > o.max, o.stuck && o.budget.exceeded():
		return errFull
	}
	return nil
}

// appendMessage appends the parts of a message: a large payload by reference.
func appendMessage(q []chunk, head, payload, end []byte) []chunk {
	q = appendOctets(q, head)
	if len(payload) < transport.OwnedFrame {
		q = appendOctets(q, payload)
	} else {
		q = append(q, chunk{b: payload})
	}
	return appendOctets(q, end)
}

// appendOctets appends a copy of b, in pooled chunks.
func appendOctets(q []chunk, b []byte) []chunk {
	for len(b) > 0 {
		last := len(q) - 1
		if last < 0 || q[last].pooled == nil || len(q[last].b) == chunkBytes {
			buf := chunkPool.Get().(*[chunkBytes]byte)
			q = append(q, chunk{b: buf[:0], pooled: buf})
			last++
		}
		c := &q[last]
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

// flush writes what the socket takes at once.
func (o *outbox) flush() {
	o.mu.Lock()
	o.touched = false
	if o.writing || o.closed {
		o.mu.Unlock()
		return
	}
	for {
		chunks, size := o.takeLocked()
		if size == 0 {
			o.idleLocked()
			o.mu.Unlock()
			return
		}
		o.writing = true
		o.mu.Unlock()

		n, err := o.conn.TryWrite(o.buffers(chunks, 0))

		o.mu.Lock()
		if err != nil || o.closed {
			o.dropLocked()
			o.mu.Unlock()
			return
		}
		if n < size {
			o.stuckLocked(chunks, n)
			o.mu.Unlock()
			return
		}
		o.writtenLocked(chunks, size)
	}
}

// takeLocked takes what can be written off the queue: everything up to the
// first slot that is not filled.
func (o *outbox) takeLocked() (chunks []chunk, size int) {
	switch {
	case len(o.queue) == 0:
		return nil, 0
	case o.slots == 0:
		chunks, o.queue = o.queue, nil
	default:
		chunks = o.takeFilledLocked()
	}
	for i := range chunks {
		size += len(chunks[i].b)
	}
	return chunks, size
}

func (o *outbox) takeFilledLocked() []chunk {
	var chunks []chunk
	n := 0
	for ; n < len(o.queue); n++ {
		s := o.queue[n].slot
		if s == nil {
			chunks = append(chunks, o.queue[n])
			continue
		}
		if !s.filled {
			break
		}
		chunks = appendMessage(chunks, s.head, s.payload, s.end)
		o.slots--
	}
	o.queue = slices.Delete(o.queue, 0, n)
	return chunks
}

// buffers lists the chunks' octets from offset skip on.
func (o *outbox) buffers(chunks []chunk, skip int) [][]byte {
	o.iov = o.iov[:0]
	for _, c := range chunks {
		b := c.b
		if skip >= len(b) {
			skip -= len(b)
			continue
		}
		o.iov = append(o.iov, b[skip:])
		skip = 0
	}
	return o.iov
}

// writtenLocked gives back what was written.
func (o *outbox) writtenLocked(chunks []chunk, size int) {
	o.size -= size
	if o.charged > 0 {
		o.chargeLocked(-min(size, o.charged))
	}
	for i := range chunks {
		if p := chunks[i].pooled; p != nil {
			chunkPool.Put(p)
		}
		chunks[i] = chunk{}
	}
	if o.queue == nil {
		o.queue = chunks[:0]
	}
	clear(o.iov)
}

// idleLocked ends a turn of writing; there is nothing left that could be written.
func (o *outbox) idleLocked() {
	o.writing, o.stuck = false, false
	if len(o.queue) == 0 {
		if cap(o.queue) > 4 {
			o.queue, o.iov = nil, nil
		}
		if o.drained != nil {
			close(o.drained)
			o.drained = nil
		}
	}
}

// stuckLocked hands the rest of chunks, from octet skip on, to a flusher.
func (o *outbox) stuckLocked(chunks []chunk, skip int) {
	o.stuck = true
	o.chargeLocked(o.size - o.charged)
	o.flushers.Go(func() { o.flushBlocking(chunks, skip) })
}

// flushBlocking writes until the outbox is empty or the connection is closed.
func (o *outbox) flushBlocking(chunks []chunk, skip int) {
	for {
		err := o.conn.Write(o.buffers(chunks, skip))
		size := 0
		for _, c := range chunks {
			size += len(c.b)
		}
		o.mu.Lock()
		o.writtenLocked(chunks, size)
		if err != nil || o.closed {
			o.dropLocked()
			o.mu.Unlock()
			return
		}
		if chunks, size = o.takeLocked(); size == 0 {
			o.idleLocked()
			o.mu.Unlock()
			return
		}
		skip = 0
		o.mu.Unlock()
	}
}

// drain returns what is closed once everything queued is written or dropped.
func (o *outbox) drain() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	done := make(chan struct{})
	if o.closed || !o.writing && len(o.queue) == 0 {
		close(done)
		return done
	}
	if o.drained == nil {
		o.drained = done
	}
	return o.drained
}

// close drops what is not written and waits for the flusher, if there is one.
// The connection must be closed by then, else the flusher may block.
func (o *outbox) close() {
	o.mu.Lock()
	o.dropLocked()
	o.mu.Unlock()
	o.flushers.Wait()
}

func (o *outbox) dropLocked() {
	o.closed, o.writing, o.stuck = true, false, false
	if o.charged != 0 {
		o.chargeLocked(-o.charged)
	}
	o.size, o.slots = 0, 0
	for i := range o.queue {
		if p := o.queue[i].pooled; p != nil {
			chunkPool.Put(p)
		}
	}
	o.queue = nil
	if o.drained != nil {
		close(o.drained)
		o.drained = nil
	}
}
