package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

var errBroken = errors.New("the directory is broken")

// broken is a Directory that fails.
type broken struct{}

func (broken) Account(context.Context, *auth.Query) (*auth.Account, error) { return nil, errBroken }

// clientCertificate is the certificate of a client, with a name of each kind.
func clientCertificate(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber:   big.NewInt(7),
		Subject:        pkix.Name{CommonName: name, Organization: []string{"Example"}},
		DNSNames:       []string{name + ".Example.com", "other.example.com"},
		EmailAddresses: []string{name + "@example.com"},
		URIs:           []*url.URL{{Scheme: "spiffe", Host: "example.com", Path: "/" + name}},
		IPAddresses:    []net.IP{net.IPv4(192, 0, 2, 1)},
		NotBefore:      time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// presented is a connection on which the certificate was presented and verified.
func presented(c *x509.Certificate) *transport.Info {
	return &transport.Info{TLS: &tls.ConnectionState{
		PeerCertificates: []*x509.Certificate{c}, VerifiedChains: [][]*x509.Certificate{{c}},
	}}
}

func TestTLSAdmitsByCertificate(t *testing.T) {
	t.Parallel()
	c := clientCertificate(t, "alice")
	sum1, sum256 := sha1.Sum(c.Raw), sha256.Sum256(c.Raw)
	for _, tt := range []struct {
		name  string
		match auth.CertificateMatch
		ok    bool
	}{
		{"SHA-1", auth.CertificateMatch{SHA1: sum1[:]}, true},
		{"SHA-256", auth.CertificateMatch{SHA256: sum256[:]}, true},
		{"subject", auth.CertificateMatch{Subject: "CN=alice,O=Example"}, true},
		{"common name", auth.CertificateMatch{CommonName: "alice"}, true},
		{"DNS name, whose case does not matter", auth.CertificateMatch{Name: "dns:alice.example.com"}, true},
		{"second DNS name", auth.CertificateMatch{Name: "dns:other.example.com"}, true},
		{"mail address", auth.CertificateMatch{Name: "email:alice@example.com"}, true},
		{"URI", auth.CertificateMatch{Name: "uri:spiffe://example.com/alice"}, true},
		{"IP address", auth.CertificateMatch{Name: "ip:192.0.2.1"}, true},
		{"all at once", auth.CertificateMatch{SHA1: sum1[:], SHA256: sum256[:], CommonName: "alice", Name: "dns:other.example.com"}, true},
		{"another fingerprint", auth.CertificateMatch{SHA256: make([]byte, 32)}, false},
		{"part of a fingerprint", auth.CertificateMatch{SHA256: sum256[:16]}, false},
		{"one condition of two", auth.CertificateMatch{SHA256: sum256[:], CommonName: "bob"}, false},
		{"part of the subject", auth.CertificateMatch{Subject: "CN=alice"}, false},
		{"a name of another kind", auth.CertificateMatch{Name: "email:alice.example.com"}, false},
		{"a domain above", auth.CertificateMatch{Name: "dns:example.com"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := new(auth.CertificateAccounts)
			if err := dir.Add(tt.match, &auth.Account{AuthID: "alice", Role: "user"}); err != nil {
				t.Fatal(err)
			}
			for _, authid := range []string{"", "alice"} {
				step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request(authid, nil, presented(c)))
				if !tt.ok {
					wantDenial(t, step, err, "")
					continue
				}
				if err != nil || step.Grant == nil {
					t.Fatalf("got %+v, %v, want a grant", step, err)
				}
				if p := step.Grant.Principal; p.AuthID != "alice" || p.AuthRole != "user" || p.AuthMethod != "tls" {
					t.Errorf("got %+v", p)
				}
			}
			step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("bob", nil, presented(c)))
			wantDenial(t, step, err, "")
		})
	}
}

func TestTLSDeniesWithoutAVerifiedCertificate(t *testing.T) {
	t.Parallel()
	c := clientCertificate(t, "alice")
	dir := new(auth.CertificateAccounts)
	if err := dir.Add(auth.CertificateMatch{CommonName: "alice"}, &auth.Account{AuthID: "alice", Role: "user"}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		info *transport.Info
	}{
		{"no TLS", &transport.Info{}},
		{"no certificate", &transport.Info{TLS: &tls.ConnectionState{}}},
		{"one that nobody verified", &transport.Info{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{c}}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("alice", nil, tt.info))
			wantDenial(t, step, err, "")
			if account, err := dir.Account(t.Context(), &auth.Query{Transport: tt.info}); !errors.Is(err, auth.ErrUnknown) {
				t.Errorf("the directory gives %+v, %v", account, err)
			}
		})
	}
}

