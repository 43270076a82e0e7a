package rawsocket

import (
	"crypto/tls"
	"net"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The pure functions, for tests of octets.
type (
	Header    = header
	FrameType = frameType
	Request   = request
	Reply     = reply
)

const (
	FrameMessage = frameMessage
	FramePing    = framePing
	FramePong    = framePong

	ReadBuffer     = readBuffer
	MaxHandshakes  = maxHandshakes
	LinesPerSecond = linesPerSecond
)

var (
	ParseHeader     = parseHeader
	ParseLongHeader = parseLongHeader
	ParseRequest    = parseRequest
	ParseReply      = parseReply
	ParseUpgrade    = parseUpgrade
	AppendUpgrade   = appendUpgrade
	AgreedLimit     = agreedLimit
	SendLimit       = sendLimit
	DescribeOctets  = describeOctets
	MessageKind     = messageKind
)

func NewHeader(kind FrameType, length int) Header { return header{kind, length} }

func (h header) Kind() FrameType                { return h.kind }
func (h header) Length() int                    { return h.length }
func (h header) AppendTo(dst []byte) []byte     { return h.appendTo(dst) }
func (h header) AppendLongTo(dst []byte) []byte { return h.appendLongTo(dst) }

func NewRequest(limit int, s wamp.SerializerNumber) Request { return request{limit, s} }

func (r request) Limit() int                        { return r.limit }
func (r request) Serializer() wamp.SerializerNumber { return r.serializer }
func (r request) AppendTo(dst []byte) []byte        { return r.appendTo(dst) }

func NewReply(limit int, s wamp.SerializerNumber, refusal RefusalCode) Reply {
	return reply{limit, s, refusal}
}

func (r reply) Limit() int                 { return r.limit }
func (r reply) AppendTo(dst []byte) []byte { return r.appendTo(dst) }

// Options of a Conn that a test makes without a handshake.
type Options struct {
	Receive, Send, Pong, MaxPing int
	Upgraded                     bool
	Head                         []byte
}

// NewConn makes a Conn of nc as after a handshake.
func NewConn(nc net.Conn, o Options) *Conn {
	return newConn(nc, agreement{
		serializer: wamp.SerializerJSON, receive: o.Receive, send: orDefault(o.Send, o.Receive),
		pong: orDefault(o.Pong, o.Receive), upgraded: o.Upgraded,
	}, connConfig{maxPing: o.MaxPing}, o.Head)
}

// HasRaw reports whether c reads its socket directly.
func (c *Conn) HasRaw() bool { return c.raw != nil }

// Memory returns what c's reader holds: whether it has a pooled buffer, and
// the octets it keeps of unfinished frames. No Read may be running.
func (c *Conn) Memory() (buffer bool, octets int) {
	return c.reader.buf != nil, max(cap(c.reader.held), len(c.reader.first)) + cap(c.reader.large)
}

// NewListener makes a listener that accepts from ln.
func NewListener(c ListenConfig, ln net.Listener) transport.Listener {
	return newListener(c.withDefaults(), ln, nil)
}

// Handshake does one handshake as a listener does, with nobody accepting.
func Handshake(l transport.Listener, nc net.Conn) *Conn { return l.(*listener).handshake(nc) }

// LogLimit is a logLimit for tests of its counting.
type LogLimit struct{ l logLimit }

func (l *LogLimit) Pass(now time.Time) (missed int, pass bool) { return l.l.pass(now) }

// Park does what Read does before it waits.
func (c *Conn) Park() { c.reader.park() }

// TryRead does what Read does when its socket may be readable, and reports
// whether it was. It needs the engine of system calls.
func (c *Conn) TryRead() (readable bool) {
	_ = c.raw.Control(func(fd uintptr) { readable = c.reader.tryRead(fd) })
	return readable
}

// Control calls f with the descriptor of c's socket, under TLS too.
func (c *Conn) Control(f func(fd uintptr)) error {
	nc := c.nc
	if secured, ok := nc.(*tls.Conn); ok {
		nc = secured.NetConn().(*lowConn).Conn
	}
	return control(nc, func(fd uintptr) error { f(fd); return nil })
}

// ControlListener calls f with the descriptor that l accepts from.
func ControlListener(l transport.Listener, f func(fd uintptr) error) error {
	return control(l.(*listener).ln, f)
}
