package serializer

import (
	"encoding/base64"
	"errors"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"unicode/utf8"
)

// jsonEncoding writes compact JSON without HTML escapes (JS-4).
type jsonEncoding struct{}

func (jsonEncoding) newReader() reader { return new(jsonReader) }

func (jsonEncoding) appendOpen(dst []byte, dict bool, _ uint64) []byte {
	if dict {
		return append(dst, '{')
	}
	return append(dst, '[')
}

func (jsonEncoding) patch(dst []byte, _ int, _ bool, _ uint64) []byte { return dst }

func (jsonEncoding) appendNull(dst []byte) []byte { return append(dst, "null"...) }

func (jsonEncoding) appendBool(dst []byte, v bool) []byte { return strconv.AppendBool(dst, v) }

func (jsonEncoding) appendUint(dst []byte, v uint64) []byte { return appendDigits(dst, v) }

// appendDigits appends v as strconv.AppendUint does, in half the time: straight
// to where it belongs, since the number of digits is known before.
func appendDigits(dst []byte, v uint64) []byte {
	n := max(1, countDigits(v))
	dst = append(dst, "00000000000000000000"[:n]...)
	for at := dst[len(dst)-n:]; v > 0; at = at[:len(at)-1] {
		at[len(at)-1] = '0' + byte(v%10)
		v /= 10
	}
	return dst
}

// countDigits returns the number of decimal digits of v, which is 0 for 0.
func countDigits(v uint64) int {
	n := bits.Len64(v) * 1233 >> 12 // 1233/4096 is a little more than log10(2)
	if v >= powersOf10[n] {
		n++
	}
	return n
}

var powersOf10 = [...]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

func (jsonEncoding) appendNegative(dst []byte, v uint64) ([]byte, error) {
	if v == math.MaxUint64 {
		return append(dst, "-18446744073709551616"...), nil
	}
	return strconv.AppendUint(append(dst, '-'), v+1, 10), nil
}

func (jsonEncoding) appendBig(dst []byte, v *big.Int) ([]byte, error) { return v.Append(dst, 10), nil }

// appendFloat keeps a float a float: 1.0 stays "1.0" (JS-5).
func (jsonEncoding) appendFloat(dst []byte, v float64) ([]byte, error) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return dst, errors.New(strconv.FormatFloat(v, 'g', -1, 64) + " has no form in json")
	}
	abs := math.Abs(v)
	if abs < maxShortDecimal {
		if out, ok := appendShortDecimal(dst, math.Signbit(v), abs); ok {
			return out, nil
		}
	}
	form := byte('f')
	if abs < 1e-6 || abs >= 1e21 {
		form = 'e'
	}
	dst = strconv.AppendFloat(dst, v, form, -1, 64)
	if form == 'f' && v == math.Trunc(v) {
		dst = append(dst, ".0"...)
	}
	return dst, nil
}

// maxShortDecimal keeps the digits that appendShortDecimal considers below 16,
// so that they mean one float only and the first that fit are the shortest.
const maxShortDecimal = 1e12

// appendShortDecimal appends a float that is a whole number or has up to three
// decimals. It takes a third of the time of strconv.
func appendShortDecimal(dst []byte, negative bool, abs float64) ([]byte, bool) {
	for decimals, scale := range [...]float64{1, 10, 100, 1000} {
		scaled := math.Round(abs * scale)
		if scaled/scale != abs {
			continue
		}
		if negative {
			dst = append(dst, '-')
		}
		n, unit := uint64(scaled), uint64(scale)
		dst = append(strconv.AppendUint(dst, n/unit, 10), '.')
		if decimals == 0 {
			return append(dst, '0'), true
		}
		for unit /= 10; unit > 0; unit /= 10 {
			dst = append(dst, byte('0'+n/unit%10))
		}
		return dst, true
	}
	return dst, false
}

func (jsonEncoding) appendString(dst []byte, s string) []byte { return appendQuoted(dst, s) }

func (jsonEncoding) appendText(dst, s []byte) []byte { return appendQuoted(dst, s) }

// appendBinary writes U+0000 and base64 (JS-1).
func (jsonEncoding) appendBinary(dst, b []byte) []byte {
	dst = append(dst, `"\u0000`...)
	dst = base64.StdEncoding.AppendEncode(dst, b)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

// mustEscape holds the ASCII characters that cannot stand in a string.
var mustEscape = func() (set [utf8.RuneSelf]bool) {
	for c := range ' ' {
		set[c] = true
	}
	set['"'], set['\\'] = true, true
	return set
}()

// appendQuoted appends a string in quotes. Most need no escapes, so it copies
// first and looks then.
func appendQuoted[S string | []byte](dst []byte, s S) []byte {
	dst = append(dst, '"')
	start := len(dst)
	dst = append(dst, s...)
	end := start
	for end = skipPlain(dst, end); end < len(dst) && dst[end] >= utf8.RuneSelf; end = skipPlain(dst, end) {
		r, size := utf8.DecodeRune(dst[end:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		end += size
	}
	if end < len(dst) {
		dst = appendEscapes(dst[:end], s[end-start:])
	}
	return append(dst, '"')
}

// appendEscapes appends a string with what must be escaped. What is not UTF-8,
// which only Go strings can hold, becomes U+FFFD.
func appendEscapes[S string | []byte](dst []byte, s S) []byte {
	start := 0
	for i := 0; i < len(s); {
		size := 1
		switch c := s[i]; {
		case c < utf8.RuneSelf && mustEscape[c]:
			dst = appendEscaped(append(dst, s[start:i]...), c)
			start = i + 1
		case c >= utf8.RuneSelf:
			if size = runeSize(s[i:]); size == 0 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				size, start = 1, i+1
			}
		}
		i += size
	}
	return append(dst, s[start:]...)
}

// runeSize is the size of the rune that s begins with, 0 if it is not UTF-8.
func runeSize[S string | []byte](s S) int {
	var first [utf8.UTFMax]byte
	r, size := utf8.DecodeRune(first[:copy(first[:], s)])
	if r == utf8.RuneError && size == 1 {
		return 0
	}
	return size
}

func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}
