package node

import (
	"cmp"
	"crypto/tls"
	"log/slog"
	"net"
	"strconv"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// dialConfig is a connecting transport. Its files are read.
func dialConfig(cfg *config.ConnectTransport, log *slog.Logger) (rawsocket.DialConfig, config.Findings) {
	raw := cfg.RawSocket
	dc := rawsocket.DialConfig{
		ID:             cfg.ID,
		Serializer:     raw.Serializer,
		MaxMessageSize: raw.Options.MaxMessageSize,
		Logger:         log,
		Debug:          raw.Debug,
	}
	var findings config.Findings
	if u := cfg.Endpoint.Unix; u != nil {
		dc.Network, dc.Address, dc.Timeout = "unix", u.Path, u.Timeout
	} else {
		t := cfg.Endpoint.TCP
		dc.Network = "tcp"
		if t.Version != 0 {
			dc.Network += strconv.Itoa(t.Version)
		}
		dc.Address, dc.Timeout = net.JoinHostPort(t.Host, strconv.Itoa(t.Port)), t.Timeout
		if t.TLS != nil {
			dc.TLS, findings = clientTLS(t.TLS)
		}
	}
	dc.Timeout = cmp.Or(dc.Timeout, -1) // the configuration's 0 is none
	if err := dc.Check(); err != nil {
		findings = append(findings, cfg.Endpoint.At().Problem("", "%v", err))
	}
	return dc, findings
}

// clientTLS reads the files of a connecting TLS object.
func clientTLS(cfg *config.TLSConnect) (*tls.Config, config.Findings) {
	var findings config.Findings
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.Hostname}
	if cfg.CACertificates != nil {
		out.RootCAs, findings = authorities(cfg, cfg.CACertificates)
	}
	if cfg.Certificate == "" {
		return out, findings
	}
	chain, err := readCertificates(cfg.Certificate)
	if err != nil {
		findings = append(findings, cfg.At("certificate").Problem("", "%v", err))
	}
	key, err := readKey(cfg.Key)
	if err != nil {
		findings = append(findings, cfg.At("key").Problem("", "%v", err))
	}
	if findings.HasErrors() {
		return out, findings
	}
	if !belongTogether(chain[0], key) {
		findings = append(findings, cfg.At("key").Problem("", "the key %s is not that of the certificate %s", cfg.Key, cfg.Certificate))
	}
	pair := tls.Certificate{PrivateKey: key, Leaf: chain[0]}
	for _, c := range chain {
		pair.Certificate = append(pair.Certificate, c.Raw)
	}
	out.Certificates = []tls.Certificate{pair}
	return out, findings
}
