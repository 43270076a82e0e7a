package serializer

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"unicode/utf8"

	"github.com/junctorio/junctor/wamp"
)

// readValue returns the value that t begins as nil, bool, int64, uint64 (only
// above int64), *big.Int (only beyond both), float64, string, []byte, []any or
// wamp.Dict, whatever the serializer. The result shares no memory with the
// reader. An octet may become a hundred: of what strangers send, only so many
// values are read as are left; nil means any number.
func readValue(r reader, t *token, depth int, left *int) (any, error) {
	if left != nil {
		if *left--; *left < 0 {
			return nil, errTooManyValues
		}
	}
	switch t.kind {
	case kindNull:
		return nil, nil
	case kindFalse, kindTrue:
		return t.kind == kindTrue, nil
	case kindUint:
		if t.num > math.MaxInt64 {
			return t.num, nil
		}
		return int64(t.num), nil
	case kindNegative:
		return negativeValue(t.num), nil
	case kindBig:
		return bigValue(r, t)
	case kindFloat:
		return r.float(t)
	case kindString, kindBinary:
		return stringValue(r, t), nil
	case kindList:
		return readList(r, t, depth, left)
	case kindDict:
		return readDict(r, t, depth, left)
	}
	return nil, fmt.Errorf("%s %d has no Go value", t.kind, t.num)
}

func stringValue(r reader, t *token) any {
	if b, ok := r.binary(t); ok {
		return append([]byte{}, b...)
	}
	return string(textOf(r, t))
}

// negativeValue returns -1-n.
func negativeValue(n uint64) any {
	if n > math.MaxInt64 {
		v := new(big.Int).SetUint64(n)
		return v.Not(v)
	}
	return ^int64(n)
}

func bigValue(r reader, t *token) (any, error) {
	v, err := r.big(t)
	switch {
	case err != nil:
		return nil, err
	case v.IsInt64():
		return v.Int64(), nil
	case v.IsUint64():
		return v.Uint64(), nil
	}
	return v, nil
}

// maxRoom bounds what is allocated for items that were announced but not yet
// seen.
const maxRoom = 1024

func readList(r reader, t *token, depth int, left *int) ([]any, error) {
	if depth > maxDepth {
		return nil, tooDeep(r.offset())
	}
	list := []any{}
	if t.num != unknown {
		list = make([]any, 0, min(t.num, maxRoom))
	}
	for c := t.items(); ; {
		if more, err := c.more(r); !more {
			return list, err
		}
		t, err := r.next()
		if err != nil {
			return nil, err
		}
		v, err := readValue(r, t, depth+1, left)
		if err != nil {
			return nil, withinItem(uint64(len(list)), err)
		}
		list = append(list, v)
	}
}

// readDict reads a dictionary; the last of equal keys wins (SER-8).
func readDict(r reader, t *token, depth int, left *int) (wamp.Dict, error) {
	if depth > maxDepth {
		return nil, tooDeep(r.offset())
	}
	dict := wamp.Dict{}
	for c := t.items(); ; {
		if more, err := c.more(r); !more {
			return dict, err
		}
		t, err := r.key()
		if err != nil {
			return nil, err
		}
		key, err := keyString(r, t)
		if err != nil {
			return nil, err
		}
		if t, err = r.next(); err != nil {
			return nil, err
		}
		if dict[key], err = readValue(r, t, depth+1, left); err != nil {
			return nil, withinKey(key, err)
		}
	}
}

// maxExtraValues bounds how many values a dictionary of a message's head may
// hold, at all levels.
const maxExtraValues = 4096

var errTooManyValues = fmt.Errorf("more than %d values", maxExtraValues)

var errNotUTF8 = errors.New("string is not valid UTF-8")

