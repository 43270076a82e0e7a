package client

import (
	"errors"
	"fmt"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// keep returns a payload that stays valid after the next read.
func keep(p wamp.Payload, owned bool) wamp.Payload {
	if owned {
		return p
	}
	return p.Clone()
}

// encode returns the payload of a message. Empty elements are left out (MSG-5).
func encode(s wamp.Serializer, args []any, kwargs any) (wamp.Payload, error) {
	if len(args) == 0 && kwargs == nil {
		return wamp.Payload{}, nil
	}
	var list any
	if len(args) > 0 {
		list = args
	}
	return s.EncodePayload(list, kwargs)
}

// values are what a message carries: values, or a payload from elsewhere.
type values struct {
	args       []any
	kwargs     any
	payload    wamp.Payload
	attributes *wamp.Attributes
}

var errTwoPayloads = errors.New("values and a Payload are given; want one of them")

// in returns the values as a payload in serializer to.
func (v *values) in(to serializer.Serializer) (wamp.Payload, error) {
	if v.payload.Elements == 0 {
		return encode(to, v.args, v.kwargs)
	}
	if len(v.args) > 0 || v.kwargs != nil {
		return wamp.Payload{}, errTwoPayloads
	}
	return serializer.Transcode(to, v.payload)
}

// content returns the payload and the attributes of a message to the router in
// the given role: encrypted, if there is a key for what it is about.
func (s *Session) content(to wamp.Role, about passthru.Context, v values) (wamp.Payload, *wamp.Attributes, error) {
	if s.opts.Keyring.Has(about.URI) {
		return s.seal(to, about, v)
	}
	if err := s.checkPassthru(to, v.attributes); err != nil {
		return wamp.Payload{}, nil, err
	}
	p, err := v.in(s.serializer)
	return p, v.attributes, err
}

// checkPassthru refuses what would make the router end the session (PPT-3).
func (s *Session) checkPassthru(to wamp.Role, a *wamp.Attributes) error {
	if a == nil || a.PPTScheme == "" {
		return nil
	}
	return s.checkFeature(to, wamp.FeaturePayloadPassthruMode)
}

// checkFeature refuses what the router did not announce and what it could not
// just leave out (FEA-3).
func (s *Session) checkFeature(r wamp.Role, f wamp.Feature) error {
	if s.welcome.Roles.HasFeature(r, f) {
		return nil
	}
	return fmt.Errorf("%w: the router does not offer %v", wamp.ErrFeatureNotSupported, f)
}
