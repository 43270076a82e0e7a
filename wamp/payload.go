package wamp

import "fmt"

// Payload is the application's part of a message, Arguments and ArgumentsKw,
// kept in the encoding it arrived in (MSG-4). A router forwards it without
// decoding; applications call Decode.
//
// Bytes alias the frame that the message was decoded from: they are read-only,
// and how long they stay valid is said where the frame came from. Clone gives
// an independent copy.
type Payload struct {
	// Serializer is what Bytes are encoded in; nil if and only if Elements is 0.
	Serializer Serializer
	// Bytes hold the encoded elements as they stand in the message, one after
	// the other, without what closes the message: for JSON `[1,2],{"a":3}`,
	// for MessagePack and CBOR the list directly followed by the dictionary.
	// They are proven to be well formed.
	Bytes []byte
	// Elements is 0 (no payload), 1 (Arguments) or 2 (Arguments, ArgumentsKw).
	Elements uint8
	// Opaque marks a single binary in place of Arguments, the older payload
	// transparency of Autobahn (allowed where enc_algo is present).
	Opaque bool
}

// Serializer turns payloads into Go values and back. Its implementations are
// values of package internal/serializer and are safe for concurrent use.
type Serializer interface {
	// Number is the serializer's number in the RawSocket handshake.
	Number() SerializerNumber
	// String is the name used in configuration files: "json", "msgpack", "cbor".
	String() string
	// EncodePayload encodes args and kwargs. Args is nil or encodes to a list,
	// kwargs is nil or encodes to a dictionary; an empty kwargs is left out, an
	// empty args too unless kwargs follow (MSG-5).
	EncodePayload(args, kwargs any) (Payload, error)
	// DecodePayload decodes p, which is in this serializer, into the values
	// that args and kwargs point to. Either may be nil to skip it. Elements
	// that are missing leave the value as it is.
	DecodePayload(p Payload, args, kwargs any) error
}

// SerializerNumber identifies a serializer in the RawSocket handshake (section 1.1).
type SerializerNumber uint8

// The serializers that have a number.
const (
	SerializerJSON        SerializerNumber = 1
	SerializerMsgPack     SerializerNumber = 2
	SerializerCBOR        SerializerNumber = 3
	SerializerUBJSON      SerializerNumber = 4 // not supported by junctor
	SerializerFlatBuffers SerializerNumber = 5 // not supported by junctor
)

// String returns the name used in configuration files, such as "msgpack".
func (n SerializerNumber) String() string {
	switch n {
	case SerializerJSON:
		return "json"
	case SerializerMsgPack:
		return "msgpack"
	case SerializerCBOR:
		return "cbor"
	case SerializerUBJSON:
		return "ubjson"
	case SerializerFlatBuffers:
		return "flatbuffers"
	}
	return fmt.Sprintf("serializer %d", uint8(n))
}

// Decode decodes the payload into the values that args and kwargs point to:
// a slice, array or *[]any for args, a map, struct or *Dict for kwargs. Either
// may be nil. Elements that are absent leave the value as it is.
func (p Payload) Decode(args, kwargs any) error {
	if p.Elements == 0 {
		return nil
	}
	return p.Serializer.DecodePayload(p, args, kwargs)
}

// Values decodes the payload into generic values, as described at Dict. Both
// are nil where the payload has no such element.
func (p Payload) Values() (args []any, kwargs Dict, err error) {
	err = p.Decode(&args, &kwargs)
	return args, kwargs, err
}

// Clone returns a payload that shares no memory with p.
func (p Payload) Clone() Payload {
	if p.Bytes != nil {
		p.Bytes = append([]byte(nil), p.Bytes...)
	}
	return p
}
