package client_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// lock is a router that admits alice, by every method.
type lock struct {
	methods   auth.Set
	key       ed25519.PrivateKey // alice's
	routerKey ed25519.PublicKey
	cert      tls.Certificate // the router's, and alice's
	roots     *x509.CertPool
}

func newLock(t *testing.T) *lock {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	routerPublic, routerPrivate, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	secret, err := auth.NewCRASecret("sesame", "salt", 10, 32)
	must(err)
	argon, err := auth.NewSCRAMVerifier("sesame", auth.SCRAMCost{KDF: auth.KDFArgon2id, Salt: []byte("saltsalt"), Iterations: 1, Memory: auth.MinArgon2Memory})
	must(err)
	pbkdf2, err := auth.NewSCRAMVerifier("sesame", auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: []byte("saltsalt"), Iterations: 4096})
	must(err)
	alice := &auth.Account{AuthID: "alice", Role: "user", CRA: secret, SCRAM: argon, Keys: []ed25519.PublicKey{public}}
	accounts, err := auth.NewAccounts(alice, &auth.Account{AuthID: "pbkdf2", Role: "user", CRA: secret, SCRAM: pbkdf2})
	must(err)
	keyed, err := auth.NewKeyedAccounts(alice)
	must(err)
	tickets, err := auth.NewTickets(auth.TicketHolder{Account: alice, Hash: auth.HashRandomTicket("sesame")})
	must(err)
	l := &lock{key: private, routerKey: routerPublic}
	l.cert = mutualCertificate(t)
	l.roots = x509.NewCertPool()
	l.roots.AddCert(l.cert.Leaf)
	certificates := new(auth.CertificateAccounts)
	must(certificates.Add(auth.CertificateMatch{CommonName: l.cert.Leaf.Subject.CommonName}, alice))
	uid := uint32(os.Getuid())
	l.methods = auth.Set{
		auth.Ticket{Verifier: tickets}, auth.CRA{Directory: accounts}, auth.SCRAM{Directory: accounts},
		auth.Cryptosign{Directory: keyed, Key: routerPrivate}, auth.TLS{Directory: certificates},
		auth.PeerCred{Directory: auth.PeerRules{{UID: &uid, Account: *alice}}},
	}
	return l
}

// mutualCertificate returns a certificate for 127.0.0.1 that is good for both sides.
func mutualCertificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "alice"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
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

// serve lets clients in and returns the address.
func (l *lock) serve(t *testing.T, config rawsocket.ListenConfig) net.Addr {
	t.Helper()
	r := router.New(router.Options{})
	if _, err := r.AddRealm(router.RealmConfig{Name: realm, Roles: []router.Role{{Name: "user", AllowByDefault: true}}}); err != nil {
		t.Fatal(err)
	}
	listener, err := rawsocket.Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		_ = listener.Serve(func(conn transport.Conn) { // ends when the listener is closed
			_ = r.Attach(context.Background(), conn, router.Access{Methods: l.methods}) // judged by what the client sees
		})
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.Close()
		served.Wait()
	})
	return listener.Addr()
}

