package serializer

// walkMsgpack walks the value at pos, which is at the given depth if it is a
// list or dictionary.
func walkMsgpack(data []byte, pos, depth int) (int, error) {
	w := countedWalk{data: data, pos: pos, depth: depth, left: 1}
	for !w.done() {
		if len(data)-w.pos >= walkWindow {
			if w.runMsgpack(); w.done() {
				break
			}
		}
		var err error
		if w.level == walkLevels {
			err = w.scalar(walkMsgpack(data, w.pos, depth+walkLevels))
		} else {
			err = w.stepMsgpack()
		}
		if err != nil {
			return w.pos, err
		}
	}
	return w.pos, nil
}

// stepMsgpack goes over one token.
func (w *countedWalk) stepMsgpack() error {
	pos := w.pos
	if pos >= len(w.data) {
		return truncated(w.data)
	}
	switch c := w.data[pos]; {
	case c <= 0x7f || c >= 0xe0:
		return w.scalar(pos+1, nil)
	case c <= 0x8f:
		return w.open(pos+1, kindDict, uint64(c&0x0f))
	case c <= 0x9f:
		return w.open(pos+1, kindList, uint64(c&0x0f))
	case c <= 0xbf:
		return w.scalar(scanContent(w.data, pos+1, kindString, uint64(c&0x1f)))
	default:
		return w.stepMsgpackLong(c)
	}
}

func (w *countedWalk) stepMsgpackLong(c byte) error {
	pos, width := w.pos+1, int(msgpackWidths[c-0xc0])
	if len(w.data)-pos < width {
		return truncated(w.data)
	}
	k := msgpackKinds[c-0xc0]
	switch k {
	case kindString, kindBinary, kindExtension, kindList, kindDict:
	case kindSimple:
		return failAt(w.pos, "octet %#02x is not used by MessagePack", c)
	default:
		return w.scalar(pos+width, nil)
	}
	n := bigEndian(w.data[pos : pos+width])
	pos += width
	switch {
	case k == kindList || k == kindDict:
		return w.open(pos, k, n)
	case k == kindExtension && width == 0:
		n = 1 + 1<<(c-0xd4) // the type and the data
	case k == kindExtension:
		n++
	}
	return w.scalar(scanContent(w.data, pos, k, n))
}

// runMsgpack goes over tokens until one is not as usual.
//
// This function sees every octet of every payload. It is one piece, calls
// nothing, and keeps its state in variables, so that all of it is in registers.
func (w *countedWalk) runMsgpack() {
	data, pos, left, level := w.data, w.pos, w.left, w.level
	limit := min(walkLevels, maxDepth+1-w.depth)
loop:
	for 0 <= pos && pos <= len(data)-walkWindow {
		b := (*[walkWindow]byte)(data[pos:])
		c := b[0]
		switch n := uint(c) - 0xa0; {
		case n < walkWindow:
			if !shortText(b, n) {
				break loop
			}
			pos += int(n) + 1
		case c <= 0x7f || c >= 0xe0:
			pos++
		case c <= 0x9f:
			items := uint32(c & 0x0f)
			if items == 0 || level >= limit {
				break loop
			}
			if c <= 0x8f {
				items *= 2
			}
			w.outer[level%walkLevels] = left - 1
			level++
			left = items
			pos++
			continue
		case c <= 0xbf || c == 0xd9:
			start, end := pos+1, pos+1+int(n)
			if c == 0xd9 {
				start, end = pos+2, pos+2+int(b[1])
			}
			if !asciiText(data, start, end) {
				break loop
			}
			pos = end
		default:
			size := int(msgpackSizes[c%32])
			if size == 0 {
				break loop
			}
			pos += size
		}
		if left--; left > 0 {
			continue
		}
		for ; left == 0; left = w.outer[level%walkLevels] {
			if level == 0 {
				break loop
			}
			level--
		}
	}
	w.pos, w.left, w.level = pos, left, level
}

// msgpackSizes is the number of octets of a null, bool or number that begins
// with 0xc0 to 0xdf.
var msgpackSizes = func() (sizes [32]uint8) {
	for i, k := range msgpackKinds {
		switch k {
		case kindNull, kindFalse, kindTrue, kindUint, kindFloat:
			sizes[i] = 1 + msgpackWidths[i]
		}
	}
	return sizes
}()
