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

func (r *msgpackReader) key() (*token, error) { return r.next() }

// more is never called: all lists and dictionaries are counted.
func (r *msgpackReader) more(bool, bool) (bool, error) {
	return false, r.fail("no end marks in MessagePack")
}

func (r *msgpackReader) skip(depth int) (err error) {
	r.pos, err = walkMsgpack(r.data, r.pos, depth)
	return err
}

func (r *msgpackReader) next() (*token, error) {
	if r.pos >= len(r.data) {
		return nil, truncated(r.data)
	}
	c := r.data[r.pos]
	t := &r.tok
	switch {
	case c <= 0x7f:
		r.pos++
		t.kind, t.num = kindUint, uint64(c)
		return t, nil
	case c <= 0x8f:
		return r.items(1, kindDict, uint64(c&0x0f))
	case c <= 0x9f:
		return r.items(1, kindList, uint64(c&0x0f))
	case c <= 0xbf:
		return r.content(1, kindString, uint64(c&0x1f))
	case c >= 0xe0:
		r.pos++
		t.kind, t.num = kindNegative, uint64(^c)
		return t, nil
	}
	return r.long(c)
}

// long reads a value whose first octet c is 0xc0 to 0xdf.
func (r *msgpackReader) long(c byte) (*token, error) {
	width := int(msgpackWidths[c-0xc0])
	if len(r.data)-r.pos <= width {
		return nil, truncated(r.data)
	}
	n := bigEndian(r.data[r.pos+1 : r.pos+1+width])
	switch k := msgpackKinds[c-0xc0]; k {
	case kindString, kindBinary:
		return r.content(1+width, k, n)
	case kindList, kindDict:
		return r.items(1+width, k, n)
	case kindExtension:
		if width == 0 { // fixext
			n = 1 << (c - 0xd4)
		}
		return r.extension(1+width, n)
	case kindSimple:
		return nil, r.fail("octet %#02x is not used by MessagePack", c)
	default:
		r.pos += 1 + width
		r.tok.kind = k
		r.tok.setMsgpackNumber(c, n)
		return &r.tok, nil
	}
}

// msgpackKinds is the kind of value that begins with 0xc0 to 0xdf: kindUint for
// any integer, kindSimple for the octet that begins none.
var msgpackKinds = [32]kind{
	kindNull, kindSimple, kindFalse, kindTrue, // 0xc0
	kindBinary, kindBinary, kindBinary,
	kindExtension, kindExtension, kindExtension, // 0xc7
	kindFloat, kindFloat,
	kindUint, kindUint, kindUint, kindUint, // 0xcc
	kindUint, kindUint, kindUint, kindUint, // 0xd0
	kindExtension, kindExtension, kindExtension, kindExtension, kindExtension,
	kindString, kindString, kindString, // 0xd9
	kindList, kindList, kindDict, kindDict,
}

// msgpackWidths is the number of octets of the number that follows the first
// octets 0xc0 to 0xdf.
var msgpackWidths = [32]uint8{
	0, 0, 0, 0, // null, unused, false, true
	1, 2, 4, // binary
	1, 2, 4, // extension
	4, 8, // float
	1, 2, 4, 8, // unsigned
	1, 2, 4, 8, // signed
	0, 0, 0, 0, 0, // extension of fixed length
	1, 2, 4, // string
	2, 4, 2, 4, // list, dictionary
}

// setMsgpackNumber sets t to the number n that follows the octet c. Integers
// may come in any form (MP-3).
func (t *token) setMsgpackNumber(c byte, n uint64) {
	t.num = n
	switch c {
	case 0xca:
		t.num = math.Float64bits(float64(math.Float32frombits(uint32(n))))
	case 0xd0:
		t.setSigned(int64(int8(n)))
	case 0xd1:
		t.setSigned(int64(int16(n)))
	case 0xd2:
		t.setSigned(int64(int32(n)))
	case 0xd3:
		t.setSigned(int64(n))
	}
}

func (t *token) setSigned(v int64) {
	if v < 0 {
		t.kind, t.num = kindNegative, uint64(^v)
	} else {
		t.kind, t.num = kindUint, uint64(v)
	}
}

func (r *msgpackReader) items(head int, k kind, n uint64) (*token, error) {
	r.pos += head
	if err := checkItems(r.data, r.pos, k, n); err != nil {
		return nil, err
	}
	r.tok.kind, r.tok.num = k, n
	return &r.tok, nil
}

func (r *msgpackReader) content(head int, k kind, n uint64) (*token, error) {
	start := r.pos + head
	end, err := scanContent(r.data, start, k, n)
	if err != nil {
		return nil, err
	}
	r.pos = end
	return r.tok.content(k, true, r.data[start:end]), nil
}

// extension reads type and data of an extension; they are only walked (MP-2).
func (r *msgpackReader) extension(head int, n uint64) (*token, error) {
	t, err := r.content(head, kindExtension, n+1)
	if err != nil {
		return nil, err
	}
	t.num, t.raw = uint64(t.raw[0]), t.raw[1:]
	return t, nil
}

// checkItems checks a number of items against the octets left, of which an
// item takes at least one.
func checkItems(data []byte, pos int, k kind, n uint64) error {
	if left := len(data) - pos; n > uint64(left) || n > maxItems {
		return failAt(pos, "%s of %d items in %d octets", k, n, left)
	}
	return nil
}

// scanContent skips the n octets of a string, binary or extension.
func scanContent(data []byte, pos int, k kind, n uint64) (int, error) {
	if left := len(data) - pos; n > uint64(left) {
		return pos, failAt(pos, "%s of %d octets, but %d are left", k, n, left)
	}
	end := pos + int(n)
	if k == kindString && !validText(data[pos:end]) {
		return pos, failAt(pos, "invalid UTF-8 in a string")
	}
	return end, nil
}

// validText reports whether b is UTF-8. Most strings are short and ASCII, for
// which this is faster than package utf8.
func validText(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&highs != 0 {
			return utf8.Valid(b)
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return utf8.Valid(b)
		}
	}
	return true
}

// bigEndian returns the number that b holds.
func bigEndian(b []byte) uint64 {
	switch len(b) {
	case 0:
		return 0
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

// unquote is never called: all strings are plain.
func (r *msgpackReader) unquote(t *token) []byte { return t.raw }

func (r *msgpackReader) binary(t *token) ([]byte, bool) { return t.raw, t.kind == kindBinary }

func (r *msgpackReader) float(t *token) (float64, error) { return math.Float64frombits(t.num), nil }

// big is never called: MessagePack has no such integers.
func (r *msgpackReader) big(*token) (*big.Int, error) {
	return nil, r.fail("no big integers in MessagePack")
}
