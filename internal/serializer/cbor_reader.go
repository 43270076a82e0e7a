package serializer

import (
	"fmt"
	"math"
	"math/big"
)

// cborReader reads CBOR (RFC 8949, section 5.4 of the rules): indefinite
// lengths, all widths of floats, tags of which only the content counts save
// for big integers, undefined as null (CB-2).
type cborReader struct {
	cursor
	scratch []byte // for strings in chunks
}

// The major types.
const (
	cborUint = iota
	cborNegative
	cborBinary
	cborString
	cborList
	cborDict
	cborTag
	cborSimple
)

const (
	cborIndefinite = 31
	cborBreak      = 0xff
)

func (r *cborReader) key() (token, error) { return r.next() }

func (r *cborReader) more(c container) (container, bool, error) {
	if c.left == unknown {
		if r.pos < len(r.data) && r.data[r.pos] == cborBreak {
			r.pos++
			return c, false, nil
		}
		return c, true, nil
	}
	if c.left == 0 {
		return c, false, nil
	}
	c.left--
	return c, true, nil
}

func (r *cborReader) next() (token, error) {
	start := r.pos
	major, info, n, err := r.head()
	bignum := kindNull
	for err == nil && major == cborTag {
		bignum = kindNull
		if n == 2 || n == 3 {
			bignum = kindBig
		}
		negative := n == 3
		start = r.pos
		major, info, n, err = r.head()
		if bignum == kindBig && err == nil && major == cborBinary {
			return r.bignum(start, info, n, negative)
		}
	}
	if err != nil {
		return token{}, err
	}
	switch major {
	case cborUint:
		return token{kind: kindUint, num: n}, nil
	case cborNegative:
		return token{kind: kindNegative, num: n}, nil
	case cborBinary:
		return r.content(start, kindBinary, info, n)
	case cborString:
		return r.content(start, kindString, info, n)
	case cborList:
		return r.items(kindList, info, n)
	case cborDict:
		return r.items(kindDict, info, n)
	default:
		return r.simple(info, n)
	}
}

// head reads the initial octet and the argument that follows it.
func (r *cborReader) head() (major, info byte, n uint64, err error) {
	if r.pos >= len(r.data) {
		return 0, 0, 0, r.truncated()
	}
	c := r.data[r.pos]
	major, info = c>>5, c&0x1f
	if info < 24 {
		r.pos++
		return major, info, uint64(info), nil
	}
	if info > 27 {
		return r.headWithoutArgument(major, info)
	}
	width := 1 << (info - 24)
	if len(r.data)-r.pos <= width {
		return 0, 0, 0, r.truncated()
	}
	n = bigEndian(r.data[r.pos+1 : r.pos+1+width])
	r.pos += 1 + width
	return major, info, n, nil
}

func (r *cborReader) headWithoutArgument(major, info byte) (byte, byte, uint64, error) {
	switch {
	case info != cborIndefinite || major == cborUint || major == cborNegative || major == cborTag:
		return 0, 0, 0, r.fail("reserved additional information %d", info)
	case major == cborSimple:
		return 0, 0, 0, r.fail("unexpected break")
	}
	r.pos++
	return major, info, unknown, nil
}

func (r *cborReader) items(k kind, info byte, n uint64) (token, error) {
	if info != cborIndefinite && n > uint64(len(r.data)-r.pos) { // an item takes at least one octet
		return token{}, r.fail("%s of %d items in %d octets", k, n, len(r.data)-r.pos)
	}
	return token{kind: k, num: n}, nil
}

func (r *cborReader) content(start int, k kind, info byte, n uint64) (token, error) {
	if info == cborIndefinite {
		return r.chunks(start, k)
	}
	return contentToken(&r.cursor, 0, k, n)
}

// chunks reads a string of indefinite length: chunks of definite length of the
// same type up to a break.
func (r *cborReader) chunks(start int, k kind) (token, error) {
	want := r.data[start] >> 5
	from := r.pos
	for {
		if r.pos < len(r.data) && r.data[r.pos] == cborBreak {
			raw := r.data[from:r.pos]
			r.pos++
			return token{kind: k, raw: raw}, nil
		}
		major, info, n, err := r.head()
		if err != nil {
			return token{}, err
		}
		if major != want || info == cborIndefinite {
			return token{}, r.fail("chunk of another type in a %s", k)
		}
		if _, err := contentToken(&r.cursor, 0, k, n); err != nil {
			return token{}, err
		}
	}
}

// bignum reads the content of tag 2 or 3. The token's num is 1 for a negative
// integer.
func (r *cborReader) bignum(start int, info byte, n uint64, negative bool) (token, error) {
	t, err := r.content(start, kindBinary, info, n)
	t.kind = kindBig
	if negative {
		t.num = 1
	}
	return t, err
}

func (r *cborReader) simple(info byte, n uint64) (token, error) {
	switch info {
	case 20:
		return token{kind: kindFalse}, nil
	case 21:
		return token{kind: kindTrue}, nil
	case 22, 23: // null, undefined
		return token{kind: kindNull}, nil
	case 24:
		if n < 32 {
			return token{}, r.fail("simple value %d in two octets", n)
		}
		return token{kind: kindSimple, num: n}, nil
	case 25:
		return token{kind: kindFloat, num: math.Float64bits(halfFloat(uint16(n)))}, nil
	case 26:
		return token{kind: kindFloat, num: math.Float64bits(float64(math.Float32frombits(uint32(n))))}, nil
	case 27:
		return token{kind: kindFloat, num: n}, nil
	}
	return token{kind: kindSimple, num: n}, nil
}

// halfFloat returns the value of an IEEE 754 binary16.
func halfFloat(h uint16) float64 {
	exponent, fraction := int(h>>10&0x1f), float64(h&0x3ff)
	v := math.Ldexp(1024+fraction, exponent-25)
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		if v = math.Inf(1); fraction != 0 {
			v = math.NaN()
		}
	}
	if h>>15 != 0 {
		return -v
	}
	return v
}

func (r *cborReader) text(t token) []byte {
	if t.plain {
		return t.raw
	}
	r.scratch = appendChunks(r.scratch[:0], t.raw)
	return r.scratch
}

// appendChunks appends the content of chunks that were checked before.
func appendChunks(dst, raw []byte) []byte {
	c := cborReader{cursor: cursor{data: raw}}
	for c.pos < len(raw) {
		_, _, n, _ := c.head()
		dst = append(dst, raw[c.pos:c.pos+int(n)]...)
		c.pos += int(n)
	}
	return dst
}

func (r *cborReader) binary(t token) ([]byte, bool) { return r.text(t), t.kind == kindBinary }

func (r *cborReader) float(t token) (float64, error) { return math.Float64frombits(t.num), nil }

func (r *cborReader) big(t token) (*big.Int, error) {
	b := r.text(t)
	if len(b) > maxBigDigits/3 {
		return nil, fmt.Errorf("integer of %d octets", len(b))
	}
	v := new(big.Int).SetBytes(b)
	if t.num == 1 { // tag 3 holds -1 minus the value
		v.Not(v)
	}
	return v, nil
}
