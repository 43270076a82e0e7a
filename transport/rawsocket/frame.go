package rawsocket

import (
	"encoding/binary"

	"github.com/junctorio/junctor/wamp"
)

// frameType is the TTT field of a frame's header (section 1.4).
type frameType uint8

const (
	frameMessage frameType = 0
	framePing    frameType = 1
	framePong    frameType = 2
)

func (t frameType) String() string {
	switch t {
	case frameMessage:
		return "message"
	case framePing:
		return "PING"
	case framePong:
		return "PONG"
	}
	return "reserved"
}

const (
	headerSize     = 4 // octets of a frame header
	longHeaderSize = 5 // the same after an upgrade (section 1.8)

	fullLength = 1 << 24 // the largest payload of an ordinary frame; needs the X bit
)

// header is a frame's header: what follows it and how much.
type header struct {
	kind   frameType
	length int // octets of payload; at most fullLength in an ordinary frame
}

// parseHeader reads the first headerSize octets of b. The error is a
// *wamp.ProtocolError (RS-16).
func parseHeader(b []byte) (header, error) {
	if err := checkFirst(b[0]); err != nil {
		return header{}, err
	}
	first, length := b[0], int(b[1])<<16|int(b[2])<<8|int(b[3])
	switch {
	case first&0x08 == 0:
		return header{kind: frameType(first), length: length}, nil
	case length != 0:
		return header{}, wamp.Violation("rawsocket: frame header %x: the 25th length bit is set, so the other 24 must be zero", b[:headerSize])
	}
	return header{kind: frameType(first & 0x07), length: fullLength}, nil // RS-15
}

// checkFirst refuses the first octet of a header that no header begins with,
// so that a peer which sends something else is told before it has sent four.
func checkFirst(first byte) error {
	switch {
	case first&0xf0 != 0:
		return wamp.Violation("rawsocket: a frame header begins with %#02x: the upper four bits are reserved and must be zero", first)
	case first&0x07 > byte(framePong):
		return wamp.Violation("rawsocket: a frame header begins with %#02x: frame type %d is reserved", first, first&0x07)
	}
	return nil
}

// appendTo appends the header's octets to dst.
func (h header) appendTo(dst []byte) []byte {
	if h.length == fullLength {
		return append(dst, 0x08|byte(h.kind), 0, 0, 0)
	}
	return append(dst, byte(h.kind), byte(h.length>>16), byte(h.length>>8), byte(h.length))
}

// parseLongHeader reads the first longHeaderSize octets of b, a header as it
// is after an upgrade: the frame type and a length of 32 bits.
func parseLongHeader(b []byte) (header, error) {
	if b[0] > byte(framePong) {
		return header{}, wamp.Violation("rawsocket: frame header %x: frame type %d is reserved", b[:longHeaderSize], b[0])
	}
	length := binary.BigEndian.Uint32(b[1:])
	if length > maxUpgrade {
		return header{}, wamp.Violation("rawsocket: frame header %x: %d octets are more than any peer can have agreed to", b[:longHeaderSize], length)
	}
	return header{kind: frameType(b[0]), length: int(length)}, nil
}

// appendLongTo appends the header's octets to dst, in the form after an upgrade.
func (h header) appendLongTo(dst []byte) []byte {
	return binary.BigEndian.AppendUint32(append(dst, byte(h.kind)), uint32(h.length))
}
