package serializer

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// Decoder decodes the messages of one connection. It owns the messages that it
// returns: a message is valid until the next Decode. Its strings are
// independent of the frame and may be kept; its Payload.Bytes alias the frame.
//
// A warm Decoder allocates nothing for CALL, YIELD, PUBLISH, RESULT, EVENT and
// INVOCATION without attributes and filter. It is not safe for concurrent use.
type Decoder struct {
	c       codec
	strings interner

	// The messages of the hot path, made when first met; all others are made
	// anew each time.
	call       *wamp.Call
	yield      *wamp.Yield
	publish    *wamp.Publish
	published  *wamp.Published
	result     *wamp.Result
	event      *wamp.Event
	invocation *wamp.Invocation
}

// NewDecoder returns a Decoder of messages in the given serializer.
func NewDecoder(s Serializer) *Decoder {
	f := formatOf(s)
	return &Decoder{c: codec{format: f, r: f.newReader()}}
}

// Decode decodes the message that frame holds, of any type and either
// direction. Its error is a *wamp.ProtocolError that names the message and the
// element or key at fault.
func (d *Decoder) Decode(frame []byte) (wamp.Message, error) {
	if m := d.decodeBare(frame); m != nil {
		return m, nil
	}
	return d.decode(frame)
}

// decode decodes any message.
func (d *Decoder) decode(frame []byte) (wamp.Message, error) {
	c := &d.c
	c.r.reset(frame)
	*c = codec{format: c.format, r: c.r}
	m := d.open()
	if c.err == nil {
		c.message(m)
		c.end(0)
	}
	c.r.reset(nil)
	c.key = nil // which aliases the frame
	if c.err != nil {
		return nil, c.err
	}
	return m, nil
}

// open reads the list's head and the type code, and returns the message to
// fill.
func (d *Decoder) open() wamp.Message {
	c := &d.c
	t, ok := c.token()
	if !ok {
		return nil
	}
	if t.kind != kindList {
		c.want("a list", t)
		return nil
	}
	c.list = t.items()
	if t, ok = c.nextElement("Type"); !ok {
		return nil
	}
	code := c.codeOf(t)
	if c.err != nil {
		return nil
	}
	m := d.hotMessage(code)
	if m != nil {
		c.strings = &d.strings
	} else if m = newMessage(code); m == nil {
		c.violation("unknown message type %d", code)
		return nil
	}
	c.code = m.Code()
	return m
}

// plannedEventReceived is the code that EVENT_RECEIVED is to get (section 2.2).
const plannedEventReceived wamp.Code = 37

// hotMessage returns the zero message of a type that is reused, nil for other
// types. Strings are remembered for these types only.
func (d *Decoder) hotMessage(code wamp.Code) wamp.Message {
	switch code {
	case wamp.CodeCall:
		return renew(&d.call)
	case wamp.CodeYield:
		return renew(&d.yield)
	case wamp.CodePublish:
		return renew(&d.publish)
	case wamp.CodePublished:
		return renew(&d.published)
	case wamp.CodeResult:
		return renew(&d.result)
	case wamp.CodeEvent:
		return renew(&d.event)
	case wamp.CodeInvocation:
		return renew(&d.invocation)
	}
	return nil
}

// renew empties the message that slot holds.
func renew[T any](slot **T) *T {
	if *slot == nil {
		*slot = new(T)
	} else {
		var zero T
		**slot = zero
	}
	return *slot
}

// newMessage returns a message of the type with the given code, nil if there
// is none.
func newMessage(code wamp.Code) wamp.Message {
	switch code {
	case wamp.CodeHello:
		return new(wamp.Hello)
	case wamp.CodeWelcome:
		return new(wamp.Welcome)
	case wamp.CodeAbort:
		return new(wamp.Abort)
	case wamp.CodeChallenge:
		return new(wamp.Challenge)
	case wamp.CodeAuthenticate:
		return new(wamp.Authenticate)
	case wamp.CodeGoodbye:
		return new(wamp.Goodbye)
	case wamp.CodeError:
		return new(wamp.Error)
	case wamp.CodeSubscribe:
		return new(wamp.Subscribe)
	case wamp.CodeSubscribed:
		return new(wamp.Subscribed)
	case wamp.CodeUnsubscribe:
		return new(wamp.Unsubscribe)
	case wamp.CodeUnsubscribed:
		return new(wamp.Unsubscribed)
	case wamp.CodeEventReceived, plannedEventReceived:
		return new(wamp.EventReceived)
	case wamp.CodeCancel:
		return new(wamp.Cancel)
	case wamp.CodeRegister:
		return new(wamp.Register)
	case wamp.CodeRegistered:
		return new(wamp.Registered)
	case wamp.CodeUnregister:
		return new(wamp.Unregister)
	case wamp.CodeUnregistered:
		return new(wamp.Unregistered)
	case wamp.CodeInterrupt:
		return new(wamp.Interrupt)
	}
	return nil
}

// AppendHead is described at Serializer.
func (f *format) AppendHead(dst []byte, m wamp.Message) ([]byte, error) {
	if code, fields, ok := bareFieldsOf(m); ok {
		return f.appendBare(dst, code, fields), nil
	}
	return f.appendHead(dst, m)
}

// appendHead appends the head of any message.
func (f *format) appendHead(dst []byte, m wamp.Message) ([]byte, error) {
	c := codec{format: f, code: m.Code(), dst: f.appendOpen(dst, false, unknown)}
	c.startElement()
	c.dst = f.appendUint(c.dst, uint64(c.code))
	c.message(m)
	c.end(len(dst))
	if c.err != nil {
		return dst, fmt.Errorf("append %s", c.err.Message)
	}
	return c.dst, nil
}
