package rawsocket_test

import (
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen. Only a test that
// fails waits that long.
const patience = 20 * time.Second

// engines are the ways in which a Conn reads and writes.
var engines = []struct {
	name string
	pair func(t testing.TB) (near, far net.Conn)
}{
	{"system calls", socketPair},
	{"net.Conn", pipePair},
}

// socketPair returns two ends of a TCP connection.
func socketPair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if far, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if near, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// pipePair returns two ends of a net.Pipe, each write of which is one read.
func pipePair(t testing.TB) (near, far net.Conn) {
	near, far = net.Pipe()
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// unixPair returns two ends of a Unix socket's connection.
func unixPair(t testing.TB) (near, far net.Conn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if far, err = net.Dial("unix", path); err != nil {
		t.Fatal(err)
	}
	if near, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return near, far
}

// frame returns the octets of a frame.
func frame(kind rawsocket.FrameType, payload string) []byte {
	return append(rawsocket.NewHeader(kind, len(payload)).AppendTo(nil), payload...)
}

func message(payload string) []byte { return frame(rawsocket.FrameMessage, payload) }
func ping(payload string) []byte    { return frame(rawsocket.FramePing, payload) }
func pong(payload string) []byte    { return frame(rawsocket.FramePong, payload) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// send writes octets to nc in a goroutine that ends before the test does.
func send(t testing.TB, nc net.Conn, octets ...[]byte) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, b := range octets {
			if _, err := nc.Write(b); err != nil {
				return // the reader has told why it went away
			}
		}
	}()
	t.Cleanup(func() {
		_ = nc.Close()
		<-done
	})
}

// read is what was read of a Conn until an error.
type read struct {
	messages [][]byte
	control  []byte
	err      error
}

// readUntil reads until n messages have come, or an error.
func readUntil(c transport.Conn, n int) read {
	var r read
	var batch [][]byte
	for len(r.messages) < n && r.err == nil {
		var control []byte
		batch, control, r.err = c.Read(batch[:0])
		for _, m := range batch {
			r.messages = append(r.messages, bytes.Clone(m))
		}
		r.control = append(r.control, control...)
	}
	return r
}

// echo answers each message with itself and each PING with its PONG.
func echo(c transport.Conn) {
	defer c.Close()
	var batch [][]byte
	for {
		var control []byte
		var err error
		batch, control, err = c.Read(batch[:0])
		bufs := [][]byte{control}
		for _, m := range batch {
			bufs = append(bufs, c.AppendHeader(nil, len(m)), m)
		}
		if writeErr := c.Write(bufs); err != nil || writeErr != nil {
			return
		}
	}
}

// accept returns a handler that hands its Conn to whoever receives it, to be
// closed there.
func accept(to chan<- *rawsocket.Conn) func(transport.Conn) {
	return func(c transport.Conn) { to <- c.(*rawsocket.Conn) }
}

// listen starts a listener with handler, which ends with the test. An empty
// address is a port of its own.
func listen(t testing.TB, c rawsocket.ListenConfig, handler func(transport.Conn)) transport.Listener {
	t.Helper()
	if c.Network == "" {
		c.Network, c.Address = "tcp", "127.0.0.1:0"
	}
	ln, err := rawsocket.Listen(c)
	if err != nil {
		t.Fatal(err)
	}
	serve(t, ln, handler)
	return ln
}

// serve runs ln.Serve until the end of the test.
func serve(t testing.TB, ln transport.Listener, handler func(transport.Conn)) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- ln.Serve(handler) }()
	t.Cleanup(func() {
		if err := ln.Close(); err != nil {
			t.Errorf("closing the listener: %v", err)
		}
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// dial connects to ln.
func dial(t testing.TB, ln transport.Listener, c rawsocket.DialConfig) transport.Conn {
	t.Helper()
	c.Network, c.Address = ln.Addr().Network(), ln.Addr().String()
	conn, err := rawsocket.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// connect connects to ln without a handshake.
func connect(t testing.TB, ln transport.Listener) net.Conn {
	t.Helper()
	nc, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return nc
}

// expect reads exactly as many octets as want has, and compares.
func expect(t testing.TB, nc net.Conn, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(nc, got); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("read %x, %v, want %x", got[:n], err, want)
	}
}

// expectEnd reads and wants the end of the stream at once.
func expectEnd(t testing.TB, nc net.Conn) {
	t.Helper()
	if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil || isTimeout(err) {
		t.Fatalf("read %d octets, %v, want the end of the connection", n, err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(interface{ Timeout() bool })
	return ok && timeout.Timeout()
}
