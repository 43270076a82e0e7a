package serializer

import (
	"encoding/binary"
	"math/bits"
)

// jsonWalk is a walk through one value, list by list and dictionary by
// dictionary: step goes over one token by the letter of the grammar and knows
// what is wrong with it, run goes over all that is as usual.
type jsonWalk struct {
	data  []byte
	pos   int
	want  jsonWant
	depth int  // of the value
	level int  // depth, and one for each list and dictionary that is open
	end   byte // of the innermost one
	// ends are those of the others, by level. It has more room than maxDepth
	// so that an index needs no check but a mask.
	ends [128]byte
}

// jsonWant is what can follow.
type jsonWant uint8

const (
	jsonValue jsonWant = iota
	jsonKey
	jsonMore // a comma, or the end of a list or dictionary
)

// walkJSON walks the value at pos, which is at the given depth if it is a list
// or dictionary.
func walkJSON(data []byte, pos, depth int) (int, error) {
	w := jsonWalk{data: data, pos: pos, depth: depth, level: depth}
	for {
		if err := w.step(); err != nil {
			return w.pos, err
		}
		if w.want != jsonMore {
			w.run()
		}
		if w.level == depth && w.want == jsonMore {
			return w.pos, nil
		}
	}
}

// step goes over one token.
func (w *jsonWalk) step() (err error) {
	w.pos = skipSpace(w.data, w.pos)
	if w.pos >= len(w.data) {
		return truncated(w.data)
	}
	c := w.data[w.pos]
	switch {
	case w.want == jsonKey:
		w.pos, _, err = scanKey(w.data, w.pos)
		w.want = jsonValue
	case w.want == jsonMore:
		return w.more(c)
	case c == '[' || c == '{':
		return w.open(c)
	default:
		w.pos, err = scanScalar(w.data, w.pos)
		w.want = jsonMore
	}
	return err
}

// open goes over the mark c, and the one that closes what c opens if there is
// nothing in it.
func (w *jsonWalk) open(c byte) error {
	if w.level > maxDepth {
		return tooDeep(w.pos)
	}
	w.push(c)
	w.want = jsonValue
	if c == '{' {
		w.want = jsonKey
	}
	if w.pos = skipSpace(w.data, w.pos+1); w.pos < len(w.data) && w.data[w.pos] == w.end {
		w.want = jsonMore
	}
	return nil
}

func (w *jsonWalk) push(c byte) {
	w.ends[w.level&127] = w.end
	w.level++
	w.end = c + 2 // '[' and ']', '{' and '}' are two apart
}

// more goes over the mark c behind an item.
func (w *jsonWalk) more(c byte) (err error) {
	switch {
	case c == w.end:
		w.pos++
		w.level--
		w.end = w.ends[w.level&127]
	case w.end == '}':
		w.pos, err = scanMark(w.data, w.pos, ',', "',' or the end of the dict")
		w.want = jsonKey
	default:
		w.pos, err = scanMark(w.data, w.pos, ',', "',' or the end of the list")
		w.want = jsonValue
	}
	return err
}

// jsonWindow is how many octets from a token on run looks at.
const jsonWindow = 16

// longString is the length from which on a loop of its own skips a string faster.
const longString = 64

// run goes over tokens until one is not as usual, or so near to the end of the
// data that it may lack octets. What it does not expect is left to step: white
// space, escapes, text beyond ASCII, exponents, negative numbers, and all errors.
//
// This function sees every octet of every payload. It is one piece, calls
// nothing, and keeps its state in variables, so that all of it is in registers.
func (w *jsonWalk) run() {
	data, pos, want, level, end := w.data, w.pos, w.want, w.level, w.end
loop:
	for 0 <= pos && pos <= len(data)-jsonWindow {
		b := (*[jsonWindow]byte)(data[pos:])
		c, next := b[0], pos+1 // next is where the token ends
		switch {
		case c == '"':
			n := 0
			for {
				if next < 0 || next > len(data)-jsonWindow || next > pos+longString {
					break loop
				}
				b = (*[jsonWindow]byte)(data[next:])
				if m := specials(binary.LittleEndian.Uint64(b[:8])); m != 0 {
					n = bits.TrailingZeros64(m) / 8 & 7
					break
				}
				next += 8
			}
			if b[n] != '"' {
				break loop
			}
			if want == jsonKey {
				if n = guess(n); b[n+1] != ':' {
					break loop
				}
				pos, want = next+n+2, jsonValue
				continue
			}
			next += n + 1
			c = b[n+1]
		case want == jsonKey:
			break loop
		case c-'0' <= 9:
			next = digitsEnd(data, pos)
			if next < 0 || next > len(data)-jsonWindow || c == '0' && next > pos+1 {
				break loop
			}
			c = data[next]
			if c == '.' {
				point := next
				next = digitsEnd(data, point+1)
				if next < 0 || next > len(data)-jsonWindow || next == point+1 {
					break loop
				}
				c = data[next]
			}
			if c|0x20 == 'e' {
				break loop
			}
		case c == '[' || c == '{':
			if level > maxDepth || b[1] == c+2 || b[1] <= ' ' {
				break loop
			}
			w.ends[level&127] = end
			level++
			end = c + 2
			pos++
			want = jsonValue
			if c == '{' {
				want = jsonKey
			}
			continue
		case c == 't' && string(b[:4]) == "true", c == 'n' && string(b[:4]) == "null":
			next = pos + 4
			c = b[4]
		case c == 'f' && string(b[:5]) == "false":
			next = pos + 5
			c = b[5]
		default:
			break loop
		}
		pos = next
		want = jsonMore
		for ; c == end; c = data[pos] {
			pos++
			level--
			end = w.ends[level&127]
			if level == w.depth || pos >= len(data) {
				break loop
			}
		}
		if c != ',' {
			break loop
		}
		pos++
		want = jsonValue
		if end == '}' {
			want = jsonKey
		}
	}
	w.pos, w.want, w.level, w.end = pos, want, level, end
}

// digitsEnd skips digits, unless it comes too near to the end of the data.
func digitsEnd(data []byte, pos int) int {
	for 0 <= pos && pos <= len(data)-jsonWindow {
		n := digitRun(binary.LittleEndian.Uint64(data[pos:]))
		if pos += n; n < 8 {
			break
		}
	}
	return pos
}

// digitRun returns how many of the first octets of w are digits.
func digitRun(w uint64) int {
	w ^= '0' * ones
	return bits.TrailingZeros64((w+(0x80-10)*ones|w)&highs) / 8
}

// guess returns n, which is below 8. It jumps to the answer instead of handing
// it on, so that a CPU that predicts jumps goes on before it knows n. Keys come
// again and again, so walking records takes a quarter less time; with the
// lengths of values, which differ, it would take longer.
func guess(n int) int {
	switch n {
	case 0:
		return 0
	case 1:
		return 1
	case 2:
		return 2
	case 3:
		return 3
	case 4:
		return 4
	case 5:
		return 5
	case 6:
		return 6
	}
	return 7
}
