package node_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// withAuth is a router whose realm has the role user, with one transport.
func withAuth(t *testing.T, endpoint, methods string) *config.Node {
	t.Helper()
	return parseText(t, `{"version": 2, "workers": [{"type": "router",
  "realms": [{"name": "realm1", "roles": [{"name": "user", "permissions": [
    {"uri": "com.example.", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}]}],
  "transports": [{"type": "rawsocket", "endpoint": `+endpoint+`, "auth": `+methods+`}]}]}`)
}

// serving returns the URL of such a router, which runs until the end of the test.
func serving(t *testing.T, endpoint, methods string) string {
	t.Helper()
	n := open(t, withAuth(t, endpoint, methods), node.Options{})
	start(t, n)
	return n.Endpoints()[0].URL
}

func unixEndpoint(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`{"type": "unix", "path": %q}`, socket(t))
}

// wantJoin checks who a client becomes, in the role user; nobody if want is
// empty.
func wantJoin(t *testing.T, url string, opts client.Options, want string) {
	t.Helper()
	wantRole(t, url, opts, want, "user")
}

func wantRole(t *testing.T, url string, opts client.Options, want, role string) {
	t.Helper()
	opts.Realm = "realm1"
	s, err := client.Connect(t.Context(), url, opts)
	if err == nil {
		defer s.Wait()
		defer s.Close()
	}
	switch {
	case want == "":
		if !errors.Is(err, wamp.ErrAuthenticationDenied) {
			t.Errorf("got %v, want a denial", err)
		}
	case err != nil:
		t.Errorf("got %v, want to join as %s", err, want)
	case s.Details().AuthID != want || s.Details().AuthRole != role:
		t.Errorf("got %+v, want %s %s", s.Details(), role, want)
	}
}

func credentials(signers ...auth.Signer) client.Options { return client.Options{Signers: signers} }

// scramJSON is a static principal whose password is pencil.
func scramJSON(t *testing.T, cost auth.SCRAMCost) string {
	t.Helper()
	v, err := auth.NewSCRAMVerifier("pencil", cost)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{
		"kdf": v.KDF, "iterations": v.Iterations, "memory": v.Memory, "salt": hex.EncodeToString(v.Salt),
		"stored-key": hex.EncodeToString(v.StoredKey), "server-key": hex.EncodeToString(v.ServerKey), "role": "user",
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pencilJSON is one that costs little.
func pencilJSON(t *testing.T) string {
	return scramJSON(t, auth.SCRAMCost{KDF: "pbkdf2", Salt: []byte("0123456789abcdef"), Iterations: 4096})
}

func TestSCRAMPrincipalsOfTheFileLogIn(t *testing.T) {
	t.Parallel()
	url := serving(t, unixEndpoint(t), `{"scram": {"type": "static", "principals": {
		"peter": `+pencilJSON(t)+`,
		"mary": `+scramJSON(t, auth.SCRAMCost{KDF: "argon2id13", Salt: []byte("0123456789abcdef"), Iterations: 1, Memory: 8 << 10})+`}}}`)
	for _, serializer := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		opts := credentials(auth.SCRAMSigner{AuthID: "peter", Password: "pencil"})
		opts.Serializer = serializer
		wantJoin(t, url, opts, "peter")
	}
	wantJoin(t, url, credentials(auth.SCRAMSigner{AuthID: "mary", Password: "pencil"}), "mary")
	wantJoin(t, url, credentials(auth.SCRAMSigner{AuthID: "peter", Password: "pen"}), "")
	wantJoin(t, url, credentials(auth.SCRAMSigner{AuthID: "nobody", Password: "pencil"}), "")
}

func TestMethodsWithoutAnybodyAreNotOffered(t *testing.T) {
	t.Parallel()
	url := serving(t, unixEndpoint(t), `{"scram": {"type": "static", "principals": {}}}`)
	s, err := client.Connect(t.Context(), url, client.Options{
		Realm: "realm1", Signers: []auth.Signer{auth.SCRAMSigner{AuthID: "peter", Password: "pencil"}},
	})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, wamp.ErrNoMatchingAuthMethod) {
		t.Errorf("got %v, want %v", err, wamp.ErrNoMatchingAuthMethod)
	}
}

func keyOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func publicOf(name string) ed25519.PublicKey { return keyOf(name).Public().(ed25519.PublicKey) }

// cryptosignJSON is a method with one principal, peter, who has a laptop, and
// the router's own key.
func cryptosignJSON(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf(`{"cryptosign": {"type": "static", "router_key": %q, "principals": {
		"peter": {"role": "user", "authorized_keys": ["%X"]}}}}`,
		write(t, "router.key", hex.EncodeToString(keyOf("router").Seed())), publicOf("laptop"))
}

