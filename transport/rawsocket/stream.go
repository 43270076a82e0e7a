package rawsocket

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

// lowConn lies between TLS and the socket.
type lowConn struct {
	net.Conn
	head    []byte      // octets already read, to be read again
	closing atomic.Bool // the TLS connection above is being closed
}

func (c *lowConn) Read(b []byte) (int, error) {
	if len(c.head) > 0 {
		n := copy(b, c.head)
		c.head = c.head[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// closeNotifyTime is how long Close lets close_notify wait for a socket that
// is full. It is short because Close is promised to be quick.
const closeNotifyTime = 5 * time.Millisecond

// SetWriteDeadline shortens the five seconds that TLS gives to close_notify.
func (c *lowConn) SetWriteDeadline(t time.Time) error {
	if soon := time.Now().Add(closeNotifyTime); c.closing.Load() && t.After(soon) {
		t = soon
	}
	return c.Conn.SetWriteDeadline(t)
}

// fillFromStream reads by the Read method of net.Conn, which needs its buffer
// before it waits. So that an idle connection holds none, it waits with room
// for a header alone; only then it takes a buffer. Within TLS, which hands out
// what is left of a record at once, that costs no system call.
func (r *reader) fillFromStream() error {
	switch {
	case r.large != nil:
		r.park()
	case len(r.window) == 0 && r.skip == 0:
		return r.fillHeader()
	}
	n, err := r.conn.nc.Read(r.space())
	return r.streamed(n, err)
}

func (r *reader) fillHeader() error {
	r.park()
	n, err := r.conn.nc.Read(r.first[:r.conn.headerSize()])
	r.held = r.first[:0]
	r.window = r.first[:0]
	return r.streamed(n, err)
}

// streamed notes that n octets were read. An error is kept for the next call
// if there are some.
func (r *reader) streamed(n int, err error) error {
	r.filled(n)
	if n > 0 {
		return nil
	}
	return err
}

// tlsState is the state of nc's TLS, or nil.
func tlsState(nc net.Conn) *tls.ConnectionState {
	c, ok := nc.(*tls.Conn)
	if !ok {
		return nil
	}
	state := c.ConnectionState()
	return &state
}

// onlyCertificate is the certificate that every client of the configuration
// gets to see, or nil where there is a choice.
func onlyCertificate(c *tls.Config) *x509.Certificate {
	if c == nil || len(c.Certificates) != 1 || c.GetCertificate != nil || c.GetConfigForClient != nil {
		return nil
	}
	if only := &c.Certificates[0]; only.Leaf != nil || len(only.Certificate) == 0 {
		return only.Leaf
	}
	leaf, err := x509.ParseCertificate(c.Certificates[0].Certificate[0])
	if err != nil {
		return nil
	}
	return leaf
}

// writeStream writes by the Write method of net.Conn, gathering small pieces
// so that they share a TLS record and a system call.
func (c *Conn) writeStream(bufs [][]byte) error {
	gather := buffers.Get().(*[readBuffer]byte)
	defer buffers.Put(gather)
	n := 0
	for _, b := range bufs {
		if n+len(b) > streamChunk && n > 0 {
			if err := c.writePieces(gather[:n]); err != nil {
				return err
			}
			n = 0
		}
		if len(b) > streamChunk {
			if err := c.writePieces(b); err != nil {
				return err
			}
			continue
		}
		n += copy(gather[n:], b)
	}
	if n == 0 {
		return nil
	}
	return c.writePieces(gather[:n])
}

// slowWrite is from when on writing a piece took so long that it must have
// waited for room, which is the peer's to make. A Write method does not say.
const slowWrite = 50 * time.Millisecond

// writePieces writes b, in pieces so that a peer that reads slowly can be told
// from one that does not read.
func (c *Conn) writePieces(b []byte) error {
	for piece := range slices.Chunk(b, readBuffer) {
		began := time.Now()
		if _, err := c.nc.Write(piece); err != nil {
			return err
		}
		if time.Since(began) > slowWrite {
			c.heard.Add(1)
		}
	}
	return nil
}

// streamChunk is what one TLS record carries at most.
const streamChunk = 16 << 10
