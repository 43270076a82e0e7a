package rawsocket_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// mixed returns n frames of all kinds and sizes, and what a reader makes of them.
func mixed(random *rand.Rand, n int) (stream []byte, messages [][]byte, pongs []byte) {
	for range n {
		size := random.IntN(100)
		switch random.IntN(10) {
		case 0:
			size = 0
		case 1:
			size = random.IntN(3 * transport.OwnedFrame)
		}
		payload := make([]byte, size)
		for i, first := 0, random.IntN(256); i < size; i++ {
			payload[i] = byte(first + i)
		}
		switch random.IntN(4) {
		case 0:
			stream = append(stream, ping(string(payload))...)
			pongs = append(pongs, pong(string(payload))...)
		case 1:
			stream = append(stream, pong(string(payload))...)
		default:
			stream = append(stream, message(string(payload))...)
			messages = append(messages, payload)
		}
	}
	return stream, messages, pongs
}

// RS-11, RS-18, RS-21, RS-24.
func TestAnySegmentation(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		for _, cut := range []struct {
			name string
			next func(*rand.Rand) int
		}{
			{"octet by octet", func(*rand.Rand) int { return 1 }},
			{"three octets at a time", func(*rand.Rand) int { return 3 }},
			{"cut at random", func(r *rand.Rand) int { return 1 + r.IntN(1<<r.IntN(17)) }},
			{"in one piece", func(*rand.Rand) int { return 1 << 30 }},
		} {
			t.Run(engine.name+", "+cut.name, func(t *testing.T) {
				t.Parallel()
				random := rand.New(rand.NewPCG(2, 3))
				stream, messages, pongs := mixed(random, 30)
				near, far := engine.pair(t)
				var pieces [][]byte
				for rest := stream; len(rest) > 0; {
					n := min(cut.next(random), len(rest))
					pieces, rest = append(pieces, rest[:n]), rest[n:]
				}
				c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
				send(t, far, append(pieces, message("the end"))...)
				got := readUntil(c, len(messages)+1)
				if got.err != nil || !slices.EqualFunc(got.messages, append(messages, []byte("the end")), bytes.Equal) {
					t.Errorf("read %d messages, %v, want %d", len(got.messages), got.err, len(messages)+1)
				}
				if !bytes.Equal(got.control, pongs) {
					t.Errorf("control has %d octets, want the %d of the PONGs", len(got.control), len(pongs))
				}
			})
		}
	}
}

func TestOctetsReadWithTheHandshakeComeFirst(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		octets := join(message("one"), message("two"))
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512, Head: octets[:1]})
		send(t, far, octets[1:])
		if got := readUntil(c, 2); got.err != nil || string(bytes.Join(got.messages, []byte("+"))) != "one+two" {
			t.Errorf("%s: read %q, %v", engine.name, got.messages, got.err)
		}
	}
}

func TestOneReadReturnsAllThatHasArrived(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		// One write on either pair is there to be read at once. The engine for
		// net.Conn reads the first header by itself, so the rest of the octets
		// comes with the second read.
		send(t, far, join(message("one"), ping("p"), message(""), message("three"), message("four")[:6]))
		batch, control, err := c.Read([][]byte{[]byte("before")})
		want := [][]byte{[]byte("before"), []byte("one"), {}, []byte("three")}
		if err != nil || !slices.EqualFunc(batch, want, bytes.Equal) || !bytes.Equal(control, pong("p")) {
			t.Errorf("%s: Read = %q, %q, %v, want %q and a PONG", engine.name, batch, control, err, want)
		}
	}
}

