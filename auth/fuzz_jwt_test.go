package auth_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// Nothing but a token of the issuer's admits anybody, and nothing panics.
func FuzzTokens(f *testing.F) {
	key := ed25519.NewKeyFromSeed([]byte(strings.Repeat("k", ed25519.SeedSize)))
	data, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k"}}})
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(f.TempDir(), "keys.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		f.Fatal(err)
	}
	keys, err := auth.OpenKeyFile(file, nil)
	if err != nil {
		f.Fatal(err)
	}
	tokens, err := auth.NewTokens(auth.TokenRules{Issuer: "i", Audience: "a", Role: "user"}, keys)
	if err != nil {
		f.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	claims := b64([]byte(`{"iss":"i","aud":"a","sub":"s","exp":9000000000}`))
	for _, header := range []string{`{"alg":"EdDSA","kid":"k"}`, `{"alg":"none"}`, `{"alg":"HS256","jwk":{}}`, `{"alg":"EdDSA","crit":["exp"],"exp":1}`, `{"alg":"EdDSA","b64":false}`} {
		f.Add(b64([]byte(header)) + "." + claims + "." + b64(make([]byte, ed25519.SignatureSize)))
	}
	f.Add("")
	f.Add("..")
	f.Add(`{"payload":"e30","signatures":[]}`)
	f.Fuzz(func(t *testing.T, ticket string) {
		// That a signature of the key is among what is tried, nobody will see.
		if got, err := tokens.VerifyTicket(t.Context(), &auth.Query{Realm: "realm1", Method: "ticket"}, ticket); err == nil {
			t.Errorf("%q admits %+v", ticket, got)
		}
	})
}

// Whatever an authenticator answers, there is an account with a role, or an error.
func FuzzAnswers(f *testing.F) {
	for _, answer := range []string{`"user"`, `null`, `{"role":"user","secret":"s","salt":"t","iterations":1}`, `{"role":1}`, `[1]`, `{"role":"r","pubkey":"00"}`} {
		f.Add(answer, "wampcra")
	}
	f.Fuzz(func(t *testing.T, text, method string) {
		var got any
		if json.Unmarshal([]byte(text), &got) != nil {
			return
		}
		if n, ok := got.(map[string]any); ok {
			for k, v := range n {
				if x, ok := v.(float64); ok {
					n[k] = int64(min(x, 1e4)) // as a serializer gives it, and soon derived
				}
			}
			got = wamp.Dict(n)
		}
		a, err := saying(got, nil).Account(t.Context(), &auth.Query{Realm: "realm1", Method: method})
		if err == nil && a.Role == "" {
			t.Errorf("%s gives %+v", text, a)
		}
	})
}
