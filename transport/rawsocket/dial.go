package rawsocket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"syscall"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// DialConfig says where and how to connect. Network and Address are required;
// the zero value of any other field means its default.
type DialConfig struct {
	ID string // the transport's id: in Info, and in logs as "transport"

	// Network is "tcp", "tcp4", "tcp6" or "unix". Address is host and port, or
	// the path of the socket, where "@name" is an abstract socket.
	Network string
	Address string

	// TLS, if not nil, connects over TLS. Its ServerName defaults to the host
	// in Address.
	TLS *tls.Config

	Serializer     wamp.SerializerNumber // default MessagePack
	MaxMessageSize int                   // octets accepted, 1 to MaxLimit; default DefaultDialLimit
	FullFrames     bool                  // send messages of exactly 2^24 octets too (RS-17)
	MaxPing        int                   // the largest PING answered (RS-23); default MaxMessageSize

	// Timeout bounds connecting and all handshakes together, beside the
	// context; default DefaultHandshakeTimeout, negative means none.
	Timeout time.Duration

	// TCP only; as in ListenConfig.
	KeepAlive   time.Duration
	UserTimeout time.Duration

	// Logger gets a line where a connection had to be made a second time;
	// default none. With Debug it gets each frame as well, as in ListenConfig.
	Logger *slog.Logger
	Debug  bool
}

// Check returns an error that names what Dial would not accept. It opens
// nothing.
func (c DialConfig) Check() error {
	switch c.Network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return fmt.Errorf("network %q is not one of tcp, tcp4, tcp6 and unix", c.Network)
	}
	switch {
	case c.Address == "":
		return errors.New("no address to connect to")
	case c.Network == "unix" && len(c.Address) > maxSocketPath:
		return fmt.Errorf("the path of Unix socket %s has %d octets; the system allows %d", c.Address, len(c.Address), maxSocketPath)
	case c.Serializer != 0 && !slices.Contains(supported, c.Serializer):
		return fmt.Errorf("serializer %s is not supported; json, msgpack and cbor are", c.Serializer)
	case c.MaxMessageSize < 0 || c.MaxMessageSize > MaxLimit:
		return fmt.Errorf("maximum message size %d is not within 1 and %d", c.MaxMessageSize, MaxLimit)
	case c.MaxPing < 0:
		return errors.New("maximum PING cannot be negative")
	case c.Network == "unix" && (c.KeepAlive != 0 || c.UserTimeout != 0):
		return errors.New("keep-alive and user timeout belong to TCP")
	case c.UserTimeout > 0 && !canSetUserTimeout:
		return errors.New("this system has no TCP user timeout")
	case c.TLS != nil && c.Network == "unix" && c.TLS.ServerName == "" && !c.TLS.InsecureSkipVerify:
		return errors.New("TLS over a Unix socket needs the name of the server in its TLS configuration")
	}
	return nil
}

func (c DialConfig) withDefaults() DialConfig {
	c.Serializer = orDefault(c.Serializer, wamp.SerializerMsgPack)
	c.MaxMessageSize = orDefault(c.MaxMessageSize, DefaultDialLimit)
	c.Timeout = orDefault(c.Timeout, DefaultHandshakeTimeout)
	c.KeepAlive = orDefault(c.KeepAlive, DefaultKeepAlive)
	c.UserTimeout = orDefault(c.UserTimeout, DefaultUserTimeout)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.TLS != nil && c.TLS.ServerName == "" && c.Network != "unix" {
		c.TLS = c.TLS.Clone()
		if host, _, err := net.SplitHostPort(c.Address); err == nil {
			c.TLS.ServerName = host
		}
	}
	return c
}

// Dial connects to a router as c says. It returns when the handshake is done,
// has failed, or ctx has ended; ctx does not matter to the connection
// afterwards. The error is a *DialError if the configuration was good; what the
// router answered is in a *HandshakeError.
//
// Configured for 32 MiB and more, it offers the router an upgrade to larger
// frames (see upgrade.go); if the router announced that it might understand
// but does not answer, Dial connects a second time and offers nothing.
func Dial(ctx context.Context, c DialConfig) (transport.Conn, error) {
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("rawsocket: dial: %w", err)
	}
	c = c.withDefaults()
	if c.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Timeout)
		defer cancel()
	}
	conn, err := c.dial(ctx, c.MaxMessageSize >= minUpgrade)
	if errors.Is(err, errNoUpgrade) && ctx.Err() == nil {
		c.Logger.Warn("the router does not answer the offer of messages above 16 MiB, connecting without it",
			"transport", c.ID, "peer", c.Address, "err", err)
		conn, err = c.dial(ctx, false)
	}
	if err != nil {
		return nil, &DialError{Address: c.Address, Err: err}
	}
	return conn, nil
}

// DialError is why Dial could not connect.
type DialError struct {
	Address string // of the router, as Dial was given it
	Err     error  // why, without the address
}

