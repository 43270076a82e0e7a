//go:build darwin || linux || openbsd

package rawsocket

import (
	"io"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawConnOf returns access to nc's descriptor if reading and writing it
// directly is the same as calling nc's methods.
func rawConnOf(nc net.Conn) syscall.RawConn {
	var raw syscall.RawConn
	var err error
	switch c := nc.(type) {
	case *net.TCPConn:
		raw, err = c.SyscallConn()
	case *net.UnixConn:
		raw, err = c.SyscallConn()
	}
	if err != nil {
		return nil
	}
	return raw
}

// tryRead reads from fd once. It reports false to be called again when fd is
// readable. package net calls it first without knowing that: the readiness of
// a socket that was drained before must be forgotten first, and only a read
// proves that nothing was lost with it. That read in vain is the price of the
// runtime's poller (performance.md, 1.7).
func (r *reader) tryRead(fd uintptr) bool {
	space := r.space()
	for {
		n, err := unix.Read(int(fd), space)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			r.park()
			return false
		}
		if r.n, r.failure = n, err; err == nil && n == 0 {
			r.failure = io.EOF
		}
		return true
	}
}

// writeVectors is how many pieces one system call writes at most: as many as
// unix.Writev takes without allocating.
const writeVectors = 8

// tryWrite writes to fd until all is written, or, if it may not wait, until
// fd takes no more. It reports false to be called again when fd is writable.
func (w *writer) tryWrite(fd uintptr) bool {
	for w.advance(0) {
		n, err := w.writeOnce(int(fd))
		switch err {
		case nil:
			if w.advance(n); !w.wait && n < w.tried {
				return true
			}
		case unix.EINTR:
		case unix.EAGAIN:
			w.waited = w.wait
			return !w.wait
		default:
			w.failure = err
			return true
		}
	}
	return true
}

// writeOnce makes one system call.
func (w *writer) writeOnce(fd int) (int, error) {
	rest := w.bufs[w.index:]
	if len(rest) == 1 {
		w.tried = len(rest[0]) - w.offset
		return unix.Write(fd, rest[0][w.offset:])
	}
	var vectors [writeVectors][]byte
	n := copy(vectors[:], rest)
	vectors[0] = vectors[0][w.offset:]
	w.tried = 0
	for _, v := range vectors[:n] {
		w.tried += len(v)
	}
	return unix.Writev(fd, vectors[:n])
}