func TestCryptosignPrincipalsOfTheFileLogIn(t *testing.T) {
	t.Parallel()
	url := serving(t, unixEndpoint(t), cryptosignJSON(t))
	wantJoin(t, url, credentials(auth.CryptosignSigner{AuthID: "peter", Key: keyOf("laptop")}), "peter")
	wantJoin(t, url, credentials(auth.CryptosignSigner{Key: keyOf("laptop")}), "peter")
	wantJoin(t, url, credentials(auth.CryptosignSigner{Key: keyOf("laptop"), RouterKey: publicOf("router")}), "peter")
	wantJoin(t, url, credentials(auth.CryptosignSigner{AuthID: "peter", Key: keyOf("stolen")}), "")
	wantJoin(t, url, credentials(auth.CryptosignSigner{Key: keyOf("stranger")}), "")
	s, err := client.Connect(t.Context(), url, client.Options{
		Realm: "realm1", Signers: []auth.Signer{auth.CryptosignSigner{Key: keyOf("laptop"), RouterKey: publicOf("other")}},
	})
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, auth.ErrRouterUnproven) {
		t.Errorf("CS-7: got %v, want %v", err, auth.ErrRouterUnproven)
	}
}

// pki is the files and configurations of a TLS endpoint that asks for client
// certificates.
type pki struct {
	root   *authority
	client *tls.Config
	dir    string
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	p := &pki{root: (*authority)(nil).issue(t, "root", true, 10)}
	server := p.root.issue(t, "localhost", false, 10)
	p.dir = files(t, map[string][]byte{"server.pem": server.pem, "server.key": server.keyPEM(t), "root.pem": p.root.pem})
	trust := x509.NewCertPool()
	trust.AddCert(p.root.cert)
	p.client = &tls.Config{RootCAs: trust, ServerName: "localhost"}
	return p
}

func (p *pki) endpoint() string {
	return fmt.Sprintf(`{"type": "tcp", "interface": "127.0.0.1", "port": 0, "tls": {"certificate": %q, "key": %q, "ca_certificates": [%q], "client_certificates": "optional"}}`,
		p.dir+"server.pem", p.dir+"server.key", p.dir+"root.pem")
}

func TestChannelBindingHoldsOverTLS(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	url := serving(t, p.endpoint(), strings.TrimSuffix(cryptosignJSON(t), "}")+`, "scram": {"type": "static", "principals": {
		"mary": `+pencilJSON(t)+`}}}`)
	for _, tt := range []struct {
		binding string
		version uint16
		only    string // the only method that has it
	}{
		{auth.BindTLSExporter, tls.VersionTLS12, ""},
		{auth.BindTLSExporter, tls.VersionTLS13, ""},
		{auth.BindTLSUnique, tls.VersionTLS12, ""},
		{auth.BindTLSServerEndPoint, tls.VersionTLS12, "wamp-scram"},
		{auth.BindTLSServerEndPoint, tls.VersionTLS13, "wamp-scram"},
	} {
		opts := credentials(auth.SCRAMSigner{AuthID: "mary", Password: "pencil", ChannelBinding: tt.binding})
		opts.TLS = p.client.Clone()
		opts.TLS.MaxVersion = tt.version
		wantJoin(t, url, opts, "mary")
		if tt.only == "" {
			opts.Signers = []auth.Signer{auth.CryptosignSigner{Key: keyOf("laptop"), ChannelBinding: tt.binding, RouterKey: publicOf("router")}}
			wantJoin(t, url, opts, "peter")
		}
	}
}

