package rawsocket_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// authority issues certificates: a root, and an intermediate that signs.
type authority struct {
	roots        *x509.CertPool
	intermediate *x509.Certificate
	key          *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	rootKey, root := issue(t, "root", nil, nil)
	a := &authority{roots: x509.NewCertPool()}
	a.key, a.intermediate = issue(t, "intermediate", root, rootKey)
	a.roots.AddCert(root)
	return a
}

// issue makes a key and a certificate for name, signed by parent's key, or by
// itself.
func issue(t testing.TB, name string, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		BasicConstraintsValid: true,
	}
	if name == "root" || name == "intermediate" {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		template.DNSNames, template.IPAddresses = []string{name}, []net.IP{net.IPv4(127, 0, 0, 1)}
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return key, certificate
}

// certificate is one for name with the chain up to the root.
func (a *authority) certificate(t testing.TB, name string) tls.Certificate {
	key, leaf := issue(t, name, a.intermediate, a.key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw, a.intermediate.Raw}, PrivateKey: key, Leaf: leaf}
}

func (a *authority) server(t testing.TB) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{a.certificate(t, "localhost")}}
}

func (a *authority) client() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: a.roots}
}

func overTLS(t testing.TB, ca *authority) rawsocket.ListenConfig {
	return rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", TLS: ca.server(t), MaxMessageSize: 4 << 20}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ln := listen(t, overTLS(t, ca), echo)
			client := ca.client()
			client.MaxVersion = version
			c := dial(t, ln, rawsocket.DialConfig{TLS: client})
			large := bytes.Repeat([]byte("0123456789abcdef"), 200000)
			bufs := [][]byte{message("small"), nil, c.AppendHeader(nil, len(large)), large, ping(""), message(""), message("end")}
			if n, err := c.TryWrite(bufs); n != 0 || err != nil {
				t.Errorf("TryWrite = %d, %v", n, err)
			}
			if err := c.Write(bufs); err != nil {
				t.Fatal(err)
			}
			got := readUntil(c, 4)
			if got.err != nil || string(got.messages[0]) != "small" || !bytes.Equal(got.messages[1], large) || string(got.messages[3]) != "end" {
				t.Errorf("%d messages, %v", len(got.messages), got.err)
			}
			if i := c.Info(); i.TLS == nil || i.TLS.Version != version || len(i.TLS.PeerCertificates) != 2 {
				t.Errorf("%+v", i.TLS)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if _, err := c.TryWrite(bufs); !errors.Is(err, net.ErrClosed) {
				t.Errorf("TryWrite after Close: %v", err)
			}
			if err := c.Write(bufs); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Write after Close: %v", err)
			}
		})
	}
}

func TestClientCertificates(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := overTLS(t, ca)
	config.TLS.ClientAuth, config.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ca.roots
	logs := newLog()
	config.Logger = logs.logger()
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, config, accept(accepted))
	client := ca.client()
	client.Certificates = []tls.Certificate{ca.certificate(t, "alice")}
	dial(t, ln, rawsocket.DialConfig{TLS: client})
	c := <-accepted
	if state := c.Info().TLS; state == nil || state.PeerCertificates[0].Subject.CommonName != "alice" {
		t.Errorf("%+v", state)
	}
	_ = c.Close()
	_, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: ln.Addr().String(), TLS: ca.client()})
	if err == nil {
		t.Error("a client without a certificate got in")
	}
	if line := logs.wait(t, 1)[0]; !strings.Contains(line, "TLS handshake failed") || !strings.Contains(line, "certificate") {
		t.Errorf("log %q", line)
	}
}

