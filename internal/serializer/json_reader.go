package serializer

import (
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads JSON (RFC 8259, section 5.2 of the rules).
type jsonReader struct {
	cursor
	scratch []byte // for strings with escapes
}

func (r *jsonReader) skipSpace() {
	for r.pos < len(r.data) {
		switch r.data[r.pos] {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return
		}
	}
}

func (r *jsonReader) end() error {
	r.skipSpace()
	return r.cursor.end()
}

func (r *jsonReader) next() (token, error) {
	r.skipSpace()
	if r.pos >= len(r.data) {
		return token{}, r.truncated()
	}
	switch c := r.data[r.pos]; c {
	case '"':
		return r.str()
	case '[':
		r.pos++
		return token{kind: kindList, num: unknown}, nil
	case '{':
		r.pos++
		return token{kind: kindDict, num: unknown}, nil
	case 't':
		return r.literal("true", kindTrue)
	case 'f':
		return r.literal("false", kindFalse)
	case 'n':
		return r.literal("null", kindNull)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return r.number()
	default:
		return token{}, r.fail("unexpected %q", c)
	}
}

func (r *jsonReader) key() (token, error) {
	if r.pos < len(r.data) && r.data[r.pos] != '"' {
		return token{}, r.fail("want a key, got %q", r.data[r.pos])
	}
	t, err := r.next()
	if err != nil {
		return t, err
	}
	r.skipSpace()
	if r.pos >= len(r.data) {
		return t, r.truncated()
	}
	if r.data[r.pos] != ':' {
		return t, r.fail("want ':' after a key, got %q", r.data[r.pos])
	}
	r.pos++
	return t, nil
}

func (r *jsonReader) more(c container) (container, bool, error) {
	r.skipSpace()
	if r.pos >= len(r.data) {
		return c, false, r.truncated()
	}
	b := r.data[r.pos]
	if b == ']' && !c.dict || b == '}' && c.dict {
		r.pos++
		return c, false, nil
	}
	if c.begun {
		if b != ',' {
			return c, false, r.fail("want ',' or the end of the %s, got %q", token{kind: kindOf(c)}.kind, b)
		}
		r.pos++
		r.skipSpace()
	}
	c.begun = true
	return c, true, nil
}

func kindOf(c container) kind {
	if c.dict {
		return kindDict
	}
	return kindList
}

func (r *jsonReader) literal(word string, k kind) (token, error) {
	end := r.pos + len(word)
	if end > len(r.data) || string(r.data[r.pos:end]) != word {
		return token{}, r.fail("want %s", word)
	}
	r.pos = end
	return token{kind: k}, nil
}

// number reads an integer, or a float if it has a fraction or an exponent
// (SER-5), by the grammar of RFC 8259.
func (r *jsonReader) number() (token, error) {
	start := r.pos
	negative := r.data[r.pos] == '-'
	if negative {
		r.pos++
	}
	first := r.pos
	v, fits := r.integer()
	switch digits := r.pos - first; {
	case digits == 0:
		return token{}, r.fail("want a digit")
	case digits > 1 && r.data[first] == '0':
		return token{}, r.fail("number with a leading zero")
	}
	isFloat, err := r.fraction()
	if err != nil {
		return token{}, err
	}
	raw := r.data[start:r.pos]
	switch {
	case isFloat:
		return token{kind: kindFloat, raw: raw}, nil
	case !fits:
		return token{kind: kindBig, raw: raw}, nil
	case negative && v > 0:
		return token{kind: kindNegative, num: v - 1}, nil
	}
	return token{kind: kindUint, num: v}, nil
}

// integer reads digits and reports whether their value fits.
func (r *jsonReader) integer() (v uint64, fits bool) {
	fits = true
	for ; r.pos < len(r.data); r.pos++ {
		d := r.data[r.pos] - '0'
		if d > 9 {
			break
		}
		hi, lo := bits.Mul64(v, 10)
		sum, carry := bits.Add64(lo, uint64(d), 0)
		fits = fits && hi == 0 && carry == 0
		v = sum
	}
	return v, fits
}

// fraction reads what may follow the integer part of a number.
func (r *jsonReader) fraction() (found bool, err error) {
	if r.pos < len(r.data) && r.data[r.pos] == '.' {
		r.pos++
		if found = true; !r.digits() {
			return true, r.fail("want a digit after '.'")
		}
	}
	if r.pos < len(r.data) && r.data[r.pos]|0x20 == 'e' {
		r.pos++
		if r.pos < len(r.data) && (r.data[r.pos] == '+' || r.data[r.pos] == '-') {
			r.pos++
		}
		if found = true; !r.digits() {
			return true, r.fail("want a digit in the exponent")
		}
	}
	return found, nil
}

func (r *jsonReader) digits() bool {
	start := r.pos
	for r.pos < len(r.data) && r.data[r.pos]-'0' <= 9 {
		r.pos++
	}
	return r.pos > start
}

// str reads a string: UTF-8 (SER-9), escapes of the grammar, surrogates only
// in pairs (JS-6).
func (r *jsonReader) str() (token, error) {
	r.pos++
	start := r.pos
	plain := true
	for {
		r.skipPlain()
		if r.pos >= len(r.data) {
			return token{}, r.truncated()
		}
		switch c := r.data[r.pos]; {
		case c == '"':
			t := token{kind: kindString, plain: plain, raw: r.data[start:r.pos]}
			r.pos++
			return t, nil
		case c == '\\':
			plain = false
			if err := r.escape(); err != nil {
				return token{}, err
			}
		case c < ' ':
			return token{}, r.fail("control character %#02x in a string", c)
		default:
			if err := r.runes(); err != nil {
				return token{}, err
			}
		}
	}
}

// Constants for looking at eight octets at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// skipPlain skips ASCII that stands for itself in a string.
func (r *jsonReader) skipPlain() {
	for r.pos+8 <= len(r.data) {
		w := binary.LittleEndian.Uint64(r.data[r.pos:])
		quote, slash := w^('"'*ones), w^('\\'*ones)
		// An octet that is zero in quote or slash, below ' ' or above 0x7f in
		// w sets its high bit here. Borrows may set wrong bits, but only above
		// a right one, and only the lowest counts.
		if m := ((quote-ones)&^quote | (slash-ones)&^slash | (w-' '*ones)&^w | w) & highs; m != 0 {
			r.pos += bits.TrailingZeros64(m) / 8
			return
		}
		r.pos += 8
	}
	for r.pos < len(r.data) {
		if c := r.data[r.pos]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return
		}
		r.pos++
	}
}

