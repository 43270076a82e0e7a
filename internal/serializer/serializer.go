// Package serializer turns WAMP messages into octets and back, for JSON,
// MessagePack and CBOR (section 5 of the rules).
//
// A Decoder reads a message's head into a typed struct and walks its payload
// once to prove it well formed, without decoding or copying it; a Serializer
// appends heads; AppendPayload copies a payload, or transcodes it token by
// token when it is in another serializer. Only applications decode payloads
// into Go values, through wamp.Payload.
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
