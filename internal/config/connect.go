package config

import (
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ConnectTransport is a transport that connects a component to its router.
// Exactly one of the pointers is set, according to Type.
type ConnectTransport struct {
	Place
	ID        string // "" if not configured
	Type      string // "rawsocket"
	Endpoint  ConnectEndpoint
	RawSocket *RawSocketConnect
}

// RawSocketConnect is what a connecting RawSocket transport has beside its
// endpoint.
type RawSocketConnect struct {
	Serializer wamp.SerializerNumber
	Options    RawSocketConnectOptions
	Debug      bool // log each frame
	Auth       ConnectAuth
}

// RawSocketConnectOptions are the options of a connecting RawSocket.
type RawSocketConnectOptions struct {
	MaxMessageSize int // octets, 1 to MaxMaxMessageSize, enforced exactly
	KeepAlive      transport.KeepAlive
}

// ConnectEndpoint is where a transport connects to. Exactly one of the
// pointers is set.
type ConnectEndpoint struct {
	Place
	TCP  *TCPConnect
	Unix *UnixConnect
}

// TCPConnect is a connecting TCP endpoint.
type TCPConnect struct {
	Host    string
	Port    int
	Version int           // 4 or 6; 0: whichever the host has
	Timeout time.Duration // for TCP and TLS together; 0 means none
	TLS     *TLSConnect   // nil means without TLS
}

// UnixConnect is a connecting Unix domain socket endpoint.
type UnixConnect struct {
	Path    string        // absolute if the node directory is; "@name" is an abstract socket
	Timeout time.Duration // 0 means none
}

var connectTransportVariants = variants[ConnectTransport]{
	name:    "connectTransport",
	title:   "Connecting transport",
	noun:    "transport",
	objects: []variant[ConnectTransport]{{name: "rawsocket", object: &rawSocketConnectObject}},
	later:   []string{"websocket"},
	hints:   map[string]string{"tcp": tlsIsNoType, "tls": tlsIsNoType, "unix": tlsIsNoType},
}

var rawSocketConnectObject = object[ConnectTransport]{
	name:  "rawsocketConnect",
	title: "Connecting RawSocket transport",
	begin: func(t *ConnectTransport) { t.RawSocket = new(RawSocketConnect) },
	strangers: map[string]string{
		"serializers": `a connecting transport has one: "serializer"`,
	},
	fields: append(
		[]field[ConnectTransport]{
			{
				key: "id", is: into(itemID, func(t *ConnectTransport) *string { return &t.ID }),
				absent: "none", doc: "Names the transport in logs.",
			},
			typeIs("rawsocket", func(t *ConnectTransport) *string { return &t.Type }),
			{
				key: "endpoint", absent: "required unless `url`",
				is:  into(connectEndpointVariants.form(), func(t *ConnectTransport) *ConnectEndpoint { return &t.Endpoint }),
				doc: "Where the router listens.", note: "requires it.",
			},
			connectURLField,
		},
		nested(func(t *ConnectTransport) *RawSocketConnect { return t.RawSocket }, rawSocketConnectFields...)...,
	),
	finish: func(c *checker, v *value, t *ConnectTransport) {
		size := &t.RawSocket.Options.MaxMessageSize // as written
		*size = c.messageSize(v, *size, *size)
		c.resolveURL(v, t)
		c.checkCredentials(t)
	},
}

var rawSocketConnectFields = []field[RawSocketConnect]{
	{
		key: "serializer", required: true,
		is: into(oneOf(
			word[wamp.SerializerNumber]{"json", wamp.SerializerJSON},
			word[wamp.SerializerNumber]{"msgpack", wamp.SerializerMsgPack},
			word[wamp.SerializerNumber]{"cbor", wamp.SerializerCBOR},
		), func(r *RawSocketConnect) *wamp.SerializerNumber { return &r.Serializer }),
		doc:  "What to speak with the router.",
		note: "also accepts `ubjson`, and then fails to connect.",
	},
	{
		key: "options", is: into(rawSocketConnectOptionsObject.form(), func(r *RawSocketConnect) *RawSocketConnectOptions { return &r.Options }),
		def: "{}",
	},
	{
		key: "auth", added: true, def: "{}",
		is:  into(connectAuthObject.form(), func(r *RawSocketConnect) *ConnectAuth { return &r.Auth }),
		doc: "Who to join as, by whichever of the methods the router asks for.",
	},
	{
		key: "debug", is: into(boolean, func(r *RawSocketConnect) *bool { return &r.Debug }),
		def: "false", doc: "Log each frame: direction, type, length, kind of message; never its payload.", note: "accepts and ignores it.",
	},
}

var rawSocketConnectOptionsObject = object[RawSocketConnectOptions]{
	name:  "rawsocketConnectOptions",
	title: "Connecting RawSocket options",
	fields: []field[RawSocketConnectOptions]{
		{
			key: "max_message_size", is: into(messageSize, func(o *RawSocketConnectOptions) *int { return &o.MaxMessageSize }),
			absent: "`131072`", doc: "The largest message that is accepted, " + sizeDoc,
		},
		{
			key: "keepalive", added: true, def: "{}",
			is:  into(keepAliveObject.form(), func(o *RawSocketConnectOptions) *transport.KeepAlive { return &o.KeepAlive }),
			doc: "How a router is found out that has vanished without a word.",
		},
	},
}

var connectEndpointVariants = variants[ConnectEndpoint]{
	name:    "connectEndpoint",
	title:   "Connecting endpoint",
	noun:    "endpoint",
	objects: []variant[ConnectEndpoint]{{name: "tcp", object: &tcpConnectObject}, {name: "unix", object: &unixConnectObject}},
	later:   []string{"twisted", "tor"},
	hints:   endpointHints,
}

var tcpConnectObject = object[ConnectEndpoint]{
	name:      "tcpConnect",
	title:     "Connecting TCP endpoint",
	begin:     func(e *ConnectEndpoint) { e.TCP = new(TCPConnect) },
	strangers: map[string]string{"interface": `the address to connect to is "host"`, "path": `a path belongs to the endpoint type "unix"`},
	fields: append(
		[]field[ConnectEndpoint]{typeOnly[ConnectEndpoint]("tcp")},
		nested(func(e *ConnectEndpoint) *TCPConnect { return e.TCP }, tcpConnectFields...)...,
	),
	finish: func(c *checker, v *value, e *ConnectEndpoint) {
		e.TCP.Version = c.versionOf(v, "host", e.TCP.Host, e.TCP.Version)
	},
}

var tcpConnectFields = []field[TCPConnect]{
	{
		key: "host", required: true,
		is:  into(anyText, func(e *TCPConnect) *string { return &e.Host }),
		doc: "Name or address of the router's machine.",
	},
	{
		key: "port", required: true,
		is: into(integer(1, 65535, ""), func(e *TCPConnect) *int { return &e.Port }),
	},
	{
		key: "version", is: into(ipVersion, func(e *TCPConnect) *int { return &e.Version }),
		def: "4", doc: "IP version. Without it, the version of an address in `host` counts.",
	},
	{
		key: "timeout", is: into(connectTimeout, func(e *TCPConnect) *time.Duration { return &e.Timeout }),
		def: "10", doc: "How long connecting may take, TLS included; 0 means as long as it likes.",
	},
	{
		key: "tls", is: into(pointer(tlsConnectObject.form()), func(e *TCPConnect) **TLSConnect { return &e.TLS }),
		absent: "no TLS", doc: "Speak TLS.",
	},
}

var connectTimeout = duration(0, 600, time.Second, "seconds")

var unixConnectObject = object[ConnectEndpoint]{
	name:      "unixConnect",
	title:     "Connecting Unix domain socket endpoint",
	begin:     func(e *ConnectEndpoint) { e.Unix = new(UnixConnect) },
	strangers: map[string]string{"port": `a port belongs to the endpoint type "tcp"`, "tls": `TLS belongs to the endpoint type "tcp"`},
	fields: append(
		[]field[ConnectEndpoint]{typeOnly[ConnectEndpoint]("unix")},
		nested(func(e *ConnectEndpoint) *UnixConnect { return e.Unix }, unixConnectFields...)...,
	),
}

var unixConnectFields = []field[UnixConnect]{
	{
		key: "path", required: true,
		is:  into(connectPath, func(e *UnixConnect) *string { return &e.Path }),
		doc: "The socket file, relative to the node directory; `@name` is an abstract socket of Linux. Environment variables are not expanded.",
	},
	{
		key: "timeout", is: into(connectTimeout, func(e *UnixConnect) *time.Duration { return &e.Timeout }),
		def: "10", doc: "How long connecting may take; 0 means as long as it likes.",
	},
}
