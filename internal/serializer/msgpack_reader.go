package serializer

import (
	"encoding/binary"
	"math"
	"math/big"
	"unicode/utf8"
)

// msgpackReader reads MessagePack, version 5 or later of its specification
// (section 5.3 of the rules).
type msgpackReader struct{ cursor }

func (r *msgpackReader) key() (token, error) { return r.next() }

func (r *msgpackReader) more(c container) (container, bool, error) {
	if c.left == 0 {
		return c, false, nil
	}
	c.left--
	return c, true, nil
}

func (r *msgpackReader) next() (token, error) {
	if r.pos >= len(r.data) {
		return token{}, r.truncated()
	}
	c := r.data[r.pos]
	switch {
	case c <= 0x7f:
		r.pos++
		return token{kind: kindUint, num: uint64(c)}, nil
	case c <= 0x8f:
		return r.items(1, kindDict, uint64(c&0x0f))
	case c <= 0x9f:
		return r.items(1, kindList, uint64(c&0x0f))
	case c <= 0xbf:
		return r.content(1, kindString, uint64(c&0x1f))
	case c >= 0xe0:
		r.pos++
		return token{kind: kindNegative, num: uint64(^c)}, nil
	}
	return r.long(c)
}

// long reads a value whose first octet c is 0xc0 to 0xdf.
func (r *msgpackReader) long(c byte) (token, error) {
	switch c {
	case 0xc0:
		return r.constant(kindNull)
	case 0xc2:
		return r.constant(kindFalse)
	case 0xc3:
		return r.constant(kindTrue)
	case 0xc1:
		return token{}, r.fail("octet 0xc1 is not used by MessagePack")
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		return r.extension(1, 1<<(c-0xd4))
	}
	width := msgpackWidths[c-0xc0]
	if len(r.data)-r.pos <= width {
		return token{}, r.truncated()
	}
	n := bigEndian(r.data[r.pos+1 : r.pos+1+width])
	switch c {
	case 0xc4, 0xc5, 0xc6:
		return r.content(1+width, kindBinary, n)
	case 0xc7, 0xc8, 0xc9:
		return r.extension(1+width, n)
	case 0xd9, 0xda, 0xdb:
		return r.content(1+width, kindString, n)
	case 0xdc, 0xdd:
		return r.items(1+width, kindList, n)
	case 0xde, 0xdf:
		return r.items(1+width, kindDict, n)
	}
	r.pos += 1 + width
	return msgpackNumber(c, n), nil
}

// msgpackWidths is the number of octets of the number that follows the first
// octets 0xc0 to 0xdf.
var msgpackWidths = [32]int{
	0xc4 - 0xc0: 1, 2, 4, // binary
	0xc7 - 0xc0: 1, 2, 4, // extension
	0xca - 0xc0: 4, 8, // float
	0xcc - 0xc0: 1, 2, 4, 8, // unsigned
	0xd0 - 0xc0: 1, 2, 4, 8, // signed
	0xd9 - 0xc0: 1, 2, 4, // string
	0xdc - 0xc0: 2, 4, 2, 4, // list, dictionary
}

func msgpackNumber(c byte, n uint64) token {
	switch c {
	case 0xca:
		n = math.Float64bits(float64(math.Float32frombits(uint32(n))))
		return token{kind: kindFloat, num: n}
	case 0xcb:
		return token{kind: kindFloat, num: n}
	case 0xd0:
		return signed(int64(int8(n)))
	case 0xd1:
		return signed(int64(int16(n)))
	case 0xd2:
		return signed(int64(int32(n)))
	case 0xd3:
		return signed(int64(n))
	}
	return token{kind: kindUint, num: n}
}

// signed returns the token of an integer (MP-3: any form of a number will do).
func signed(v int64) token {
	if v < 0 {
		return token{kind: kindNegative, num: uint64(^v)}
	}
	return token{kind: kindUint, num: uint64(v)}
}

func (r *msgpackReader) constant(k kind) (token, error) {
	r.pos++
	return token{kind: k}, nil
}

func (r *msgpackReader) items(head int, k kind, n uint64) (token, error) {
	r.pos += head
	if n > uint64(len(r.data)-r.pos) { // an item takes at least one octet
		return token{}, r.fail("%s of %d items in %d octets", k, n, len(r.data)-r.pos)
	}
	return token{kind: k, num: n}, nil
}

func (r *msgpackReader) content(head int, k kind, n uint64) (token, error) {
	t, err := contentToken(&r.cursor, head, k, n)
	return t, err
}

// extension reads type and data of an extension; they are only walked (MP-2).
func (r *msgpackReader) extension(head int, n uint64) (token, error) {
	t, err := contentToken(&r.cursor, head, kindExtension, n+1)
	if err == nil {
		t.num, t.raw = uint64(t.raw[0]), t.raw[1:]
	}
	return t, err
}

// contentToken reads n octets of a string or binary after a head.
func contentToken(c *cursor, head int, k kind, n uint64) (token, error) {
	start := c.pos + head
	if start > len(c.data) || n > uint64(len(c.data)-start) {
		return token{}, c.fail("%s of %d octets, but %d are left", k, n, max(0, len(c.data)-start))
	}
	raw := c.data[start : start+int(n)]
	if k == kindString && !utf8.Valid(raw) {
		return token{}, c.fail("invalid UTF-8 in a string")
	}
	c.pos = start + int(n)
	return token{kind: k, plain: true, raw: raw}, nil
}

// bigEndian returns the number that b holds.
func bigEndian(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.BigEndian.Uint16(b))
	case 4:
		return uint64(binary.BigEndian.Uint32(b))
	default:
		return binary.BigEndian.Uint64(b)
	}
}

func (r *msgpackReader) text(t token) []byte { return t.raw }

func (r *msgpackReader) binary(t token) ([]byte, bool) { return t.raw, t.kind == kindBinary }

func (r *msgpackReader) float(t token) (float64, error) { return math.Float64frombits(t.num), nil }

// big is never called: MessagePack has no such integers.
func (r *msgpackReader) big(token) (*big.Int, error) {
	return nil, r.fail("no big integers in MessagePack")
}
