package passthru

import (
	"errors"
	"fmt"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// Pack returns a payload and the attributes that say what it is, both to be
// sent together: values, encoded in the serializer (json, msgpack or cbor) and
// packed into one binary (PPT-1), in the clear. The scheme begins with "x_"
// unless it is one that WAMP defines. Args may be nil; kwargs may be nil, a map
// with string keys or a struct.
func Pack(scheme string, in wamp.SerializerNumber, args []any, kwargs any) (wamp.Payload, *wamp.Attributes, error) {
	s, ok := serializer.ByNumber(in)
	switch {
	case scheme == "":
		return wamp.Payload{}, nil, errors.New("passthru: no scheme is given")
	case !ok:
		return wamp.Payload{}, nil, fmt.Errorf("passthru: serializer %s is not supported; want json, msgpack or cbor", in)
	}
	var list any
	if len(args) > 0 {
		list = args
	}
	content, err := s.EncodePayload(list, kwargs)
	if err != nil {
		return wamp.Payload{}, nil, fmt.Errorf("passthru: %w", err)
	}
	box, err := serializer.AppendBox(nil, s, content)
	if err != nil {
		return wamp.Payload{}, nil, fmt.Errorf("passthru: %w", err)
	}
	p, err := binaryPayload(s, box)
	return p, &wamp.Attributes{PPTScheme: scheme, PPTSerializer: s.String()}, err
}

// Unpack returns the payload that was packed in the clear, by Pack or by
// another library. It fails for one that is encrypted, is in a serializer that
// is not supported, or is not in payload passthru mode.
func Unpack(p wamp.Payload, a *wamp.Attributes) (wamp.Payload, error) {
	if a == nil || a.PPTScheme == "" {
		return wamp.Payload{}, errors.New("passthru: the payload is not packed: it came without ppt_scheme")
	}
	if a.PPTCipher != "" {
		return wamp.Payload{}, fmt.Errorf("passthru: the payload is encrypted by %.40q", a.PPTCipher)
	}
	s, err := parseSerializer(a.PPTSerializer)
	if err != nil {
		return wamp.Payload{}, err
	}
	box, err := content(p)
	if err != nil {
		return wamp.Payload{}, err
	}
	out, err := serializer.OpenBox(s, box)
	if err != nil {
		return wamp.Payload{}, fmt.Errorf("passthru: %w", err)
	}
	return out, nil
}

func parseSerializer(name string) (serializer.Serializer, error) {
	for _, s := range serializer.All() {
		if s.String() == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("passthru: ppt_serializer %.40q is not supported; want json, msgpack or cbor", name)
}

// binaryPayload returns a payload of one binary.
func binaryPayload(s wamp.Serializer, octets []byte) (wamp.Payload, error) {
	return s.EncodePayload([]any{octets}, nil)
}

// content returns the one binary that a payload consists of (PPT-1).
func content(p wamp.Payload) ([]byte, error) {
	args, kwargs, err := p.Values()
	if err != nil {
		return nil, fmt.Errorf("passthru: %w", err)
	}
	if len(args) != 1 || len(kwargs) != 0 {
		return nil, fmt.Errorf("passthru: payload of %d arguments and %d keywords; want one binary", len(args), len(kwargs))
	}
	octets, ok := args[0].([]byte)
	if !ok {
		return nil, fmt.Errorf("passthru: payload of one %T; want one binary", args[0])
	}
	return octets, nil
}