func TestPings(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("x", 1<<24)
	for _, test := range []struct {
		name    string
		options rawsocket.Options
		send    []byte
		control []byte
		fails   bool
	}{
		{"an empty PING gets an empty PONG (RS-21)", rawsocket.Options{Receive: 512}, ping(""), pong(""), false},
		{"each PING gets its own PONG, in order (RS-21)", rawsocket.Options{Receive: 512},
			join(ping("a"), ping("bb"), ping("a")), join(pong("a"), pong("bb"), pong("a")), false},
		{"a PING may be as large as a message (RS-23)", rawsocket.Options{Receive: 512}, ping(full[:512]), pong(full[:512]), false},
		{"a PING above the limit is a violation (RS-14)", rawsocket.Options{Receive: 512}, ping(full[:513]), nil, true},
		{"a PING that its sender would not accept back is a violation (RS-23)",
			rawsocket.Options{Receive: 1024, Pong: 512}, ping(full[:513]), nil, true},
		{"a PING above the configured size is a violation (RS-23)",
			rawsocket.Options{Receive: 1024, MaxPing: 125}, join(ping(full[:125]), ping(full[:126])), pong(full[:125]), true},
		{"a large PING is answered", rawsocket.Options{Receive: 1 << 20}, ping(full[:100000]), pong(full[:100000]), false},
		{"a PING of 2^24 octets is answered (section 1.9)", rawsocket.Options{Receive: 1 << 24, Send: 1<<24 - 1, Pong: 1 << 24},
			append([]byte{9, 0, 0, 0}, full...), append([]byte{10, 0, 0, 0}, full...), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			near, far := socketPair(t)
			c := rawsocket.NewConn(near, test.options)
			send(t, far, test.send, message("end"))
			got := readUntil(c, 1)
			if (wamp.AsProtocolError(got.err) != nil) != test.fails {
				t.Errorf("error %v, want a protocol error: %v", got.err, test.fails)
			}
			if !bytes.Equal(got.control, test.control) {
				t.Errorf("control has %d octets, want %d: %.40q", len(got.control), len(test.control), got.control)
			}
		})
	}
}

// RS-24.
func TestUnsolicitedPongsAreCounted(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
		send(t, far, join(pong(""), pong("x"), pong(strings.Repeat("y", 200000)), message("end")))
		if got := readUntil(c, 1); got.err != nil || string(got.messages[0]) != "end" || len(got.control) != 0 {
			t.Errorf("%s: read %q, control %q, %v", engine.name, got.messages, got.control, got.err)
		}
		if c.Pongs() != 3 {
			t.Errorf("%s: %d PONGs counted, want 3", engine.name, c.Pongs())
		}
	}
}

// A flood of PINGs must not make control larger than what one read brings.
func TestPongsOfOneReadAreBounded(t *testing.T) {
	t.Parallel()
	near, far := socketPair(t)
	c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
	const pings = 500000
	send(t, far, bytes.Repeat(ping(""), pings))
	for total, largest := 0, 0; total < 4*pings; {
		_, control, err := c.Read(nil)
		if err != nil {
			t.Fatal(err)
		}
		total += len(control)
		if largest = max(largest, len(control)); largest > rawsocket.ReadBuffer {
			t.Fatalf("control of one Read has %d octets", largest)
		}
	}
}

// RS-14 to RS-17.
func TestLimitIsEnforcedExactly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		limit  int
		header string
		good   bool
	}{
		{"a limit below what can be announced: at it", 100, "\x00\x00\x00\x64", true},
		{"a limit below what can be announced: above it", 100, "\x00\x00\x00\x65", false},
		{"a limit that is no power of two: at it", 100000, "\x00\x01\x86\xa0", true},
		{"a limit that is no power of two: above it", 100000, "\x00\x01\x86\xa1", false},
		{"2^24 within a limit of 2^24", 1 << 24, "\x08\x00\x00\x00", true},
		{"2^24 within a limit of 2^24-1", 1<<24 - 1, "\x08\x00\x00\x00", false},
		{"2^24-1 within a limit of 2^24-1", 1<<24 - 1, "\x00\xff\xff\xff", true},
		{"a PONG above the limit", 100, "\x02\x00\x00\x65", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			near, far := socketPair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: test.limit})
			h, err := rawsocket.ParseHeader([]byte(test.header))
			if err != nil {
				t.Fatal(err)
			}
			send(t, far, message("before"), []byte(test.header), make([]byte, h.Length()))
			got := readUntil(c, 2)
			if test.good && (got.err != nil || len(got.messages[1]) != h.Length()) {
				t.Errorf("%v", got.err)
			}
			if !test.good && (wamp.AsProtocolError(got.err) == nil || len(got.messages) != 1) {
				t.Errorf("read %d messages and %v, want the one before and a protocol error", len(got.messages), got.err)
			}
		})
	}
}

