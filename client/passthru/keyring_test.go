package passthru_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func newKey(t *testing.T, id string, c passthru.Cipher) *passthru.Key {
	t.Helper()
	k, err := passthru.NewKey(id, c, bytes.Repeat([]byte(id[:1]), passthru.SecretSize))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func set(t *testing.T, r *passthru.Keyring, pattern wamp.URI, m wamp.Match, keys ...*passthru.Key) {
	t.Helper()
	if err := r.Set(pattern, m, keys[0], keys[1:]...); err != nil {
		t.Fatal(err)
	}
}

func payload(t *testing.T, s wamp.Serializer, args ...any) wamp.Payload {
	t.Helper()
	p, err := s.EncodePayload(args, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func seal(t *testing.T, r *passthru.Keyring, uri wamp.URI, args ...any) (wamp.Payload, *wamp.Attributes) {
	t.Helper()
	p, a, err := r.Seal(passthru.Context{URI: uri}, serializer.JSON, payload(t, serializer.MsgPack, args...), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, a
}

func TestTheMostSpecificPatternDecides(t *testing.T) {
	t.Parallel()
	var r passthru.Keyring
	for id, p := range map[string]struct {
		pattern wamp.URI
		match   wamp.Match
	}{
		"exact":    {"com.a.b", wamp.MatchExact},
		"long":     {"com.a.", wamp.MatchPrefix},
		"short":    {"com.", wamp.MatchPrefix},
		"wildcard": {".a.b", wamp.MatchWildcard},
		"any":      {"..", wamp.MatchWildcard},
	} {
		set(t, &r, p.pattern, p.match, newKey(t, id, passthru.AES256GCM))
	}
	if err := r.SetClear("com.public.", wamp.MatchPrefix); err != nil {
		t.Fatal(err)
	}
	for uri, want := range map[wamp.URI]string{
		"com.a.b": "exact", "com.a.c": "long", "com.b": "short",
		"org.a.b": "wildcard", "org.b.b": "any", "com.public.x": "", "org": "", "wamp.a.b": "",
	} {
		if r.Has(uri) != (want != "") {
			t.Errorf("Has(%s) = %t", uri, r.Has(uri))
		}
		_, a, err := r.Seal(passthru.Context{URI: uri}, serializer.JSON, wamp.Payload{}, nil)
		switch {
		case want == "" && !errors.Is(err, passthru.ErrNoKey):
			t.Errorf("%s: got %v, want none", uri, err)
		case want != "" && (err != nil || a.PPTKeyID != want):
			t.Errorf("%s: got %+v, %v, want key %s", uri, a, err, want)
		}
	}
	if !r.Remove("com.a.b", wamp.MatchExact) || r.Remove("com.a.b", wamp.MatchExact) {
		t.Error("Remove does not tell what it did")
	}
	if _, a := seal(t, &r, "com.a.b"); a.PPTKeyID != "long" {
		t.Errorf("after Remove, %s decides", a.PPTKeyID)
	}
}

// Whoever changes anything on the way only makes the receiver refuse it.
func TestNothingThatWasChangedIsOpened(t *testing.T) {
	t.Parallel()
	for _, cipher := range []passthru.Cipher{passthru.AES256GCM, passthru.XSalsa20Poly1305} {
		var r passthru.Keyring
		set(t, &r, "com.", wamp.MatchPrefix, newKey(t, "key", cipher), newKey(t, "old", cipher))
		sealed, a := seal(t, &r, "com.a", "text")
		octets := binaryOf(t, sealed)
		for name, change := range map[string]func(c *passthru.Context, a *wamp.Attributes, b []byte) []byte{
			"another topic":      func(c *passthru.Context, _ *wamp.Attributes, b []byte) []byte { c.URI = "com.b"; return b },
			"another kind":       func(c *passthru.Context, _ *wamp.Attributes, b []byte) []byte { c.Kind = passthru.KindCall; return b },
			"another key":        func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { a.PPTKeyID = "old"; return b },
			"an unknown key":     func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { a.PPTKeyID = "new"; return b },
			"another cipher":     func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { a.PPTCipher = "none"; return b },
			"another serializer": func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { a.PPTSerializer = "json"; return b },
			"another scheme":     func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { a.PPTScheme = "wamp"; return b },
			"no scheme":          func(_ *passthru.Context, a *wamp.Attributes, b []byte) []byte { *a = wamp.Attributes{}; return b },
			"the first octet":    func(_ *passthru.Context, _ *wamp.Attributes, b []byte) []byte { b[0]++; return b },
			"the last octet":     func(_ *passthru.Context, _ *wamp.Attributes, b []byte) []byte { b[len(b)-1]++; return b },
			"cut off":            func(_ *passthru.Context, _ *wamp.Attributes, b []byte) []byte { return b[:len(b)-1] },
			"cut off early":      func(_ *passthru.Context, _ *wamp.Attributes, b []byte) []byte { return b[:5] },
			"nothing left":       func(*passthru.Context, *wamp.Attributes, []byte) []byte { return []byte{} },
		} {
			t.Run(string(cipher)+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, changed := passthru.Context{URI: "com.a"}, *a
				b := change(&c, &changed, bytes.Clone(octets))
				if p, _, err := r.Open(c, payload(t, serializer.JSON, b), &changed); err == nil || p.Elements != 0 {
					t.Errorf("got %+v, %v, want an error", p, err)
				}
			})
		}
		if _, _, err := r.Open(passthru.Context{URI: "com.a"}, payload(t, serializer.JSON, "text"), a); !errors.Is(err, passthru.ErrNotAuthentic) {
			t.Errorf("a text instead of a binary: %v", err)
		}
		if p, rest, err := r.Open(passthru.Context{URI: "com.a"}, sealed, a); err != nil || rest != nil || p.Elements != 1 {
			t.Errorf("unchanged: %+v, %+v, %v", p, rest, err)
		}
	}
}

func binaryOf(t *testing.T, p wamp.Payload) []byte {
	t.Helper()
	args, _, err := p.Values()
	if err != nil || len(args) != 1 {
		t.Fatalf("got %v, %v, want one binary (PPT-1)", args, err)
	}
	return bytes.Clone(args[0].([]byte))
}

func TestOtherAttributesTravelAlong(t *testing.T) {
	t.Parallel()
	var r passthru.Keyring
	set(t, &r, "com.", wamp.MatchPrefix, newKey(t, "key", passthru.AES256GCM))
	given := &wamp.Attributes{ForwardFor: []wamp.Forwarder{{Session: 1}}}
	p, a, err := r.Seal(passthru.Context{URI: "com.a"}, serializer.CBOR, wamp.Payload{}, given)
	if err != nil || given.PPTScheme != "" {
		t.Fatalf("given became %+v, %v", given, err)
	}
	_, rest, err := r.Open(passthru.Context{URI: "com.a"}, p, a)
	if diff := cmp.Diff(given, rest); diff != "" || err != nil {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestWhatHasNoKeyIsLeftAlone(t *testing.T) {
	t.Parallel()
	var r passthru.Keyring
	p := payload(t, serializer.JSON, "text")
	foreign := &wamp.Attributes{PPTScheme: "x_other", PPTCipher: "rot13"}
	for _, k := range []*passthru.Keyring{nil, &r} {
		got, a, err := k.Open(passthru.Context{URI: "com.a"}, p, foreign)
		if err != nil || a != foreign || !bytes.Equal(got.Bytes, p.Bytes) {
			t.Errorf("got %+v, %+v, %v", got, a, err)
		}
	}
}

func TestKeysAndPatternsAreChecked(t *testing.T) {
	t.Parallel()
	good := bytes.Repeat([]byte{1}, 32)
	for name, test := range map[string]struct {
		id     string
		cipher passthru.Cipher
		secret []byte
	}{
		"no ID":            {"", passthru.AES256GCM, good},
		"a long ID":        {strings.Repeat("x", 65), passthru.AES256GCM, good},
		"a space":          {"a b", passthru.AES256GCM, good},
		"an umlaut":        {"ä", passthru.AES256GCM, good},
		"no cipher":        {"a", "", good},
		"a short secret":   {"a", passthru.AES256GCM, good[:31]},
		"a passphrase":     {"a", passthru.XSalsa20Poly1305, []byte("correct horse battery staple")},
		"no secret at all": {"a", passthru.XSalsa20Poly1305, nil},
	} {
		if k, err := passthru.NewKey(test.id, test.cipher, test.secret); err == nil {
			t.Errorf("%s: got %v", name, k)
		}
	}
	var r passthru.Keyring
	k := newKey(t, "a", passthru.AES256GCM)
	for name, err := range map[string]error{
		"no key":         r.Set("com.a", wamp.MatchExact, nil),
		"the same twice": r.Set("com.a", wamp.MatchExact, k, k),
		"no URI":         r.Set("", wamp.MatchExact, k),
		"no pattern":     r.SetClear("a..b", wamp.MatchPrefix),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, _, err := r.Seal(passthru.Context{URI: "com.a"}, serializer.CBOR, wamp.Payload{}, nil); !errors.Is(err, passthru.ErrNoKey) {
		t.Errorf("Seal without a key: %v", err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	k, err := passthru.NewKey("id", passthru.AES256GCM, []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewTextHandler(&logged, nil)).Info("key", "key", k)
	type holder struct{ Key *passthru.Key }
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s %d %x", k, k, k, k, k, k), fmt.Sprintf("%+v %v", holder{k}, *k), logged.String()} {
		if strings.Contains(text, "0123") || strings.Contains(text, "48 49 50") || strings.Contains(text, "30313233") {
			t.Errorf("the secret is in %q", text)
		}
	}
	if string(k.Secret()) != "0123456789abcdef0123456789abcdef" {
		t.Errorf("Secret() = %q", k.Secret())
	}
}
