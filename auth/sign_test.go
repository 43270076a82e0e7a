package auth_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// started is a Signer's attempt, and the HELLO it has added to.
type started struct {
	auth.Attempt
	hello *wamp.Hello
}

// start begins an attempt over a connection with the given TLS state, or none.
func start(t *testing.T, s auth.Signer, state *tls.ConnectionState) started {
	t.Helper()
	hello := new(wamp.Hello)
	a, err := s.Begin(hello, &transport.Info{TLS: state})
	if err != nil {
		t.Fatal(err)
	}
	return started{a, hello}
}

// answer answers a challenge with the given extra.
func (s started) answer(t *testing.T, extra wamp.Dict) *wamp.Authenticate {
	t.Helper()
	m, err := s.Sign(t.Context(), &wamp.Challenge{Extra: extra})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var seedKey = ed25519.NewKeyFromSeed([]byte("a seed of thirty-two octets long"))

func TestSignersIdentify(t *testing.T) {
	t.Parallel()
	_, state := handshake(t, tls.VersionTLS13)
	with := func(authID string) []auth.Signer {
		return []auth.Signer{
			auth.TicketSigner{AuthID: authID, Ticket: "t"},
			auth.CRASigner{AuthID: authID, Secret: "s"},
			auth.SCRAMSigner{AuthID: authID, Password: "p"},
			auth.CryptosignSigner{AuthID: authID, Key: seedKey},
			auth.CertificateSigner{AuthID: authID},
		}
	}
	needed := map[string]bool{"ticket": true, "wampcra": true, "wamp-scram": true}
	tests := []struct {
		name          string
		own, clients  string // authids
		want          string
		onlyNotNeeded bool // those that need one fail
		fails         bool
	}{
		{"with an authid of their own", "alice", "", "alice", false, false},
		{"with the client's", "", "alice", "alice", false, false},
		{"with the same as the client's", "alice", "alice", "alice", false, false},
		{"but not as somebody else than the client", "alice", "bob", "", false, true},
		{"with none where the router knows", "", "", "", true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range with(tt.own) {
				hello := &wamp.Hello{AuthID: tt.clients}
				_, err := s.Begin(hello, &transport.Info{TLS: state})
				if fails := tt.fails || tt.onlyNotNeeded && needed[s.Method()]; (err != nil) != fails {
					t.Errorf("%s: got error %v", s.Method(), err)
				} else if !fails && hello.AuthID != tt.want {
					t.Errorf("%s: got authid %q, want %q", s.Method(), hello.AuthID, tt.want)
				}
			}
		})
	}
}

func TestSignersKeepTheirSecrets(t *testing.T) {
	t.Parallel()
	for _, s := range []auth.Signer{
		auth.TicketSigner{AuthID: "alice", Ticket: "sesame"},
		auth.CRASigner{AuthID: "alice", Secret: "sesame"},
		auth.SCRAMSigner{AuthID: "alice", Password: "sesame"},
		auth.CryptosignSigner{AuthID: "alice", Key: ed25519.PrivateKey("sesame")},
	} {
		for _, verb := range []string{"%v", "%+v", "%s"} {
			if got := fmt.Sprintf(verb, s); strings.Contains(got, "sesame") || strings.Contains(got, "115 101") || !strings.Contains(got, "alice") {
				t.Errorf("%s prints %s", verb, got)
			}
		}
	}
}

func TestSignersWithoutASecret(t *testing.T) {
	t.Parallel()
	for _, s := range []auth.Signer{
		auth.CRASigner{AuthID: "alice"},
		auth.SCRAMSigner{AuthID: "alice"},
		auth.CryptosignSigner{AuthID: "alice"},
		auth.CertificateSigner{AuthID: "alice"},
	} {
		if _, err := s.Begin(new(wamp.Hello), new(transport.Info)); err == nil {
			t.Errorf("%s begins without a secret, or TLS", s.Method())
		}
	}
	if m, err := start(t, auth.TicketSigner{AuthID: "alice"}, nil).Sign(t.Context(), new(wamp.Challenge)); err == nil {
		t.Errorf("an empty ticket gives %+v", m)
	}
}

