// Package inproc connects two peers inside one process: Pair makes the two
// ends of a connection in memory. Hosted components, bridges and tests use it.
//
// It keeps the contract of transport.Conn, back-pressure included: each
// direction buffers a bounded number of octets, TryWrite takes what fits, and
// Write waits for the reader. It starts no goroutines and uses no clock;
// waiting is sync.Cond waiting, which testing/synctest counts as idle.
package inproc

import (
	"net"
	"sync"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of Config.
const (
	DefaultBuffer  = 64 << 10
	DefaultMessage = 64 << 20
)

// Config describes a pair. The zero value of a field means its default.
type Config struct {
	Serializer wamp.SerializerNumber // what both ends speak; JSON if zero
	Buffer     int                   // octets that each direction holds; DefaultBuffer if zero
	MaxMessage [2]int                // largest message that the first and the second end accept; DefaultMessage if zero
	ID         string                // Info.ID of both ends
}

// Pair returns the two ends of a connection whose messages are in serializer
// s. Closing either end ends both; what was written before stays readable.
func Pair(s wamp.SerializerNumber) (a, b transport.Conn) {
	return PairOf(Config{Serializer: s})
}

// PairOf returns the two ends of a connection as c describes it.
func PairOf(c Config) (a, b transport.Conn) {
	if c.Serializer == 0 {
		c.Serializer = wamp.SerializerJSON
	}
	if c.Buffer <= 0 {
		c.Buffer = DefaultBuffer
	}
	for i, limit := range c.MaxMessage {
		if limit <= 0 {
			c.MaxMessage[i] = DefaultMessage
		}
	}
	ab, ba := newPipe(c.Buffer), newPipe(c.Buffer)
	return newConn(c, ba, ab, c.MaxMessage[0], c.MaxMessage[1]), newConn(c, ab, ba, c.MaxMessage[1], c.MaxMessage[0])
}

// conn is one end. Its frames are a length of four octets and the message.
type conn struct {
	info transport.Info
	in   *pipe // written by the peer
	out  *pipe // read by the peer

	// What follows belongs to the reading goroutine.
	spare    []byte // the buffer that in gets for the next one it gives
	got      []byte // octets taken from in, not yet returned as messages
	frame    []byte // a message of which parts are still missing
	need     int    // octets that frame still misses
	tooLarge error  // a message above the limit: what every further Read returns

	close sync.Once
}

func newConn(c Config, in, out *pipe, receive, send int) *conn {
	return &conn{in: in, out: out, info: transport.Info{
		Transport:  "inproc",
		ID:         c.ID,
		Serializer: c.Serializer,
		LocalAddr:  addr{},
		RemoteAddr: addr{},
		Limits:     transport.Limits{Receive: receive, Send: send},
	}}
}

func (c *conn) Info() *transport.Info { return &c.info }

func (c *conn) AppendHeader(dst []byte, size int) []byte { return appendHeader(dst, size) }

// AppendPing appends nothing: the other end cannot vanish without a word.
func (c *conn) AppendPing(dst []byte) []byte { return dst }

func (c *conn) Heard() uint64 { return 0 }

func (c *conn) TryWrite(bufs [][]byte) (int, error) { return c.out.tryWrite(bufs) }

func (c *conn) Write(bufs [][]byte) error { return c.out.write(bufs) }

func (c *conn) CloseWrite() error {
	c.out.end()
	return nil
}

func (c *conn) Close() error {
	c.close.Do(func() {
		c.in.abandon()
		c.out.end()
	})
	return nil
}

// addr is the address of both ends; there is no other.
type addr struct{}

var _ net.Addr = addr{}

func (addr) Network() string { return "inproc" }
func (addr) String() string  { return "inproc" }
