package rawsocket

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/junctorio/junctor/transport"
)

// listener implements transport.Listener.
//
// Serve's caller owns the accepting goroutine and, through it, one goroutine
// for each connection, which does the handshake and then calls handle.
type listener struct {
	// Constant after Listen.
	config ListenConfig
	log    *logLimit // with the transport's id
	ln     net.Listener
	file   *socketFile // nil unless there is one to remove
	url    string      // where it is reached, for people

	certificate *x509.Certificate // that all clients get to see; may be nil

	connections atomic.Int64  // Conns handed out and not closed
	handshakes  *pending      // in progress
	done        chan struct{} // closed by Close

	closing  sync.Once
	closeErr error // set by closing
}

// Listen listens as c says. It binds the address and, for a Unix socket with
// a path, creates the file: what stood there before is removed only if it is
// a socket on which nobody listens.
func Listen(c ListenConfig) (transport.Listener, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("rawsocket: listen: %w", err)
	}
	c = c.withDefaults()
	ln, file, err := bind(c)
	if err != nil {
		return nil, fmt.Errorf("rawsocket: listen: %w", err)
	}
	return newListener(c, ln, file), nil
}

func newListener(c ListenConfig, ln net.Listener, file *socketFile) *listener {
	return &listener{
		config:     c,
		log:        &logLimit{log: c.Logger.With("transport", c.ID)},
		ln:         ln,
		file:       file,
		url:        urlOf(ln.Addr(), c.TLS != nil),
		handshakes: newPending(maxHandshakes),
		done:       make(chan struct{}),

		certificate: onlyCertificate(c.TLS),
	}
}

// bind opens the socket to accept from.
func bind(c ListenConfig) (net.Listener, *socketFile, error) {
	if c.Network == "unix" && c.Address[0] != '@' {
		return bindSocketFile(c)
	}
	ln, err := listenNet(c, nil)
	return ln, nil, err
}

// listenNet listens by package net; prepare, if not nil, is called with the
// descriptor before it is bound.
func listenNet(c ListenConfig, prepare func(fd uintptr) error) (net.Listener, error) {
	lc := net.ListenConfig{
		KeepAlive:       -1,
		KeepAliveConfig: keepAliveConfig(c.KeepAlive),
		Control: func(network, address string, raw syscall.RawConn) error {
			return control(raw, func(fd uintptr) error {
				if prepare != nil {
					return prepare(fd)
				}
				if c.Network == "unix" {
					return nil
				}
				return prepareTCP(fd, c.ReusePort, c.UserTimeout)
			})
		},
	}
	ln, err := lc.Listen(context.Background(), c.Network, c.Address)
	if err != nil {
		return nil, err
	}
	if c.Backlog > 0 {
		err = control(ln.(syscall.Conn), func(fd uintptr) error { return setBacklog(fd, c.Backlog) })
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("backlog %d: %w", c.Backlog, err), ln.Close())
	}
	return ln, nil
}

// Addr implements transport.Listener.
func (l *listener) Addr() net.Addr { return l.ln.Addr() }

// Close implements transport.Listener.
func (l *listener) Close() error {
	l.closing.Do(func() {
		close(l.done)
		// The file goes first: as long as the socket is open, nobody else can
		// have got its inode number.
		l.closeErr = errors.Join(l.file.remove(), l.ln.Close())
		l.handshakes.closeAll()
	})
	return l.closeErr
}

// Serve implements transport.Listener.
func (l *listener) Serve(handle func(transport.Conn)) error {
	var connections sync.WaitGroup
	defer connections.Wait()
	var delay time.Duration
	for {
		nc, err := l.ln.Accept()
		if err != nil {
			if delay, err = l.afterAcceptError(err, delay); err != nil || l.isClosed() {
				return err
			}
			continue
		}
		delay = 0
		if !l.handshakes.add(nc) {
			_ = nc.Close()
			continue
		}
		connections.Go(func() { l.serve(nc, handle) })
	}
}

// serve does the handshake of one connection and hands it on.
func (l *listener) serve(nc net.Conn, handle func(transport.Conn)) {
	if conn := l.handshake(nc); conn != nil {
		handle(conn)
	}
}

func (l *listener) isClosed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

const (
	firstAcceptDelay = 5 * time.Millisecond
	maxAcceptDelay   = time.Second
)

// afterAcceptError waits until accepting may work again. It returns the time
// it has waited, or the error if there is no hope.
func (l *listener) afterAcceptError(err error, before time.Duration) (time.Duration, error) {
	if l.isClosed() {
		return 0, nil
	}
	if !isTransient(err) {
		return 0, fmt.Errorf("rawsocket: accept: %w", err)
	}
	delay := min(max(2*before, firstAcceptDelay), maxAcceptDelay)
	l.log.line(slog.LevelWarn, "cannot accept a connection, will try again", "err", err, "after", delay)
	select {
	case <-time.After(delay):
	case <-l.done:
	}
	return delay, nil
}

// isTransient reports whether accepting failed for a reason that passes: a
// peer that is gone already, or a lack of descriptors or memory.
func isTransient(err error) bool {
	for _, e := range []error{syscall.ECONNABORTED, syscall.ECONNRESET, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
