package auth_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// seeded is an Ed25519 key that is the same in each run.
func seeded(text string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(text))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// keySigned is what a client answers to a challenge: CS-3, written down
// once more. channel is nil without channel binding.
func keySigned(t *testing.T, key ed25519.PrivateKey, c *wamp.Challenge, channel []byte) string {
	t.Helper()
	data := unhex(t, c.Extra["challenge"].(string))
	for i := range channel {
		data[i] ^= channel[i]
	}
	return hex.EncodeToString(ed25519.Sign(key, data)) + hex.EncodeToString(data)
}

func keyUsers(t *testing.T) auth.Directory {
	t.Helper()
	dir, err := auth.NewKeyedAccounts(
		&auth.Account{AuthID: "peter", Role: "user", Keys: []ed25519.PublicKey{public(seeded("laptop")), public(seeded("phone"))}},
		&auth.Account{AuthID: "mary", Role: "admin", Keys: []ed25519.PublicKey{public(seeded("mary")), public(seeded("shared"))}},
		&auth.Account{AuthID: "paul", Role: "user", Keys: []ed25519.PublicKey{public(seeded("shared"))}},
		&auth.Account{AuthID: "keyless", Role: "user"},
	)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func pubkey(key ed25519.PrivateKey) wamp.Dict {
	return wamp.Dict{"pubkey": hex.EncodeToString(public(key))}
}

func TestCryptosignAdmitsWhoHasTheKey(t *testing.T) {
	t.Parallel()
	a := auth.Cryptosign{Directory: keyUsers(t)}
	for _, tt := range []struct {
		name, authid, key string
		want              string
	}{
		{"with authid", "peter", "laptop", "peter"},
		{"with authid and another of its keys", "peter", "phone", "peter"},
		{"known by its key (CS-1)", "", "phone", "peter"},
		{"with authid and a key of several principals", "paul", "shared", "paul"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := seeded(tt.key)
			step := challenge(t, a, request(tt.authid, pubkey(key), nil))
			if c := step.Challenge.Extra; c["channel_binding"] != nil || len(c) != 2 {
				t.Errorf("CS-2: the challenge is %v, want challenge and a channel_binding of null", c)
			}
			signature := keySigned(t, key, step.Challenge, nil)
			step, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: strings.ToUpper(signature)}) // CS-8
			if err != nil || step.Grant == nil {
				t.Fatalf("got %+v, %v, want a grant", step, err)
			}
			if p := step.Grant.Principal; p.AuthID != tt.want || p.AuthMethod != "cryptosign" || p.AuthRole != "user" {
				t.Errorf("got %+v, want %s", p, tt.want)
			}
		})
	}
}

func TestCryptosignChallengesAreNew(t *testing.T) {
	t.Parallel()
	a := auth.Cryptosign{Directory: keyUsers(t)}
	key := seeded("laptop")
	req := request("peter", pubkey(key), nil)
	first, second := challenge(t, a, req), challenge(t, a, req)
	if first.Challenge.Extra["challenge"] == second.Challenge.Extra["challenge"] {
		t.Error("the same challenge twice")
	}
	// CS-4: the appended data is what was signed, but not what should have been.
	old := &wamp.Authenticate{Signature: keySigned(t, key, first.Challenge, nil)}
	if step, err := first.Exchange.Authenticate(t.Context(), old); err != nil || step.Grant == nil {
		t.Fatalf("got %+v, %v", step, err)
	}
	step, err := second.Exchange.Authenticate(t.Context(), old)
	wantDenial(t, step, err, "")
	if step, err := first.Exchange.Authenticate(t.Context(), old); err == nil {
		t.Errorf("a second answer gets %+v, want an error", step)
	}
}

func TestCryptosignDenies(t *testing.T) {
	t.Parallel()
	a := auth.Cryptosign{Directory: keyUsers(t)}
	for _, tt := range []struct {
		name, authid, key string
		spoil             func(signature string) string
	}{
		{"an unknown authid", "nobody", "laptop", nil},
		{"an unknown key without authid", "", "stranger", nil},
		{"the key of somebody else", "mary", "laptop", nil},
		{"a key of several principals without authid", "", "shared", nil},
		{"a principal without keys", "keyless", "laptop", nil},
		{"an empty signature", "peter", "laptop", func(string) string { return "" }},
		{"a signature without the data (CS-8)", "peter", "laptop", func(s string) string { return s[:128] }},
		{"a truncated signature", "peter", "laptop", func(s string) string { return s[:191] }},
		{"a signature with more behind it", "peter", "laptop", func(s string) string { return s + "00" }},
		{"a huge signature", "peter", "laptop", func(s string) string { return strings.Repeat(s, 10_000) }},
		{"a signature that is not hex", "peter", "laptop", func(s string) string { return "xy" + s[2:] }},
		{"a signature of zeros", "peter", "laptop", func(string) string { return strings.Repeat("0", 192) }},
		{"a wrong signature before the right data", "peter", "laptop", func(s string) string { return strings.Repeat("00", 64) + s[128:] }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			key := seeded(tt.key)
			step := challenge(t, a, request(tt.authid, pubkey(key), nil))
			signature := keySigned(t, key, step.Challenge, nil)
			if tt.spoil != nil {
				signature = tt.spoil(signature)
			}
			got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: signature})
			wantDenial(t, got, err, "")
		})
	}
}

