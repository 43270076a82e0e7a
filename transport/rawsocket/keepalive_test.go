package rawsocket_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/transport/rawsocket"
)

// RS-26: a random payload of at most 16 octets.
func TestAppendPing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		upgraded bool
		header   string
	}{
		"an ordinary header": {false, "\x01\x00\x00\x10"},
		"a long header":      {true, "\x01\x00\x00\x00\x10"},
	} {
		near, _ := pipePair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20, Upgraded: test.upgraded})
		one, other := c.AppendPing([]byte("before")), c.AppendPing(nil)
		payload, ok := strings.CutPrefix(string(one), "before"+test.header)
		if !ok || len(payload) != 16 {
			t.Errorf("%s: got %x", name, one)
		}
		if bytes.HasSuffix(other, []byte(payload)) {
			t.Errorf("%s: two PINGs have the payload %x", name, payload)
		}
	}
}

// RS-26: whatever comes is a sign of life, and nothing else is.
func TestWhatIsHeardOfAPeer(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		for name, octets := range map[string][]byte{
			"a message":               message("m"),
			"a PING":                  ping("p"),
			"a PONG":                  pong("p"),
			"a part of a header":      message("m")[:2],
			"a part of a large frame": message(strings.Repeat("x", 100_000))[:50_000],
		} {
			near, far := engine.pair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
			before := c.Heard()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				readUntil(c, 2)
			}()
			if _, err := far.Write(octets); err != nil {
				t.Fatal(err)
			}
			_ = far.Close() // which the reader sees once it has read what came before
			<-ended
			if c.Heard() == before {
				t.Errorf("%s: %s is not heard", engine.name, name)
			}
		}
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
		before := c.Heard()
		_ = far.Close()
		if readUntil(c, 1); c.Heard() != before {
			t.Errorf("%s: the end of the connection is heard as a sign of life", engine.name)
		}
	}
}

// A peer that is busy reading a large message cannot answer a PING behind it.
func TestAPeerThatReadsIsHeard(t *testing.T) {
	t.Parallel()
	t.Run("through a socket that was full", func(t *testing.T) {
		t.Parallel()
		near, far := socketPair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		if !c.HasRaw() {
			t.Skip("this system has no system calls that the engine uses")
		}
		large := make([]byte, 32<<20) // more than the socket and its peer buffer
		written, err := c.TryWrite([][]byte{large})
		if err != nil || c.Heard() != 0 {
			t.Fatalf("filling the socket gave %v, and %d signs of life", err, c.Heard())
		}
		go func() { _, _ = io.Copy(io.Discard, far) }()
		if err := c.Write([][]byte{large[written:]}); err != nil || c.Heard() == 0 {
			t.Errorf("writing to a peer that reads gave %v, and %d signs of life", err, c.Heard())
		}
	})
	t.Run("through a Write method that takes long", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
			go func() {
				_, _ = io.CopyN(io.Discard, far, 1<<20) // at once
				time.Sleep(time.Second)
				_, _ = io.Copy(io.Discard, far)
			}()
			for i, want := range []uint64{0, 1} {
				if err := c.Write([][]byte{make([]byte, 1<<20)}); err != nil || c.Heard() != want {
					t.Errorf("write %d gave %v, and %d signs of life, want %d", i, err, c.Heard(), want)
				}
			}
			_ = c.Close()
			synctest.Wait()
		})
	})
}
