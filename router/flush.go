package router

import "time"

const (
	// turnBytes is how much one turn of writing takes off a queue, and then up to
	// where a chunk begins with a message. All of it counts as queued until it is written, and a PONG has
	// to wait behind it.
	turnBytes = 256 << 10

	// flushTurns is how many turns a flush takes before it leaves the rest to
	// the flusher. Without a bound, a reader could write for ever what others
	// push meanwhile, and its own connection and the other outboxes that it has
	// to flush would wait.
	flushTurns = 16
)

// flush writes what the socket takes at once.
func (o *outbox) flush() {
	o.mu.Lock()
	o.touched = false
	if o.writing || o.closed {
		o.mu.Unlock()
		return
	}
	defer o.mu.Unlock()
	for turn := 0; ; turn++ {
		chunks, size := o.takeLocked()
		if size == 0 {
			o.idleLocked()
			return
		}
		o.writing = true
		if turn == flushTurns {
			o.stuckLocked(chunks, 0)
			return
		}
		o.mu.Unlock()
		n, err := o.conn.TryWrite(o.buffers(chunks, 0))
		o.mu.Lock()
		if err != nil || o.closed {
			o.failedLocked()
			return
		}
		if n < size {
			o.stuckLocked(chunks, n)
			return
		}
		o.writtenLocked(chunks, size)
	}
}

// takeLocked takes what can be written off the queue: about turnBytes, up to
// the first slot that is not filled, and no part of a message without the rest.
func (o *outbox) takeLocked() (chunks []chunk, size int) {
	if o.slots > 0 {
		return o.takeFilledLocked()
	}
	n := 0
	for ; n < len(o.queue) && (size < turnBytes || !o.queue[n].starts); n++ {
		size += len(o.queue[n].b)
	}
	switch n {
	case 0:
		return nil, 0
	case len(o.queue):
		chunks, o.queue = o.queue, nil
	default:
		chunks, o.queue = o.queue[:n:n], o.queue[n:]
	}
	return chunks, size
}

func (o *outbox) takeFilledLocked() (chunks []chunk, size int) {
	n := 0
	for ; n < len(o.queue) && (size < turnBytes || !o.queue[n].starts); n++ {
		s := o.queue[n].slot
		if s == nil {
			chunks = append(chunks, o.queue[n])
			size += len(o.queue[n].b)
			continue
		}
		if !s.filled {
			break
		}
		chunks = appendMessage(chunks, s.head, nil, s.payload, s.end)
		size += len(s.head) + len(s.payload) + len(s.end)
		o.slots--
	}
	clear(o.queue[:n])
	if o.queue = o.queue[n:]; len(o.queue) == 0 {
		o.queue = nil
	}
	return chunks, size
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

// failedLocked ends writing for good. A connection that nothing can be written
// to is of no use, even if it could still be read from (a Unix socket whose
// peer has shut down reading): callers would wait for a callee that hears
// nothing. But what was sent before has a moment to be read.
func (o *outbox) failedLocked() {
	if !o.closed {
		o.failed = time.AfterFunc(lingerTimeout, func() { o.conn.Close() })
	}
	o.dropLocked()
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
			o.failedLocked()
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
	if o.failed != nil {
		o.failed.Stop()
	}
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
