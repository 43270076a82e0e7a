package node

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// door is a listening transport.
type door struct {
	id       string
	listener transport.Listener
	endpoint Endpoint
	access   router.Access
}

func (w *routerWorker) openDoor(cfg config.Transport, log *slog.Logger) (*door, config.Findings) {
	lc, findings := listenConfig(cfg, log)
	set, fs := w.methods(&cfg.RawSocket.Auth)
	if findings = append(findings, fs...); findings.HasErrors() {
		return nil, findings
	}
	listener, err := listen(lc, cfg.Endpoint.TCP)
	if err != nil {
		return nil, append(findings, cannotListen(cfg, err))
	}
	return &door{
		id:       cfg.ID,
		listener: listener,
		access: router.Access{
			Methods:      set,
			HelloTimeout: cfg.RawSocket.Options.HelloTimeout,
			Attempts:     router.NewAttempts(cfg.RawSocket.Options.FailedLogins.Limit, cfg.RawSocket.Options.FailedLogins.Window),
			KeepAlive:    cfg.RawSocket.Options.KeepAlive,
		},
		endpoint: Endpoint{
			Worker: w.id, Transport: cfg.ID, Addr: listener.Addr(),
			URL: url(listener.Addr(), lc.TLS != nil), Realms: w.realms, Serializers: lc.Serializers,
		},
	}, findings
}

func listenConfig(cfg config.Transport, log *slog.Logger) (rawsocket.ListenConfig, config.Findings) {
	raw := cfg.RawSocket
	lc := rawsocket.ListenConfig{
		ID:               cfg.ID,
		Serializers:      raw.Serializers,
		MaxMessageSize:   raw.MaxMessageSize,
		MaxConnections:   raw.Options.MaxConnections,
		HandshakeTimeout: raw.Options.HandshakeTimeout,
		Logger:           log,
		Debug:            raw.Debug,
	}
	if u := cfg.Endpoint.Unix; u != nil {
		lc.Network, lc.Address, lc.Backlog = "unix", u.Path, u.Backlog
		lc.Mode, lc.Owner, lc.Group = fs.FileMode(u.Mode), u.Owner, u.Group
		return lc, nil
	}
	t := cfg.Endpoint.TCP
	lc.Network = "tcp" + strconv.Itoa(cmp.Or(t.Version, 4))
	lc.Address = net.JoinHostPort(t.Interface, strconv.Itoa(t.Port))
	lc.Backlog, lc.ReusePort, lc.UserTimeout = t.Backlog, t.Shared, t.UserTimeout
	if t.TLS == nil {
		return lc, nil
	}
	var findings config.Findings
	lc.TLS, findings = tlsConfig(t.TLS, time.Now())
	return lc, findings
}

// listen listens at the address, or at the first free port of a range.
func listen(lc rawsocket.ListenConfig, tcp *config.TCPListen) (transport.Listener, error) {
	if tcp == nil || tcp.PortRange.High == 0 {
		return rawsocket.Listen(lc)
	}
	for port := tcp.PortRange.Low; port <= tcp.PortRange.High; port++ {
		lc.Address = net.JoinHostPort(tcp.Interface, strconv.Itoa(port))
		l, err := rawsocket.Listen(lc)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
			return l, err
		}
	}
	if tcp.PortRange.Low == tcp.PortRange.High {
		return nil, fmt.Errorf("port %d: %w", tcp.PortRange.Low, syscall.EADDRINUSE)
	}
	return nil, fmt.Errorf("no port from %d to %d is free: %w", tcp.PortRange.Low, tcp.PortRange.High, syscall.EADDRINUSE)
}

// url is what a client on this machine connects to.
func url(addr net.Addr, tls bool) string {
	a := transport.Address{Transport: "rawsocket", Network: "tcp", TLS: tls}
	switch addr := addr.(type) {
	case *net.UnixAddr:
		a.Network, a.Path = "unix", addr.Name
		if abs, err := filepath.Abs(addr.Name); err == nil && addr.Name[0] != '@' {
			a.Path = abs // a URL has no relative paths
		}
	case *net.TCPAddr:
		a.Host, a.Port = addr.IP.String(), addr.Port
		if addr.IP.IsUnspecified() {
			a.Host = "127.0.0.1"
			if addr.IP.To4() == nil {
				a.Host = "::1"
			}
		}
	}
	return a.String()
}
