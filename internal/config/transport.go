package config

import (
	"fmt"
	"math/bits"
	"slices"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Limits and defaults of a RawSocket transport's max_message_size, in octets.
const (
	DefaultMaxMessageSize = 128 << 10
	MaxMaxMessageSize     = 64 << 20
)

// Transport is a listening transport of a router. Exactly one of the pointers
// is set, according to Type.
type Transport struct {
	Place
	ID        string // generated (transport001 …) where the file has none; unique within the router
	Type      string // "rawsocket"
	Endpoint  ListenEndpoint
	RawSocket *RawSocket
}

// RawSocket is what a listening RawSocket transport has beside its endpoint.
type RawSocket struct {
	Serializers    []wamp.SerializerNumber // not empty, without duplicates
	MaxMessageSize int                     // octets, 1 to MaxMaxMessageSize, enforced exactly
	Options        RawSocketOptions
	Auth           Auth
	Debug          bool // log each frame
}

// RawSocketOptions are the options of a RawSocket beside its message size.
type RawSocketOptions struct {
	Place
	maxMessageSize   int           // as written here; see RawSocket
	HandshakeTimeout time.Duration // for the RawSocket handshake, TLS's included (RS-12)
	HelloTimeout     time.Duration // from the connection to WELCOME (RS-12, SES-9)
	MaxConnections   int           // at the same time; 0 means no limit (RS-6)
	FailedLogins     FailedLogins
	KeepAlive        transport.KeepAlive
}

var transportVariants = variants[Transport]{
	name:    "transport",
	title:   "Listening transport",
	noun:    "transport",
	objects: []variant[Transport]{{name: "rawsocket", object: &rawSocketObject}},
	later:   []string{"websocket", "web", "universal", "mqtt", "flashpolicy", "websocket.testee", "stream.testee"},
	hints:   map[string]string{"tcp": tlsIsNoType, "tls": tlsIsNoType, "unix": tlsIsNoType},
}

const tlsIsNoType = `the transport is "rawsocket"; what it runs over goes into its endpoint`

var rawSocketObject = object[Transport]{
	name:  "rawsocket",
	title: "Listening RawSocket transport",
	begin: func(t *Transport) { t.RawSocket = new(RawSocket) },
	strangers: map[string]string{
		"cookie": "RawSocket has no cookies",
		"url":    "a listening transport has none; see endpoint",
	},
	fields: append(
		[]field[Transport]{
			{
				key: "id", is: into(itemID, func(t *Transport) *string { return &t.ID }),
				absent: "`transport001` …", doc: "Names the transport in logs; unique within the router.",
			},
			typeIs("rawsocket", func(t *Transport) *string { return &t.Type }),
			{
				key: "endpoint", required: true,
				is:  into(listenEndpointVariants.form(), func(t *Transport) *ListenEndpoint { return &t.Endpoint }),
				doc: "Where to listen.",
			},
		},
		nested(func(t *Transport) *RawSocket { return t.RawSocket }, rawSocketFields...)...,
	),
	finish: func(c *checker, v *value, t *Transport) {
		t.RawSocket.MaxMessageSize = c.messageSize(v, t.RawSocket.MaxMessageSize, t.RawSocket.Options.maxMessageSize)
	},
}

var rawSocketFields = []field[RawSocket]{
	{
		key: "serializers", is: into(serializers, func(r *RawSocket) *[]wamp.SerializerNumber { return &r.Serializers }),
		def:  `["cbor", "msgpack", "json"]`,
		doc:  "What clients may choose from; another choice is refused with handshake error 1.",
		note: "also knows `ubjson`, which junctor warns about and leaves out.",
	},
	{
		key: "max_message_size", is: into(messageSize, func(r *RawSocket) *int { return &r.MaxMessageSize }),
		absent: "`131072`", doc: "The largest message that is accepted, " + sizeDoc,
		note: "refuses the key here, although its documentation has it here, and knows it in `options`; there its default is 16777216.",
	},
	{
		key: "options", is: into(rawSocketOptionsObject.form(), func(r *RawSocket) *RawSocketOptions { return &r.Options }),
		def: "{}",
	},
	{
		key: "auth", is: into(authObject.form(), func(r *RawSocket) *Auth { return &r.Auth }),
		def: `{"anonymous": {"type": "static"}}`, doc: "How clients authenticate.",
	},
	{
		key: "debug", is: into(boolean, func(r *RawSocket) *bool { return &r.Debug }),
		def: "false", doc: "Log each frame: direction, type, length, kind of message; never its payload.", note: "accepts and ignores it.",
	},
}

const sizeDoc = "enforced exactly. The handshake can only announce powers of two from 512 to 16777216: the largest that is not above it."

var rawSocketOptionsObject = object[RawSocketOptions]{
	name:  "rawsocketOptions",
	title: "RawSocket options",
	fields: []field[RawSocketOptions]{
		{
			key: "max_message_size", is: into(messageSize, func(o *RawSocketOptions) *int { return &o.maxMessageSize }),
			absent: "`131072`", doc: "The same as `max_message_size` of the transport; one of the two is enough.",
		},
		{
			key: "handshake_timeout", added: true, def: "10",
			is:  into(duration(1, 600, time.Second, "seconds"), func(o *RawSocketOptions) *time.Duration { return &o.HandshakeTimeout }),
			doc: "How long a client may take for the RawSocket handshake, TLS's included, before it is disconnected.",
		},
		{
			key: "hello_timeout", added: true, def: "10",
			is:  into(duration(1, 600, time.Second, "seconds"), func(o *RawSocketOptions) *time.Duration { return &o.HelloTimeout }),
			doc: "How long a client may take from the connection until it is welcome, authentication included, before it is disconnected.",
		},
		{
			key: "max_connections", added: true, def: "0",
			is:  into(integer(0, 10_000_000, ""), func(o *RawSocketOptions) *int { return &o.MaxConnections }),
			doc: "How many connections the transport has at the same time; the next one is refused with handshake error 4. 0 means no limit.",
		},
		{
			key: "failed_logins", added: true, def: "{}",
			is:   into(failedLoginsObject.form(), func(o *RawSocketOptions) *FailedLogins { return &o.FailedLogins }),
			doc:  "How often clients of one address may fail to log in.",
			note: "lets them try for ever, on one connection.",
		},
		{
			key: "keepalive", added: true, def: "{}",
			is:  into(keepAliveObject.form(), func(o *RawSocketOptions) *transport.KeepAlive { return &o.KeepAlive }),
			doc: "How clients are found out that have vanished without a word.",
		},
	},
}

// serializers is a list of serializers, of which at least one is junctor's.
var serializers = serializerList.then(func(c *checker, v *value, list []wamp.SerializerNumber) ([]wamp.SerializerNumber, bool) {
	var usable []wamp.SerializerNumber
	for i, s := range list {
		switch {
		case slices.Contains(list[:i], s):
			c.warn(Duplicate, v.items[i].position(), "", "%s stands here twice", v.items[i])
		case s == wamp.SerializerUBJSON:
			c.warn(NotSupported, v.items[i].position(), "remove it", "junctor does not speak ubjson; clients that ask for it are refused")
		default:
			usable = append(usable, s)
		}
	}
	if len(usable) == 0 {
		c.fail(BadValue, v.position(), `leave the key out for all of "cbor", "msgpack", "json"`, "no serializer is left; Crossbar.io does not start with an empty list")
	}
	return usable, len(usable) > 0
})

var serializerList = listOf(oneOf(
	word[wamp.SerializerNumber]{"json", wamp.SerializerJSON},
	word[wamp.SerializerNumber]{"msgpack", wamp.SerializerMsgPack},
	word[wamp.SerializerNumber]{"cbor", wamp.SerializerCBOR},
	word[wamp.SerializerNumber]{"ubjson", wamp.SerializerUBJSON},
))

var messageSize = integer(1, MaxMaxMessageSize, "octets")

// The sizes that a handshake can announce, in octets.
const (
	minAnnounced = 1 << 9
	maxAnnounced = 1 << 24
)

// messageSize decides between the two places where the maximum message size
// may stand, and explains what peers will see of it.
func (c *checker) messageSize(v *value, outer, inner int) int {
	at := v.get("max_message_size")
	if within := v.get("options").get("max_message_size"); within != nil {
		if outer > 0 && inner > 0 && inner != outer {
			c.fail(Conflict, at.position(), "keep one of the two", "max_message_size is %d here and %d in options", outer, inner)
		}
		at, outer = within, inner
	}
	switch {
	case at == nil:
		return DefaultMaxMessageSize
	case outer > 0: // otherwise it was no size, and reported
		c.explainSize(at, outer)
	}
	return outer
}

func (c *checker) explainSize(at *value, size int) {
	switch announced := 1 << (bits.Len(uint(size)) - 1); {
	case size < minAnnounced:
		c.warn(Portability, at.position(), fmt.Sprintf("use %d or more", minAnnounced),
			"the handshake cannot announce less than %d: peers may send more than %d octets and are then disconnected; Crossbar.io does not start", minAnnounced, size)
	case size > maxAnnounced:
		c.warn(Portability, at.position(), "",
			"the handshake announces %d: only junctor peers agree on more, from %d on; Crossbar.io does not start", maxAnnounced, 2*maxAnnounced)
	case size != announced:
		c.warn(Portability, at.position(), fmt.Sprintf("use %d or %d", announced, 2*announced),
			"the handshake can only announce powers of two: peers are told %d; Crossbar.io would round up to %d", announced, 2*announced)
	}
}