func TestTicketSigner(t *testing.T) {
	t.Parallel()
	if m := start(t, auth.TicketSigner{AuthID: "alice", Ticket: "sesame"}, nil).answer(t, nil); m.Signature != "sesame" {
		t.Errorf("got %q", m.Signature)
	}
	n := 0
	renewed := auth.TicketSigner{AuthID: "alice", Ticket: "not this", Fetch: func(context.Context) (string, error) {
		n++
		return fmt.Sprint("sesame", n), nil
	}}
	for _, want := range []string{"sesame1", "sesame2"} {
		if m := start(t, renewed, nil).answer(t, nil); m.Signature != want {
			t.Errorf("got %q, want %q", m.Signature, want)
		}
	}
	down := errors.New("the issuer is down")
	failing := auth.TicketSigner{AuthID: "alice", Fetch: func(context.Context) (string, error) { return "", down }}
	if _, err := start(t, failing, nil).Sign(t.Context(), new(wamp.Challenge)); !errors.Is(err, down) {
		t.Errorf("got %v, want %v", err, down)
	}
}

func TestMethodsWithoutAChallenge(t *testing.T) {
	t.Parallel()
	_, state := handshake(t, tls.VersionTLS13)
	for _, s := range []auth.Signer{auth.AnonymousSigner{}, auth.CertificateSigner{}} {
		a := start(t, s, state)
		if m, err := a.Sign(t.Context(), new(wamp.Challenge)); err == nil {
			t.Errorf("%s answers a challenge with %+v", s.Method(), m)
		}
		if err := a.Check(new(wamp.Welcome)); err != nil {
			t.Errorf("%s does not take a WELCOME: %v", s.Method(), err)
		}
	}
}

func TestCRASigner(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		extra wamp.Dict
		want  string // "": refused
	}{
		{"signs with the secret", wamp.Dict{"challenge": craChallenge}, "SX0t7hxibiCOFkU+uKI3R6eYJ/vO4ElB/r1OqGLMQBI="},
		{"signs with the salted secret", wamp.Dict{"challenge": craChallenge, "salt": "salt123", "iterations": int64(1000), "keylen": int64(32)}, "kKXDd/l4+/xzuhbOihJkMp5/rarrusMjaCsLyqQ4iGI="},
		{"knows the defaults (CRA-3)", wamp.Dict{"challenge": craChallenge, "salt": "salt123", "iterations": nil}, "kKXDd/l4+/xzuhbOihJkMp5/rarrusMjaCsLyqQ4iGI="},
		{"takes no salt for none", wamp.Dict{"challenge": craChallenge, "salt": nil, "iterations": int64(0)}, "SX0t7hxibiCOFkU+uKI3R6eYJ/vO4ElB/r1OqGLMQBI="},
		{"refuses endless iterations (CRA-5)", wamp.Dict{"challenge": craChallenge, "salt": "s", "iterations": int64(1e9)}, ""},
		{"refuses a key too short (CRA-5)", wamp.Dict{"challenge": craChallenge, "salt": "s", "keylen": int64(4)}, ""},
		{"refuses iterations that are no number", wamp.Dict{"challenge": craChallenge, "salt": "s", "iterations": "1000"}, ""},
		{"refuses a key length that is no whole number", wamp.Dict{"challenge": craChallenge, "salt": "s", "keylen": 32.5}, ""},
		{"refuses a salt that is no string", wamp.Dict{"challenge": craChallenge, "salt": []byte("salt123")}, ""},
		{"refuses a challenge that is no string", wamp.Dict{"challenge": wamp.Dict{}}, ""},
		{"refuses a challenge without anything to sign", nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, auth.CRASigner{AuthID: "peter", Secret: "secret"}, nil)
			m, err := a.Sign(t.Context(), &wamp.Challenge{Extra: tt.extra})
			if tt.want == "" {
				if err == nil {
					t.Errorf("got %+v", m)
				}
				return
			}
			if err != nil || m.Signature != tt.want {
				t.Errorf("got %+v, %v, want %s", m, err, tt.want)
			}
		})
	}
}

const scramSalt = "aBc+fx0NAVA="

// scramRouter answers a SCRAM client as a router does that knows its password.
type scramRouter struct {
	verifier *auth.SCRAMVerifier
	nonce    string
	message  string
}