func TestCryptosignBindsToTheChannel(t *testing.T) {
	t.Parallel()
	key, router := seeded("laptop"), seeded("router")
	a := auth.Cryptosign{Directory: keyUsers(t), Key: router}
	for _, tt := range []struct {
		kind    string
		version uint16
	}{
		{"tls-exporter", tls.VersionTLS12},
		{"tls-exporter", tls.VersionTLS13},
		{"tls-unique", tls.VersionTLS12},
	} {
		t.Run(tt.kind+" over "+tls.VersionName(tt.version), func(t *testing.T) {
			t.Parallel()
			client, routers := secured(t, tt.version)
			channel := bindingOf(t, tt.kind, client)
			if tt.kind == "tls-unique" { // CS-6
				sum := sha256.Sum256(channel)
				channel = sum[:]
			}
			asked := sha256.Sum256([]byte("prove it"))
			hello := pubkey(key)
			hello["channel_binding"], hello["challenge"] = tt.kind, hex.EncodeToString(asked[:])
			req := request("peter", hello, routers)
			step := challenge(t, a, req)
			c := step.Challenge
			if c.Extra["channel_binding"] != tt.kind {
				t.Errorf("CS-2: the binding is %v, want %s", c.Extra["channel_binding"], tt.kind)
			}
			wantRouterSignature(t, c, router, asked[:], channel)
			good := keySigned(t, key, c, channel)
			if got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: good}); err != nil || got.Grant == nil {
				t.Errorf("got %+v, %v, want a grant", got, err)
			}
			for _, wrong := range [][]byte{nil, make([]byte, 32), bindingOf(t, "tls-server-end-point", client)} {
				step := challenge(t, a, req)
				got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: keySigned(t, key, step.Challenge, wrong)})
				wantDenial(t, got, err, "")
			}
		})
	}
}

// wantRouterSignature checks what a client checks that knows the router's key
// (CS-7).
func wantRouterSignature(t *testing.T, c *wamp.Challenge, key ed25519.PrivateKey, asked, channel []byte) {
	t.Helper()
	signature, _ := c.Extra["signature"].(string)
	octets := unhex(t, signature)
	if len(octets) != 96 {
		t.Fatalf("CS-7: the router's signature has %d octets, want 96", len(octets))
	}
	want := append([]byte(nil), asked...)
	for i := range channel {
		want[i] ^= channel[i]
	}
	if string(octets[64:]) != string(want) || !ed25519.Verify(public(key), want, octets[:64]) {
		t.Errorf("CS-7: the router's signature %s is not that of %x", signature, want)
	}
	if c.Extra["pubkey"] != hex.EncodeToString(public(key)) {
		t.Errorf("CS-7: the router's key is %v", c.Extra["pubkey"])
	}
}

func TestCryptosignRouterProvesItself(t *testing.T) {
	t.Parallel()
	asked := strings.Repeat("aF", 32)
	hello := pubkey(seeded("laptop"))
	hello["challenge"] = asked
	step := challenge(t, auth.Cryptosign{Directory: keyUsers(t), Key: seeded("router")}, request("peter", hello, nil))
	wantRouterSignature(t, step.Challenge, seeded("router"), unhex(t, asked), nil)
}

// The router signs whatever clients send: if its key were somebody's, everybody
// could have it sign the challenge of another login.
func TestTheRoutersKeyLogsNobodyIn(t *testing.T) {
	t.Parallel()
	key := seeded("router")
	dir, err := auth.NewKeyedAccounts(&auth.Account{AuthID: "router", Role: "admin", Keys: []ed25519.PublicKey{public(key)}})
	if err != nil {
		t.Fatal(err)
	}
	step, err := auth.Cryptosign{Directory: dir, Key: key}.Begin(t.Context(), request("router", pubkey(key), nil))
	var denied *auth.Denial
	if !errors.As(err, &denied) {
		t.Errorf("got %+v, %v, want a denial", step, err)
	}
}

