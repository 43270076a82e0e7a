package node_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
)

// authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

// issue makes a certificate, signed by a or, if a is nil, by itself.
func (a *authority) issue(t *testing.T, name string, isCA bool, days int) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: now.AddDate(0, 0, -100), NotAfter: now.AddDate(0, 0, days),
		IsCA: isCA, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := c, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	made := &authority{key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	if made.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return made
}

func (a *authority) keyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// files writes what a node needs beside its configuration, and returns the
// node's directory with a slash.
func files(t *testing.T, contents map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range contents {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir + "/"
}

func TestTLSWithAChainAndClientCertificates(t *testing.T) {
	t.Parallel()
	root := (*authority)(nil).issue(t, "root", true, 10)
	middle := root.issue(t, "middle", true, 10)
	server := middle.issue(t, "localhost", false, 10)
	user := root.issue(t, "user", false, 10)
	dir := files(t, map[string][]byte{
		"server.pem": server.pem, "middle.pem": middle.pem, "server.key": server.keyPEM(t), "root.pem": root.pem,
	})
	plain := `"tls": {"certificate": "` + dir + `server.pem", "chain_certificates": ["` + dir + `middle.pem"], "key": "` + dir + `server.key"`
	n := open(t, parse(t,
		tcp(`"port": 0, `+plain+`}`),
		tcp(`"port": 0, `+plain+`, "ca_certificates": ["`+dir+`root.pem"]}`),
		tcp(`"port": 0, `+plain+`, "ca_certificates": ["`+dir+`root.pem"], "client_certificates": "optional"}`),
	), node.Options{})
	start(t, n)
	at := n.Endpoints()
	if !strings.HasPrefix(at[0].URL, "rss://127.0.0.1:") {
		t.Errorf("the URL is %s, want the scheme rss", at[0].URL)
	}
	trust := x509.NewCertPool()
	trust.AddCert(root.cert)
	cfg := &tls.Config{RootCAs: trust, ServerName: "localhost"}
	connect(t, at[0].URL, client.Options{TLS: cfg})
	if s, err := client.Connect(t.Context(), at[1].URL, client.Options{Realm: "realm1", TLS: cfg}); err == nil {
		s.Close()
		t.Error("a client without certificate was admitted where one is mandatory")
	}
	connect(t, at[2].URL, client.Options{TLS: cfg})
	connect(t, at[1].URL, client.Options{TLS: user.presentedWith(t, cfg)})
	connect(t, at[2].URL, client.Options{TLS: user.presentedWith(t, cfg)})
	stranger := (*authority)(nil).issue(t, "stranger", false, 10)
	if s, err := client.Connect(t.Context(), at[2].URL, client.Options{Realm: "realm1", TLS: stranger.presentedWith(t, cfg)}); err == nil {
		s.Close()
		t.Error("a client with a certificate of nobody's was admitted where none is necessary")
	}
}

// presentedWith returns the configuration of a client that presents a. It does
// so even if the router has not named a's authority.
func (a *authority) presentedWith(t *testing.T, cfg *tls.Config) *tls.Config {
	t.Helper()
	pair, err := tls.X509KeyPair(a.pem, a.keyPEM(t))
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.Clone()
	cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	return cfg
}

func TestWhatIsWrongWithCertificates(t *testing.T) {
	t.Parallel()
	root := (*authority)(nil).issue(t, "root", true, 10)
	server := root.issue(t, "localhost", false, 10)
	stranger := (*authority)(nil).issue(t, "stranger", true, 10)
	expired := root.issue(t, "expired.example.com", false, -1)
	dir := files(t, map[string][]byte{
		"server.pem": server.pem, "server.key": server.keyPEM(t), "other.key": root.keyPEM(t), "stranger.pem": stranger.pem,
		"expired.pem": expired.pem, "expired.key": expired.keyPEM(t), "empty.pem": nil,
		"broken.pem":    []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
		"broken.key":    []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"),
		"encrypted.key": []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"),
	})
	tests := []struct {
		name, cert, key, more string
		path, want            string
		warning               bool
	}{
		{"no such certificate", "missing.pem", "server.key", "", "certificate", "no such file", false},
		{"no such key", "server.pem", "missing.key", "", "key", "no such file", false},
		{"a file without certificate", "empty.pem", "server.key", "", "certificate", "no certificate in PEM form", false},
		{"a certificate that is none", "broken.pem", "server.key", "", "certificate", "certificate 1", false},
		{"a file without key", "server.pem", "server.pem", "", "key", "no private key in PEM form", false},
		{"a key that is none", "server.pem", "broken.key", "", "key", "none of the forms", false},
		{"an encrypted key", "server.pem", "encrypted.key", "", "key", "without a passphrase", false},
		{"the key of another certificate", "server.pem", "other.key", "", "key", "is not that of the certificate", false},
		{"no such authority", "server.pem", "server.key", `, "ca_certificates": ["DIR/missing.pem"]`, "ca_certificates[0]", "no such file", false},
		{"no such certificate of the chain", "server.pem", "server.key", `, "chain_certificates": ["DIR/missing.pem"]`, "chain_certificates[0]", "no such file", false},
		{"an expired certificate", "expired.pem", "expired.key", "", "certificate", `"expired.example.com" expired on`, true},
		{"a chain in disorder", "server.pem", "server.key", `, "chain_certificates": ["DIR/stranger.pem"]`, "certificate", `"stranger" has not signed "localhost"`, true},
		{"a certificate that stands twice", "server.pem", "server.key", `, "chain_certificates": ["DIR/server.pem"]`, "certificate", `"localhost" stands twice in the chain`, true},
		{"cipher suites of another kind of key", "server.pem", "server.key", `, "ciphers": "ECDHE-RSA-AES128-GCM-SHA256"`, "ciphers", "no cipher suite is for the certificate's ECDSA key", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			findings := node.Check(parse(t, tcp(`"port": 0, "tls": {"certificate": "`+dir+tt.cert+`", "key": "`+dir+tt.key+`"`+
				strings.ReplaceAll(tt.more, "DIR/", dir)+`}`)), nil, node.Options{})
			if len(findings) != 1 {
				t.Fatalf("got %v, want one finding", findings)
			}
			f := findings[0]
			if want := "workers[0].transports[0].endpoint.tls." + tt.path; f.Path != want || f.Line != 5 {
				t.Errorf("the finding is at %v, want %s in line 5", f.Position, want)
			}
			if !strings.Contains(f.Message, tt.want) || findings.HasErrors() == tt.warning {
				t.Errorf("got %v, want %q", f, tt.want)
			}
		})
	}
}
