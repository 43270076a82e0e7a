package serializer

import "github.com/junctorio/junctor/wamp"

func (e msgpackEncoding) appendBare(dst []byte, code wamp.Code, f bareFields) []byte {
	dst = append(dst, 0x90|(bareShapes[code].elements+f.payload.Elements), byte(code))
	dst = e.appendUint(dst, uint64(*f.first))
	if f.second != nil {
		dst = e.appendUint(dst, uint64(*f.second))
	}
	dst = append(dst, 0x80)
	if f.uri != nil {
		dst = e.appendString(dst, string(*f.uri))
	}
	return dst
}

func (e cborEncoding) appendBare(dst []byte, code wamp.Code, f bareFields) []byte {
	dst = append(dst, 0x80|(bareShapes[code].elements+f.payload.Elements))
	dst = e.appendUint(e.appendUint(dst, uint64(code)), uint64(*f.first))
	if f.second != nil {
		dst = e.appendUint(dst, uint64(*f.second))
	}
	dst = append(dst, 0xa0)
	if f.uri != nil {
		dst = e.appendString(dst, string(*f.uri))
	}
	return dst
}

func (msgpackEncoding) readBare(data []byte) (bareHead, bareParts, bool) {
	return readCountedBare(data, &msgpackHeads, walkMsgpack)
}

func (cborEncoding) readBare(data []byte) (bareHead, bareParts, bool) {
	return readCountedBare(data, &cborHeads, walkCBOR)
}

// walker is walkMsgpack or walkCBOR.
type walker func(data []byte, pos, depth int) (int, error)

// countedHeads are the heads of MessagePack or CBOR that bare messages have.
type countedHeads struct{ list, dict, uint, text countedHead }

// countedHead is the head of one kind of value: up to limit, a number is part
// of the first octet, else it follows in one, two, four or eight.
type countedHead struct {
	short byte // first octet with the number 0
	limit byte
	long  byte // first octet with the number in 1<<exp octets
	forms byte // how many forms with a number that follows there are
	exp   byte
}

var (
	msgpackHeads = countedHeads{
		list: countedHead{short: 0x90, limit: 16, long: 0xdc, forms: 2, exp: 1},
		dict: countedHead{short: 0x80, limit: 16, long: 0xde, forms: 2, exp: 1},
		uint: countedHead{short: 0x00, limit: 128, long: 0xcc, forms: 4},
		text: countedHead{short: 0xa0, limit: 32, long: 0xd9, forms: 3},
	}
	cborHeads = countedHeads{
		list: countedHead{short: cborList << 5, limit: 24, long: cborList<<5 | 24, forms: 4},
		dict: countedHead{short: cborDict << 5, limit: 24, long: cborDict<<5 | 24, forms: 4},
		uint: countedHead{short: cborUint << 5, limit: 24, long: cborUint<<5 | 24, forms: 4},
		text: countedHead{short: cborString << 5, limit: 24, long: cborString<<5 | 24, forms: 4},
	}
)

// read returns the number in the head at pos and where it ends. The position
// is negative, as it can be before, if another kind of value is there.
func (h *countedHead) read(data []byte, pos int) (uint64, int) {
	if uint(pos) >= uint(len(data)) {
		return 0, -1
	}
	c := data[pos]
	if n := c - h.short; n < h.limit {
		return uint64(n), pos + 1
	}
	form := c - h.long
	if form >= h.forms {
		return 0, -1
	}
	end := pos + 1 + 1<<(form+h.exp)
	if end > len(data) {
		return 0, -1
	}
	return bigEndian(data[pos+1 : end]), end
}

// readCountedBare is readBare for both formats.
func readCountedBare(data []byte, heads *countedHeads, walk walker) (h bareHead, at bareParts, ok bool) {
	elements, pos := heads.list.read(data, 0)
	code, pos := heads.uint.read(data, pos)
	if pos < 0 || code > maxBareCode {
		return h, at, false
	}
	h.code = wamp.Code(code)
	shape := &bareShapes[h.code]
	h.elements = uint8(elements) - shape.elements
	if shape.elements == 0 || elements > 6 || h.elements > 2 {
		return h, at, false
	}
	if h.first, pos = heads.id(data, pos); shape.second {
		h.second, pos = heads.id(data, pos)
	}
	options, pos := heads.dict.read(data, pos)
	if pos < 0 || options > 0 {
		return h, at, false
	}
	if shape.uri {
		n, start := heads.text.read(data, pos)
		if start < 0 || n > uint64(len(data)-start) || !validText(data[start:start+int(n)]) {
			return h, at, false
		}
		pos = start + int(n)
		at.uriAt, at.uriEnd = start, pos
	}
	at.payloadAt = pos
	if h.elements > 0 {
		pos = heads.payload(data, pos, h.elements, walk)
	}
	at.payloadEnd = pos
	return h, at, pos == len(data)
}

// id reads an id (ID-1).
func (h *countedHeads) id(data []byte, pos int) (wamp.ID, int) {
	v, pos := h.uint.read(data, pos)
	if v-1 >= uint64(wamp.MaxID) {
		return 0, -1
	}
	return wamp.ID(v), pos
}

// payload walks a payload of one or two elements.
func (h *countedHeads) payload(data []byte, pos int, elements uint8, walk walker) int {
	if _, end := h.list.read(data, pos); end < 0 {
		return -1
	}
	pos, err := walk(data, pos, messageDepth)
	switch {
	case err != nil:
		return -1
	case elements == 1:
		return pos
	}
	n, pos := h.dict.read(data, pos)
	for ; n > 0 && pos >= 0; n-- {
		if _, end := h.text.read(data, pos); end < 0 {
			return -1
		}
		if pos, err = walk(data, pos, messageDepth+1); err == nil {
			pos, err = walk(data, pos, messageDepth+1)
		}
		if err != nil {
			return -1
		}
	}
	return pos
}
