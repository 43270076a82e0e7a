package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// issuer signs tokens with an Ed25519 and a P-256 key.
type issuer struct {
	t    *testing.T
	file string
	ed   ed25519.PrivateKey
	ec   *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, file: filepath.Join(t.TempDir(), "keys.json")}
	var err error
	if _, i.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	if i.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	i.publish(
		jose.JSONWebKey{Key: i.ed.Public(), KeyID: "ed", Algorithm: "EdDSA", Use: "sig"},
		jose.JSONWebKey{Key: i.ec.Public(), KeyID: "ec"},
	)
	return i
}

// publish writes the key file, with a time that tells it from the one before.
func (i *issuer) publish(keys ...jose.JSONWebKey) {
	i.t.Helper()
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		i.t.Fatal(err)
	}
	i.write(data)
}

func (i *issuer) write(data []byte) {
	i.t.Helper()
	when := time.Now()
	if info, err := os.Stat(i.file); err == nil {
		when = info.ModTime().Add(time.Second)
	}
	if err := os.WriteFile(i.file, data, 0o600); err != nil {
		i.t.Fatal(err)
	}
	if err := os.Chtimes(i.file, when, when); err != nil {
		i.t.Fatal(err)
	}
}

func (i *issuer) sign(alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	i.t.Helper()
	opts := (&jose.SignerOptions{}).WithType("JWT")
	if kid != "" {
		opts = opts.WithHeader("kid", kid)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, opts)
	if err != nil {
		i.t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

// claims are those of a good token, but for the changes; nil removes one.
func claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": "https://issuer.example", "aud": []string{"other", "junctor"}, "sub": "alice",
		"exp": time.Now().Add(time.Hour).Unix(), "roles": []string{"unknown", "staff"}, "realms": "realm1",
	}
	for k, v := range changes {
		if c[k] = v; v == nil {
			delete(c, k)
		}
	}
	return c
}

func (i *issuer) tokens(change func(*auth.TokenRules)) auth.Ticket {
	i.t.Helper()
	rules := auth.TokenRules{
		Issuer: "https://issuer.example", Audience: "junctor", Leeway: 10 * time.Minute,
		RoleClaim: "roles", Roles: map[string]string{"staff": "user"}, RealmClaim: "realms",
	}
	if change != nil {
		change(&rules)
	}
	keys, err := auth.OpenKeyFile(i.file, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	tokens, err := auth.NewTokens(rules, keys)
	if err != nil {
		i.t.Fatal(err)
	}
	return auth.Ticket{Verifier: tokens}
}

func TestTokenAdmitsItsHolder(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	tests := []struct {
		name   string
		token  string
		authid string
		rules  func(*auth.TokenRules)
		role   string
	}{
		{"signed with Ed25519", i.sign(jose.EdDSA, i.ed, "ed", claims(nil)), "alice", nil, "user"},
		{"signed with ECDSA", i.sign(jose.ES256, i.ec, "ec", claims(nil)), "alice", nil, "user"},
		{"without a key ID", i.sign(jose.ES256, i.ec, "", claims(nil)), "alice", nil, "user"},
		{"for a client that names no authid", i.sign(jose.EdDSA, i.ed, "ed", claims(nil)), "", nil, "user"},
		{"for several realms", i.sign(jose.EdDSA, i.ed, "ed", claims(map[string]any{"realms": []string{"r", "realm1"}})), "", nil, "user"},
		{
			"whose roles count as they are", i.sign(jose.EdDSA, i.ed, "ed", claims(map[string]any{"roles": "reader"})), "",
			func(r *auth.TokenRules) { r.Roles = nil }, "reader",
		},
		{
			"without a role where there is one for all", i.sign(jose.EdDSA, i.ed, "ed", claims(map[string]any{"roles": nil})), "",
			func(r *auth.TokenRules) { r.Role = "guest" }, "guest",
		},
		{"that has expired within the leeway", i.sign(jose.EdDSA, i.ed, "ed", claims(map[string]any{"exp": time.Now().Add(-2 * time.Second).Unix()})), "", nil, "user"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := show(t, i.tokens(tt.rules), tt.authid, tt.token)
			if err != nil {
				t.Fatal(err)
			}
			want := wamp.Principal{AuthID: "alice", AuthRole: tt.role, AuthMethod: "ticket", AuthProvider: "jwt"}
			if g.Principal != want || g.Expires.IsZero() {
				t.Errorf("got %+v, want %+v, until the token expires", g, want)
			}
		})
	}
}

