package serializer

import "github.com/junctorio/junctor/wamp"

// DecodeAsAny decodes a frame in the way that is for any message, DecodeAsBare
// in the one for bare messages, which returns nil for others.
func DecodeAsAny(s Serializer, frame []byte) (wamp.Message, error) {
	return NewDecoder(s).decode(frame)
}

// DecodeAsBare is described at DecodeAsAny.
func DecodeAsBare(s Serializer, frame []byte) wamp.Message { return NewDecoder(s).decodeBare(frame) }

// AppendHeadAsAny is AppendHead in the way that is for any message.
func AppendHeadAsAny(s Serializer, m wamp.Message) ([]byte, error) {
	return formatOf(s).appendHead(nil, m)
}