func TestClientCertificatesLogIn(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	alice, bob := p.root.issue(t, "alice", false, 10), p.root.issue(t, "bob", false, 10)
	carol, dave := p.root.issue(t, "carol", false, 10), p.root.issue(t, "dave", false, 10)
	sum1, sum256 := sha1.Sum(alice.cert.Raw), sha256.Sum256(bob.cert.Raw)
	principals := fmt.Sprintf(`{"alice": {"certificate-sha1": %q, "role": "user"}, "bob": {"certificate-sha256": "%x", "role": "user"},
		"host": {"san": "dns:carol", "role": "user"}}`, colons(sum1[:]), sum256)
	url := serving(t, p.endpoint(), `{"tls": {"type": "static", "principals": `+principals+`}}`)
	open := serving(t, p.endpoint(), `{"tls": {"type": "static", "principals": `+principals+`, "others": {"role": "user"}}}`)
	for _, tt := range []struct {
		name        string
		url         string
		certificate *authority // nil: none
		authid      string
		want        string
	}{
		{"by SHA-1, as in Crossbar.io", url, alice, "", "alice"},
		{"by SHA-256", url, bob, "bob", "bob"},
		{"by an alternative name", url, carol, "", "host"},
		{"under another's name", url, bob, "alice", ""},
		{"one that nobody named", url, dave, "", ""},
		{"one that nobody named, where all are admitted", open, dave, "", "dave"},
		{"none", url, nil, "", ""},
		{"none, where all are admitted", open, nil, "dave", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				opts := credentials(auth.CertificateSigner{AuthID: tt.authid})
				if opts.TLS = p.client.Clone(); tt.certificate != nil {
					opts.TLS = tt.certificate.presentedWith(t, p.client)
				}
				opts.TLS.MaxVersion = version
				wantJoin(t, tt.url, opts, tt.want)
			}
		})
	}
}

func TestResumedTLSSessionsLogInAsFullOnes(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	alice := p.root.issue(t, "alice", false, 10)
	url := serving(t, p.endpoint(), strings.TrimSuffix(cryptosignJSON(t), "}")+`,
		"tls": {"type": "static", "principals": {"alice": {"common_name": "alice", "role": "user"}}}}`)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		resumed := false
		cfg := alice.presentedWith(t, p.client)
		cfg.MaxVersion, cfg.ClientSessionCache = version, tls.NewLRUClientSessionCache(1)
		cfg.VerifyConnection = func(s tls.ConnectionState) error { resumed = s.DidResume; return nil }
		for _, opts := range []client.Options{
			credentials(auth.CertificateSigner{}),
			credentials(auth.CertificateSigner{}),
		} {
			opts.TLS = cfg
			wantJoin(t, url, opts, "alice")
		}
		if !resumed {
			t.Errorf("%s: the session was not resumed, so that this test shows nothing", tls.VersionName(version))
		}
		opts := credentials(auth.CryptosignSigner{Key: keyOf("laptop"), ChannelBinding: auth.BindTLSExporter})
		opts.TLS = cfg
		wantJoin(t, url, opts, "peter")
	}
}

