package rawsocket

import (
	"io"
	"slices"
	"sync"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// readBuffer is the size of the buffers that are read into. One read of a
// busy connection fills it with hundreds of small messages.
const readBuffer = 64 << 10

var buffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

// reader is the reading half of a Conn. Octets that are not yet returned are
// in one of three places: a pooled buffer (buf), which is held only while
// there is something to read; a few octets of an unfinished frame kept
// meanwhile (held); or, for a frame of transport.OwnedFrame octets and more,
// memory of its own (large).
type reader struct {
	conn *Conn

	buf    *[readBuffer]byte // nil while idle
	window []byte            // octets not yet parsed; they are in buf, or in held if buf is nil
	held   []byte
	first  [8]byte // held's first memory: enough for a header

	large     []byte // what has come of a large frame; nil if there is none
	largeHead header
	largeFrom int // where large's payload begins: behind the header of a PONG
	skip      int // octets of a large PONG still to be thrown away

	control []byte // PONGs to be sent
	err     error  // what every further Read returns

	try     func(fd uintptr) bool // c.reader.tryRead, bound once
	n       int                   // what it read
	failure error                 // or what it met
}

func (r *reader) init(c *Conn, head []byte) {
	r.conn = c
	r.held = append(r.first[:0], head...)
	r.window = r.held
	r.try = r.tryRead
}

// Read implements transport.Conn. It makes one system call that brings
// something, and returns the messages that this completes. What is left of a
// slow or idle peer's octets is kept in memory of just that size.
func (c *Conn) Read(batch [][]byte) (messages [][]byte, control []byte, err error) {
	r := &c.reader
	r.control = r.control[:0]
	if cap(r.control) > maxIdleControl {
		r.control = nil
	}
	before := len(batch)
	for {
		batch = r.parse(batch)
		if len(batch) > before || len(r.control) > 0 || r.err != nil {
			return batch, r.control, r.result(len(batch) > before)
		}
		if err := r.fill(); err != nil {
			r.err = r.conn.failure("read", r.ending(err))
			r.park() // nothing will be read any more
		}
	}
}

// maxIdleControl is the memory for PONGs that a connection keeps.
const maxIdleControl = 512

// result is the error for Read to return.
func (r *reader) result(some bool) error {
	if r.conn.closed.Load() && !some {
		return r.conn.failure("read", nil)
	}
	return r.err
}

// ending tells the end of the stream within a frame from one between frames.
func (r *reader) ending(err error) error {
	if err == io.EOF && (len(r.window) > 0 || r.large != nil || r.skip > 0) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parse appends the messages whose octets have all arrived to batch, answers
// the PINGs among them, and notes in r.err what breaks the rules.
func (r *reader) parse(batch [][]byte) [][]byte {
	for r.err == nil {
		switch {
		case r.skip > 0:
			n := min(r.skip, len(r.window))
			r.window, r.skip = r.window[n:], r.skip-n
			if r.skip > 0 {
				return batch
			}
		case r.large != nil:
			if len(r.large) < r.largeFrom+r.largeHead.length {
				return batch
			}
			batch = r.finishLarge(batch)
		default:
			h, size := r.nextHeader()
			switch {
			case size == 0:
				return batch
			case h.length >= transport.OwnedFrame:
				r.window = r.window[size:]
				r.startLarge(h)
			case size+h.length > len(r.window):
				return batch
			default:
				payload := r.window[size : size+h.length : size+h.length]
				r.window = r.window[size+h.length:]
				batch = r.finishSmall(batch, h, payload)
			}
		}
	}
	return batch
}

// nextHeader parses the header at the start of the window and checks it
// against the limits. The size is 0 if it has not all arrived, or is bad.
func (r *reader) nextHeader() (header, int) {
	size := r.conn.headerSize()
	if len(r.window) < size {
		if len(r.window) > 0 && !r.conn.longHeaders {
			r.note(checkFirst(r.window[0]))
		}
		return header{}, 0
	}
	h, err := r.conn.parseHeader(r.window)
	if err == nil {
		err = r.checkLength(h)
	}
	if err != nil {
		r.note(err)
		return header{}, 0
	}
	return h, size
}

// note makes err, if it is one, what Read returns from now on.
func (r *reader) note(err error) {
	if err != nil {
		r.err = err
	}
}

// checkLength enforces RS-14, and for PINGs RS-23.
func (r *reader) checkLength(h header) error {
	limit := r.conn.info.Limits.Receive
	if h.length > limit {
		return wamp.Violation("rawsocket: a %s of %d octets exceeds the limit of %d", h.kind, h.length, limit)
	}
	if h.kind == framePing && h.length > r.conn.maxPing {
		return wamp.Violation("rawsocket: a PING of %d octets exceeds the limit of %d for answering it", h.length, r.conn.maxPing)
	}
	return nil
}

func (r *reader) finishSmall(batch [][]byte, h header, payload []byte) [][]byte {
	r.conn.trace.received(h, payload)
	switch h.kind {
	case framePing: // RS-21
		r.control = append(r.conn.appendHeader(r.control, header{framePong, h.length}), payload...)
	case framePong: // RS-24
		r.conn.pongs.Add(1)
	case frameMessage:
		batch = append(batch, payload)
	}
	return batch
}

// firstLarge is the memory that a large frame gets before more of it than that
// has arrived.
const firstLarge = 64 << 10

// startLarge begins a frame that gets memory of its own. What of it is in the
// window moves there.
func (r *reader) startLarge(h header) {
	if h.kind == framePong {
		r.conn.trace.received(h, nil)
		r.conn.pongs.Add(1)
		r.skip = h.length
		return
	}
	r.largeHead, r.largeFrom = h, 0
	have := min(len(r.window), h.length)
	r.large = make([]byte, 0, min(h.length, max(firstLarge, have))+longHeaderSize)
	if h.kind == framePing {
		r.large = r.conn.appendHeader(r.large, header{framePong, h.length})
		r.largeFrom = len(r.large)
	}
	r.large = append(r.large, r.window[:have]...)
	r.window = r.window[have:]
}

// spaceInLarge returns where the octets that a large frame misses go. Memory
// grows fourfold, so that a frame costs at most four times what has arrived
// of it, and one that arrives whole is copied about a third of a time.
func (r *reader) spaceInLarge() []byte {
	total := r.largeFrom + r.largeHead.length
	if len(r.large) == cap(r.large) {
		grown := make([]byte, len(r.large), min(total, 4*len(r.large)))
		copy(grown, r.large)
		r.large = grown
	}
	return r.large[len(r.large):min(cap(r.large), total)]
}

func (r *reader) finishLarge(batch [][]byte) [][]byte {
	frame := slices.Clip(r.large)
	r.large = nil
	r.conn.trace.received(r.largeHead, frame[r.largeFrom:])
	if r.largeHead.kind == frameMessage {
		return append(batch, frame)
	}
	r.control = append(r.control, frame...)
	return batch
}

// space returns where octets may be read to.
func (r *reader) space() []byte {
	if r.large != nil {
		return r.spaceInLarge()
	}
	if r.buf == nil {
		r.buf = buffers.Get().(*[readBuffer]byte)
	}
	n := len(r.window)
	if n > 0 && &r.window[0] != &r.buf[0] {
		copy(r.buf[:], r.window)
	}
	r.window = r.buf[:n]
	return r.buf[n:] // never empty: a frame that does not fit is a large one
}

// filled notes that n octets were read to where space said.
func (r *reader) filled(n int) {
	if n > 0 {
		r.conn.heard.Add(1)
	}
	if r.large != nil {
		r.large = r.large[:len(r.large)+n]
		return
	}
	r.window = r.window[:len(r.window)+n]
}

// maxHeld is the memory for unfinished frames that a connection keeps.
const maxHeld = 512

// park gives the buffer back before waiting.
func (r *reader) park() {
	if r.buf == nil {
		return
	}
	if cap(r.held) > maxHeld && len(r.window) <= maxHeld {
		r.held = r.first[:0]
	}
	r.held = append(r.held[:0], r.window...)
	r.window = r.held
	buffers.Put(r.buf)
	r.buf = nil
}

// fill waits for octets and reads them.
func (r *reader) fill() error {
	if r.conn.raw == nil {
		return r.fillFromStream()
	}
	if err := r.conn.raw.Read(r.try); err != nil {
		return err
	}
	if r.failure != nil {
		return r.failure
	}
	r.filled(r.n)
	return nil
}