// challenge returns the extra of a CHALLENGE.
func (r *scramRouter) challenge(t *testing.T, password string, hello *wamp.Hello, binding string, data []byte) wamp.Dict {
	t.Helper()
	var err error
	r.verifier, err = auth.NewSCRAMVerifier(password, auth.SCRAMCost{KDF: "pbkdf2", Salt: unbase64(t, scramSalt), Iterations: 4096})
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := hello.AuthExtra["nonce"].(string)
	r.nonce = theirs + "SBmkFIh7sSo="
	r.message = auth.SCRAMMessage(hello.AuthID, theirs, r.nonce, scramSalt, 4096, binding, data)
	return wamp.Dict{"nonce": r.nonce, "salt": scramSalt, "kdf": "pbkdf2", "iterations": int64(4096), "memory": nil}
}

func TestSCRAMSigner(t *testing.T) {
	t.Parallel()
	client, router := handshake(t, tls.VersionTLS12)
	serverEnd, err := auth.ServerEnd(client.PeerCertificates[0])
	if err != nil {
		t.Fatal(err)
	}
	exporter, err := auth.ChannelData(auth.BindTLSExporter, router)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		binding string
		data    []byte
	}{
		{"", nil},
		{auth.BindTLSUnique, router.TLSUnique},
		{auth.BindTLSExporter, exporter},
		{auth.BindTLSServerEndPoint, serverEnd},
	}
	for _, tt := range tests {
		t.Run("with channel binding "+tt.binding, func(t *testing.T) {
			t.Parallel()
			// A soft hyphen does not count (SCR-9).
			a := start(t, auth.SCRAMSigner{AuthID: "u\u00adser", Password: "pen\u00adcil", ChannelBinding: tt.binding}, client)
			if a.hello.AuthID != "user" {
				t.Errorf("got authid %q", a.hello.AuthID)
			}
			if got, _ := a.hello.AuthExtra["channel_binding"].(string); got != tt.binding {
				t.Errorf("HELLO asks for binding %q", got)
			}
			if own, _ := a.hello.AuthExtra["nonce"].(string); len(unbase64(t, own)) != 16 {
				t.Errorf("got nonce %q", own)
			}
			var r scramRouter
			m := a.answer(t, r.challenge(t, "pencil", a.hello, tt.binding, tt.data))
			if !r.verifier.Verify(r.message, unbase64(t, m.Signature)) {
				t.Error("the proof does not verify")
			}
			bound, _ := m.Extra["cbind_data"].(string)
			kind, _ := m.Extra["channel_binding"].(string)
			if m.Extra["nonce"] != r.nonce || kind != tt.binding || bound != base64.StdEncoding.EncodeToString(tt.data) {
				t.Errorf("got extra %v", m.Extra)
			}
			signature := base64.StdEncoding.EncodeToString(r.verifier.Signature(r.message))
			for _, prefix := range []string{"", "v="} { // SCR-6
				if err := a.Check(&wamp.Welcome{AuthExtra: wamp.Dict{"verifier": prefix + signature}}); err != nil {
					t.Errorf("prefix %q: %v", prefix, err)
				}
			}
			for _, wrong := range []any{nil, "", "v=", signature[4:], 7, base64.StdEncoding.EncodeToString(make([]byte, 32))} {
				if err := a.Check(&wamp.Welcome{AuthExtra: wamp.Dict{"verifier": wrong}}); !errors.Is(err, auth.ErrRouterUnproven) {
					t.Errorf("verifier %v: got %v", wrong, err)
				}
			}
		})
	}
}

func TestSCRAMSignerDoesNotTrustAWelcomeWithoutChallenge(t *testing.T) {
	t.Parallel()
	a := start(t, auth.SCRAMSigner{AuthID: "user", Password: "pencil"}, nil)
	if err := a.Check(&wamp.Welcome{AuthExtra: wamp.Dict{"verifier": ""}}); !errors.Is(err, auth.ErrRouterUnproven) {
		t.Errorf("got %v", err)
	}
}

func TestSCRAMSignerRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		with wamp.Dict
	}{
		{"a nonce that is not its own (SCR-3)", wamp.Dict{"nonce": "egVDf3DMJh0=SBmkFIh7sSo="}},
		{"a nonce without the router's part", wamp.Dict{"nonce": nil}}, // see below
		{"weak iterations", wamp.Dict{"iterations": int64(4095)}},
		{"endless iterations", wamp.Dict{"iterations": int64(1e12)}},
		{"weak memory", wamp.Dict{"kdf": "argon2id13", "iterations": int64(1), "memory": int64(8191)}},
		{"too much memory", wamp.Dict{"kdf": "argon2id13", "iterations": int64(1), "memory": int64(1 << 40)}},
		{"argon2id without memory", wamp.Dict{"kdf": "argon2id13"}},
		{"an unknown derivation", wamp.Dict{"kdf": "scrypt"}},
		{"a derivation that is no string", wamp.Dict{"kdf": int64(1)}},
		{"no salt", wamp.Dict{"salt": nil}},
		{"a salt that is not base64", wamp.Dict{"salt": "*"}},
		{"a salt that is no string", wamp.Dict{"salt": int64(1)}},
		{"iterations that are no number", wamp.Dict{"iterations": "4096"}},
		{"memory that is no number", wamp.Dict{"memory": "4096"}},
		{"a nonce that is no string", wamp.Dict{"nonce": true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := start(t, auth.SCRAMSigner{AuthID: "user", Password: "pencil"}, nil)
			extra := wamp.Dict{
				"nonce": a.hello.AuthExtra["nonce"].(string) + "x", "salt": scramSalt, "kdf": "pbkdf2", "iterations": int64(4096),
			}
			for key, value := range tt.with {
				if extra[key] = value; key == "nonce" && value == nil {
					extra[key] = a.hello.AuthExtra["nonce"]
				}
			}
			if m, err := a.Sign(t.Context(), &wamp.Challenge{Extra: extra}); err == nil {
				t.Errorf("got %+v", m)
			}
		})
	}
}

func TestCryptosignSigner(t *testing.T) {
	t.Parallel()
	client, router := handshake(t, tls.VersionTLS13)
	public := seedKey.Public().(ed25519.PublicKey)
	routerKey := ed25519.NewKeyFromSeed([]byte("the seed of a router's own key.."))
	otherKey := ed25519.NewKeyFromSeed(make([]byte, 32))
	channelID, err := auth.ChannelID(auth.BindTLSExporter, router)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		signer    auth.CryptosignSigner
		used      any                // channel binding in CHALLENGE
		signs     ed25519.PrivateKey // the router; nil: it does not
		channelID []byte             // what both are bound with
		fails     error
	}{
		{"signs the challenge", auth.CryptosignSigner{}, nil, nil, nil, nil},
		{"binds it to the channel", auth.CryptosignSigner{ChannelBinding: "tls-exporter"}, "tls-exporter", nil, channelID, nil},
		{"refuses a router that does not bind (CS-5)", auth.CryptosignSigner{ChannelBinding: "tls-exporter"}, nil, nil, nil, errAny},
		{"goes on without binding if it is optional", auth.CryptosignSigner{ChannelBinding: "tls-exporter", BindingOptional: true}, nil, nil, nil, nil},
		{"refuses another binding", auth.CryptosignSigner{ChannelBinding: "tls-exporter", BindingOptional: true}, "tls-unique", nil, nil, errAny},
		{"refuses binding that was not asked for", auth.CryptosignSigner{}, "tls-exporter", nil, channelID, errAny},
		{"refuses a binding that is no string", auth.CryptosignSigner{}, int64(1), nil, nil, errAny},
		{"verifies the router (CS-7)", auth.CryptosignSigner{RouterKey: routerKey.Public().(ed25519.PublicKey)}, nil, routerKey, nil, nil},
		{"verifies the router bound to the channel", auth.CryptosignSigner{RouterKey: routerKey.Public().(ed25519.PublicKey), ChannelBinding: "tls-exporter"}, "tls-exporter", routerKey, channelID, nil},
		{"refuses a router whose proof is not bound", auth.CryptosignSigner{RouterKey: routerKey.Public().(ed25519.PublicKey), ChannelBinding: "tls-exporter"}, "tls-exporter", routerKey, nil, auth.ErrRouterUnproven},
		{"refuses a router that proves nothing", auth.CryptosignSigner{RouterKey: routerKey.Public().(ed25519.PublicKey)}, nil, nil, nil, auth.ErrRouterUnproven},
		{"refuses a router with another key", auth.CryptosignSigner{RouterKey: routerKey.Public().(ed25519.PublicKey)}, nil, otherKey, nil, auth.ErrRouterUnproven},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.signer.Key = seedKey
			a := start(t, tt.signer, client)
			if a.hello.AuthExtra["pubkey"] != hex.EncodeToString(public) {
				t.Errorf("got authextra %v", a.hello.AuthExtra)
			}
			challenge := []byte("thirty-two octets of a challenge")
			extra := wamp.Dict{"challenge": hex.EncodeToString(challenge), "channel_binding": tt.used}
			if tt.signs != nil {
				asked, err := auth.ParseCSExtra(a.hello.AuthExtra["challenge"].(string))
				if err != nil {
					t.Fatal(err)
				}
				extra["signature"] = auth.SignCS(tt.signs, auth.CSData(asked, tt.channelID))
			}
			m, err := a.Sign(t.Context(), &wamp.Challenge{Extra: extra})
			if tt.fails != nil {
				if err == nil || tt.fails != errAny && !errors.Is(err, tt.fails) {
					t.Errorf("got %+v, %v", m, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !auth.VerifyCS(public, auth.CSData(challenge, tt.channelID), m.Signature) {
				t.Errorf("signature %s does not verify", m.Signature)
			}
			if err := a.Check(new(wamp.Welcome)); err != nil {
				t.Error(err)
			}
		})
	}
}