// runes skips runes beyond ASCII.
func (r *jsonReader) runes() error {
	for r.pos < len(r.data) && r.data[r.pos] >= utf8.RuneSelf {
		c, size := utf8.DecodeRune(r.data[r.pos:])
		if c == utf8.RuneError && size == 1 {
			return r.fail("invalid UTF-8 in a string")
		}
		r.pos += size
	}
	return nil
}

func (r *jsonReader) escape() error {
	if r.pos+1 >= len(r.data) {
		return r.truncated()
	}
	switch c := r.data[r.pos+1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		r.pos += 2
		return nil
	case 'u':
		return r.unicodeEscape()
	default:
		return r.fail("unknown escape \\%c", c)
	}
}

func (r *jsonReader) unicodeEscape() error {
	u, ok := hexEscape(r.data[r.pos:])
	if !ok {
		return r.fail("want four hexadecimal digits after \\u")
	}
	if !utf16.IsSurrogate(u) {
		r.pos += 6
		return nil
	}
	low, _ := hexEscape(r.data[r.pos+6:])
	if utf16.DecodeRune(u, low) == utf8.RuneError {
		return r.fail("unpaired surrogate \\u%04x", u)
	}
	r.pos += 12
	return nil
}

// hexEscape returns the code unit of the \uXXXX that b begins with.
func hexEscape(b []byte) (u rune, ok bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	for _, c := range b[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	return u, true
}

func (r *jsonReader) text(t token) []byte {
	if t.plain {
		return t.raw
	}
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
func (r *jsonReader) binary(t token) ([]byte, bool) {
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
	n, err := base64.StdEncoding.Decode(r.scratch, r.scratch)
	return r.scratch[:n], err == nil
}

func (r *jsonReader) float(t token) (float64, error) {
	f, err := strconv.ParseFloat(string(t.raw), 64)
	if err != nil {
		return 0, r.fail("%.40s is beyond a 64-bit float", t.raw)
	}
	return f, nil
}

// maxBigDigits bounds integers beyond 64 bits, since their conversion takes
// more than linear time.
const maxBigDigits = 1024

func (r *jsonReader) big(t token) (*big.Int, error) {
	if len(t.raw) > maxBigDigits {
		return nil, r.fail("integer of %d digits", len(t.raw))
	}
	v, _ := new(big.Int).SetString(string(t.raw), 10)
	return v, nil
}
