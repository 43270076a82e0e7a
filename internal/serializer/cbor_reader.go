package serializer

import (
	"math"
	"math/big"
)

// cborReader reads CBOR (RFC 8949, section 5.4 of the rules): indefinite
// lengths, all widths of floats, tags of which only the content counts save
// for big integers, undefined as null (CB-2).
type cborReader struct {
	cursor
	scratch // for strings in chunks
}

func (r *cborReader) reset(data []byte) {
	r.cursor.reset(data)
	r.scratch.trim()
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
	cborIndefinite = 31   // additional information: no length, ends with a break
	cborBreak      = 0xff // the end mark
)

// cborKinds is the kind of each major type that has one.
var cborKinds = [...]kind{kindUint, kindNegative, kindBinary, kindString, kindList, kindDict, kindNull, kindNull}

// cborHead is the initial octet of a value and the argument that follows it.
type cborHead struct {
	major byte
	info  byte
	n     uint64 // unknown if info is cborIndefinite
}

// scanCBORHead reads the head at pos.
func scanCBORHead(data []byte, pos int) (cborHead, int, error) {
	if pos >= len(data) {
		return cborHead{}, pos, truncated(data)
	}
	c := data[pos]
	h := cborHead{major: c >> 5, info: c & 0x1f}
	switch {
	case h.info < 24:
		h.n = uint64(h.info)
		return h, pos + 1, nil
	case h.info > 27:
		return scanIndefinite(h, pos)
	}
	end := pos + 1 + 1<<(h.info-24)
	if end > len(data) {
		return h, pos, truncated(data)
	}
	h.n = bigEndian(data[pos+1 : end])
	if h.major == cborSimple && h.info == 24 && h.n < 32 {
		return h, pos, failAt(pos, "simple value %d in two octets", h.n)
	}
	return h, end, nil
}

func scanIndefinite(h cborHead, pos int) (cborHead, int, error) {
	switch {
	case h.info != cborIndefinite || h.major == cborUint || h.major == cborNegative || h.major == cborTag:
		return h, pos, failAt(pos, "reserved additional information %d", h.info)
	case h.major == cborSimple:
		return h, pos, failAt(pos, "unexpected break")
	}
	h.n = unknown
	return h, pos + 1, nil
}

// scanTags reads the head at pos behind all tags. The last tag is returned too,
// 0 if there is none.
func scanTags(data []byte, pos int) (h cborHead, tag uint64, next int, err error) {
	h, next, err = scanCBORHead(data, pos)
	for n := 1; err == nil && h.major == cborTag; n++ {
		if n > maxTags {
			return h, tag, next, failAt(pos, "more than %d tags on one item", maxTags)
		}
		tag = h.n
		h, next, err = scanCBORHead(data, next)
	}
	return h, tag, next, err
}

// maxTags bounds the tags on one item: to a decoder elsewhere each of them may
// be a level of nesting (SER-7).
const maxTags = 16

func (r *cborReader) key() (*token, error) { return r.next() }

func (r *cborReader) more(bool, bool) (bool, error) {
	if r.pos < len(r.data) && r.data[r.pos] == cborBreak {
		r.pos++
		return false, nil
	}
	return true, nil
}

func (r *cborReader) next() (*token, error) {
	if r.pos < len(r.data) {
		// Small integers and short strings are most of what comes.
		switch c := r.data[r.pos]; {
		case c < 24:
			r.pos++
			r.tok.kind, r.tok.num = kindUint, uint64(c)
			return &r.tok, nil
		case cborString<<5 <= c && c < cborString<<5+24:
			start := r.pos + 1
			end, err := scanContent(r.data, start, kindString, uint64(c&0x1f))
			if err != nil {
				return nil, err
			}
			r.pos = end
			return r.tok.content(kindString, true, r.data[start:end]), nil
		}
	}
	return r.long()
}

func (r *cborReader) long() (*token, error) {
	h, tag, pos, err := scanTags(r.data, r.pos)
	if err != nil {
		return nil, err
	}
	t := &r.tok
	t.kind, t.num = cborKinds[h.major], h.n
	switch h.major {
	case cborBinary, cborString:
		return r.content(h, tag, pos)
	case cborList, cborDict:
		if h.info != cborIndefinite {
			err = checkItems(r.data, pos, t.kind, h.n)
		}
	case cborSimple:
		t.setSimple(h)
	}
	r.pos = pos
	return t, err
}

// The tags of big integers.
const (
	tagBig         = 2
	tagBigNegative = 3
)

func (r *cborReader) content(h cborHead, tag uint64, pos int) (*token, error) {
	k := cborKinds[h.major]
	end, err := scanCBORContent(r.data, pos, h)
	if err != nil {
		return nil, err
	}
	r.pos = end
	definite := h.info != cborIndefinite
	if !definite {
		end-- // the break
	}
	t := r.tok.content(k, definite, r.data[pos:end])
	if k == kindBinary && (tag == tagBig || tag == tagBigNegative) {
		t.kind, t.num = kindBig, tag
	}
	return t, nil
}

// scanCBORContent skips the content of a string, in chunks of definite length
// if it has none itself.
func scanCBORContent(data []byte, pos int, h cborHead) (int, error) {
	k := cborKinds[h.major]
	if h.info != cborIndefinite {
		return scanContent(data, pos, k, h.n)
	}
	for {
		if pos < len(data) && data[pos] == cborBreak {
			return pos + 1, nil
		}
		chunk, next, err := scanCBORHead(data, pos)
		if err != nil {
			return pos, err
		}
		if chunk.major != h.major || chunk.info == cborIndefinite {
			return pos, failAt(pos, "chunk of another type in a %s", k)
		}
		if pos, err = scanContent(data, next, k, chunk.n); err != nil {
			return pos, err
		}
	}
}

func (t *token) setSimple(h cborHead) {
	switch h.info {
	case 20:
		t.kind = kindFalse
	case 21:
		t.kind = kindTrue
	case 22, 23: // null, undefined
		t.kind = kindNull
	case 25:
		t.kind, t.num = kindFloat, math.Float64bits(halfFloat(uint16(h.n)))
	case 26:
		t.kind, t.num = kindFloat, math.Float64bits(float64(math.Float32frombits(uint32(h.n))))
	case 27:
		t.kind = kindFloat
	default:
		t.kind = kindSimple
	}
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

func (r *cborReader) skip(depth int) (err error) {
	r.pos, err = walkCBOR(r.data, r.pos, depth)
	return err
}

func (r *cborReader) unquote(t *token) []byte {
	r.scratch = appendChunks(r.scratch[:0], t.raw)
	return r.scratch
}

// appendChunks appends the content of chunks that were checked before.
func appendChunks(dst, raw []byte) []byte {
	for pos := 0; pos < len(raw); {
		h, next, _ := scanCBORHead(raw, pos)
		pos = next + int(h.n)
		dst = append(dst, raw[next:pos]...)
	}
	return dst
}

func (r *cborReader) binary(t *token) ([]byte, bool) {
	if t.kind != kindBinary {
		return nil, false
	}
	return textOf(r, t), true
}

func (r *cborReader) float(t *token) (float64, error) { return math.Float64frombits(t.num), nil }

func (r *cborReader) big(t *token) (*big.Int, error) {
	b := textOf(r, t)
	if len(b) > maxBigDigits/3 {
		return nil, r.fail("integer of %d octets", len(b))
	}
	v := new(big.Int).SetBytes(b)
	if t.num == tagBigNegative { // holds -1 minus the value
		v.Not(v)
	}
	return v, nil
}
