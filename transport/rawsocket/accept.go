package rawsocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"slices"
	"time"
)

// refusedError ends a handshake and says what to log about it.
type refusedError struct {
	level   slog.Level
	message string
	cause   error // may be nil
}

func (e *refusedError) Error() string { return e.message }

// handshake makes a Conn of nc, which is among the pending handshakes, or closes
// it, logs why, and returns nil.
func (l *listener) handshake(nc net.Conn) *Conn {
	_ = nc.SetDeadline(time.Now().Add(l.config.HandshakeTimeout))
	top, conn, err := l.negotiate(nc)
	if !l.handshakes.remove(nc) {
		err = &refusedError{slog.LevelInfo, "closed the oldest connection without a handshake: there are too many", nil}
	}
	if err != nil {
		l.logRefusal(nc, err)
		if conn != nil {
			_ = conn.Close()
		}
		_ = closeNow(top)
		return nil
	}
	_ = nc.SetDeadline(time.Time{})
	return conn
}

// negotiate does the handshakes of TLS and RawSocket on nc. It also returns
// the connection to close if it fails: nc, or TLS over it.
func (l *listener) negotiate(nc net.Conn) (top net.Conn, conn *Conn, err error) {
	top = nc
	if l.config.TLS != nil {
		if top, err = l.startTLS(nc); err != nil {
			return top, nil, err
		}
	}
	conn, err = l.startRawSocket(nc, top)
	return top, conn, err
}

// startTLS does the handshake of TLS, after a look at the first octet: what
// is not TLS is told so, instead of waiting for more of it.
func (l *listener) startTLS(nc net.Conn) (net.Conn, error) {
	var head [handshakeSize]byte
	n, err := io.ReadFull(nc, head[:1])
	if err != nil {
		return nc, readError(n, err)
	}
	if head[0] != tlsHandshake {
		// RawSocket's request is as short as this; more may never come.
		n, _ = io.ReadFull(nc, head[1:])
		return nc, l.refuseProtocol(nc, head[:1+n])
	}
	secured := tls.Server(&lowConn{Conn: nc, head: head[:1]}, l.config.TLS)
	if err := secured.Handshake(); err != nil {
		return secured, &refusedError{slog.LevelInfo, "TLS handshake failed", err}
	}
	return secured, nil
}

// startRawSocket does the handshake of RawSocket on top, which is nc or TLS
// over it.
func (l *listener) startRawSocket(nc, top net.Conn) (*Conn, error) {
	var octets [handshakeSize]byte
	if n, err := io.ReadFull(top, octets[:]); err != nil {
		if n > 0 && octets[0] != magic && isTimeout(err) {
			return nil, l.refuseProtocol(top, octets[:n])
		}
		return nil, readError(n, err)
	}
	if octets[0] != magic { // RS-1
		return nil, l.refuseProtocol(top, octets[:])
	}
	req, refusal := parseRequest(octets)
	if refusal == 0 {
		refusal = l.judge(req)
	}
	if refusal == 0 && !l.admit() {
		refusal = ErrTooManyConnections
	}
	if refusal != 0 {
		_, _ = top.Write(reply{refusal: refusal}.appendTo(nil))
		return nil, &refusedError{slog.LevelWarn, "refused a client: " + refusal.text(), refusalCause(refusal, octets)}
	}
	return l.agree(nc, top, req)
}

// judge checks what the client asks for against what is offered.
func (l *listener) judge(req request) RefusalCode {
	switch {
	case !slices.Contains(l.config.Serializers, req.serializer): // RS-3
		return ErrSerializerUnsupported
	case req.limit < l.config.MinPeerLimit: // RS-5
		return ErrLengthUnacceptable
	}
	return 0
}

// admit counts a connection, unless there are too many (RS-6).
func (l *listener) admit() bool {
	if n := l.connections.Add(1); l.config.MaxConnections == 0 || n <= int64(l.config.MaxConnections) {
		return true
	}
	l.dismiss()
	return false
}

func (l *listener) dismiss() { l.connections.Add(-1) }

