package rawsocket_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// scripted is a connection from which given octets are read, in pieces.
type scripted struct {
	net.Conn
	octets []byte
	random *rand.Rand
}

func (s *scripted) Read(b []byte) (int, error) {
	if len(s.octets) == 0 {
		return 0, io.EOF
	}
	n := copy(b, s.octets[:1+s.random.IntN(len(s.octets))])
	s.octets = s.octets[n:]
	return n, nil
}

func (*scripted) LocalAddr() net.Addr  { return nil }
func (*scripted) RemoteAddr() net.Addr { return nil }
func (*scripted) Close() error         { return nil }

// model is what a Conn with limit should make of octets, computed the obvious
// way.
func model(octets []byte, limit int, upgraded bool) (messages [][]byte, pongs []byte, bad bool) {
	size, parse, add := 4, rawsocket.ParseHeader, rawsocket.Header.AppendTo
	if upgraded {
		size, parse, add = 5, rawsocket.ParseLongHeader, rawsocket.Header.AppendLongTo
	}
	for len(octets) > 0 {
		if len(octets) < size {
			return messages, pongs, !upgraded && (octets[0] > 15 || octets[0]&7 > 2)
		}
		h, err := parse(octets)
		if err != nil || h.Length() > limit {
			return messages, pongs, true
		}
		if octets = octets[size:]; len(octets) < h.Length() {
			return messages, pongs, false
		}
		switch payload := octets[:h.Length()]; h.Kind() {
		case rawsocket.FrameMessage:
			messages = append(messages, payload)
		case rawsocket.FramePing:
			pongs = append(add(rawsocket.NewHeader(rawsocket.FramePong, h.Length()), pongs), payload...)
		}
		octets = octets[h.Length():]
	}
	return messages, pongs, false
}

// Larger frames than a fuzzer makes are read as the model says, too.
func TestReadAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		octets := hostile(random)
		if len(octets) > 4 {
			octets = octets[4:] // the handshake
		}
		checkRead(t, octets, 1+random.IntN(1<<17), random.IntN(4) == 0, seed)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(join(message("one"), ping(""), pong("x"), message(""), message("two")), uint32(100000), false, uint64(1))
	f.Add(join(message("a"), ping("b"), []byte{0x3f, 0x10}), uint32(512), false, uint64(2))
	f.Add([]byte("\x00\x00\x00\x00\x01x\x01\x00\x00\x00\x00\x02\x00\x01\x00\x00"), uint32(512), true, uint64(3))
	f.Fuzz(func(t *testing.T, octets []byte, limit uint32, upgraded bool, seed uint64) {
		checkRead(t, octets, 1+int(limit%(1<<24)), upgraded, seed)
	})
}

// checkRead compares what a Conn with limit makes of octets to the model.
func checkRead(t *testing.T, octets []byte, limit int, upgraded bool, seed uint64) {
	t.Helper()
	nc := &scripted{octets: octets, random: rand.New(rand.NewPCG(seed, 0))}
	got := readUntil(rawsocket.NewConn(nc, rawsocket.Options{Receive: limit, Upgraded: upgraded}), len(octets)+1)
	messages, pongs, bad := model(octets, limit, upgraded)
	if !slices.EqualFunc(got.messages, messages, bytes.Equal) || !bytes.Equal(got.control, pongs) {
		t.Errorf("%.99x: %d messages and control %.99x, want %d and %.99x", octets, len(got.messages), got.control, len(messages), pongs)
	}
	if (wamp.AsProtocolError(got.err) != nil) != bad {
		t.Errorf("%.99x: %v, want a protocol error: %v", octets, got.err, bad)
	}
}
