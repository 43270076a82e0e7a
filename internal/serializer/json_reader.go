package serializer

import (
	"encoding/base64"
	"math/big"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads JSON (RFC 8259, section 5.2 of the rules).
type jsonReader struct {
	cursor
	scratch // for strings with escapes
}

func (r *jsonReader) reset(data []byte) {
	r.cursor.reset(data)
	r.scratch.trim()
}

func (r *jsonReader) end() error {
	r.pos = skipSpace(r.data, r.pos)
	return r.cursor.end()
}

func (r *jsonReader) next() (*token, error) {
	r.pos = skipSpace(r.data, r.pos)
	if r.pos >= len(r.data) {
		return nil, truncated(r.data)
	}
	t := &r.tok
	switch c := r.data[r.pos]; c {
	case '"':
		return r.str()
	case '[':
		r.pos++
		t.kind, t.num = kindList, unknown
		return t, nil
	case '{':
		r.pos++
		t.kind, t.num = kindDict, unknown
		return t, nil
	case 't':
		return r.word("true", kindTrue)
	case 'f':
		return r.word("false", kindFalse)
	case 'n':
		return r.word("null", kindNull)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return r.number()
	default:
		return nil, r.fail("unexpected %q", c)
	}
}

func (r *jsonReader) str() (*token, error) {
	start := r.pos + 1
	end, plain, err := scanString(r.data, start)
	if err != nil {
		return nil, err
	}
	r.pos = end + 1
	return r.tok.content(kindString, plain, r.data[start:end]), nil
}

func (r *jsonReader) key() (*token, error) {
	if r.pos < len(r.data) && r.data[r.pos] != '"' {
		return nil, r.fail("want a key, got %q", r.data[r.pos])
	}
	t, err := r.next()
	if err != nil {
		return nil, err
	}
	r.pos, err = scanMark(r.data, skipSpace(r.data, r.pos), ':', "':' after a key")
	return t, err
}

func (r *jsonReader) word(word string, k kind) (*token, error) {
	var err error
	r.pos, err = scanWord(r.data, r.pos, word)
	r.tok.kind = k
	return &r.tok, err
}

// number reads an integer or a float; the latter is not converted yet.
func (r *jsonReader) number() (*token, error) {
	end, isFloat, err := scanNumber(r.data, r.pos)
	if err != nil {
		return nil, err
	}
	raw := r.data[r.pos:end]
	r.pos = end
	t := &r.tok
	if isFloat {
		return t.content(kindFloat, true, raw), nil
	}
	negative := raw[0] == '-'
	digits := raw
	if negative {
		digits = raw[1:]
	}
	v, fits := parseDigits(digits)
	switch {
	case !fits:
		return t.content(kindBig, true, raw), nil
	case negative && v > 0:
		t.kind, t.num = kindNegative, v-1
	default:
		t.kind, t.num = kindUint, v
	}
	return t, nil
}

// parseDigits returns the value of digits if it fits.
func parseDigits(digits []byte) (v uint64, fits bool) {
	if len(digits) < 20 { // 10^19 is less than 2^64
		for _, d := range digits {
			v = v*10 + uint64(d-'0')
		}
		return v, true
	}
	for _, d := range digits {
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, uint64(d-'0'), 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		v = sum
	}
	return v, true
}

func (r *jsonReader) more(dict, first bool) (bool, error) {
	pos := skipSpace(r.data, r.pos)
	if pos >= len(r.data) {
		return false, truncated(r.data)
	}
	mark, what := byte(']'), "',' or the end of the list"
	if dict {
		mark, what = '}', "',' or the end of the dict"
	}
	if r.data[pos] == mark {
		r.pos = pos + 1
		return false, nil
	}
	if !first {
		var err error
		if pos, err = scanMark(r.data, pos, ',', what); err != nil {
			return false, err
		}
		pos = skipSpace(r.data, pos)
	}
	r.pos = pos
	return true, nil
}

func (r *jsonReader) skip(depth int) (err error) {
	r.pos, err = walkJSON(r.data, skipSpace(r.data, r.pos), depth)
	return err
}

func (r *jsonReader) unquote(t *token) []byte {
	r.scratch = appendUnescaped(r.scratch[:0], t.raw)
	return r.scratch
}

// appendUnescaped appends s, whose escapes were checked before.
func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		if s[i+1] != 'u' {
			dst = append(dst, unescaped[s[i+1]])
			i += 2
			continue
		}
		u, _ := hexEscape(s[i:])
		i += 6
		if utf16.IsSurrogate(u) {
			low, _ := hexEscape(s[i:])
			u = utf16.DecodeRune(u, low)
			i += 6
		}
		dst = utf8.AppendRune(dst, u)
	}
	return dst
}

var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// binary returns what a string stands for that begins with U+0000: binary, or
// itself if standard base64 does not follow (JS-1).
func (r *jsonReader) binary(t *token) ([]byte, bool) {
	const mark = `\u0000`
	if t.plain || len(t.raw) < len(mark) || string(t.raw[:len(mark)]) != mark {
		return nil, false
	}
	r.scratch = appendUnescaped(r.scratch[:0], t.raw[len(mark):])
	for _, c := range r.scratch {
		if c == '\n' || c == '\r' { // which package base64 would skip
			return nil, false
		}
	}
	n, err := base64.StdEncoding.Strict().Decode(r.scratch, r.scratch)
	return r.scratch[:n], err == nil
}

func (r *jsonReader) float(t *token) (float64, error) {
	if f, ok := shortFloat(t.raw); ok {
		return f, nil
	}
	f, err := strconv.ParseFloat(string(t.raw), 64)
	if err != nil {
		return 0, r.fail("%.40s is beyond a 64-bit float", t.raw)
	}
	return f, nil
}

// shortFloat converts a decimal fraction whose digits and scale are exact as
// floats, so that one division rounds rightly. It spares the common case the
// allocation of a string.
func shortFloat(raw []byte) (float64, bool) {
	digits := raw
	if raw[0] == '-' {
		digits = raw[1:]
	}
	if len(digits) > 16 { // with the point, at most 15 digits
		return 0, false
	}
	var mantissa uint64
	scale := 0
	for i, d := range digits {
		switch {
		case d == '.':
			scale = len(digits) - 1 - i
		case d-'0' <= 9:
			mantissa = mantissa*10 + uint64(d-'0')
		default:
			return 0, false
		}
	}
	f := float64(mantissa) / powersOfTen[scale]
	if raw[0] == '-' {
		f = -f
	}
	return f, true
}

var powersOfTen = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// maxBigDigits bounds integers beyond 64 bits, since their conversion takes
// more than linear time.
const maxBigDigits = 1024

func (r *jsonReader) big(t *token) (*big.Int, error) {
	if len(t.raw) > maxBigDigits {
		return nil, r.fail("integer of %d digits", len(t.raw))
	}
	v, _ := new(big.Int).SetString(string(t.raw), 10)
	return v, nil
}
