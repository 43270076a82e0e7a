package rawsocket

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Conn is a RawSocket connection after its handshake. It implements
// transport.Conn.
type Conn struct {
	// Constant after newConn.
	info        transport.Info
	nc          net.Conn
	raw         syscall.RawConn // nil: use nc's Read and Write
	longHeaders bool            // headers of five octets were agreed on
	maxPing     int             // the largest PING to answer
	trace       *tracer         // nil unless frames are to be logged
	onClose     func()          // may be nil

	close    sync.Once
	closeErr error
	closed   atomic.Bool

	pongs atomic.Uint64 // PONGs received
	heard atomic.Uint64 // signs of life

	reader reader // belongs to the reading goroutine
	writer writer // belongs to the writing goroutine
}

var _ transport.Conn = (*Conn)(nil)

// agreement is what a handshake led to.
type agreement struct {
	serializer wamp.SerializerNumber
	receive    int  // enforced on what the peer sends
	send       int  // the largest message to send
	pong       int  // the largest PONG that the peer accepts
	upgraded   bool // frames have long headers
}

// connConfig is what a Conn needs to know besides the agreement.
type connConfig struct {
	id      string
	maxPing int          // 0: as large as any message
	trace   *slog.Logger // nil: do not log frames
	onClose func()       // called once; may be nil
}

// newConn makes a Conn of nc, on which a handshake led to a. head are octets
// of the first frame that were already read.
func newConn(nc net.Conn, a agreement, c connConfig, head []byte) *Conn {
	conn := &Conn{
		nc: nc, raw: rawConnOf(nc), longHeaders: a.upgraded, onClose: c.onClose,
		info: transport.Info{
			Transport:  "rawsocket",
			ID:         c.id,
			Serializer: a.serializer,
			LocalAddr:  nc.LocalAddr(),
			RemoteAddr: nc.RemoteAddr(),
			TLS:        tlsState(nc),
			Limits:     transport.Limits{Receive: a.receive, Send: a.send},
		},
		maxPing: min(a.receive, a.pong),
	}
	if c.maxPing > 0 {
		conn.maxPing = min(conn.maxPing, c.maxPing)
	}
	if c.trace != nil {
		conn.trace = newTracer(c.trace, conn)
	}
	conn.reader.init(conn, head)
	conn.writer.init(conn)
	return conn
}

// Info implements transport.Conn.
func (c *Conn) Info() *transport.Info { return &c.info }

// Pongs returns the number of PONGs received. Whether they answer a PING does
// not matter (RS-24). It may be called from anywhere.
func (c *Conn) Pongs() uint64 { return c.pongs.Load() }

// AppendHeader implements transport.Conn.
func (c *Conn) AppendHeader(dst []byte, size int) []byte {
	return c.appendHeader(dst, header{kind: frameMessage, length: size})
}

// pingOctets is the length of the payload of PINGs: enough that nobody can
// answer in advance, and less than any limit.
const pingOctets = 16

// AppendPing implements transport.Conn.
func (c *Conn) AppendPing(dst []byte) []byte {
	dst = c.appendHeader(dst, header{kind: framePing, length: pingOctets})
	dst = binary.BigEndian.AppendUint64(dst, rand.Uint64())
	return binary.BigEndian.AppendUint64(dst, rand.Uint64())
}

// Heard implements transport.Conn.
func (c *Conn) Heard() uint64 { return c.heard.Load() }

func (c *Conn) appendHeader(dst []byte, h header) []byte {
	if c.longHeaders {
		return h.appendLongTo(dst)
	}
	return h.appendTo(dst)
}

func (c *Conn) parseHeader(b []byte) (header, error) {
	if c.longHeaders {
		return parseLongHeader(b)
	}
	return parseHeader(b)
}

func (c *Conn) headerSize() int {
	if c.longHeaders {
		return longHeaderSize
	}
	return headerSize
}

// CloseWrite implements transport.Conn. Over TLS it sends close_notify.
func (c *Conn) CloseWrite() error {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := half.CloseWrite(); err != nil {
		return c.failure("close for writing", err)
	}
	return nil
}

// Close implements transport.Conn. Over TLS it sends close_notify if the
// socket takes it at once.
func (c *Conn) Close() error {
	c.close.Do(func() {
		c.closed.Store(true)
		c.closeErr = closeNow(c.nc)
		if c.onClose != nil {
			c.onClose()
		}
	})
	return c.closeErr
}

// closeNow closes nc without waiting for the peer.
func closeNow(nc net.Conn) error {
	if c, ok := nc.(*tls.Conn); ok {
		if low, ok := c.NetConn().(*lowConn); ok {
			low.closing.Store(true)
		}
		_ = c.Close() // what fails is close_notify; the socket is closed anyway
		return nil
	}
	return nc.Close()
}

// failure is the error to return for cause, met while reading or writing.
func (c *Conn) failure(op string, cause error) error {
	switch {
	case c.closed.Load():
		return net.ErrClosed
	case cause == io.EOF || wamp.AsProtocolError(cause) != nil:
		return cause
	}
	return &goneError{op: op, cause: cause}
}
