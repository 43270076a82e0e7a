// Package serializer turns WAMP messages into octets and back, for JSON,
// MessagePack and CBOR (section 5 of the rules).
//
// A Decoder reads a message's head into a typed struct and walks its payload
// once to prove it well formed, without decoding or copying it; a Serializer
// appends heads; AppendPayload copies a payload, or transcodes it token by
// token when it is in another serializer. Only applications decode payloads
// into Go values, through wamp.Payload.
//
// What is particular to a serializer is its reader (octets to tokens), its
// encoding (values to octets) and its walk. All else is written once: the
// messages' layouts for both directions (layout.go), transcoding, and Go values.
// Only the hot path's messages without options have a shorter way besides
// (bare.go).
package serializer

import "github.com/junctorio/junctor/wamp"

// Serializer encodes messages. Its values JSON, MsgPack and CBOR are safe for
// concurrent use and allocate nothing beyond growing dst.
type Serializer interface {
	wamp.Serializer

	// AppendHead appends m up to where its payload begins, so that the payload
	// bytes (if m has a payload) and then what AppendEnd appends complete the
	// message. What the head says of the number of elements follows m's
	// Payload.Elements. It fails only for a Dict with values that no
	// serializer can carry (and leaves dst as it was).
	AppendHead(dst []byte, m wamp.Message) ([]byte, error)

	// AppendEnd appends what stands after the payload: "]" in JSON, nothing in
	// MessagePack and CBOR.
	AppendEnd(dst []byte) []byte

	// AppendPayload appends p's elements: a copy where p is in this
	// serializer, transcoded otherwise (SER-1). A payload that this serializer
	// cannot carry (SER-6, JS-5) is an error that names what and where, and
	// leaves dst as it was.
	AppendPayload(dst []byte, p wamp.Payload) ([]byte, error)
}

// The serializers.
var (
	JSON    Serializer = jsonFormat
	MsgPack Serializer = msgpackFormat
	CBOR    Serializer = cborFormat
)

var (
	jsonFormat    = &format{encoding: jsonEncoding{}, number: wamp.SerializerJSON, textual: true}
	msgpackFormat = &format{encoding: msgpackEncoding{}, number: wamp.SerializerMsgPack}
	cborFormat    = &format{encoding: cborEncoding{}, number: wamp.SerializerCBOR}
)

// All returns the serializers in the order of their numbers.
func All() []Serializer { return []Serializer{JSON, MsgPack, CBOR} }

// ByNumber returns the serializer with the number used in the RawSocket
// handshake, if there is one.
func ByNumber(n wamp.SerializerNumber) (Serializer, bool) {
	switch n {
	case wamp.SerializerJSON:
		return JSON, true
	case wamp.SerializerMsgPack:
		return MsgPack, true
	case wamp.SerializerCBOR:
		return CBOR, true
	}
	return nil, false
}

// Append appends the whole message: head, payload and end. Its errors are
// those of AppendHead and AppendPayload; dst is then returned as it was.
func Append(dst []byte, s Serializer, m wamp.Message) ([]byte, error) {
	out, err := s.AppendHead(dst, m)
	if err != nil {
		return dst, err
	}
	if p := PayloadOf(m); p != nil {
		if out, err = s.AppendPayload(out, *p); err != nil {
			return dst, err
		}
	}
	return s.AppendEnd(out), nil
}

// PayloadOf returns the payload of a message, nil for a message whose type has
// none.
func PayloadOf(m wamp.Message) *wamp.Payload {
	switch m := m.(type) {
	case *wamp.Abort:
		return &m.Payload
	case *wamp.Error:
		return &m.Payload
	case *wamp.Publish:
		return &m.Payload
	case *wamp.Event:
		return &m.Payload
	case *wamp.Call:
		return &m.Payload
	case *wamp.Result:
		return &m.Payload
	case *wamp.Invocation:
		return &m.Payload
	case *wamp.Yield:
		return &m.Payload
	}
	return nil
}
