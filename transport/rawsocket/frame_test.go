package rawsocket_test

import (
	"bytes"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// Section 1.9, golden octets.
var goldenHeaders = []struct {
	octets string
	header rawsocket.Header
}{
	{"\x00\x00\x00\x05", rawsocket.NewHeader(rawsocket.FrameMessage, 5)},
	{"\x01\x00\x00\x04", rawsocket.NewHeader(rawsocket.FramePing, 4)},
	{"\x02\x00\x00\x04", rawsocket.NewHeader(rawsocket.FramePong, 4)},
	{"\x01\x00\x00\x00", rawsocket.NewHeader(rawsocket.FramePing, 0)},
	{"\x02\x00\x00\x00", rawsocket.NewHeader(rawsocket.FramePong, 0)},
	{"\x00\xff\xff\xff", rawsocket.NewHeader(rawsocket.FrameMessage, 1<<24-1)},
	{"\x08\x00\x00\x00", rawsocket.NewHeader(rawsocket.FrameMessage, 1<<24)}, // RS-15
	{"\x09\x00\x00\x00", rawsocket.NewHeader(rawsocket.FramePing, 1<<24)},
}

func TestHeaderOctets(t *testing.T) {
	t.Parallel()
	for _, test := range goldenHeaders {
		got, err := rawsocket.ParseHeader([]byte(test.octets))
		if err != nil || got != test.header {
			t.Errorf("header %x reads as %+v, %v, want %+v", test.octets, got, err, test.header)
		}
		if octets := test.header.AppendTo(nil); string(octets) != test.octets {
			t.Errorf("header %+v is %x, want %x", test.header, octets, test.octets)
		}
	}
}

// RS-16.
var badHeaders = []struct{ name, octets string }{
	{"a reserved bit", "\x10\x00\x00\x05"},
	{"all reserved bits", "\xf0\x00\x00\x05"},
	{"type 3", "\x03\x00\x00\x05"},
	{"type 7", "\x07\x00\x00\x05"},
	{"type 7 with the 25th bit", "\x0f\x00\x00\x00"},
	{"the 25th bit and another", "\x08\x00\x00\x01"},
	{"the offer of an upgrade", "\x3f\x10\x00\x00"},
	{"a second handshake", "\x7f\xf1\x00\x00"},
}

func TestBadHeaders(t *testing.T) {
	t.Parallel()
	for _, test := range badHeaders {
		if h, err := rawsocket.ParseHeader([]byte(test.octets)); wamp.AsProtocolError(err) == nil {
			t.Errorf("%s: header %x reads as %+v, %v, want a protocol error", test.name, test.octets, h, err)
		}
	}
}

// Section 1.8.
func TestLongHeaderOctets(t *testing.T) {
	t.Parallel()
	for octets, header := range map[string]rawsocket.Header{
		"\x00\x00\x00\x00\x05": rawsocket.NewHeader(rawsocket.FrameMessage, 5),
		"\x01\x00\x00\x00\x00": rawsocket.NewHeader(rawsocket.FramePing, 0),
		"\x02\x01\x00\x00\x00": rawsocket.NewHeader(rawsocket.FramePong, 1<<24),
		"\x00\x04\x00\x00\x00": rawsocket.NewHeader(rawsocket.FrameMessage, 64<<20),
	} {
		got, err := rawsocket.ParseLongHeader([]byte(octets))
		if err != nil || got != header {
			t.Errorf("header %x reads as %+v, %v, want %+v", octets, got, err, header)
		}
		if again := header.AppendLongTo(nil); string(again) != octets {
			t.Errorf("header %+v is %x, want %x", header, again, octets)
		}
	}
	for _, octets := range []string{"\x03\x00\x00\x00\x05", "\x08\x00\x00\x00\x05", "\x00\xff\xff\xff\xff"} {
		if h, err := rawsocket.ParseLongHeader([]byte(octets)); wamp.AsProtocolError(err) == nil {
			t.Errorf("header %x reads as %+v, %v, want a protocol error", octets, h, err)
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, test := range goldenHeaders {
		f.Add([]byte(test.octets + "\x00"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 5 {
			return
		}
		if h, err := rawsocket.ParseHeader(b); err == nil {
			if again := h.AppendTo(nil); !bytes.Equal(again, b[:4]) {
				t.Errorf("header %x reads as %+v, which is %x", b[:4], h, again)
			}
		} else if wamp.AsProtocolError(err) == nil {
			t.Errorf("header %x: %v is no protocol error", b[:4], err)
		}
		if h, err := rawsocket.ParseLongHeader(b); err == nil {
			if again := h.AppendLongTo(nil); !bytes.Equal(again, b[:5]) {
				t.Errorf("long header %x reads as %+v, which is %x", b[:5], h, again)
			}
		}
	})
}
