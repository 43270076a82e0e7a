package cli_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
)

// certificate writes a certificate for 127.0.0.1 that its own key has signed,
// and returns the files.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return write("cert.pem", "CERTIFICATE", der), write("key.pem", "PRIVATE KEY", keyDER)
}

func TestClientVerbsSpeakTLS(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	cfg, findings := config.Parse("config.json", fmt.Appendf(nil, `{"version": 2, "workers": [{"type": "router",
		"realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [{"uri": "", "match": "prefix", "allow": {"publish": true}}]}]}],
		"transports": [{"type": "rawsocket", "endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": 0,
			"tls": {"certificate": %[1]q, "key": %[2]q, "ca_certificates": [%[1]q]}}}]}]}`, cert, key), config.JSON, config.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	n, findings := node.Open(cfg, node.Options{})
	if n == nil {
		t.Fatal(findings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })

	url := n.Endpoints()[0].URL
	env := map[string]string{"JUNCTOR_URL": url, "JUNCTOR_TLS_CA": cert, "JUNCTOR_TLS_CERT": cert, "JUNCTOR_TLS_KEY": key}
	if got := run(t, env, "", "publish", "com.example.topic", "--json"); got.code != 0 || !strings.Contains(got.stdout, `"publication":`) {
		t.Errorf("with certificates: got %+v", got)
	}
	if got := run(t, nil, "", "publish", "com.example.topic", "--url", url); got.code != cli.ExitUnavailable || !strings.Contains(got.stderr, "certificate") {
		t.Errorf("without trust in the router: got %+v, want code %d and a word about its certificate", got, cli.ExitUnavailable)
	}
	for flag, file := range map[string]string{"--tls-ca": key, "--tls-cert": filepath.Join(t.TempDir(), "missing.pem")} {
		got := run(t, nil, "", "publish", "com.example.topic", "--url", url, flag, file, "--tls-key", key, "--tls-cert", file)
		if got.code != cli.ExitFailure || !strings.Contains(got.stderr, flag) {
			t.Errorf("%s %s: got %+v, want code %d and the flag", flag, file, got, cli.ExitFailure)
		}
	}
}
