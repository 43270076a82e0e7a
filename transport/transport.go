// Package transport is the contract between what moves WAMP messages (the
// packages below it) and who speaks WAMP (packages router and client).
//
// A Conn carries whole messages, already serialized. It hides framing, the
// handshake, PONGs and TLS; it knows nothing of WAMP's messages. A
// Listener accepts Conns, a Dialer makes one.
package transport

import (
	"crypto/tls"
	"crypto/x509"
	"net"

	"github.com/junctorio/junctor/wamp"
)

// OwnedFrame is the size, in octets, from which a frame returned by Conn.Read
// has memory of its own: the reader may keep it and pass it on without
// copying, and nobody writes to it any more. Smaller frames share a buffer
// that the next Read reuses.
const OwnedFrame = 16 << 10

// Conn is an established connection that carries messages of one serializer.
//
// One goroutine reads; writes (TryWrite and Write together) come from one
// goroutine at a time; Close and Info may be called from anywhere, at any
// time. After Close, every method returns an error that unwraps to
// net.ErrClosed.
type Conn interface {
	// Read blocks until at least one whole message has arrived, then appends
	// every message that is complete without waiting further to batch, in
	// order. Messages shorter than OwnedFrame are valid until the next Read.
	//
	// control holds octets that answer what was read (a PONG). They must be
	// written as they are, between two messages, soon; they are valid until
	// the next Read. It may be non-empty while no message was appended. It is
	// never empty where the peer has sent a PING.
	//
	// A peer that broke the framing rules, or sent more than Limits.Receive,
	// gives an error that is a *wamp.ProtocolError; messages that came before
	// are returned with it. A connection ended by the peer gives io.EOF.
	Read(batch [][]byte) (messages [][]byte, control []byte, err error)

	// AppendHeader appends what stands on the wire before a message of size
	// octets. It may be called concurrently.
	AppendHeader(dst []byte, size int) []byte

	// AppendPing appends a PING with a random payload, to be written as control
	// octets are. A transport without PINGs appends nothing. It may be called
	// concurrently.
	AppendPing(dst []byte) []byte

	// Heard returns a number that changes with each sign of life of the peer:
	// octets that Read got from it, or room that it made for octets which Write
	// had to wait with. On a transport without PINGs it need not change. It may
	// be called from anywhere.
	Heard() uint64

	// TryWrite writes as much of bufs, one after the other, as the connection
	// takes without blocking, and returns the number of octets written. It may
	// write nothing. The caller has put headers in place.
	TryWrite(bufs [][]byte) (int, error)

	// Write writes all of bufs and blocks until that is done or the connection
	// is closed.
	Write(bufs [][]byte) error

	// CloseWrite tells the peer that nothing more will be sent, where the
	// transport can say that; reading goes on. It follows the last write.
	CloseWrite() error

	// Close closes the connection at once, without sending anything that is
	// not yet written. It may be called twice.
	Close() error

	// Info describes the connection. It returns the same value at each call.
	Info() *Info
}

// Info describes an established connection.
type Info struct {
	Transport  string // "rawsocket", "websocket", "inproc" …
	ID         string // the listening transport's id, for logs; may be empty
	Serializer wamp.SerializerNumber
	LocalAddr  net.Addr
	RemoteAddr net.Addr
	TLS        *tls.ConnectionState // nil without TLS
	Limits     Limits

	// LocalCertificate is what this side, if it is the listening one, showed to
	// the peer; nil where it has several to choose from.
	LocalCertificate *x509.Certificate

	// Process is the peer, on the listening side of a Unix socket; nil where the
	// system does not tell.
	Process *Process
}

// Limits are the largest messages, in octets without framing, that may pass.
type Limits struct {
	Receive int // what this side accepts
	Send    int // what the peer accepts
}

// Listener accepts connections.
type Listener interface {
	// Addr is where the listener listens.
	Addr() net.Addr

	// Serve accepts connections until Close and calls handle for each one
	// whose handshake succeeded, in a goroutine of its own; the Conn is
	// handle's to close. Serve returns after Close, when all handshakes and
	// all calls of handle have ended. Its error is nil after Close, else what
	// keeps it from accepting further; transient errors of accepting (such as
	// running out of descriptors) are logged and waited out.
	Serve(handle func(Conn)) error

	// Close stops accepting, ends handshakes in progress, and frees the
	// address. Connections handed out stay open. It may be called twice and
	// does not wait.
	Close() error
}
