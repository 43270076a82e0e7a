package rawsocket

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// ListenConfig says where and how to listen. Network and Address are
// required; the zero value of any other field means its default.
type ListenConfig struct {
	ID string // the transport's id: in Info, and in logs as "transport"

	// Network is "tcp", "tcp4", "tcp6" (IPv6 only) or "unix". Address is host
	// and port ("127.0.0.1:8080", ":8080"; port 0 picks a free one), or the
	// path of the socket, where "@name" is an abstract socket (Linux only).
	Network string
	Address string

	TLS *tls.Config // over TLS if not nil; needs a certificate

	Serializers    []wamp.SerializerNumber // those offered; default JSON, MessagePack and CBOR
	MaxMessageSize int                     // octets accepted, 1 to MaxLimit; default DefaultListenLimit
	MinPeerLimit   int                     // refuse clients that accept less (RS-5); default none
	FullFrames     bool                    // send messages of exactly 2^24 octets too (RS-17)
	MaxPing        int                     // the largest PING answered (RS-23); default MaxMessageSize
	MaxConnections int                     // refuse clients above that number (RS-6); default no limit

	// HandshakeTimeout bounds TLS and RawSocket handshake together; default
	// DefaultHandshakeTimeout.
	HandshakeTimeout time.Duration

	// Backlog is how many connections wait to be accepted; default and upper
	// bound are the system's.
	Backlog int

	// TCP only. ReusePort lets several listeners share the port (not on
	// Windows). KeepAlive is the idle time until the system probes the peer,
	// UserTimeout (Linux only) how long sent data may stay unacknowledged, or
	// unread by a peer that has stopped reading; after either, the connection
	// is dead. They default to DefaultKeepAlive and DefaultUserTimeout;
	// negative turns them off.
	ReusePort   bool
	KeepAlive   time.Duration
	UserTimeout time.Duration

	// Unix sockets with a path only. Mode is the file's permissions, default
	// DefaultSocketMode. Owner and Group are names or numbers, by default the
	// process's own.
	Mode  fs.FileMode
	Owner string
	Group string

	// Logger gets one line for each refused connection, at most some per
	// second; default none. With Debug, each frame of each connection as well:
	// direction, type, length and kind of message, at level info.
	Logger *slog.Logger
	Debug  bool
}

// Defaults of ListenConfig and DialConfig.
const (
	DefaultHandshakeTimeout             = 10 * time.Second
	DefaultKeepAlive                    = 30 * time.Second
	DefaultUserTimeout                  = 60 * time.Second
	DefaultSocketMode       fs.FileMode = 0o660

	// keepAliveInterval and keepAliveCount are for the probes after the first.
	keepAliveInterval = 10 * time.Second
	keepAliveCount    = 3
)

// supported are the serializers junctor speaks.
var supported = []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR}

// Check returns an error that names what Listen would not accept. It opens
// nothing.
func (c ListenConfig) Check() error {
	return errors.Join(c.checkAddress(), c.checkLimits(), c.checkSocketFile(), c.checkTCP())
}

func (c ListenConfig) checkAddress() error {
	switch c.Network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return fmt.Errorf("network %q is not one of tcp, tcp4, tcp6 and unix", c.Network)
	}
	if c.Address == "" {
		return errors.New("no address to listen on")
	}
	if c.TLS != nil && len(c.TLS.Certificates) == 0 && c.TLS.GetCertificate == nil && c.TLS.GetConfigForClient == nil {
		return errors.New("TLS without a certificate")
	}
	return nil
}

func (c ListenConfig) checkLimits() error {
	for _, s := range c.Serializers {
		if !slices.Contains(supported, s) {
			return fmt.Errorf("serializer %s is not supported; json, msgpack and cbor are", s)
		}
	}
	switch {
	case c.MaxMessageSize < 0 || c.MaxMessageSize > MaxLimit:
		return fmt.Errorf("maximum message size %d is not within 1 and %d", c.MaxMessageSize, MaxLimit)
	case c.MinPeerLimit < 0 || c.MinPeerLimit > maxAnnounced:
		return fmt.Errorf("minimum for the peer's limit %d is not within 0 and %d", c.MinPeerLimit, maxAnnounced)
	case c.MaxPing < 0 || c.MaxConnections < 0 || c.Backlog < 0 || c.HandshakeTimeout < 0:
		return errors.New("maximum PING, maximum connections, backlog and handshake timeout cannot be negative")
	}
	return nil
}

func (c ListenConfig) checkSocketFile() error {
	named := c.Network == "unix" && !strings.HasPrefix(c.Address, "@")
	switch {
	case named && len(c.Address) > maxSocketPath:
		return fmt.Errorf("the path of Unix socket %s has %d octets; the system allows %d", c.Address, len(c.Address), maxSocketPath)
	case c.Network == "unix" && !named && runtime.GOOS != "linux":
		return fmt.Errorf("abstract socket %s: only Linux has them", c.Address)
	case !named && (c.Mode != 0 || c.Owner != "" || c.Group != ""):
		return errors.New("mode, owner and group belong to a Unix socket with a path")
	case c.Mode&^fs.ModePerm != 0:
		return fmt.Errorf("mode %#o of a Unix socket has more than permission bits", uint32(c.Mode))
	}
	return nil
}

func (c ListenConfig) checkTCP() error {
	switch {
	case c.Network == "unix" && (c.ReusePort || c.KeepAlive != 0 || c.UserTimeout != 0):
		return errors.New("shared port, keep-alive and user timeout belong to TCP")
	case c.ReusePort && !canReusePort:
		return fmt.Errorf("%s cannot share a port between listeners", runtime.GOOS)
	case c.UserTimeout > 0 && !canSetUserTimeout:
		return fmt.Errorf("%s has no TCP user timeout", runtime.GOOS)
	}
	return nil
}

func (c ListenConfig) withDefaults() ListenConfig {
	if len(c.Serializers) == 0 {
		c.Serializers = supported
	}
	c.Serializers = slices.Clone(c.Serializers)
	c.MaxMessageSize = orDefault(c.MaxMessageSize, DefaultListenLimit)
	c.HandshakeTimeout = orDefault(c.HandshakeTimeout, DefaultHandshakeTimeout)
	c.KeepAlive = orDefault(c.KeepAlive, DefaultKeepAlive)
	c.UserTimeout = orDefault(c.UserTimeout, DefaultUserTimeout)
	c.Mode = orDefault(c.Mode, DefaultSocketMode)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}
