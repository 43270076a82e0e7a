package client

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of Options and RegisterOptions.
const (
	DefaultSerializer   = wamp.SerializerMsgPack
	DefaultMessageSize  = 1 << 24 // octets
	DefaultSendBytes    = 4 << 20
	DefaultReceiveBytes = 16 << 20
	DefaultCloseTimeout = 5 * time.Second
	DefaultMaxHandlers  = 256
	DefaultAgent        = "junctor-go"
)

// Options say how to connect and whom to be. Only Realm is required; the other
// zero fields mean the documented default. Connect and Join copy Options and
// do not keep a reference to it.
type Options struct {
	// Realm is the realm to join.
	Realm wamp.URI

	// Serializer is what messages are encoded in. The default is
	// DefaultSerializer, MessagePack: compact, it tells text from binary, and
	// every router has it (CBOR is off in many configurations). Join takes the
	// connection's and refuses a different one.
	Serializer wamp.SerializerNumber

	// TLS is used for URLs whose scheme asks for TLS; nil means the system's
	// trusted authorities and the name in the URL. It is an error to set it
	// for other URLs, and for Join.
	TLS *tls.Config

	// MaxMessageSize is the largest message, in octets, that this side accepts.
	// The default is DefaultMessageSize, the largest that every RawSocket peer
	// knows. It is an error to set it for Join, whose connection has its limits
	// already.
	MaxMessageSize int

	// AuthID is the identity to ask for; empty leaves it to the router.
	AuthID string

	// AuthExtra goes into HELLO, with what Signers add to it.
	AuthExtra wamp.Dict

	// Signers are the credentials to offer, in order of preference and with one
	// of each method: auth.TicketSigner, CRASigner, SCRAMSigner,
	// CryptosignSigner, CertificateSigner, AnonymousSigner, or others. The
	// router chooses; what it may not choose is not to be offered. Without any
	// the session joins as anonymous.
	Signers []auth.Signer

	// Agent names this software to the router; the default is DefaultAgent.
	Agent string

	// Logger is told what no return value tells, such as the stack of a handler
	// that panicked; nil discards it.
	Logger *slog.Logger

	// SendBytes bounds what waits to be written to the connection. Beyond it
	// Call, Publish and the other requests wait until there is room or their
	// context ends; one message larger than it is taken when nothing else
	// waits. The default is DefaultSendBytes.
	SendBytes int

	// ReceiveBytes bounds each queue of messages that wait for a handler: one
	// per subscription, one per registration, one per call with OnProgress. A
	// message counts as its payload and 256 octets. What happens beyond is said
	// at EventHandler, InvocationHandler and CallOptions. The default is
	// DefaultReceiveBytes.
	ReceiveBytes int

	// CloseTimeout bounds how long Close waits for the router's GOODBYE, and
	// how long a last message to the router may take. The default is
	// DefaultCloseTimeout.
	CloseTimeout time.Duration

	// Keyring encrypts, end to end, what is sent to and received from the URIs
	// that it has keys for; nil encrypts nothing. Such URIs are used in no
	// other way: nothing is sent in the clear, and what cannot be decrypted is
	// not handed on. Calls then fail, invocations are refused, and events are
	// dropped, logged and counted in Event.Lost.
	Keyring *passthru.Keyring

	// KeepAlive says when the router is sent a PING, and when the connection is
	// closed because it does not answer, which ends the session with ErrSilent.
	// By default junctor is, other routers once they have sent one themselves.
	KeepAlive transport.KeepAlive
}

// forConn is complete for a connection that exists already.
func (o Options) forConn(conn transport.Conn) (Options, error) {
	info := conn.Info()
	switch {
	case o.Serializer != 0 && o.Serializer != info.Serializer:
		return o, fmt.Errorf("Options.Serializer is %s, but the connection speaks %s", o.Serializer, info.Serializer)
	case o.TLS != nil:
		return o, errors.New("Options.TLS is set, but the connection exists already")
	case o.MaxMessageSize != 0:
		return o, errors.New("Options.MaxMessageSize is set, but the connection exists already")
	}
	o.Serializer, o.MaxMessageSize = info.Serializer, info.Limits.Receive
	return o.complete()
}

// complete checks o and returns it with the defaults filled in.
func (o Options) complete() (Options, error) {
	if !o.Realm.Valid(wamp.URILoose) {
		if o.Realm == "" {
			return o, errors.New("no realm given; set Options.Realm")
		}
		return o, fmt.Errorf("%q in Options.Realm is no valid URI", o.Realm)
	}
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"MaxMessageSize", int64(o.MaxMessageSize)},
		{"SendBytes", int64(o.SendBytes)},
		{"ReceiveBytes", int64(o.ReceiveBytes)},
		{"CloseTimeout", int64(o.CloseTimeout)},
	} {
		if n.value < 0 {
			return o, fmt.Errorf("negative Options.%s: %d; 0 means the default", n.name, n.value)
		}
	}
	if err := checkSigners(o.Signers); err != nil {
		return o, fmt.Errorf("Options.Signers: %w", err)
	}
	var err error
	if o.KeepAlive, err = o.KeepAlive.Complete(); err != nil {
		return o, fmt.Errorf("Options.KeepAlive: %w", err)
	}
	setDefault(&o.Serializer, DefaultSerializer)
	setDefault(&o.MaxMessageSize, DefaultMessageSize)
	setDefault(&o.Agent, DefaultAgent)
	setDefault(&o.SendBytes, DefaultSendBytes)
	setDefault(&o.ReceiveBytes, DefaultReceiveBytes)
	setDefault(&o.CloseTimeout, DefaultCloseTimeout)
	o.AuthExtra, o.Signers = maps.Clone(o.AuthExtra), slices.Clone(o.Signers)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o, nil
}

// setDefault sets *v to d if it is zero.
func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