func TestACertificateOfSeveralPrincipals(t *testing.T) {
	t.Parallel()
	c := clientCertificate(t, "alice")
	dir := new(auth.CertificateAccounts)
	for authid, match := range map[string]auth.CertificateMatch{
		"alice": {CommonName: "alice"}, "reader": {Name: "dns:other.example.com"},
	} {
		if err := dir.Add(match, &auth.Account{AuthID: authid, Role: authid}); err != nil {
			t.Fatal(err)
		}
	}
	for _, authid := range []string{"alice", "reader"} {
		step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request(authid, nil, presented(c)))
		if err != nil || step.Grant.Principal.AuthRole != authid {
			t.Errorf("got %+v, %v, want %s", step, err, authid)
		}
	}
	step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("", nil, presented(c)))
	wantDenial(t, step, err, "")
}

func TestCertificatesThatNobodyNamed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from auth.CertificateName
		want string
	}{
		{auth.NameCommon, "alice"},
		{auth.NameDNS, "alice.example.com"},
		{auth.NameEmail, "alice@example.com"},
		{auth.NameURI, "spiffe://example.com/alice"},
	} {
		t.Run(string(tt.from), func(t *testing.T) {
			t.Parallel()
			dir := new(auth.CertificateAccounts)
			dir.AdmitOthers(auth.Account{Role: "guest"}, tt.from)
			for _, authid := range []string{"", tt.want} {
				step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request(authid, nil, presented(clientCertificate(t, "alice"))))
				if err != nil || step.Grant.Principal.AuthID != tt.want || step.Grant.Principal.AuthRole != "guest" {
					t.Errorf("got %+v, %v, want guest %s", step, err, tt.want)
				}
			}
			step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("bob", nil, presented(clientCertificate(t, "alice"))))
			wantDenial(t, step, err, "")
			step, err = auth.TLS{Directory: dir}.Begin(t.Context(), request("", nil, presented(new(x509.Certificate)))) // without any name
			wantDenial(t, step, err, "")
		})
	}
}

func TestACertificateCannotNameSomebodyWhoIsKnown(t *testing.T) {
	t.Parallel()
	dir := new(auth.CertificateAccounts)
	admin := auth.CertificateMatch{SHA256: make([]byte, 32)}
	if err := dir.Add(admin, &auth.Account{AuthID: "admin", Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	dir.AdmitOthers(auth.Account{Role: "guest"}, auth.NameCommon)
	step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("", nil, presented(clientCertificate(t, "admin"))))
	wantDenial(t, step, err, "")
}

func TestAMatchMustSayWhom(t *testing.T) {
	t.Parallel()
	if err := new(auth.CertificateAccounts).Add(auth.CertificateMatch{}, &auth.Account{AuthID: "everybody"}); err == nil {
		t.Error("a match without condition is accepted")
	}
}

func TestTLSFailsWithItsDirectory(t *testing.T) {
	t.Parallel()
	if step, err := (auth.TLS{Directory: broken{}}).Begin(t.Context(), request("", nil, presented(clientCertificate(t, "alice")))); !errors.Is(err, errBroken) {
		t.Errorf("got %+v, %v, want the directory's error", step, err)
	}
}

func TestCertificateDetails(t *testing.T) {
	t.Parallel()
	c := clientCertificate(t, "alice")
	d := auth.CertificateDetails(c)
	if sha1, _ := d["sha1"].(string); len(sha1) != 59 || sha1[2] != ':' {
		t.Errorf("sha1 is %q, want 20 pairs of digits between colons", sha1)
	}
	if d["subject_dn"] != "CN=alice,O=Example" || d["serial"] != "7" {
		t.Errorf("got %v", d)
	}
	if diff := cmp.Diff(wamp.Dict{"cn": "alice", "o": "Example"}, d["subject"]); diff != "" {
		t.Errorf("the subject (-want +got):\n%s", diff)
	}
	if san, _ := d["san"].([]any); len(san) != 5 || san[0] != "dns:alice.example.com" {
		t.Errorf("san is %v", d["san"])
	}
}