// Error names the address and the reason.
func (e *DialError) Error() string { return "rawsocket: dial " + e.Address + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *DialError) Unwrap() error { return e.Err }

// bareError is an error of package net whose text does not name the address
// once more.
type bareError struct{ *net.OpError }

func (e bareError) Error() string { return e.Err.Error() }
func (e bareError) Unwrap() error { return e.OpError }

// dial connects once.
func (c DialConfig) dial(ctx context.Context, offer bool) (*Conn, error) {
	d := net.Dialer{KeepAlive: -1, KeepAliveConfig: keepAliveConfig(c.KeepAlive)}
	if c.Network != "unix" {
		d.Control = func(_, _ string, raw syscall.RawConn) error {
			return control(raw, func(fd uintptr) error { return prepareTCP(fd, false, c.UserTimeout) })
		}
	}
	nc, err := d.DialContext(ctx, c.Network, c.Address)
	var failed *net.OpError
	switch {
	case errors.As(err, &failed):
		return nil, bareError{failed}
	case err != nil:
		return nil, err
	}
	conn, err := c.start(ctx, nc, offer)
	if err != nil {
		_ = nc.Close()
		if ctx.Err() != nil {
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		return nil, err
	}
	return conn, nil
}

// start does the handshakes of TLS and RawSocket on nc.
func (c DialConfig) start(ctx context.Context, nc net.Conn, offer bool) (*Conn, error) {
	interrupt := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer interrupt()
	top := nc
	if c.TLS != nil {
		secured := tls.Client(&lowConn{Conn: nc}, c.TLS)
		if err := secured.HandshakeContext(ctx); err != nil {
			return nil, tlsError(err)
		}
		top = secured
	}
	a, err := c.agree(top)
	if err != nil {
		return nil, err
	}
	if offer && a.send >= maxAnnounced-1 {
		if err := offerUpgrade(ctx, top, &a); err != nil {
			return nil, err
		}
	}
	if !interrupt() {
		return nil, context.Cause(ctx)
	}
	config := connConfig{id: c.ID, maxPing: c.MaxPing}
	if c.Debug {
		config.trace = c.Logger
	}
	return newConn(top, a, config, nil), nil
}

// tlsError says what a peer that does not speak TLS speaks instead.
func tlsError(err error) error {
	var header tls.RecordHeaderError
	if errors.As(err, &header) {
		return &HandshakeError{Message: "the peer does not speak TLS but " + describeOctets(header.RecordHeader[:])}
	}
	return fmt.Errorf("TLS handshake: %w", err)
}

// agree sends the request and reads the reply.
func (c DialConfig) agree(top net.Conn) (agreement, error) {
	req := request{limit: AnnouncedLimit(c.MaxMessageSize), serializer: c.Serializer}
	if _, err := top.Write(req.appendTo(nil)); err != nil {
		return agreement{}, fmt.Errorf("handshake: %w", err)
	}
	var octets [handshakeSize]byte
	if n, err := io.ReadFull(top, octets[:]); err != nil {
		if n > 0 && octets[0] != magic {
			return agreement{}, &HandshakeError{Message: "the peer does not answer as a RawSocket router but with " + describeOctets(octets[:n])}
		}
		return agreement{}, fmt.Errorf("handshake: the peer did not reply as a RawSocket router does: %w", err)
	}
	answer, err := parseReply(octets, c.Serializer)
	if err != nil {
		return agreement{}, err
	}
	return agreement{
		serializer: c.Serializer, receive: c.MaxMessageSize,
		send: sendLimit(answer.limit, c.FullFrames), pong: answer.limit,
	}, nil
}

// errNoUpgrade says that a router did not answer the offer of an upgrade.
var errNoUpgrade = errors.New("no upgrade")

// upgradeWait is how long the router's answer to the offer may take. Routers
// without the extension either close or wait for the rest of a frame.
const upgradeWait = 2 * time.Second

// offerUpgrade offers larger frames to the router and updates a as it answers.
func offerUpgrade(ctx context.Context, top net.Conn, a *agreement) error {
	wait := upgradeWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = min(wait, time.Until(deadline)/2) // leave time for the second attempt
	}
	_ = top.SetReadDeadline(time.Now().Add(wait))
	if ctx.Err() != nil { // whose deadline the line above may have undone
		return context.Cause(ctx)
	}
	defer func() { _ = top.SetReadDeadline(time.Time{}) }()
	if _, err := top.Write(appendUpgrade(nil, a.receive)); err != nil {
		return fmt.Errorf("%w: %w", errNoUpgrade, err)
	}
	var octets [upgradeSize]byte
	if _, err := io.ReadFull(top, octets[:]); err != nil {
		return fmt.Errorf("%w: %w", errNoUpgrade, err)
	}
	theirs, err := parseUpgrade(octets)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoUpgrade, err)
	}
	a.upgradeTo(agreedLimit(a.receive, theirs))
	return nil
}
