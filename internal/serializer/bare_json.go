package serializer

import "github.com/junctorio/junctor/wamp"

func (jsonEncoding) appendBare(dst []byte, code wamp.Code, f bareFields) []byte {
	dst = append(dst, '[', '0'+byte(code/10), '0'+byte(code%10), ',')
	dst = appendDigits(dst, uint64(*f.first))
	if f.second != nil {
		dst = appendDigits(append(dst, ','), uint64(*f.second))
	}
	dst = append(dst, ",{}"...)
	if f.uri != nil {
		dst = appendQuoted(append(dst, ','), string(*f.uri))
	}
	if f.payload.Elements > 0 {
		dst = append(dst, ',')
	}
	return dst
}

// readBare reads what stands in the way that most peers write it, without
// white space.
func (jsonEncoding) readBare(data []byte) (h bareHead, at bareParts, ok bool) {
	if len(data) < len("[70,1,{}]") || data[0] != '[' || data[1]-'1' > 8 || data[2]-'0' > 9 || data[3] != ',' {
		return h, at, false
	}
	h.code = wamp.Code(data[1]-'0')*10 + wamp.Code(data[2]-'0')
	shape := &bareShapes[h.code]
	pos := len("[70,")
	if h.first, pos = bareJSONID(data, pos); shape.second {
		h.second, pos = bareJSONID(data, pos)
	}
	if shape.elements == 0 || pos+2 > len(data) || string(data[pos:pos+2]) != "{}" {
		return h, at, false
	}
	if pos += 2; shape.uri {
		if at.uriAt, pos = bareJSONText(data, pos); pos < 0 {
			return h, at, false
		}
		at.uriEnd = pos - 1
	}
	at.payloadAt = pos + 1
	for ; h.elements < 2 && pos < len(data)-2 && data[pos] == ',' && data[pos+1] == "[{"[h.elements]; h.elements++ {
		var err error
		if pos, err = walkJSON(data, pos+1, messageDepth); err != nil {
			return h, at, false
		}
	}
	at.payloadEnd = pos
	return h, at, pos == len(data)-1 && data[pos] == ']'
}

// bareJSONID reads an id and the comma behind it; the position is beyond the
// data if that is not what stands there.
func bareJSONID(data []byte, pos int) (wamp.ID, int) {
	const maxDigits = 16 // of 2^53
	var v uint64
	for i := pos; i < len(data) && i <= pos+maxDigits; i++ {
		d := data[i] - '0'
		if d > 9 {
			if data[i] != ',' || data[pos] == '0' || v-1 >= uint64(wamp.MaxID) {
				break
			}
			return wamp.ID(v), i + 1
		}
		v = v*10 + uint64(d)
	}
	return 0, len(data)
}

// bareJSONText reads a comma and a string without escapes, and returns where
// its content begins and where it ends; the latter is negative if that is not
// what stands there.
func bareJSONText(data []byte, pos int) (start, end int) {
	start = pos + 2
	if start > len(data) || data[pos] != ',' || data[pos+1] != '"' {
		return 0, -1
	}
	end, plain, err := scanString(data, start)
	if err != nil || !plain {
		return 0, -1
	}
	return start, end + 1
}
