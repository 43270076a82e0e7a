package serializer

import (
	"bytes"
	"io"
	"reflect"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"github.com/junctorio/junctor/wamp"
)

// Go's structs, typed slices and maps are mapped by one library for all three
// serializers: through CBOR, which has every kind that the others have. So the
// same field tags (cbor or json), the same treatment of time.Time, of
// encoding.TextMarshaler and of json.Marshaler hold whatever serializer a
// session speaks.

// modes returns the library's settings, made when first needed.
var modes = sync.OnceValues(func() (cbor.EncMode, cbor.DecMode) {
	enc, err := cbor.EncOptions{
		Sort:                    cbor.SortBytewiseLexical,
		Time:                    cbor.TimeRFC3339Nano,
		OmitEmpty:               cbor.OmitEmptyGoValue,
		BinaryMarshaler:         cbor.BinaryMarshalerNone,
		TextMarshaler:           cbor.TextMarshalerTextString,
		JSONMarshalerTranscoder: transcoding{from: jsonFormat, to: cborFormat},
	}.EncMode()
	if err != nil {
		panic(err) // the options above contradict each other
	}
	dec, err := cbor.DecOptions{
		MaxNestedLevels:           2 * maxDepth,
		MaxArrayElements:          1<<31 - 1,
		MaxMapPairs:               1<<31 - 1,
		IntDec:                    cbor.IntDecConvertSignedOrBigInt,
		DefaultMapType:            reflect.TypeFor[wamp.Dict](),
		BinaryUnmarshaler:         cbor.BinaryUnmarshalerNone,
		TextUnmarshaler:           cbor.TextUnmarshalerTextString,
		JSONUnmarshalerTranscoder: transcoding{from: cborFormat, to: jsonFormat},
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return enc, dec
})

// transcoding lets the library use types that know JSON only.
type transcoding struct{ from, to *format }

// Transcode implements cbor.Transcoder.
func (t transcoding) Transcode(dst io.Writer, src io.Reader) error {
	var in bytes.Buffer
	if _, err := in.ReadFrom(src); err != nil {
		return err
	}
	out, err := t.to.appendEncoded(nil, t.from, in.Bytes(), messageDepth)
	if err != nil {
		return err
	}
	_, err = dst.Write(out)
	return err
}

// appendMapped appends any Go value that the library can map.
func (f *format) appendMapped(dst []byte, v any, depth int) ([]byte, error) {
	enc, _ := modes()
	b, err := enc.Marshal(v)
	if err != nil {
		return dst, err
	}
	return f.appendEncoded(dst, cborFormat, b, depth)
}

// readMapped decodes the value that r is at into what target points to.
func (f *format) readMapped(r reader, target any) error {
	t := transcoder{from: r, to: cborFormat}
	if err := t.next(messageDepth); err != nil {
		return err
	}
	_, dec := modes()
	return dec.Unmarshal(t.dst, target)
}
