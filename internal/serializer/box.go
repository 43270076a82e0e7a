package serializer

import (
	"errors"
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// AppendBox appends the content of a payload in payload passthru mode: the
// dictionary {"args": list, "kwargs": dict} in serializer s, with those
// elements that p has (PPT-1). Unless it is empty, p must be in s.
func AppendBox(dst []byte, s wamp.Serializer, p wamp.Payload) ([]byte, error) {
	f := formatOf(s)
	switch {
	case p.Elements > 0 && p.Serializer != s:
		return dst, fmt.Errorf("payload in %s instead of %s", p.Serializer, s)
	case p.Opaque:
		return dst, errors.New("opaque payload, which has no elements")
	}
	r := f.borrowReader(p.Bytes)
	defer f.returnReader(r)
	out := f.appendOpen(dst, true, uint64(p.Elements))
	for i := range uint64(p.Elements) {
		if err := f.toElement(r, i); err != nil {
			return dst, err
		}
		start := r.offset()
		if err := r.skip(messageDepth); err != nil {
			return dst, err
		}
		out = f.appendString(f.appendComma(out, i), elementName(i))
		out = append(f.appendColon(out), r.slice(start, r.offset())...)
	}
	return f.appendClose(out, true), nil
}

// OpenBox returns the payload that a box holds, which may come from anybody: it
// is proven to be well formed. Other keys are ignored. The payload may alias
// data.
func OpenBox(s wamp.Serializer, data []byte) (wamp.Payload, error) {
	f := formatOf(s)
	r := f.borrowReader(data)
	defer f.returnReader(r)
	elements, err := boxElements(r)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("packed payload in %s: %w", f, err)
	}
	list, dict := elements[0], elements[1]
	switch {
	case dict != nil:
		if list == nil {
			list = f.appendClose(f.appendOpen(nil, false, 0), false)
		}
		joined := append(f.appendComma(list[:len(list):len(list)], 1), dict...)
		return wamp.Payload{Serializer: f, Bytes: joined, Elements: 2}, nil
	case list != nil:
		return wamp.Payload{Serializer: f, Bytes: list, Elements: 1}, nil
	}
	return wamp.Payload{}, nil
}

// boxElements returns the octets of args and kwargs, nil where there is none.
func boxElements(r reader) (elements [2][]byte, err error) {
	t, err := r.next()
	if err != nil {
		return elements, err
	}
	if t.kind != kindDict {
		return elements, fmt.Errorf("want a dict, got %s", t.describe())
	}
	for c := t.items(); ; {
		more, err := c.more(r)
		if err != nil {
			return elements, err
		}
		if !more {
			return elements, r.end()
		}
		key, err := r.key()
		if err != nil {
			return elements, err
		}
		i := -1
		if key.kind == kindString {
			i = boxIndex(textOf(r, key))
		}
		if err := boxElement(r, i, &elements); err != nil {
			return elements, err
		}
	}
}

func boxIndex(key []byte) int {
	switch string(key) {
	case "args":
		return 0
	case "kwargs":
		return 1
	}
	return -1
}

// boxElement reads the value of a key, and keeps it as the i-th element unless
// i is negative.
func boxElement(r reader, i int, elements *[2][]byte) error {
	if i < 0 {
		return r.skip(messageDepth)
	}
	name := elementName(uint64(i))
	start := r.offset()
	t, err := r.next()
	if err != nil {
		return within(name, err)
	}
	switch want := [2]kind{kindList, kindDict}[i]; {
	case t.kind == kindNull:
		return nil
	case t.kind != want:
		return within(name, fmt.Errorf("want a %s, got %s", want, t.describe()))
	case elements[i] != nil:
		return fmt.Errorf("%s is there twice", name)
	case want == kindDict:
		err = skipStringKeys(r, t, messageDepth)
	default:
		r.seek(start)
		err = r.skip(messageDepth)
	}
	elements[i] = r.slice(start, r.offset())
	if err != nil {
		return within(name, err)
	}
	return nil
}