var errAny = errors.New("any failure")

func TestCryptosignSignerVectors(t *testing.T) {
	t.Parallel()
	for _, v := range cryptosignVectors(t) {
		if v.ChannelID != "" {
			continue // the ID is that of no connection; see TestCryptosignVectors
		}
		key := ed25519.NewKeyFromSeed(unhex(t, v.PrivateKey))
		m := start(t, auth.CryptosignSigner{Key: key}, nil).answer(t, wamp.Dict{"challenge": v.Challenge})
		if m.Signature != v.Signature {
			t.Errorf("got  %s\nwant %s", m.Signature, v.Signature)
		}
	}
}

func TestCryptosignSignerRefusesChallenges(t *testing.T) {
	t.Parallel()
	for name, challenge := range map[string]any{
		"none": nil, "too short": strings.Repeat("0", 62), "too long": strings.Repeat("0", 66),
		"not hex": strings.Repeat("z", 64), "no string": int64(1),
	} {
		a := start(t, auth.CryptosignSigner{Key: seedKey}, nil)
		if m, err := a.Sign(t.Context(), &wamp.Challenge{Extra: wamp.Dict{"challenge": challenge}}); err == nil {
			t.Errorf("%s: got %+v", name, m)
		}
	}
}

func TestCryptosignSignerWantsTheChallengeInWhichTheRouterProvesItself(t *testing.T) {
	t.Parallel()
	a := start(t, auth.CryptosignSigner{Key: seedKey, RouterKey: seedKey.Public().(ed25519.PublicKey)}, nil)
	if err := a.Check(new(wamp.Welcome)); !errors.Is(err, auth.ErrRouterUnproven) {
		t.Errorf("got %v", err)
	}
}

func TestChannelBindingOfTheClient(t *testing.T) {
	t.Parallel()
	tls13, _ := handshake(t, tls.VersionTLS13)
	tests := []struct {
		name    string
		signers []auth.Signer
		state   *tls.ConnectionState
		ok      bool
	}{
		{"needs TLS for cryptosign", []auth.Signer{auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-exporter"}}, nil, false},
		{"needs TLS for scram", []auth.Signer{auth.SCRAMSigner{AuthID: "a", Password: "p", ChannelBinding: "tls-server-end-point"}}, nil, false},
		{"tls-unique needs TLS 1.2", []auth.Signer{auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-unique"}}, tls13, false},
		{"must be one that exists", []auth.Signer{auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-imaginary"}}, tls13, false},
		{"is not tls-server-end-point for cryptosign", []auth.Signer{auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-server-end-point"}}, tls13, false},
		{"is the same for all methods", []auth.Signer{
			auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-exporter"},
			auth.SCRAMSigner{AuthID: "a", Password: "p", ChannelBinding: "tls-server-end-point"},
		}, tls13, false},
		{"may be that of several methods", []auth.Signer{
			auth.CryptosignSigner{Key: seedKey, ChannelBinding: "tls-exporter"},
			auth.SCRAMSigner{AuthID: "a", Password: "p", ChannelBinding: "tls-exporter"},
		}, tls13, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hello := new(wamp.Hello)
			var failure error
			for _, s := range tt.signers {
				_, err := s.Begin(hello, &transport.Info{TLS: tt.state})
				failure = errors.Join(failure, err)
			}
			if (failure == nil) != tt.ok {
				t.Errorf("got %v", failure)
			}
		})
	}
}
