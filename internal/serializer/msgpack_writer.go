package serializer

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"slices"
)

// msgpackEncoding writes MessagePack with strings as str and binaries as bin
// (MP-1).
type msgpackEncoding struct{}

func (msgpackEncoding) newReader() reader { return new(msgpackReader) }

func (msgpackEncoding) appendOpen(dst []byte, dict bool, n uint64) []byte {
	short, long := byte(0x90), byte(0xdc)
	if dict {
		short, long = 0x80, 0xde
	}
	switch {
	case n == unknown:
		return append(dst, short)
	case n < 16:
		return append(dst, short|byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, long), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, long+1), uint32(n))
}

func (e msgpackEncoding) patch(dst []byte, at int, dict bool, n uint64) []byte {
	var room [9]byte
	return replaceHead(dst, at, e.appendOpen(room[:0], dict, n))
}

// replaceHead replaces the one-octet head at dst[at]. A longer head moves what
// follows it.
func replaceHead(dst []byte, at int, head []byte) []byte {
	dst[at] = head[0]
	if len(head) > 1 {
		dst = slices.Insert(dst, at+1, head[1:]...)
	}
	return dst
}

func (msgpackEncoding) appendNull(dst []byte) []byte { return append(dst, 0xc0) }

func (msgpackEncoding) appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xc3)
	}
	return append(dst, 0xc2)
}

func (msgpackEncoding) appendUint(dst []byte, v uint64) []byte {
	switch {
	case v < 0x80:
		return append(dst, byte(v))
	case v <= math.MaxUint8:
		return append(dst, 0xcc, byte(v))
	case v <= math.MaxUint16:
		return append(dst, 0xcd, byte(v>>8), byte(v))
	case v <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, 0xce), uint32(v))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcf), v)
}

func (msgpackEncoding) appendNegative(dst []byte, v uint64) ([]byte, error) {
	switch n := ^v; { // n holds -1-v in two's complement
	case v < 32:
		return append(dst, byte(n)), nil
	case v <= math.MaxInt8:
		return append(dst, 0xd0, byte(n)), nil
	case v <= math.MaxInt16:
		return append(dst, 0xd1, byte(n>>8), byte(n)), nil
	case v <= math.MaxInt32:
		return binary.BigEndian.AppendUint32(append(dst, 0xd2), uint32(n)), nil
	case v <= math.MaxInt64:
		return binary.BigEndian.AppendUint64(append(dst, 0xd3), n), nil
	}
	return dst, fmt.Errorf("integer below %d has no form in msgpack", math.MinInt64)
}

func (msgpackEncoding) appendBig(dst []byte, v *big.Int) ([]byte, error) {
	return dst, fmt.Errorf("integer of %d bits has no form in msgpack", v.BitLen())
}

func (msgpackEncoding) appendFloat(dst []byte, v float64) ([]byte, error) {
	if f := float32(v); float64(f) == v {
		return binary.BigEndian.AppendUint32(append(dst, 0xca), math.Float32bits(f)), nil
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xcb), math.Float64bits(v)), nil
}

func (msgpackEncoding) appendString(dst []byte, s string) []byte {
	return append(appendMsgpackString(dst, len(s)), s...)
}

func (msgpackEncoding) appendText(dst, s []byte) []byte {
	return append(appendMsgpackString(dst, len(s)), s...)
}

func appendMsgpackString(dst []byte, n int) []byte {
	if n < 32 {
		return append(dst, 0xa0|byte(n))
	}
	return appendMsgpackLength(dst, 0xd9, n)
}

func (msgpackEncoding) appendBinary(dst, b []byte) []byte {
	return append(appendMsgpackLength(dst, 0xc4, len(b)), b...)
}

// appendMsgpackLength appends the head with 8, 16 or 32 bits of length, whose
// first octets follow each other from first on.
func appendMsgpackLength(dst []byte, first byte, n int) []byte {
	switch {
	case n <= math.MaxUint8:
		return append(dst, first, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, first+1), uint16(n))
	}
	return binary.BigEndian.AppendUint32(append(dst, first+2), uint32(n))
}
