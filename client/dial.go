package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// dial connects to a router by the transport that its URL names. It is the
// only place of this package that knows concrete transports.
func dial(ctx context.Context, url string, opts *Options) (transport.Conn, error) {
	a, err := transport.ParseURL(url)
	if err != nil {
		return nil, err
	}
	if !a.TLS && opts.TLS != nil {
		return nil, errors.New("Options.TLS is set, but the URL does not ask for TLS; write rss://host:port")
	}
	if a.Transport != "rawsocket" {
		return nil, fmt.Errorf("transport %s is not supported yet; use rs://, rss:// or unix://", a.Transport)
	}
	config := rawsocket.DialConfig{
		Network:        a.Network,
		Address:        a.DialAddress(),
		Serializer:     opts.Serializer,
		MaxMessageSize: opts.MaxMessageSize,
		Logger:         opts.Logger,
	}
	if a.TLS {
		config.TLS = opts.TLS
		if config.TLS == nil {
			config.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		}
	}
	conn, err := rawsocket.Dial(ctx, config)
	var failed *rawsocket.DialError
	if errors.As(err, &failed) {
		err = failed.Err // Connect names the URL
	}
	return conn, err
}

// refusedTransport reports whether err says that the router does not speak
// what was asked for.
func refusedTransport(err error) bool {
	return errors.Is(err, rawsocket.ErrSerializerUnsupported) || errors.Is(err, rawsocket.ErrLengthUnacceptable)
}
