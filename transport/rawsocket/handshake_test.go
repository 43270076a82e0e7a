package rawsocket_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

const (
	json    = wamp.SerializerJSON
	msgpack = wamp.SerializerMsgPack
	cbor    = wamp.SerializerCBOR
)

// Section 1.9, golden octets.
func TestRequestOctets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		octets     [4]byte
		limit      int
		serializer wamp.SerializerNumber
	}{
		{[4]byte{0x7f, 0xf1, 0, 0}, 16 << 20, json},
		{[4]byte{0x7f, 0x72, 0, 0}, 64 << 10, msgpack},
		{[4]byte{0x7f, 0x03, 0, 0}, 512, cbor},
		{[4]byte{0x7f, 0xff, 0, 0}, 16 << 20, 15},
	} {
		got, refusal := rawsocket.ParseRequest(test.octets)
		if refusal != 0 || got.Limit() != test.limit || got.Serializer() != test.serializer {
			t.Errorf("request %x reads as limit %d, serializer %v, refusal %d", test.octets, got.Limit(), got.Serializer(), refusal)
		}
		if octets := rawsocket.NewRequest(test.limit, test.serializer).AppendTo(nil); [4]byte(octets) != test.octets {
			t.Errorf("request for %v and %d is %x, want %x", test.serializer, test.limit, octets, test.octets)
		}
	}
}

func TestRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		octets [4]byte
		want   rawsocket.RefusalCode
	}{
		{"serializer 0 (RS-2)", [4]byte{0x7f, 0xf0, 0, 0}, rawsocket.ErrSerializerUnsupported},
		{"third octet not zero (RS-4)", [4]byte{0x7f, 0xf1, 1, 0}, rawsocket.ErrReservedBits},
		{"fourth octet not zero (RS-4)", [4]byte{0x7f, 0xf1, 0, 0x80}, rawsocket.ErrReservedBits},
	} {
		if _, got := rawsocket.ParseRequest(test.octets); got != test.want {
			t.Errorf("%s: refusal %d, want %d", test.name, got, test.want)
		}
	}
}

// Section 1.2.
func TestReplyOctets(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		reply  rawsocket.Reply
		octets [4]byte
	}{
		{rawsocket.NewReply(16<<20, json, 0), [4]byte{0x7f, 0xf1, 0, 0}},
		{rawsocket.NewReply(512, cbor, 0), [4]byte{0x7f, 0x03, 0, 0}},
		{rawsocket.NewReply(0, 0, rawsocket.ErrSerializerUnsupported), [4]byte{0x7f, 0x10, 0, 0}},
		{rawsocket.NewReply(0, 0, rawsocket.ErrLengthUnacceptable), [4]byte{0x7f, 0x20, 0, 0}},
		{rawsocket.NewReply(0, 0, rawsocket.ErrReservedBits), [4]byte{0x7f, 0x30, 0, 0}},
		{rawsocket.NewReply(0, 0, rawsocket.ErrTooManyConnections), [4]byte{0x7f, 0x40, 0, 0}},
	} {
		if octets := test.reply.AppendTo(nil); [4]byte(octets) != test.octets {
			t.Errorf("reply %+v is %x, want %x", test.reply, octets, test.octets)
		}
	}
}

func TestRepliesThatAreFailures(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		octets [4]byte
		code   rawsocket.RefusalCode
	}{
		{"first octet not 7F (RS-7)", [4]byte{0x7e, 0xf1, 0, 0}, 0},
		{"an HTTP server answers (RS-7)", [4]byte{'H', 'T', 'T', 'P'}, 0},
		{"another serializer (RS-8)", [4]byte{0x7f, 0xf2, 0, 0}, 0},
		{"error 0 (RS-9)", [4]byte{0x7f, 0x00, 0, 0}, 0},
		{"error 1 (RS-9)", [4]byte{0x7f, 0x10, 0, 0}, rawsocket.ErrSerializerUnsupported},
		{"error 2 (RS-9)", [4]byte{0x7f, 0x20, 0, 0}, rawsocket.ErrLengthUnacceptable},
		{"error 3 (RS-9)", [4]byte{0x7f, 0x30, 0, 0}, rawsocket.ErrReservedBits},
		{"error 4 (RS-9)", [4]byte{0x7f, 0x40, 0, 0}, rawsocket.ErrTooManyConnections},
		{"an unknown error (RS-9)", [4]byte{0x7f, 0xf0, 0, 0}, 15},
		{"third octet not zero (RS-10)", [4]byte{0x7f, 0xf1, 1, 0}, 0},
		{"fourth octet not zero (RS-10)", [4]byte{0x7f, 0xf1, 0, 1}, 0},
	} {
		_, err := rawsocket.ParseReply(test.octets, json)
		var handshake *rawsocket.HandshakeError
		if !errors.As(err, &handshake) || handshake.Code != test.code {
			t.Errorf("%s: %v, want a HandshakeError with code %d", test.name, err, test.code)
		}
		if test.code != 0 && !errors.Is(fmt.Errorf("dial: %w", err), test.code) {
			t.Errorf("%s: errors.Is does not find %d in %v", test.name, test.code, err)
		}
	}
}

func FuzzHandshake(f *testing.F) {
	f.Add([]byte{0x7f, 0xf1, 0, 0})
	f.Add([]byte{0x7f, 0x40, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 4 {
			return
		}
		octets := [4]byte(b)
		if reply, err := rawsocket.ParseReply(octets, wamp.SerializerNumber(octets[1]&15)); err == nil {
			if again := reply.AppendTo(nil); [4]byte(again) != octets {
				t.Errorf("reply %x reads as %+v, which is %x", octets, reply, again)
			}
		}
		octets[0] = 0x7f
		if request, refusal := rawsocket.ParseRequest(octets); refusal == 0 {
			if again := request.AppendTo(nil); [4]byte(again) != octets {
				t.Errorf("request %x reads as %+v, which is %x", octets, request, again)
			}
		}
		_ = rawsocket.DescribeOctets(b)
	})
}

func TestDescribeOctets(t *testing.T) {
	t.Parallel()
	for octets, want := range map[string]string{
		"":             "nothing",
		"\x7f\xf1":     "RawSocket",
		"GET ":         "HTTP or WebSocket",
		"POST":         "HTTP or WebSocket",
		"HTTP":         "HTTP or WebSocket",
		"\x16\x03\x01": "TLS",
		"\x15\x03":     "TLS",
		"\x10\x10":     "MQTT",
		"\x00\xff":     "octets 00ff",
		"Az":           "octets 417a",
		"A ":           "octets 4120",
	} {
		if got := rawsocket.DescribeOctets([]byte(octets)); got != want {
			t.Errorf("%q is described as %q, want %q", octets, got, want)
		}
	}
}
