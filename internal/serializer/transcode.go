package serializer

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// Transcode returns p in serializer s: p itself if it is in s already. P may be
// of any origin; one that is in no serializer of this package is an error.
func Transcode(s Serializer, p wamp.Payload) (wamp.Payload, error) {
	if p.Elements == 0 {
		return wamp.Payload{}, nil
	}
	if p.Elements > 2 || p.Serializer == nil {
		return wamp.Payload{}, fmt.Errorf("payload of %d elements in serializer %v is none", p.Elements, p.Serializer)
	}
	from, ok := ByNumber(p.Serializer.Number())
	if !ok {
		return wamp.Payload{}, fmt.Errorf("payload in %s, which is not supported", p.Serializer)
	}
	p.Serializer = from
	if from.Number() == s.Number() {
		return p, nil
	}
	bytes, err := s.AppendPayload(nil, p)
	if err != nil {
		return wamp.Payload{}, err
	}
	p.Serializer, p.Bytes = s, bytes
	return p, nil
}

// AppendPayload is described at Serializer.
func (f *format) AppendPayload(dst []byte, p wamp.Payload) ([]byte, error) {
	if p.Elements == 0 {
		return dst, nil
	}
	from := formatOf(p.Serializer)
	if from == f {
		return append(dst, p.Bytes...), nil
	}
	r := from.borrowReader(p.Bytes)
	defer from.returnReader(r)
	t := transcoder{from: r, to: f, dst: dst}
	for i := range uint64(p.Elements) {
		t.dst = f.appendComma(t.dst, i)
		err := from.toElement(r, i)
		if err == nil {
			err = t.next(messageDepth)
		}
		if err != nil {
			return dst, fmt.Errorf("payload from %s to %s: %w", from, f, within(elementName(i), err))
		}
	}
	return t.dst, nil
}

// toElement moves r to the i-th element of a payload. In JSON they stand as in
// a list without its brackets.
func (f *format) toElement(r reader, i uint64) error {
	if !f.textual {
		return nil
	}
	_, err := r.more(false, i == 0)
	return err
}

// transcoder pipes the tokens of one serializer into the encoding of another.
type transcoder struct {
	from reader
	to   *format
	dst  []byte
}

// next transcodes one value.
func (t *transcoder) next(depth int) error {
	tok, err := t.from.next()
	if err != nil {
		return err
	}
	switch tok.kind {
	case kindList, kindDict:
		return t.items(tok, depth)
	default:
		return t.scalar(tok)
	}
}

// items transcodes a list or dictionary.
func (t *transcoder) items(tok *token, depth int) error {
	if depth > maxDepth {
		return tooDeep(t.from.offset())
	}
	c, at, n := tok.items(), len(t.dst), uint64(0)
	counted := c.left != unknown
	t.dst = t.to.appendOpen(t.dst, c.dict, c.left)
	for {
		more, err := c.more(t.from)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		t.dst = t.to.appendComma(t.dst, n)
		start := t.from.offset()
		if c.dict {
			err = t.key(depth)
		}
		if err == nil {
			err = t.next(depth + 1)
		}
		if err != nil {
			return t.locate(err, c.dict, n, start)
		}
		n++
	}
	if !counted {
		t.dst = t.to.patch(t.dst, at, c.dict, n)
	}
	t.dst = t.to.appendClose(t.dst, c.dict)
	return nil
}

// locate adds to an error that it concerns the i-th item of a list or
// dictionary, which begins at start.
func (t *transcoder) locate(err error, dict bool, i uint64, start int) error {
	if !dict {
		return withinItem(i, err)
	}
	t.from.seek(start)
	if tok, keyErr := t.from.key(); keyErr == nil && tok.kind == kindString {
		return withinKey(string(textOf(t.from, tok)), err)
	}
	return withinItem(i, err)
}

// key transcodes a key. JSON has only strings; integers become their digits (SER-6).
func (t *transcoder) key(depth int) error {
	tok, err := t.from.key()
	if err != nil {
		return err
	}
	switch {
	case tok.kind == kindString:
		t.dst = t.to.appendText(t.dst, textOf(t.from, tok))
	case t.to.textual:
		s, err := keyString(t.from, tok)
		if err != nil {
			return err
		}
		t.dst = t.to.appendString(t.dst, s)
	case tok.kind == kindList || tok.kind == kindDict:
		err = t.items(tok, depth+1)
	default:
		err = t.scalar(tok)
	}
	t.dst = t.to.appendColon(t.dst)
	return err
}

// keyString returns a key as a string, if it is a string or an integer.
func keyString(r reader, t *token) (string, error) {
	switch t.kind {
	case kindString:
		return string(textOf(r, t)), nil
	case kindUint, kindNegative:
		return t.describe(), nil
	}
	return "", fmt.Errorf("key that is neither a string nor an integer but %s", t.kind)
}

func (t *transcoder) scalar(tok *token) (err error) {
	switch tok.kind {
	case kindNull:
		t.dst = t.to.appendNull(t.dst)
	case kindFalse, kindTrue:
		t.dst = t.to.appendBool(t.dst, tok.kind == kindTrue)
	case kindUint:
		t.dst = t.to.appendUint(t.dst, tok.num)
	case kindNegative:
		t.dst, err = t.to.appendNegative(t.dst, tok.num)
	case kindBig:
		return t.big(tok)
	case kindFloat:
		return t.float(tok)
	case kindString, kindBinary:
		t.string(tok)
	default:
		return fmt.Errorf("%s %d has no form in %s", tok.kind, tok.num, t.to)
	}
	return err
}

func (t *transcoder) string(tok *token) {
	if tok.kind == kindString && tok.plain {
		t.dst = t.to.appendText(t.dst, tok.raw)
	} else if b, ok := t.from.binary(tok); ok {
		t.dst = t.to.appendBinary(t.dst, b)
	} else {
		t.dst = t.to.appendText(t.dst, textOf(t.from, tok))
	}
}

func (t *transcoder) float(tok *token) error {
	v, err := t.from.float(tok)
	if err == nil {
		t.dst, err = t.to.appendFloat(t.dst, v)
	}
	return err
}

func (t *transcoder) big(tok *token) error {
	v, err := t.from.big(tok)
	if err == nil {
		t.dst, err = t.to.appendBigInt(t.dst, v)
	}
	return err
}
