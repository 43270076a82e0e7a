package serializer

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions here check the grammar of JSON without converting anything.
// Each takes the data and where to begin, and returns where to go on.

// skipSpace skips white space.
func skipSpace(data []byte, pos int) int {
	for pos < len(data) {
		switch data[pos] {
		case ' ', '\t', '\n', '\r':
			pos++
		default:
			return pos
		}
	}
	return pos
}

// scanScalar skips the value at pos, which is no list or dictionary.
func scanScalar(data []byte, pos int) (int, error) {
	switch c := data[pos]; c {
	case '"':
		end, _, err := scanString(data, pos+1)
		return end + 1, err
	case 't':
		return scanWord(data, pos, "true")
	case 'f':
		return scanWord(data, pos, "false")
	case 'n':
		return scanWord(data, pos, "null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end, _, err := scanNumber(data, pos)
		return end, err
	default:
		return pos, failAt(pos, "unexpected %q", c)
	}
}

// scanKey skips a key and the colon behind it.
func scanKey(data []byte, pos int) (next int, plain bool, err error) {
	if pos, err = scanMark(data, pos, '"', "a key"); err != nil {
		return pos, false, err
	}
	if pos, plain, err = scanString(data, pos); err != nil {
		return pos, false, err
	}
	pos, err = scanMark(data, skipSpace(data, pos+1), ':', "':' after a key")
	return pos, plain, err
}

func scanMark(data []byte, pos int, mark byte, what string) (int, error) {
	if pos >= len(data) {
		return pos, truncated(data)
	}
	if data[pos] != mark {
		return pos, failAt(pos, "want %s, got %q", what, data[pos])
	}
	return pos + 1, nil
}

func scanWord(data []byte, pos int, word string) (int, error) {
	if end := pos + len(word); end <= len(data) && string(data[pos:end]) == word {
		return end, nil
	}
	return pos, failAt(pos, "want %s", word)
}

// scanNumber skips a number by the grammar of RFC 8259. It is a float if it
// has a fraction or an exponent (SER-5).
func scanNumber(data []byte, pos int) (end int, isFloat bool, err error) {
	if data[pos] == '-' {
		pos++
	}
	start := pos
	pos = skipDigits(data, pos)
	switch {
	case pos == start:
		return pos, false, failAt(pos, "want a digit")
	case data[start] == '0' && pos > start+1:
		return pos, false, failAt(start, "number with a leading zero")
	}
	if pos < len(data) && data[pos] == '.' {
		isFloat = true
		start = pos + 1
		if pos = skipDigits(data, start); pos == start {
			return pos, true, failAt(pos, "want a digit after '.'")
		}
	}
	if pos < len(data) && data[pos]|0x20 == 'e' {
		isFloat = true
		if pos++; pos < len(data) && (data[pos] == '+' || data[pos] == '-') {
			pos++
		}
		start = pos
		if pos = skipDigits(data, start); pos == start {
			return pos, true, failAt(pos, "want a digit in the exponent")
		}
	}
	return pos, isFloat, nil
}

func skipDigits(data []byte, pos int) int {
	for pos < len(data) && data[pos]-'0' <= 9 {
		pos++
	}
	return pos
}

// scanString skips to the closing quote of a string whose content begins at
// pos, and reports whether the content stands for itself. It checks UTF-8
// (SER-9), escapes, and that surrogates come in pairs (JS-6).
func scanString(data []byte, pos int) (end int, plain bool, err error) {
	for plain = true; ; {
		pos = skipPlain(data, pos)
		if pos >= len(data) {
			return pos, false, truncated(data)
		}
		switch c := data[pos]; {
		case c == '"':
			return pos, plain, nil
		case c == '\\':
			plain = false
			pos, err = scanEscape(data, pos)
		case c >= utf8.RuneSelf:
			pos, err = scanRunes(data, pos)
		default:
			err = failAt(pos, "control character %#02x in a string", c)
		}
		if err != nil {
			return pos, false, err
		}
	}
}

// Constants for looking at eight octets at once.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// specials marks the octets of w that do not stand for themselves in a string,
// by their high bits. Borrows may set wrong marks, but only above a right one:
// the lowest counts.
func specials(w uint64) uint64 {
	quote, slash := w^'"'*ones, w^'\\'*ones
	return ((quote - ones) | (slash - ones) | (w - ' '*ones) | w) & highs
}

// skipPlain skips ASCII that stands for itself in a string.
func skipPlain(data []byte, pos int) int {
	for 0 <= pos && pos <= len(data)-8 {
		if m := specials(binary.LittleEndian.Uint64(data[pos:])); m != 0 {
			return pos + bits.TrailingZeros64(m)/8
		}
		pos += 8
	}
	for pos < len(data) {
		if c := data[pos]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return pos
		}
		pos++
	}
	return pos
}

// scanRunes skips runes beyond ASCII.
func scanRunes(data []byte, pos int) (int, error) {
	for pos < len(data) && data[pos] >= utf8.RuneSelf {
		c, size := utf8.DecodeRune(data[pos:])
		if c == utf8.RuneError && size == 1 {
			return pos, failAt(pos, "invalid UTF-8 in a string")
		}
		pos += size
	}
	return pos, nil
}

func scanEscape(data []byte, pos int) (int, error) {
	if pos+1 >= len(data) {
		return pos, truncated(data)
	}
	switch c := data[pos+1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return pos + 2, nil
	case 'u':
		return scanUnicodeEscape(data, pos)
	default:
		return pos, failAt(pos, "unknown escape \\%c", c)
	}
}

func scanUnicodeEscape(data []byte, pos int) (int, error) {
	u, ok := hexEscape(data[pos:])
	if !ok {
		return pos, failAt(pos, "want four hexadecimal digits after \\u")
	}
	if !utf16.IsSurrogate(u) {
		return pos + 6, nil
	}
	low, _ := hexEscape(data[pos+6:])
	if utf16.DecodeRune(u, low) == utf8.RuneError {
		return pos, failAt(pos, "unpaired surrogate \\u%04x", u)
	}
	return pos + 12, nil
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