// agree sends the reply, looks for the offer of an upgrade, and makes the
// Conn. The connection is already counted.
func (l *listener) agree(nc, top net.Conn, req request) (conn *Conn, err error) {
	defer func() {
		if conn == nil {
			l.dismiss()
		}
	}()
	own := l.config.MaxMessageSize
	answer := reply{limit: AnnouncedLimit(own), serializer: req.serializer}
	if _, err := top.Write(answer.appendTo(nil)); err != nil {
		return nil, readError(handshakeSize, err)
	}
	a := agreement{serializer: req.serializer, receive: own, send: sendLimit(req.limit, l.config.FullFrames), pong: req.limit}
	var head []byte
	if own >= minUpgrade && req.limit == maxAnnounced {
		if head, err = acceptUpgrade(top, &a); err != nil {
			return nil, err
		}
	}
	conn = newConn(top, a, l.connConfig(), head)
	conn.info.Process = processOf(nc)
	conn.info.LocalCertificate = l.certificate
	return conn, nil
}

func (l *listener) connConfig() connConfig {
	c := connConfig{id: l.config.ID, maxPing: l.config.MaxPing, onClose: l.dismiss}
	if l.config.Debug {
		c.trace = l.config.Logger
	}
	return c
}

// acceptUpgrade waits for the client's first octet. If that offers larger
// frames, it answers and updates a; else it returns the octet, which begins a
// frame. A client that says nothing until the deadline offers nothing.
func acceptUpgrade(top net.Conn, a *agreement) (head []byte, err error) {
	var octets [upgradeSize]byte
	switch _, err := io.ReadFull(top, octets[:1]); {
	case isTimeout(err):
		return nil, nil
	case err != nil:
		return nil, readError(handshakeSize, err)
	case octets[0] != upgradeMagic:
		return octets[:1], nil
	}
	if _, err := io.ReadFull(top, octets[1:]); err != nil {
		return nil, readError(handshakeSize+1, err)
	}
	theirs, err := parseUpgrade(octets)
	if err != nil {
		return nil, &refusedError{slog.LevelWarn, "refused a client", err}
	}
	a.upgradeTo(agreedLimit(a.receive, theirs))
	if _, err := top.Write(appendUpgrade(nil, a.send)); err != nil {
		return nil, readError(handshakeSize, err)
	}
	return nil, nil
}

// upgradeTo switches to long headers and the limit agreed on.
func (a *agreement) upgradeTo(limit int) {
	a.send, a.pong, a.upgraded = limit, limit, true
}

// refuseProtocol answers a peer that speaks another protocol, and returns the
// error that names it.
func (l *listener) refuseProtocol(nc net.Conn, head []byte) error {
	refuseProtocol(nc, head, l.url)
	want := "RawSocket"
	if _, secured := nc.(*tls.Conn); l.config.TLS != nil && !secured {
		want = "RawSocket over TLS"
	}
	return &refusedError{slog.LevelWarn, "refused a client of another protocol",
		fmt.Errorf("it spoke %s to a port for %s; the port's URL is %s", describeOctets(head), want, l.url)}
}

// refusalCause says what in the request led to the refusal.
func refusalCause(code RefusalCode, request [handshakeSize]byte) error {
	return fmt.Errorf("its handshake was %x, answered with error %d", request, code)
}

// readError is the error for a connection that ended, or stopped, after n
// octets of its handshake. Who sends nothing at all is a probe, and no news.
func readError(n int, err error) error {
	level := slog.LevelInfo
	if n == 0 && !isTimeout(err) {
		level = slog.LevelDebug
	}
	if isTimeout(err) {
		return &refusedError{level, "a client did not finish its handshake in time", nil}
	}
	return &refusedError{level, "a client left during its handshake", err}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func (l *listener) logRefusal(nc net.Conn, err error) {
	var refused *refusedError
	if l.isClosed() || !errors.As(err, &refused) {
		return
	}
	args := []any{"peer", peerName(nc.RemoteAddr())}
	if refused.cause != nil {
		args = append(args, "err", refused.cause)
	}
	l.log.line(refused.level, refused.message, args...)
}
