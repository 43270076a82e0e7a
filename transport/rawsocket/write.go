package rawsocket

// writer is the writing half of a Conn.
type writer struct {
	conn *Conn

	// The call in progress. The fields are here and not in a closure so that
	// writing allocates nothing.
	bufs    [][]byte
	index   int  // bufs before it are written
	offset  int  // octets of bufs[index] that are written
	written int  // octets written in all
	tried   int  // octets offered to the last system call
	wait    bool // wait for the socket to take all
	waited  bool // the socket was full at the last system call
	failure error

	try func(fd uintptr) bool // w.tryWrite, bound once
}

func (w *writer) init(c *Conn) {
	w.conn = c
	w.try = w.tryWrite
}

// TryWrite implements transport.Conn. Over TLS and where the system has no
// such call it writes nothing.
func (c *Conn) TryWrite(bufs [][]byte) (int, error) {
	if c.raw == nil {
		if c.closed.Load() {
			return 0, c.failure("write", nil)
		}
		return 0, nil
	}
	return c.writer.run(bufs, false)
}

// Write implements transport.Conn.
func (c *Conn) Write(bufs [][]byte) error {
	if c.raw != nil {
		_, err := c.writer.run(bufs, true)
		return err
	}
	if err := c.writeStream(bufs); err != nil {
		return c.failure("write", err)
	}
	for _, b := range bufs {
		c.trace.sent(b)
	}
	return nil
}

// run writes bufs, waiting or not, and returns the number of octets written.
func (w *writer) run(bufs [][]byte, wait bool) (int, error) {
	w.bufs, w.index, w.offset, w.written, w.wait, w.waited, w.failure = bufs, 0, 0, 0, wait, false, nil
	err := w.conn.raw.Write(w.try)
	if err == nil {
		err = w.failure
	}
	w.bufs = nil
	w.conn.trace.sentOf(bufs, w.written)
	if err != nil {
		return w.written, w.conn.failure("write", err)
	}
	return w.written, nil
}

// advance notes that n octets more are written, and skips empty pieces. It
// reports whether some are left.
func (w *writer) advance(n int) bool {
	if w.waited && n > 0 {
		w.waited = false
		w.conn.heard.Add(1) // the peer has read, or there were no room
	}
	w.written += n
	w.offset += n
	for w.index < len(w.bufs) && w.offset >= len(w.bufs[w.index]) {
		w.offset -= len(w.bufs[w.index])
		w.index++
	}
	return w.index < len(w.bufs)
}