func TestClientsSignInToARouter(t *testing.T) {
	t.Parallel()
	l := newLock(t)
	withTLS := func(version uint16) string {
		return "rss://" + l.serve(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", TLS: &tls.Config{
			Certificates: []tls.Certificate{l.cert}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: l.roots, MaxVersion: version,
		}}).String()
	}
	tls13, tls12 := withTLS(tls.VersionTLS13), withTLS(tls.VersionTLS12)
	path := filepath.Join(t.TempDir(), "s")
	l.serve(t, rawsocket.ListenConfig{Network: "unix", Address: path})
	unix := "unix://" + path
	otherKey := ed25519.NewKeyFromSeed(make([]byte, 32))
	refused := wamp.ErrAuthenticationDenied
	tests := []struct {
		name   string
		url    string
		signer auth.Signer
		want   error // nil: signed in as alice
	}{
		{"by ticket", tls13, auth.TicketSigner{AuthID: "alice", Ticket: "sesame"}, nil},
		{"by ticket over a Unix socket", unix, auth.TicketSigner{AuthID: "alice", Ticket: "sesame"}, nil},
		{"by a wrong ticket", unix, auth.TicketSigner{AuthID: "alice", Ticket: "barley"}, refused},
		{"by ticket as somebody else", unix, auth.TicketSigner{AuthID: "bob", Ticket: "sesame"}, refused},
		{"by WAMP-CRA", tls13, auth.CRASigner{AuthID: "alice", Secret: "sesame"}, nil},
		{"by WAMP-CRA over a Unix socket", unix, auth.CRASigner{AuthID: "alice", Secret: "sesame"}, nil},
		{"by WAMP-CRA with a wrong secret", unix, auth.CRASigner{AuthID: "alice", Secret: "barley"}, refused},
		{"by WAMP-CRA as somebody unknown", unix, auth.CRASigner{AuthID: "bob", Secret: "sesame"}, refused},
		{"by WAMP-SCRAM", unix, auth.SCRAMSigner{AuthID: "alice", Password: "sesame"}, nil},
		{"by WAMP-SCRAM bound by the exporter", tls13, auth.SCRAMSigner{AuthID: "alice", Password: "sesame", ChannelBinding: auth.BindTLSExporter}, nil},
		{"by WAMP-SCRAM bound to the router's certificate", tls13, auth.SCRAMSigner{AuthID: "alice", Password: "sesame", ChannelBinding: auth.BindTLSServerEndPoint}, nil},
		{"by WAMP-SCRAM bound by tls-unique", tls12, auth.SCRAMSigner{AuthID: "alice", Password: "sesame", ChannelBinding: auth.BindTLSUnique}, nil},
		{"by WAMP-SCRAM bound by what TLS 1.3 lacks", tls13, auth.SCRAMSigner{AuthID: "alice", Password: "sesame", ChannelBinding: auth.BindTLSUnique}, errAny},
		{"by WAMP-SCRAM with a wrong password", unix, auth.SCRAMSigner{AuthID: "alice", Password: "barley"}, refused},
		{"by WAMP-SCRAM as somebody unknown", unix, auth.SCRAMSigner{AuthID: "bob", Password: "sesame"}, refused},
		{"by cryptosign", unix, auth.CryptosignSigner{AuthID: "alice", Key: l.key}, nil},
		{"by cryptosign known by the key", unix, auth.CryptosignSigner{Key: l.key}, nil},
		{"by cryptosign bound by the exporter", tls13, auth.CryptosignSigner{Key: l.key, ChannelBinding: auth.BindTLSExporter}, nil},
		{"by cryptosign bound by tls-unique", tls12, auth.CryptosignSigner{Key: l.key, ChannelBinding: auth.BindTLSUnique}, nil},
		{"by cryptosign to the router that is expected", tls13, auth.CryptosignSigner{Key: l.key, ChannelBinding: auth.BindTLSExporter, RouterKey: l.routerKey}, nil},
		{"by cryptosign to another router", unix, auth.CryptosignSigner{Key: l.key, RouterKey: otherKey.Public().(ed25519.PublicKey)}, auth.ErrRouterUnproven},
		{"by cryptosign with a key that is not alice's", unix, auth.CryptosignSigner{AuthID: "alice", Key: otherKey}, refused},
		{"by cryptosign with a key of nobody", unix, auth.CryptosignSigner{Key: otherKey}, refused},
		{"by certificate", tls13, auth.CertificateSigner{}, nil},
		{"by certificate in TLS 1.2", tls12, auth.CertificateSigner{AuthID: "alice"}, nil},
		{"by certificate as somebody else", tls13, auth.CertificateSigner{AuthID: "bob"}, refused},
		{"by certificate without TLS", unix, auth.CertificateSigner{}, errAny},
		{"as nobody", unix, auth.AnonymousSigner{}, wamp.ErrAuthenticationRequired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := client.Options{Realm: realm, Signers: []auth.Signer{tt.signer}}
			if tt.url != unix {
				opts.TLS = &tls.Config{RootCAs: l.roots, Certificates: []tls.Certificate{l.cert}}
			}
			s, err := client.Connect(t.Context(), tt.url, opts)
			if tt.want != nil {
				if err == nil || tt.want != errAny && !errors.Is(err, tt.want) {
					t.Errorf("got %v, want %v", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer s.Wait()
			defer s.Close()
			if d := s.Details(); d.AuthID != "alice" || d.AuthRole != "user" || d.AuthMethod != tt.signer.Method() {
				t.Errorf("got %+v", d)
			}
		})
	}
}

// A client with several credentials gets in by the first one that the router
// has; a Client that comes back signs in anew.
func TestClientSignsInAgain(t *testing.T) {
	t.Parallel()
	l := newLock(t)
	path := filepath.Join(t.TempDir(), "s")
	l.serve(t, rawsocket.ListenConfig{Network: "unix", Address: path})
	up := make(chan *client.Session, 1)
	c, err := client.New("unix://"+path, client.Options{Realm: realm, AuthID: "pbkdf2", Signers: []auth.Signer{
		auth.AnonymousSigner{}, auth.SCRAMSigner{Password: "sesame"},
	}}, client.Supervision{
		Backoff: client.Backoff{Initial: time.Millisecond},
		OnUp:    func(s *client.Session) { up <- s },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := waited(func() error { return c.Run(ctx) })
	first := <-up
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if second := <-up; second == first || second.Details().AuthID != "pbkdf2" || second.Details().AuthMethod != auth.MethodSCRAM {
		t.Errorf("got %+v", second.Details())
	}
	cancel()
	ended.fails(t)
}

func TestClientGivesUpOnWrongCredentials(t *testing.T) {
	t.Parallel()
	l := newLock(t)
	path := filepath.Join(t.TempDir(), "s")
	l.serve(t, rawsocket.ListenConfig{Network: "unix", Address: path})
	c, err := client.New("unix://"+path, client.Options{Realm: realm, Signers: []auth.Signer{auth.CRASigner{AuthID: "alice", Secret: "barley"}}}, client.Supervision{})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Run(t.Context()); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("Run returned %v", err)
	}
}