// appendValue appends a Go value. Plain values are written here, all others by
// way of the mapping of structs (value_struct.go).
func (f *format) appendValue(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return f.appendNull(dst), nil
	case bool:
		return f.appendBool(dst, v), nil
	case int:
		return f.appendInt(dst, int64(v))
	case int64:
		return f.appendInt(dst, v)
	case int32:
		return f.appendInt(dst, int64(v))
	case uint64:
		return f.appendUint(dst, v), nil
	case wamp.ID:
		return f.appendUint(dst, uint64(v)), nil
	case float64:
		return f.appendFloat(dst, v)
	case string:
		return f.appendValidString(dst, v)
	case wamp.URI:
		return f.appendValidString(dst, string(v))
	case []byte:
		return f.appendBytes(dst, v), nil
	case []any:
		return f.appendList(dst, v, depth)
	case wamp.Dict:
		return f.appendDict(dst, v, depth)
	case *big.Int:
		return f.appendBigInt(dst, v)
	case stdjson.Number:
		return f.appendNumber(dst, v, depth)
	}
	return f.appendMapped(dst, v, depth)
}

func (f *format) appendInt(dst []byte, v int64) ([]byte, error) {
	if v < 0 {
		return f.appendNegative(dst, uint64(^v))
	}
	return f.appendUint(dst, uint64(v)), nil
}

func (f *format) appendValidString(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return dst, errNotUTF8
	}
	return f.appendString(dst, s), nil
}

func (f *format) appendBytes(dst, b []byte) []byte {
	if b == nil {
		return f.appendNull(dst)
	}
	return f.appendBinary(dst, b)
}

// appendBigInt writes v as an ordinary integer where it is one.
func (f *format) appendBigInt(dst []byte, v *big.Int) ([]byte, error) {
	switch {
	case v == nil:
		return f.appendNull(dst), nil
	case v.IsInt64():
		return f.appendInt(dst, v.Int64())
	case v.IsUint64():
		return f.appendUint(dst, v.Uint64()), nil
	}
	return f.appendBig(dst, v)
}

// appendNumber writes a number that package encoding/json left as text.
func (f *format) appendNumber(dst []byte, v stdjson.Number, depth int) ([]byte, error) {
	return f.appendEncoded(dst, jsonFormat, []byte(v), depth)
}

func (f *format) appendList(dst []byte, list []any, depth int) ([]byte, error) {
	if list == nil {
		return f.appendNull(dst), nil
	}
	if depth > maxDepth {
		return dst, errTooDeep
	}
	dst = f.appendOpen(dst, false, uint64(len(list)))
	for i, v := range list {
		var err error
		if dst, err = f.appendValue(f.appendComma(dst, uint64(i)), v, depth+1); err != nil {
			return dst, withinItem(uint64(i), err)
		}
	}
	return f.appendClose(dst, false), nil
}

// appendDict writes the keys in order, so that equal dictionaries give equal
// octets. A nil dictionary is an empty one.
func (f *format) appendDict(dst []byte, d wamp.Dict, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, errTooDeep
	}
	dst = f.appendOpen(dst, true, uint64(len(d)))
	for i, key := range slices.Sorted(maps.Keys(d)) {
		var err error
		if dst, err = f.appendValidString(f.appendComma(dst, uint64(i)), key); err != nil {
			return dst, fmt.Errorf("key %q: %w", key, err)
		}
		if dst, err = f.appendValue(f.appendColon(dst), d[key], depth+1); err != nil {
			return dst, withinKey(key, err)
		}
	}
	return f.appendClose(dst, true), nil
}

var errTooDeep = fmt.Errorf("nested deeper than %d levels", maxDepth)

// appendEncoded appends a value that is encoded in another format.
func (f *format) appendEncoded(dst []byte, from *format, b []byte, depth int) ([]byte, error) {
	r := from.borrowReader(b)
	defer from.returnReader(r)
	t := transcoder{from: r, to: f, dst: dst}
	if err := t.next(depth); err != nil {
		return dst, err
	}
	if err := r.end(); err != nil {
		return dst, err
	}
	return t.dst, nil
}