func TestServerCertificateIsVerified(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	ln := listen(t, overTLS(t, ca), echo)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	for _, test := range []struct {
		name, host string
		config     *tls.Config
		good       bool
	}{
		{"the address is in it", "127.0.0.1", ca.client(), true},
		{"the name is in it", "localhost", ca.client(), true},
		{"the name given is in it", "127.0.0.1", withName(ca.client(), "localhost"), true},
		{"the name given is not in it", "127.0.0.1", withName(ca.client(), "example.com"), false},
		{"its authority is unknown", "127.0.0.1", newAuthority(t).client(), false},
	} {
		config := rawsocket.DialConfig{Network: "tcp4", Address: net.JoinHostPort(test.host, port), TLS: test.config}
		c, err := rawsocket.Dial(t.Context(), config)
		if err == nil {
			_ = c.Close()
		}
		if (err == nil) != test.good {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func withName(c *tls.Config, name string) *tls.Config {
	c.ServerName = name
	return c
}

func TestTLSOverAUnixSocket(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	config := rawsocket.ListenConfig{Network: "unix", Address: t.TempDir() + "/s", TLS: ca.server(t)}
	ln := listen(t, config, echo)
	dial(t, ln, rawsocket.DialConfig{TLS: withName(ca.client(), "localhost")})
	_, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "unix", Address: config.Address, TLS: ca.client()})
	if err == nil || !strings.Contains(err.Error(), "name of the server") {
		t.Errorf("dialing without a server name: %v", err)
	}
}

// RS-1, on a port for TLS.
func TestOtherProtocolsOnATLSPort(t *testing.T) {
	t.Parallel()
	config := overTLS(t, newAuthority(t))
	logs := newLog()
	config.Logger = logs.logger()
	ln := listen(t, config, echo)
	url := "rss://" + ln.Addr().String()
	for _, test := range []struct{ name, octets, answer, log string }{
		{"RawSocket without TLS", "\x7f\xf1\x00\x00", "", "spoke RawSocket to a port for RawSocket over TLS"},
		{"HTTP without TLS", "GET / HTTP/1.1\r\n\r\n", "the URL " + url, "spoke HTTP or WebSocket"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before := len(logs.lines())
			nc := connect(t, ln)
			if _, err := io.WriteString(nc, test.octets); err != nil {
				t.Fatal(err)
			}
			answer, _ := io.ReadAll(nc)
			if !strings.Contains(string(answer), test.answer) || test.answer == "" && len(answer) > 0 {
				t.Errorf("answer %q, want %q", answer, test.answer)
			}
			if line := logs.wait(t, before+1)[before]; !strings.Contains(line, test.log) || !strings.Contains(line, url) {
				t.Errorf("log %q, want %q", line, test.log)
			}
		})
	}
	t.Run("HTTP over TLS", func(t *testing.T) {
		before := len(logs.lines())
		client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
		response, err := client.Get("https://" + ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), url) {
			t.Errorf("%s: %s", response.Status, body)
		}
		logs.wait(t, before+1)
	})
}

func TestDialerNamesWhatThePeerSpeaks(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	plain := listen(t, rawsocket.ListenConfig{}, echo)
	secured := listen(t, overTLS(t, ca), echo)
	web := http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: patience}
	webListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- web.Serve(webListener) }()
	t.Cleanup(func() {
		_ = web.Close()
		<-done
	})
	for _, test := range []struct {
		name, address string
		tls           *tls.Config
		word          string
	}{
		{"TLS to a plain port", plain.Addr().String(), ca.client(), "handshake failure"},
		{"TLS to a web server", webListener.Addr().String(), ca.client(), "HTTP"},
		{"RawSocket to a TLS port", secured.Addr().String(), nil, "did not reply as a RawSocket router"},
	} {
		_, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: test.address, TLS: test.tls})
		if err == nil || !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.word)
		}
	}
}

func TestCloseUnderTLSEndsAWrite(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, overTLS(t, ca), accept(accepted))
	dial(t, ln, rawsocket.DialConfig{TLS: ca.client()})
	c := <-accepted
	full := make(chan error)
	go func() { full <- c.Write([][]byte{make([]byte, 32<<20)}) }()
	begin := time.Now()
	_ = c.Close()
	if took := time.Since(begin); took > 4*time.Second { // waiting for close_notify would take five
		t.Errorf("Close took %v", took)
	}
	if err := <-full; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write: %v", err)
	}
}

func TestHandshakeTimeoutCoversTLS(t *testing.T) {
	t.Parallel()
	config := overTLS(t, newAuthority(t))
	config.HandshakeTimeout = 50 * time.Millisecond
	logs := newLog()
	config.Logger = logs.logger()
	ln := listen(t, config, func(c transport.Conn) {
		t.Error("a client without a handshake got in")
		_ = c.Close()
	})
	nc := connect(t, ln)
	if _, err := io.WriteString(nc, "\x16\x03\x01"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(nc); isTimeout(err) {
		t.Error("the connection was not closed")
	}
	logs.wait(t, 1)
}

func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for name, config := range map[string]rawsocket.DialConfig{"plain": {}, "TLS": {TLS: newAuthority(t).client()}} {
		config.Network, config.Address = "tcp", ln.Addr().String()
		ctx, cancel := context.WithCancel(t.Context())
		accepted := make(chan net.Conn)
		go func() {
			nc, _ := ln.Accept()
			_, _ = nc.Read(make([]byte, 1)) // its handshake has begun
			cancel()
			accepted <- nc
		}()
		if _, err := rawsocket.Dial(ctx, config); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancelled: %v", name, err)
		}
		_ = (<-accepted).Close()
		config.Timeout = 20 * time.Millisecond
		if _, err := rawsocket.Dial(t.Context(), config); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: timed out: %v", name, err)
		}
		cancel()
		nc, err := ln.Accept() // that of the second attempt
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.Close()
	}
}
