package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
)

// certificate returns a self-signed certificate for "router".
func certificate(t *testing.T, curve elliptic.Curve) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"router"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// handshake returns both sides' view of one TLS connection.
func handshake(t *testing.T, version uint16) (client, router *tls.ConnectionState) {
	t.Helper()
	cert := certificate(t, elliptic.P256())
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	a, b := net.Pipe()
	server := tls.Server(b, &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: version})
	conn := tls.Client(a, &tls.Config{RootCAs: roots, ServerName: "router", MinVersion: tls.VersionTLS12})
	done := make(chan error, 1)
	go func() { done <- server.HandshakeContext(t.Context()) }()
	if err := conn.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	// With TLS 1.3 the server writes a ticket after the client has finished.
	go conn.Read(make([]byte, 1))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	cs, ss := conn.ConnectionState(), server.ConnectionState()
	return &cs, &ss
}

func TestChannelBindingIsTheSameOnBothSides(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind    string
		version uint16
		ok      bool
	}{
		{auth.BindTLSExporter, tls.VersionTLS12, true},
		{auth.BindTLSExporter, tls.VersionTLS13, true},
		{auth.BindTLSUnique, tls.VersionTLS12, true},
		{auth.BindTLSUnique, tls.VersionTLS13, false},
		{"tls-imaginary", tls.VersionTLS13, false},
	}
	for _, tt := range tests {
		t.Run(tt.kind+" over "+tls.VersionName(tt.version), func(t *testing.T) {
			t.Parallel()
			client, router := handshake(t, tt.version)
			ours, err := auth.ChannelID(tt.kind, client)
			theirs, err2 := auth.ChannelID(tt.kind, router)
			if (err == nil) != tt.ok || (err2 == nil) != tt.ok {
				t.Fatalf("got errors %v and %v", err, err2)
			}
			if !bytes.Equal(ours, theirs) || tt.ok && len(ours) != 32 {
				t.Errorf("got %x and %x, want the same 32 octets", ours, theirs)
			}
		})
	}
}

func TestChannelBindingNeedsTLS(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{auth.BindTLSExporter, auth.BindTLSUnique} {
		if data, err := auth.ChannelData(kind, nil); err == nil {
			t.Errorf("%s without TLS gives %x", kind, data)
		}
	}
}

func TestServerEndPoint(t *testing.T) {
	t.Parallel()
	p256, p384 := certificate(t, elliptic.P256()).Leaf, certificate(t, elliptic.P384()).Leaf
	old := *p256
	old.SignatureAlgorithm = x509.ECDSAWithSHA1
	sum256, sum384 := sha256.Sum256(p256.Raw), sha512.Sum384(p384.Raw)
	tests := []struct {
		name string
		cert *x509.Certificate
		want []byte
	}{
		{"the hash of the signature", p256, sum256[:]},
		{"a longer hash of the signature", p384, sum384[:]},
		{"SHA-256 instead of SHA-1", &old, sum256[:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := auth.ServerEnd(tt.cert); err != nil || !bytes.Equal(got, tt.want) {
				t.Errorf("got %x, %v, want %x", got, err, tt.want)
			}
		})
	}
	if got, err := auth.ServerEnd(&x509.Certificate{SignatureAlgorithm: x509.PureEd25519}); err == nil {
		t.Errorf("a signature without a hash gives %x", got)
	}
}
