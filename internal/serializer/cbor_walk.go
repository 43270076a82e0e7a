package serializer

// walkCBOR walks the value at pos, which is at the given depth if it is a list
// or dictionary.
func walkCBOR(data []byte, pos, depth int) (int, error) {
	w := countedWalk{data: data, pos: pos, depth: depth, left: 1}
	for !w.done() {
		if len(data)-w.pos >= walkWindow {
			if w.runCBOR(); w.done() {
				break
			}
		}
		var err error
		if w.level == walkLevels {
			err = w.scalar(walkCBOR(data, w.pos, depth+walkLevels))
		} else {
			err = w.stepCBOR()
		}
		if err != nil {
			return w.pos, err
		}
	}
	return w.pos, nil
}

// stepCBOR goes over one token, or over a whole list or dictionary of
// indefinite length.
func (w *countedWalk) stepCBOR() error {
	h, _, pos, err := scanTags(w.data, w.pos)
	switch {
	case err != nil:
		return err
	case h.major == cborBinary || h.major == cborString:
		return w.scalar(scanCBORContent(w.data, pos, h))
	case h.major != cborList && h.major != cborDict:
		return w.scalar(pos, nil)
	case h.info == cborIndefinite:
		return w.scalar(walkIndefinite(w.data, pos, h.major, w.depth+w.level))
	}
	return w.open(pos, cborKinds[h.major], h.n)
}

// walkIndefinite walks a list or dictionary of indefinite length from behind
// its head on.
func walkIndefinite(data []byte, pos int, major byte, depth int) (_ int, err error) {
	if depth > maxDepth {
		return pos, tooDeep(pos)
	}
	for pos >= len(data) || data[pos] != cborBreak {
		if pos, err = walkCBOR(data, pos, depth+1); err == nil && major == cborDict {
			pos, err = walkCBOR(data, pos, depth+1) // any value can be a key (SER-6)
		}
		if err != nil {
			return pos, err
		}
	}
	return pos + 1, nil
}

// runCBOR is runMsgpack for CBOR.
func (w *countedWalk) runCBOR() {
	data, pos, left, level := w.data, w.pos, w.left, w.level
	limit := min(walkLevels, maxDepth+1-w.depth)
loop:
	for 0 <= pos && pos <= len(data)-walkWindow {
		b := (*[walkWindow]byte)(data[pos:])
		c := b[0]
		switch n := uint(c) - cborString<<5; {
		case n < walkWindow:
			if !shortText(b, n) {
				break loop
			}
			pos += int(n) + 1
		case c < 24:
			pos++
		case n <= 24:
			start, end := pos+1, pos+1+int(n)
			if n == 24 {
				start, end = pos+2, pos+2+int(b[1])
			}
			if !asciiText(data, start, end) {
				break loop
			}
			pos = end
		case cborList<<5 <= c && c < cborTag<<5:
			items := uint32(c & 0x1f)
			if items == 0 || items >= walkWindow || level >= limit {
				break loop
			}
			if c >= cborDict<<5 {
				items *= 2
			}
			w.outer[level%walkLevels] = left - 1
			level++
			left = items
			pos++
			continue
		default:
			size := int(cborSizes[c])
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

// cborSizes is the number of octets of a number, bool or null by the first one.
var cborSizes = func() (sizes [256]uint8) {
	for _, major := range []int{cborUint, cborNegative} {
		for info := range 24 {
			sizes[major<<5|info] = 1
		}
		for i := range 4 {
			sizes[major<<5|24+i] = 1 + 1<<i
		}
	}
	for info := range 24 {
		sizes[cborSimple<<5|info] = 1
	}
	sizes[0xf9], sizes[0xfa], sizes[0xfb] = 3, 5, 9
	return sizes
}()
