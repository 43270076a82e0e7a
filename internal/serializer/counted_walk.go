package serializer

import "encoding/binary"

// countedWalk is a walk through values of MessagePack or CBOR, where a list or
// dictionary begins with its number of items. Two functions of each format move
// it: run goes over all that is as usual, step over one token whatever it is.
type countedWalk struct {
	data  []byte
	pos   int
	depth int                // of the values, if they are lists or dictionaries
	left  uint32             // values to come in the innermost list or dictionary
	level int                // lists and dictionaries that are open
	outer [walkLevels]uint32 // what is left in those around the innermost one
}

// walkLevels is how many levels a walk goes down. Below them, another walk goes
// over each value: few payloads are that deep, and to clear room for maxDepth
// takes longer than to walk a small one.
const walkLevels = 16

// maxItems keeps twice the number of items of a list or dictionary within 32
// bits. No frame is so long.
const maxItems = 1 << 30

// done closes the lists and dictionaries that are complete, and reports whether
// all are.
func (w *countedWalk) done() bool {
	for w.left == 0 {
		if w.level == 0 {
			return true
		}
		w.level--
		w.left = w.outer[w.level]
	}
	return false
}

// scalar goes over a value that ends at pos, unless there is an error.
func (w *countedWalk) scalar(pos int, err error) error {
	w.pos = pos
	w.left--
	return err
}

// open goes over the head of a list or dictionary of n items, which ends at pos.
func (w *countedWalk) open(pos int, k kind, n uint64) error {
	if w.depth+w.level > maxDepth {
		return tooDeep(pos)
	}
	if err := checkItems(w.data, pos, k, n); err != nil {
		return err
	}
	w.outer[w.level] = w.left - 1
	w.level++
	w.pos, w.left = pos, uint32(n)
	if k == kindDict {
		w.left *= 2 // any value can be a key (SER-6)
	}
	return nil
}

// walkWindow is how many octets from a token on run looks at. What is nearer to
// the end of the data is left to step.
const walkWindow = 16

// shortText reports whether a string of n octets, less than walkWindow, that
// begins with b's second octet is ASCII.
func shortText(b *[walkWindow]byte, n uint) bool {
	m := &shortMasks[n%walkWindow]
	return binary.LittleEndian.Uint64(b[:8])&m[0]|binary.LittleEndian.Uint64(b[8:])&m[1] == 0
}

// shortMasks select the high bits of the n octets behind the first one.
var shortMasks = func() (masks [walkWindow][2]uint64) {
	for n := range masks {
		for i := 1; i <= n; i++ {
			masks[n][i/8] |= 0x80 << (i % 8 * 8)
		}
	}
	return masks
}()

// asciiText reports whether data[start:end] is ASCII, false if it is shorter
// than eight octets or beyond the end.
func asciiText(data []byte, start, end int) bool {
	if start < 0 || end > len(data) || end-8 < start {
		return false
	}
	for ; start < end-8; start += 8 {
		if binary.LittleEndian.Uint64(data[start:])&highs != 0 {
			return false
		}
	}
	return binary.LittleEndian.Uint64(data[end-8:])&highs == 0
}
