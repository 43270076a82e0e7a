package serializer

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// EncodePayload is described at wamp.Serializer.
func (f *format) EncodePayload(args, kwargs any) (wamp.Payload, error) {
	p := wamp.Payload{Serializer: f}
	list, err := f.encodeElement(args, kindList)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("encode to %s: %w", f, within("args", err))
	}
	dict, err := f.encodeElement(kwargs, kindDict)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("encode to %s: %w", f, within("kwargs", err))
	}
	switch {
	case dict != nil:
		p.Elements = 2
		if list == nil {
			list = f.appendClose(f.appendOpen(nil, false, 0), false)
		}
		p.Bytes = append(f.appendComma(list, 1), dict...)
	case list != nil:
		p.Elements, p.Bytes = 1, list
	default:
		return wamp.Payload{}, nil
	}
	return p, nil
}

// encodeElement encodes a list or dictionary, to nil if it is empty (MSG-5).
func (f *format) encodeElement(v any, want kind) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	b, err := f.appendValue(nil, v, messageDepth)
	if err != nil {
		return nil, err
	}
	r := f.borrowReader(b)
	defer f.returnReader(r)
	t, err := r.next()
	switch {
	case err != nil:
		return nil, err
	case t.kind == kindNull:
		return nil, nil
	case t.kind != want:
		return nil, fmt.Errorf("%T encodes to a %s instead of a %s", v, t.kind, want)
	}
	c := t.items()
	if more, err := c.more(r); err != nil || !more {
		return nil, err
	}
	return b, nil
}

// DecodePayload is described at wamp.Serializer.
func (f *format) DecodePayload(p wamp.Payload, args, kwargs any) error {
	if p.Elements == 0 {
		return nil
	}
	r := f.borrowReader(p.Bytes)
	defer f.returnReader(r)
	if p.Opaque {
		return f.decodeOpaque(r, args)
	}
	if err := f.decodeElement(r, 0, args); err != nil {
		return fmt.Errorf("decode from %s: %w", f, within("args", err))
	}
	if p.Elements < 2 {
		return nil
	}
	if err := f.decodeElement(r, 1, kwargs); err != nil {
		return fmt.Errorf("decode from %s: %w", f, within("kwargs", err))
	}
	return nil
}

// decodeElement moves to the i-th element and decodes it into what target
// points to.
func (f *format) decodeElement(r reader, i uint64, target any) error {
	if err := f.toElement(r, i); err != nil {
		return err
	}
	switch target := target.(type) {
	case nil:
		return r.skip(messageDepth)
	case *any:
		return readInto(r, target)
	case *[]any:
		return readInto(r, target)
	case *wamp.Dict:
		return readInto(r, target)
	default:
		return f.readMapped(r, target)
	}
}

// readInto reads a value that must be of type T.
func readInto[T any](r reader, target *T) error {
	t, err := r.next()
	if err != nil {
		return err
	}
	k := t.kind
	v, err := readValue(r, t, messageDepth, nil)
	if err != nil {
		return err
	}
	value, ok := v.(T)
	if !ok {
		return fmt.Errorf("%s does not fit %T", k, *target)
	}
	*target = value
	return nil
}

// decodeOpaque decodes the one binary of an opaque payload as a list of itself.
func (f *format) decodeOpaque(r reader, args any) error {
	if args == nil {
		return nil
	}
	var content any
	if err := readInto(r, &content); err != nil {
		return fmt.Errorf("decode from %s: %w", f, within("args", err))
	}
	list, err := f.encodeElement([]any{content}, kindList)
	if err != nil {
		return err
	}
	return f.DecodePayload(wamp.Payload{Serializer: f, Bytes: list, Elements: 1}, args, nil)
}
