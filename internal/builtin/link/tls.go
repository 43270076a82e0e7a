package link

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// tlsFiles are the keys that Crossbar.io has for TLS of a connecting endpoint.
// Paths are relative to the node's directory. A nil *tlsFiles is no TLS.
type tlsFiles struct {
	Hostname       string   `json:"hostname"`        // empty: that of the URL
	CACertificates []string `json:"ca_certificates"` // none: the system's
	Certificate    string   `json:"certificate"`     // of this side, with Key
	Key            string   `json:"key"`
}

func (t *tlsFiles) check() error {
	if t != nil && (t.Certificate == "") != (t.Key == "") {
		return errors.New("tls.certificate: want a certificate with its key, got one of them")
	}
	return nil
}

// load reads the files, whose paths are relative to dir.
func (t *tlsFiles) load(dir string) (config *tls.Config, err error) {
	if t == nil {
		return nil, nil
	}
	config = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.Hostname}
	if config.RootCAs, err = t.authorities(dir); err != nil {
		return nil, err
	}
	if t.Certificate == "" {
		return config, nil
	}
	pair, err := tls.LoadX509KeyPair(absolute(dir, t.Certificate), absolute(dir, t.Key))
	if err != nil {
		return nil, fmt.Errorf("tls.certificate: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// authorities returns nil for the system's.
func (t *tlsFiles) authorities(dir string) (*x509.CertPool, error) {
	if len(t.CACertificates) == 0 {
		return nil, nil
	}
	pool := x509.NewCertPool()
	for i, path := range t.CACertificates {
		pem, err := os.ReadFile(absolute(dir, path))
		if err != nil {
			return nil, fmt.Errorf("tls.ca_certificates[%d]: %w", i, err)
		}
		if !pool.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca_certificates[%d]: %s has no certificate in PEM", i, path)
		}
	}
	return pool, nil
}

func absolute(dir, path string) string {
	if dir == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