func TestMessagesBeforeAViolationAreReturnedWithIt(t *testing.T) {
	t.Parallel()
	for _, bad := range badHeaders {
		for _, engine := range engines {
			near, far := engine.pair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
			send(t, far, join(message("one"), ping("p"), message("two"), []byte(bad.octets), message("never")))
			got := readUntil(c, 3)
			if len(got.messages) != 2 || !bytes.Equal(got.control, pong("p")) || wamp.AsProtocolError(got.err) == nil {
				t.Errorf("%s, %s: %q, %q, %v", bad.name, engine.name, got.messages, got.control, got.err)
			}
			if again := readUntil(c, 1); wamp.AsProtocolError(again.err) == nil || len(again.messages) > 0 {
				t.Errorf("%s, %s: the next Read returns %q, %v", bad.name, engine.name, again.messages, again.err)
			}
		}
	}
}

// It is a bad octet that ends the connection, not the fourth one.
func TestBadHeadersAreKnownByTheirFirstOctet(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		send(t, far, join(message("one"), []byte{0x3f, 0x10}))
		if got := readUntil(c, 2); len(got.messages) != 1 || wamp.AsProtocolError(got.err) == nil {
			t.Errorf("%s: %q, %v", engine.name, got.messages, got.err)
		}
	}
}

func TestEndOfTheStream(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		for _, test := range []struct {
			name   string
			octets []byte
			want   error
		}{
			{"between frames", message("whole"), io.EOF},
			{"within a header", []byte{0, 0}, io.ErrUnexpectedEOF},
			{"within a small message", message("part")[:6], io.ErrUnexpectedEOF},
			{"within a large message", message(strings.Repeat("x", 100000))[:50000], io.ErrUnexpectedEOF},
			{"within a large PONG", pong(strings.Repeat("x", 100000))[:50000], io.ErrUnexpectedEOF},
		} {
			near, far := engine.pair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
			go func() {
				_, _ = far.Write(test.octets)
				_ = far.Close()
			}()
			got := readUntil(c, 2)
			if !errors.Is(got.err, test.want) {
				t.Errorf("%s, %s: %v, want %v", engine.name, test.name, got.err, test.want)
			}
			if test.want != io.EOF && !errors.Is(got.err, net.ErrClosed) {
				t.Errorf("%s, %s: %v does not unwrap to net.ErrClosed", engine.name, test.name, got.err)
			}
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		reads := make(chan error)
		go func() {
			_, _, err := c.Read(nil)
			reads <- err
		}()
		if err := errors.Join(c.Close(), c.Close()); err != nil {
			t.Errorf("%s: Close twice: %v", engine.name, err)
		}
		errs := map[string]error{"Read in progress": <-reads, "Write": c.Write([][]byte{{1}})}
		_, errs["TryWrite"] = c.TryWrite([][]byte{{1}})
		_, _, errs["Read"] = c.Read(nil)
		for name, err := range errs {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: %s after Close: %v", engine.name, name, err)
			}
		}
		expectEnd(t, far)
	}
}

func TestCloseWrite(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for name, test := range map[string]struct {
		listen rawsocket.ListenConfig
		dial   rawsocket.DialConfig
	}{
		"TCP": {rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}, rawsocket.DialConfig{}},
		"TLS": {overTLS(t, ca), rawsocket.DialConfig{TLS: ca.client()}},
	} {
		ln := listen(t, test.listen, func(c transport.Conn) {
			defer c.Close()
			if got := readUntil(c, 2); got.err != io.EOF {
				t.Errorf("%s: after CloseWrite of the peer: %v", name, got.err)
			}
			_ = c.Write([][]byte{message("still heard")})
		})
		c := dial(t, ln, test.dial)
		if err := errors.Join(c.Write([][]byte{message("last")}), c.CloseWrite()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := readUntil(c, 1); got.err != nil || string(got.messages[0]) != "still heard" {
			t.Errorf("%s: reading after CloseWrite: %q, %v", name, got.messages, got.err)
		}
	}
}

