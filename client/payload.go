package client

import (
	"errors"
	"fmt"

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

// content returns the payload of a message to the router in the given role,
// which carries either values or a payload from elsewhere.
func (s *Session) content(to wamp.Role, args []any, kwargs any, p wamp.Payload, a *wamp.Attributes) (wamp.Payload, error) {
	if err := s.checkPassthru(to, a); err != nil {
		return wamp.Payload{}, err
	}
	if p.Elements == 0 {
		return encode(s.serializer, args, kwargs)
	}
	if len(args) > 0 || kwargs != nil {
		return wamp.Payload{}, errors.New("values and a Payload are given; want one of them")
	}
	return s.own(p)
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

// own returns p in the session's serializer.
func (s *Session) own(p wamp.Payload) (wamp.Payload, error) {
	if p.Elements == 0 {
		return wamp.Payload{}, nil
	}
	if p.Elements > 2 || p.Serializer == nil {
		return wamp.Payload{}, fmt.Errorf("payload of %d elements in serializer %v is none", p.Elements, p.Serializer)
	}
	if p.Serializer.Number() == s.serializer.Number() {
		return p, nil
	}
	from, ok := serializer.ByNumber(p.Serializer.Number())
	if !ok {
		return wamp.Payload{}, fmt.Errorf("payload in %s, which is not supported", p.Serializer)
	}
	p.Serializer = from
	bytes, err := s.serializer.AppendPayload(nil, p)
	if err != nil {
		return wamp.Payload{}, err
	}
	p.Serializer, p.Bytes = s.serializer, bytes
	return p, nil
}