// colons writes a fingerprint as OpenSSL does.
func colons(sum []byte) string {
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

func TestProcessesLogInOverUnixSockets(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	if err != nil || !transport.KnowsProcesses {
		t.Skip("this system does not tell who connects")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rules := fmt.Sprintf(`{"user": "%s", "group": "%s", "role": "user"}`, me.Username, me.Gid)
	if transport.CanSeePrograms {
		rules += fmt.Sprintf(`, {"program": %q, "user": %s, "role": "user", "authid": "test"}`, program, me.Uid)
	}
	url := serving(t, unixEndpoint(t), `{"peercred": {"type": "static", "rules": [`+rules+`]}}`)
	wantJoin(t, url, credentials(auth.ProcessSigner{}), me.Username)
	wantJoin(t, url, credentials(auth.ProcessSigner{AuthID: me.Username}), me.Username)
	wantJoin(t, url, credentials(auth.ProcessSigner{AuthID: "somebody else"}), "")
	if transport.CanSeePrograms {
		wantJoin(t, url, credentials(auth.ProcessSigner{AuthID: "test"}), "test")
	}
	others := serving(t, unixEndpoint(t), `{"peercred": {"type": "static", "rules": [{"user": 4000000000, "role": "user"}]}}`)
	wantJoin(t, others, credentials(auth.ProcessSigner{}), "")
}

func TestWhatIsWrongWithKeys(t *testing.T) {
	t.Parallel()
	weak := strings.Replace(pencilJSON(t), "4096", "100", 1)
	for _, tt := range []struct {
		name, methods, path, want string
		warning                   bool
	}{
		{"no such key of the router", `{"cryptosign": {"type": "static", "principals": {}, "router_key": "/nowhere/key"}}`, "cryptosign.router_key", "no such file", false},
		{"a key of the router that is none", `{"cryptosign": {"type": "static", "principals": {}, "router_key": "` + write(t, "k", "sesame") + `"}}`, "cryptosign.router_key", "Ed25519", false},
		{"the router's public key instead of the private one", `{"cryptosign": {"type": "static", "principals": {}, "router_key": "k.pub"}}`, "cryptosign.router_key", "public key", false},
		{"the router's own key as a principal's", `{"cryptosign": {"type": "static", "router_key": "` + write(t, "own", hex.EncodeToString(keyOf("own")[:32])) +
			`", "principals": {"joe": {"role": "user", "authorized_keys": ["` + hex.EncodeToString(publicOf("own")) + `"]}}}}`, "cryptosign.principals.joe.authorized_keys", "router's own", false},
		{"an authid that SCRAM has no form for", `{"scram": {"type": "static", "principals": {"a\u0007b": ` + pencilJSON(t) + `}}}`, `scram.principals["a\ab"]`, "SASLprep", false},
		{"authids that are the same to SCRAM", `{"scram": {"type": "static", "principals": {"IX": ` + pencilJSON(t) + `, "\u2168": ` + pencilJSON(t) + `}}}`, `scram`, `two accounts have the authid "IX"`, false},
		{"a password that is too easy to guess", `{"scram": {"type": "static", "principals": {"abc": ` + weak + `}}}`, "scram.principals.abc.iterations", "out of the range", true},
		{"no such user", `{"peercred": {"type": "static", "rules": [{"user": "nobody here", "role": "user"}]}}`, "peercred.rules[0].user", `no user "nobody here"`, false},
		{"no such group", `{"peercred": {"type": "static", "rules": [{"group": "nobody here", "role": "user"}]}}`, "peercred.rules[0].group", `no group "nobody here"`, false},
		{"a number that no user has", `{"peercred": {"type": "static", "rules": [{"user": 4294967296, "role": "user"}]}}`, "peercred.rules[0].user", `no user "4294967296"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			findings := node.Check(withAuth(t, unixEndpoint(t), tt.methods), nil, node.Options{})
			if len(findings) != 1 {
				t.Fatalf("got %v, want one finding", findings)
			}
			f := findings[0]
			if want := "workers[0].transports[0].auth." + tt.path; f.Path != want || !strings.Contains(f.Message, tt.want) || findings.HasErrors() == tt.warning {
				t.Errorf("got %v, want %q at %s", f, tt.want, want)
			}
		})
	}
}

func TestAuthenticatorsDecideOverKeysAndProcesses(t *testing.T) {
	t.Parallel()
	dynamic := `{"type": "dynamic", "authenticator": "com.example.authenticate"}`
	path := socket(t)
	n := open(t, parse(t, unix(socket(t)), fmt.Sprintf(`{"type": "rawsocket", "endpoint": {"type": "unix", "path": %q},
		"auth": {"scram": %s, "cryptosign": %s, "peercred": %s}}`, path, dynamic, dynamic, dynamic)), node.Options{})
	start(t, n)
	at := n.Endpoints()
	verifier, err := auth.NewSCRAMVerifier("pencil", auth.SCRAMCost{KDF: "pbkdf2", Salt: []byte("salt"), Iterations: 4096})
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]wamp.Dict{
		"wamp-scram": {
			"role": "anonymous", "kdf": "pbkdf2", "iterations": 4096, "salt": hex.EncodeToString(verifier.Salt),
			"stored-key": hex.EncodeToString(verifier.StoredKey), "server-key": hex.EncodeToString(verifier.ServerKey),
		},
		"cryptosign": {"role": "anonymous", "authid": "known by key", "pubkey": hex.EncodeToString(publicOf("laptop"))},
		"peercred":   {"role": "anonymous", "authid": "known by process"},
	}
	authenticate := func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		args, _, err := inv.Values()
		if err != nil {
			return client.Reply{}, err
		}
		details, _ := args[2].(wamp.Dict)
		method, _ := details["authmethod"].(string)
		over, _ := details["transport"].(wamp.Dict)
		process, _ := over["process"].(wamp.Dict)
		if transport.KnowsProcesses && process["uid"] != int64(os.Geteuid()) {
			return client.Reply{}, fmt.Errorf("the process is %v", process)
		}
		return client.Reply{Args: []any{answers[method]}}, nil
	}
	if _, err := connect(t, at[0].URL, client.Options{}).Register(t.Context(), "com.example.authenticate", authenticate, nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		signer auth.Signer
		want   string
	}{
		{auth.SCRAMSigner{AuthID: "peter", Password: "pencil"}, "peter"},
		{auth.SCRAMSigner{AuthID: "peter", Password: "pen"}, ""},
		{auth.CryptosignSigner{Key: keyOf("laptop")}, "known by key"},
		{auth.CryptosignSigner{Key: keyOf("phone")}, ""},
		{auth.ProcessSigner{}, "known by process"},
	} {
		if tt.signer.Method() == auth.MethodPeerCred && !transport.KnowsProcesses {
			continue
		}
		wantRole(t, at[1].URL, credentials(tt.signer), tt.want, "anonymous")
	}
}
