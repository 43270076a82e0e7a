package serializer

import (
	"encoding/binary"
	"math"
	"math/big"
)

// cborEncoding writes CBOR of definite lengths without tags, big integers
// excepted (CB-2).
type cborEncoding struct{}

func (cborEncoding) newReader() reader { return new(cborReader) }

func (cborEncoding) appendOpen(dst []byte, dict bool, n uint64) []byte {
	if n == unknown {
		n = 0
	}
	if dict {
		return appendCBORHead(dst, cborDict, n)
	}
	return appendCBORHead(dst, cborList, n)
}

func (e cborEncoding) patch(dst []byte, at int, dict bool, n uint64) []byte {
	var room [9]byte
	return replaceHead(dst, at, e.appendOpen(room[:0], dict, n))
}

// appendCBORHead appends a major type with its argument in the shortest form.
func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	major <<= 5
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return append(dst, major|25, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func (cborEncoding) appendNull(dst []byte) []byte { return append(dst, 0xf6) }

func (cborEncoding) appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 0xf5)
	}
	return append(dst, 0xf4)
}

func (cborEncoding) appendUint(dst []byte, v uint64) []byte {
	return appendCBORHead(dst, cborUint, v)
}

func (cborEncoding) appendNegative(dst []byte, v uint64) ([]byte, error) {
	return appendCBORHead(dst, cborNegative, v), nil
}

// appendBig writes tag 2 or 3.
func (cborEncoding) appendBig(dst []byte, v *big.Int) ([]byte, error) {
	tag := byte(2)
	if v.Sign() < 0 {
		tag, v = 3, new(big.Int).Not(v)
	}
	b := v.Bytes()
	dst = appendCBORHead(dst, cborTag, uint64(tag))
	return append(appendCBORHead(dst, cborBinary, uint64(len(b))), b...), nil
}

func (cborEncoding) appendFloat(dst []byte, v float64) ([]byte, error) {
	f := float32(v)
	if float64(f) != v {
		return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(v)), nil
	}
	bits := math.Float32bits(f)
	if h, ok := halfBits(bits); ok {
		return append(dst, 0xf9, byte(h>>8), byte(h)), nil
	}
	return binary.BigEndian.AppendUint32(append(dst, 0xfa), bits), nil
}

// halfBits returns the binary16 of a binary32 if it is a zero, an infinity or
// a normal number of both.
func halfBits(f uint32) (uint16, bool) {
	sign := uint16(f >> 16 & 0x8000)
	switch exponent := int(f>>23&0xff) - 127; {
	case f&0x7fffffff == 0:
		return sign, true
	case f&0x7fffffff == 0x7f800000:
		return sign | 0x7c00, true
	case f&0x1fff == 0 && -14 <= exponent && exponent <= 15:
		return sign | uint16(exponent+15)<<10 | uint16(f>>13&0x3ff), true
	}
	return 0, false
}

func (cborEncoding) appendString(dst []byte, s string) []byte {
	return append(appendCBORHead(dst, cborString, uint64(len(s))), s...)
}

func (cborEncoding) appendText(dst, s []byte) []byte {
	return append(appendCBORHead(dst, cborString, uint64(len(s))), s...)
}

func (cborEncoding) appendBinary(dst, b []byte) []byte {
	return append(appendCBORHead(dst, cborBinary, uint64(len(b))), b...)
}