// An idle connection holds no buffer, and one that waits for the rest of a
// frame about as much as it has got.
func TestMemoryWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		octets    []byte
		messages  int
		maxOctets int
	}{
		{"nothing came", nil, 0, 8},
		{"a message came", message("x"), 1, 8},
		{"a message and part of a header came", join(message("x"), []byte{0, 0}), 1, 8},
		{"part of a small message came", join(message("x"), message(strings.Repeat("y", 15000))[:10000]), 1, 11000},
		{"a length came", join(message("x"), []byte{0, 0xff, 0xff, 0xff}), 1, 66000},
		{"part of a large message came", join(message("x"), message(strings.Repeat("y", 10<<20))[:1<<20]), 1, 4<<20 + 100},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			near, far := socketPair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 24})
			if !c.HasRaw() {
				t.Skip("this system has no system calls that the engine uses")
			}
			if _, err := far.Write(test.octets); err != nil && len(test.octets) > 0 {
				t.Fatal(err)
			}
			got := readUntil(c, test.messages)
			// Half-close: Read takes all that has come and then fails.
			if err := far.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if more := readUntil(c, 1); len(got.messages) != test.messages || more.err == nil {
				t.Fatalf("read %d and %d messages, %v", len(got.messages), len(more.messages), more.err)
			}
			if buffer, octets := c.Memory(); buffer || octets > test.maxOctets {
				t.Errorf("holds a buffer: %v, and %d octets; want no buffer and at most %d octets", buffer, octets, test.maxOctets)
			}
		})
	}
}

// An idle connection waits without a buffer: the one it had is in the pool.
func TestNoBufferWhileIdle(t *testing.T) {
	t.Parallel()
	t.Run("system calls", func(t *testing.T) {
		t.Parallel()
		near, far := socketPair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		if !c.HasRaw() {
			t.Skip("this system has no system calls that the engine uses")
		}
		send(t, far, message("x"))
		if got := readUntil(c, 1); got.err != nil {
			t.Fatal(got.err)
		}
		if buffer, _ := c.Memory(); !buffer {
			t.Error("no buffer holds the message that was returned")
		}
		if c.TryRead() {
			t.Fatal("the socket is readable")
		}
		if buffer, octets := c.Memory(); buffer || octets > 8 {
			t.Errorf("holds a buffer: %v, and %d octets", buffer, octets)
		}
	})
	t.Run("net.Conn", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
			go readUntil(c, 2)
			if _, err := far.Write(message("x")); err != nil {
				t.Error(err)
			}
			synctest.Wait()
			if buffer, octets := c.Memory(); buffer || octets > 8 {
				t.Errorf("holds a buffer: %v, and %d octets", buffer, octets)
			}
			_ = c.Close()
		})
	})
}

func TestLargeFramesHaveMemoryOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
		large := []string{strings.Repeat("a", transport.OwnedFrame), strings.Repeat("b", 200000)}
		send(t, far, message("x"), message(large[0]), message(large[1]), bytes.Repeat(message("overwrite"), 20000))
		var kept [][]byte
		for len(kept) < 10000 {
			batch, _, err := c.Read(nil)
			if err != nil {
				t.Fatal(err)
			}
			kept = append(kept, batch...)
		}
		for i, want := range large {
			if string(kept[i+1]) != want {
				t.Errorf("%s: a frame of %d octets was overwritten by later ones", engine.name, len(want))
			}
			if cap(kept[i+1]) > len(want) {
				t.Errorf("%s: a frame of %d octets has capacity %d: appending would write into it", engine.name, len(want), cap(kept[i+1]))
			}
		}
	}
}

func TestInfo(t *testing.T) {
	t.Parallel()
	near, far := socketPair(t)
	c := rawsocket.NewConn(near, rawsocket.Options{Receive: 1000, Send: 2000})
	want := transport.Limits{Receive: 1000, Send: 2000}
	if i := c.Info(); i != c.Info() || i.Transport != "rawsocket" || i.Limits != want || i.Serializer != json ||
		i.TLS != nil || i.RemoteAddr.String() != far.LocalAddr().String() {
		t.Errorf("%+v", i)
	}
}

func TestLongHeaders(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, far := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 32 << 20, Upgraded: true})
		large := make([]byte, 20<<20)
		large[len(large)-1] = 'x'
		send(t, far, c.AppendHeader(nil, len(large)), large, []byte("\x01\x00\x00\x00\x01p"), []byte("\x00\x02\x00\x00\x01"))
		got := readUntil(c, 2)
		if len(got.messages) != 1 || !bytes.Equal(got.messages[0], large) || string(got.control) != "\x02\x00\x00\x00\x01p" {
			t.Errorf("%s: read %d messages and control %q", engine.name, len(got.messages), got.control)
		}
		if wamp.AsProtocolError(got.err) == nil {
			t.Errorf("%s: a message of 32 MiB + 1: %v", engine.name, got.err)
		}
	}
}
