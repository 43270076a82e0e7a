package router_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// Frames are what the first octet of a frame's header says.
const (
	message = 0
	ping    = 1
	pong    = 2
)

// dialOctets connects to the router and does the handshake, for JSON.
func (b *bench) dialOctets() net.Conn {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), "r.sock")
	ln := must(rawsocket.Listen(rawsocket.ListenConfig{Network: "unix", Address: path}))
	b.t.Cleanup(func() { ln.Close() })
	b.wait.Go(func() {
		if err := ln.Serve(func(c transport.Conn) { _ = b.r.Attach(context.Background(), c, b.access()) }); err != nil {
			b.t.Error(err)
		}
	})
	nc := must(net.Dial("unix", path))
	b.t.Cleanup(func() { nc.Close() })
	_ = must(nc.Write([]byte{0x7f, 0xf1, 0, 0}))
	_ = must(io.ReadFull(nc, make([]byte, 4)))
	return nc
}

func sendFrame(t *testing.T, nc net.Conn, kind byte, payload string) {
	t.Helper()
	head := binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(payload)))
	if _, err := nc.Write(append(head, payload...)); err != nil {
		t.Fatal(err)
	}
}

func expectFrame(t *testing.T, nc net.Conn, kind byte, begin string) {
	t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(nc, head[:]); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, binary.BigEndian.Uint32(head[:])&0xffffff)
	if _, err := io.ReadFull(nc, payload); err != nil {
		t.Fatal(err)
	}
	if head[0] != kind || !strings.HasPrefix(string(payload), begin) {
		t.Fatalf("got a frame of kind %d: %q, want kind %d: %q", head[0], payload, kind, begin)
	}
}

// RS-22.
func TestPingsAreAnsweredBeforeHello(t *testing.T) {
	t.Parallel()
	nc := newBench(t, router.RealmConfig{}).dialOctets()
	sendFrame(t, nc, ping, "early")
	expectFrame(t, nc, pong, "early")
	sendFrame(t, nc, ping, "")
	expectFrame(t, nc, pong, "")
	sendFrame(t, nc, message, `[1,"realm1",{"roles":{"caller":{}}}]`)
	expectFrame(t, nc, message, `[2,`)
	sendFrame(t, nc, ping, "late")
	expectFrame(t, nc, pong, "late")
}

// RS-19.
func TestAFrameWithoutAMessageIsAViolation(t *testing.T) {
	t.Parallel()
	nc := newBench(t, router.RealmConfig{}).dialOctets()
	sendFrame(t, nc, message, `[1,"realm1",{"roles":{"caller":{}}}]`)
	expectFrame(t, nc, message, `[2,`)
	sendFrame(t, nc, message, "")
	expectFrame(t, nc, message, `[3,`)
	if n, err := nc.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("got %d octets and %v after the ABORT, want the end", n, err)
	}
}
