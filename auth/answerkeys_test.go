package auth_test

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// answering is an authenticator with always the same answer.
func answering(answer any) *auth.Dynamic {
	return &auth.Dynamic{Call: func(context.Context, wamp.URI, ...any) (any, error) { return answer, nil }}
}

// with returns a copy of d with one value changed; nil removes it.
func with(d wamp.Dict, key string, value any) wamp.Dict {
	changed := wamp.Dict{}
	for k, v := range d {
		changed[k] = v
	}
	if changed[key] = value; value == nil {
		delete(changed, key)
	}
	return changed
}

func TestAuthenticatorsAnswerWithKeysOfSCRAM(t *testing.T) {
	t.Parallel()
	v := verifier(t, "pencil", cheap)
	good := wamp.Dict{
		"role": "user", "kdf": "pbkdf2", "iterations": int64(4096), "salt": hex.EncodeToString(v.Salt),
		"stored-key": hex.EncodeToString(v.StoredKey), "server-key": hex.EncodeToString(v.ServerKey),
	}
	p := scramPeer{authid: "peter", password: "pencil", nonce: clientNonce}
	for _, legacy := range []bool{false, true} {
		p.legacy = legacy
		var a auth.Authenticator = auth.SCRAM{Directory: answering(good)}
		if legacy {
			a = auth.LegacySCRAM{Directory: answering(good)}
		}
		step := challenge(t, a, request("peter", p.hello(), nil))
		answer, _ := p.answer(t, step.Challenge.Extra)
		step, err := step.Exchange.Authenticate(t.Context(), answer)
		if err != nil || step.Grant.Principal.AuthProvider != "dynamic" {
			t.Errorf("%s: got %+v, %v, want a grant", a.Method(), step, err)
		}
	}
	for _, tt := range []struct {
		name   string
		answer any
	}{
		{"the role alone", "user"},
		{"an unknown kdf", with(good, "kdf", "scrypt")},
		{"a kdf of the other dialect", with(with(good, "kdf", "argon2id-13"), "memory", int64(8))},
		{"no memory for argon2id", with(good, "kdf", "argon2id13")},
		{"no iterations", with(good, "iterations", nil)},
		{"negative iterations", with(good, "iterations", int64(-1))},
		{"iterations in words", with(good, "iterations", "many")},
		{"no salt", with(good, "salt", nil)},
		{"a huge salt", with(good, "salt", strings.Repeat("00", 5000))},
		{"a short key", with(good, "stored-key", "00")},
		{"a key that is not hex", with(good, "server-key", strings.Repeat("xy", 32))},
		{"a key that is a number", with(good, "server-key", int64(5))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := auth.SCRAM{Directory: answering(tt.answer)}.Begin(t.Context(), request("peter", p.hello(), nil))
			wantFailure(t, step, err)
		})
	}
}

// wantFailure checks that an error is for the log and not for the client, and
// no denial either: it is not the client who is to blame.
func wantFailure(t *testing.T, step auth.Step, err error) {
	t.Helper()
	var abort *wamp.Abort
	if err == nil || errors.As(err, &abort) || step.Challenge != nil || step.Grant != nil {
		t.Errorf("got %+v, %v, want an error for the log alone", step, err)
	}
}

func TestUnknownToTheAuthenticatorIsNotToldInSCRAM(t *testing.T) {
	t.Parallel()
	for _, a := range []auth.Authenticator{auth.SCRAM{Directory: answering(nil)}, auth.LegacySCRAM{Directory: answering(nil)}} {
		step := challenge(t, a, request("nobody", wamp.Dict{"nonce": clientNonce}, nil))
		again := challenge(t, a, request("nobody", wamp.Dict{"nonce": clientNonce}, nil))
		if step.Challenge.Extra["salt"] != again.Challenge.Extra["salt"] {
			t.Errorf("%s: another salt each time (SCR-8)", a.Method())
		}
	}
}

func TestAuthenticatorsAnswerWithPublicKeys(t *testing.T) {
	t.Parallel()
	key := seeded("laptop")
	digits := hex.EncodeToString(public(key))
	for _, tt := range []struct {
		name   string
		answer wamp.Dict
		ok     bool
	}{
		{"one", wamp.Dict{"role": "user", "authid": "peter", "pubkey": digits}, true},
		{"a list", wamp.Dict{"role": "user", "authid": "peter", "authorized_keys": []any{strings.Repeat("0", 64), digits}}, true},
		{"none", wamp.Dict{"role": "user", "authid": "peter"}, false},
		{"one that is too short", wamp.Dict{"role": "user", "pubkey": digits[2:]}, false},
		{"one that is a number", wamp.Dict{"role": "user", "pubkey": int64(1)}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := auth.Cryptosign{Directory: answering(tt.answer)}
			step, err := a.Begin(t.Context(), request("", pubkey(key), nil))
			if !tt.ok {
				wantFailure(t, step, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			step, err = step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: keySigned(t, key, step.Challenge, nil)})
			if err != nil || step.Grant.Principal.AuthID != "peter" {
				t.Errorf("got %+v, %v, want peter", step, err)
			}
		})
	}
}

func TestAuthenticatorsSeeTheConnection(t *testing.T) {
	t.Parallel()
	var seen wamp.Dict
	dir := &auth.Dynamic{Call: func(_ context.Context, _ wamp.URI, args ...any) (any, error) {
		seen, _ = args[2].(wamp.Dict)["transport"].(wamp.Dict)
		return "user", nil
	}}
	certificate := clientCertificate(t, "alice")
	step, err := auth.TLS{Directory: dir}.Begin(t.Context(), request("alice", nil, presented(certificate)))
	if err != nil || step.Grant == nil {
		t.Fatalf("got %+v, %v", step, err)
	}
	cert, _ := seen["peer_cert"].(wamp.Dict)
	if subject, _ := cert["subject"].(wamp.Dict); subject["cn"] != "alice" {
		t.Errorf("the authenticator sees the certificate %v", seen["peer_cert"])
	}
	step, err = auth.PeerCred{Directory: dir}.Begin(t.Context(), request("alice", nil, &transport.Info{Process: &transport.Process{UID: 7}}))
	if err != nil || step.Grant == nil {
		t.Fatalf("got %+v, %v", step, err)
	}
	if process, _ := seen["process"].(wamp.Dict); process["uid"] != int64(7) {
		t.Errorf("the authenticator sees the process %v", seen["process"])
	}
}