func TestTokensThatAreRefused(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	good := i.sign(jose.EdDSA, i.ed, "ed", claims(nil))
	with := func(changes map[string]any) string { return i.sign(jose.EdDSA, i.ed, "ed", claims(changes)) }
	_, stranger, _ := ed25519.GenerateKey(rand.Reader)
	parts := strings.Split(good, ".")
	public, err := json.Marshal(jose.JSONWebKey{Key: i.ed.Public()})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, token string }{
		{"nothing", ""},
		{"no token", "alice's ticket"},
		{"too long", good + strings.Repeat("A", 1<<15)},
		{"without signature", parts[0] + "." + parts[1] + "."},
		{"of algorithm none", "eyJhbGciOiJub25lIn0." + parts[1] + "."},
		{"with other claims under the same signature", parts[0] + "." + strings.Split(with(map[string]any{"sub": "bob"}), ".")[1] + "." + parts[2]},
		{"signed by a stranger", i.sign(jose.EdDSA, stranger, "ed", claims(nil))},
		{"signed by a stranger without a key ID", i.sign(jose.EdDSA, stranger, "", claims(nil))},
		{"of an unknown key ID", i.sign(jose.EdDSA, i.ed, "other", claims(nil))},
		{"signed with the public key as a secret", i.sign(jose.HS256, append(public, make([]byte, 32)...), "ed", claims(nil))},
		{"expired", with(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})},
		{"that never expires", with(map[string]any{"exp": nil})},
		{"not valid yet", with(map[string]any{"nbf": time.Now().Add(time.Hour).Unix()})},
		{"of another issuer", with(map[string]any{"iss": "https://issuer.example.org"})},
		{"without an issuer", with(map[string]any{"iss": nil})},
		{"for another audience", with(map[string]any{"aud": "other"})},
		{"without an audience", with(map[string]any{"aud": nil})},
		{"without an authid", with(map[string]any{"sub": nil})},
		{"whose authid is a number", with(map[string]any{"sub": 7})},
		{"of another authid than the client names", with(map[string]any{"sub": "bob"})},
		{"without a role", with(map[string]any{"roles": nil})},
		{"with roles that lead nowhere", with(map[string]any{"roles": []any{"other", 7}})},
		{"for another realm", with(map[string]any{"realms": "realm2"})},
		{"without a realm", with(map[string]any{"realms": nil})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if g, err := show(t, i.tokens(nil), "alice", tt.token); g != nil || !errors.Is(err, wamp.ErrAuthenticationDenied) {
				t.Errorf("got %+v, %v, want a denial", g, err)
			}
		})
	}
}

func TestAlgorithmsOfTokensCanBeChosen(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	only := i.tokens(func(r *auth.TokenRules) { r.Algorithms = []string{"ES256"} })
	if _, err := show(t, only, "", i.sign(jose.ES256, i.ec, "ec", claims(nil))); err != nil {
		t.Error(err)
	}
	if _, err := show(t, only, "", i.sign(jose.EdDSA, i.ed, "ed", claims(nil))); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("got %v, want a denial", err)
	}
	for _, alg := range []string{"none", "HS256", "es256", ""} {
		if _, err := auth.NewTokens(auth.TokenRules{Issuer: "i", Audience: "a", Role: "r", Algorithms: []string{alg}}, nil); err == nil {
			t.Errorf("the algorithm %q was accepted", alg)
		}
	}
}

// Keys rotate without a restart, and a broken file changes nothing.
func TestKeyFileIsReadAgain(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	var failures []error
	keys, err := auth.OpenKeyFile(i.file, func(err error) { failures = append(failures, err) })
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.NewTokens(auth.TokenRules{Issuer: "https://issuer.example", Audience: "junctor", Role: "user"}, keys)
	if err != nil {
		t.Fatal(err)
	}
	method := auth.Ticket{Verifier: tokens}
	_, next, _ := ed25519.GenerateKey(rand.Reader)
	old, renewed := i.sign(jose.EdDSA, i.ed, "ed", claims(nil)), i.sign(jose.EdDSA, next, "next", claims(nil))
	want := func(step string, token string, admitted bool) {
		t.Helper()
		if _, err := show(t, method, "", token); (err == nil) != admitted {
			t.Errorf("%s: got %v, want admitted: %v", step, err, admitted)
		}
	}
	want("at first", old, true)
	want("at first", renewed, false)
	i.write([]byte("{"))
	want("broken file", old, true)
	want("broken file", old, true)
	i.publish(jose.JSONWebKey{Key: crypto.PublicKey(next.Public()), KeyID: "next"})
	want("rotated", old, false)
	want("rotated", renewed, true)
	if err := os.Remove(i.file); err != nil {
		t.Fatal(err)
	}
	want("file gone", renewed, true)
	if len(failures) != 2 {
		t.Errorf("got failures %v, want one for the broken file and one for the missing one", failures)
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	_, private, _ := ed25519.GenerateKey(rand.Reader)
	set := func(keys ...jose.JSONWebKey) string {
		data, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for name, content := range map[string]string{
		"not JSON":              "{",
		"no keys":               `{"keys":[]}`,
		"a shared key":          set(jose.JSONWebKey{Key: []byte("secret"), KeyID: "x"}),
		"a private key":         set(jose.JSONWebKey{Key: private}),
		"nothing but cipherers": set(jose.JSONWebKey{Key: private.Public(), Use: "enc"}),
		"too long":              `{"keys":[]}` + strings.Repeat(" ", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{t: t, file: filepath.Join(t.TempDir(), "keys.json")}
			i.write([]byte(content))
			if _, err := auth.OpenKeyFile(i.file, nil); err == nil {
				t.Error("the file was accepted")
			}
		})
	}
	if _, err := auth.OpenKeyFile(filepath.Join(t.TempDir(), "absent.json"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v for a file that is not there", err)
	}
}
