package serializer

import "github.com/junctorio/junctor/wamp"

// bareFields are the fields of a bare message: one of the hot path whose options
// or details are empty, as they nearly always are. Bare messages have a way of
// their own, which takes a third to a fifth of the time of codec's: their layouts
// stand here once more, and each format reads and writes such a head in one go.
//
// All else is codec's, also messages that are not written as usual or not well
// formed, so that codec alone knows what can be wrong with a message. Tests and
// FuzzDecode hold both ways to the same results.
type bareFields struct {
	first, second *wamp.ID // second is nil in layouts with one id
	uri           *wamp.URI
	payload       *wamp.Payload
}

// bareFieldsOf returns the type and the fields of a message that can be bare,
// and whether it is.
func bareFieldsOf(m wamp.Message) (code wamp.Code, f bareFields, ok bool) {
	switch m := m.(type) {
	case *wamp.Publish:
		return wamp.CodePublish, bareFields{&m.Request, nil, &m.Topic, &m.Payload},
			!m.Acknowledge && !m.IncludeMe && !m.DiscloseMe && !m.Retain && m.Filter == nil && m.RKey == "" && m.Attributes == nil
	case *wamp.Event:
		return wamp.CodeEvent, bareFields{&m.Subscription, &m.Publication, nil, &m.Payload},
			m.Publisher == 0 && m.PublisherAuthID == "" && m.PublisherAuthRole == "" && m.Topic == "" &&
				m.TrustLevel == nil && !m.Retained && !m.PayloadLimitExceeded && m.Attributes == nil
	case *wamp.Call:
		return wamp.CodeCall, bareFields{&m.Request, nil, &m.Procedure, &m.Payload},
			!m.ReceiveProgress && !m.Progress && !m.DiscloseMe && m.TimeoutMillis == 0 && m.Sharding == nil && m.Attributes == nil
	case *wamp.Result:
		return wamp.CodeResult, bareFields{&m.Request, nil, nil, &m.Payload}, !m.Progress && m.Attributes == nil
	case *wamp.Invocation:
		return wamp.CodeInvocation, bareFields{&m.Request, &m.Registration, nil, &m.Payload},
			m.Caller == 0 && m.CallerAuthID == "" && m.CallerAuthRole == "" && m.Procedure == "" &&
				!m.ReceiveProgress && !m.Progress && m.TimeoutMillis == 0 && m.TrustLevel == nil && m.Attributes == nil
	case *wamp.Yield:
		return wamp.CodeYield, bareFields{&m.Request, nil, nil, &m.Payload}, !m.Progress && m.Attributes == nil
	}
	return 0, f, false
}

// bareShape is a layout as it stands in a frame: [code, id, {}],
// [code, id, id, {}] or [code, id, {}, uri], and then the payload.
type bareShape struct {
	elements uint8 // without the payload; 0 for types that are never bare
	second   bool  // there are two ids
	uri      bool
}

var bareShapes = [maxBareCode + 1]bareShape{
	wamp.CodePublish:    {elements: 4, uri: true},
	wamp.CodeEvent:      {elements: 4, second: true},
	wamp.CodeCall:       {elements: 4, uri: true},
	wamp.CodeResult:     {elements: 3},
	wamp.CodeInvocation: {elements: 4, second: true},
	wamp.CodeYield:      {elements: 3},
}

const maxBareCode = 99 // two digits

// bareHead is what readBare reads of a bare message's head.
type bareHead struct {
	code          wamp.Code
	elements      uint8 // of the payload
	first, second wamp.ID
}

// bareParts says where in a frame the rest of a bare message stands, without
// the mark that ends it.
type bareParts struct{ uriAt, uriEnd, payloadAt, payloadEnd int }

// decodeBare decodes a frame that holds a bare message, and returns nil if it
// does not.
func (d *Decoder) decodeBare(frame []byte) wamp.Message {
	h, at, ok := d.c.format.readBare(frame)
	if !ok {
		return nil
	}
	m := d.hotMessage(h.code)
	_, f, _ := bareFieldsOf(m)
	*f.first = h.first
	if f.second != nil {
		*f.second = h.second
	}
	if f.uri != nil {
		*f.uri = wamp.URI(d.strings.get(frame[at.uriAt:at.uriEnd]))
	}
	if h.elements > 0 {
		*f.payload = wamp.Payload{
			Serializer: d.c.format, Bytes: frame[at.payloadAt:at.payloadEnd:at.payloadEnd], Elements: h.elements,
		}
	}
	return m
}
