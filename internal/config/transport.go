package config

import (
	"time"

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
	HandshakeTimeout time.Duration // for the RawSocket handshake, TLS's included (RS-12)
	HelloTimeout     time.Duration // from the handshake to HELLO (RS-12)
	MaxConnections   int           // at the same time; 0 means no limit (RS-6)
}