func TestCryptosignRefusesHellos(t *testing.T) {
	t.Parallel()
	_, router12 := secured(t, tls.VersionTLS12)
	_, router13 := secured(t, tls.VersionTLS13)
	good := hex.EncodeToString(public(seeded("laptop")))
	for _, tt := range []struct {
		name   string
		extra  wamp.Dict
		info   *transport.Info
		key    ed25519.PrivateKey
		reason string
	}{
		{"without extra", nil, nil, nil, "pubkey"},
		{"without key", wamp.Dict{}, nil, nil, "pubkey"},
		{"with a key that is a number", wamp.Dict{"pubkey": int64(1)}, nil, nil, "pubkey"},
		{"with a truncated key", wamp.Dict{"pubkey": good[:62]}, nil, nil, "64 hex digits"},
		{"with a key that is too long", wamp.Dict{"pubkey": good + "00"}, nil, nil, "64 hex digits"},
		{"with a key that is not hex", wamp.Dict{"pubkey": "zz" + good[2:]}, nil, nil, "hex"},
		{"with a challenge to a router without key", wamp.Dict{"pubkey": good, "challenge": good}, nil, nil, "no key"},
		{"with a challenge that is too short", wamp.Dict{"pubkey": good, "challenge": "00"}, nil, seeded("router"), "64 hex digits"},
		{"with a challenge that is a list", wamp.Dict{"pubkey": good, "challenge": []any{}}, nil, seeded("router"), "64 hex digits"},
		{"bound to a channel without TLS", wamp.Dict{"pubkey": good, "channel_binding": "tls-unique"}, nil, nil, "needs TLS"},
		{"bound by tls-unique to TLS 1.3", wamp.Dict{"pubkey": good, "channel_binding": "tls-unique"}, router13, nil, "tls-exporter"},
		{"bound by what only SCRAM has", wamp.Dict{"pubkey": good, "channel_binding": "tls-server-end-point"}, router12, nil, "tls-exporter"},
		{"bound by a list", wamp.Dict{"pubkey": good, "channel_binding": []any{"tls-unique"}}, router12, nil, "channel_binding"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := auth.Cryptosign{Directory: keyUsers(t), Key: tt.key}.Begin(t.Context(), request("peter", tt.extra, tt.info))
			wantRefusal(t, step, err, "", tt.reason)
		})
	}
}

func TestCryptosignFailsWithItsDirectory(t *testing.T) {
	t.Parallel()
	step, err := auth.Cryptosign{Directory: broken{}}.Begin(t.Context(), request("peter", pubkey(seeded("laptop")), nil))
	if !errors.Is(err, errBroken) || step.Challenge != nil {
		t.Errorf("got %+v, %v, want the directory's error", step, err)
	}
}

func TestAKeyTwiceInAnAccountIsStillItsOwn(t *testing.T) {
	t.Parallel()
	key := public(seeded("laptop"))
	dir, err := auth.NewKeyedAccounts(&auth.Account{AuthID: "peter", Role: "user", Keys: []ed25519.PublicKey{key, key}})
	if err != nil {
		t.Fatal(err)
	}
	account, err := dir.Account(t.Context(), &auth.Query{Extra: pubkey(seeded("laptop"))})
	if err != nil || account.AuthID != "peter" {
		t.Errorf("got %+v, %v", account, err)
	}
}

func FuzzCryptosign(f *testing.F) {
	key := public(seeded("laptop"))
	dir, err := auth.NewKeyedAccounts(&auth.Account{AuthID: "peter", Role: "user", Keys: []ed25519.PublicKey{key}})
	if err != nil {
		f.Fatal(err)
	}
	a := auth.Cryptosign{Directory: dir, Key: seeded("router")}
	f.Add("peter", hex.EncodeToString(key), strings.Repeat("0", 64), "tls-unique", strings.Repeat("0", 192))
	f.Add("", hex.EncodeToString(key), "", "", strings.Repeat("0", 192))
	f.Fuzz(func(t *testing.T, authid, pubkey, asked, binding, signature string) {
		for _, extra := range []wamp.Dict{
			{"pubkey": pubkey},
			{"pubkey": pubkey, "challenge": asked, "channel_binding": binding},
		} {
			step, err := a.Begin(t.Context(), request(authid, extra, nil))
			if err != nil {
				continue
			}
			if got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: signature}); err == nil {
				t.Errorf("got in: %+v", got)
			}
		}
	})
}
