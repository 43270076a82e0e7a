package auth_test

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/argon2"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

const b64 = "base64 text"

// scramPeer is a client of SCRAM that shares no code with the router: section
// 4.4, written down once more.
type scramPeer struct {
	authid, password string
	nonce            string
	binding          string
	bindingData      []byte
	legacy           bool // Autobahn's dialect
}

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

func sign(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func (p *scramPeer) hello() wamp.Dict {
	d := wamp.Dict{"nonce": p.nonce}
	if p.binding != "" {
		d["channel_binding"] = p.binding
	}
	return d
}

// salted makes a key of the password as the challenge says.
func (p *scramPeer) salted(t *testing.T, c wamp.Dict) []byte {
	t.Helper()
	salt := unbase64(t, c["salt"].(string))
	cost := int(c["iterations"].(int64))
	switch c["kdf"] {
	case "pbkdf2":
		key, err := pbkdf2.Key(sha256.New, p.password, salt, cost, 32)
		if err != nil {
			t.Fatal(err)
		}
		return key
	case "argon2id13", "argon2id-13":
		key := argon2.IDKey([]byte(p.password), salt, uint32(cost), uint32(c["memory"].(int64)), 1, 32)
		if p.legacy {
			return []byte(base64.RawStdEncoding.EncodeToString(key))
		}
		return key
	}
	t.Fatalf("key derivation %v", c["kdf"])
	return nil
}

func (p *scramPeer) message(c wamp.Dict) string {
	first := "n=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(p.authid) + ",r=" + p.nonce
	server := fmt.Sprintf("r=%s,s=%s,i=%d", c["nonce"], c["salt"], c["iterations"])
	channel := encode(append([]byte("n,,"), p.bindingData...))
	if p.binding != "" {
		channel = encode(append([]byte("p="+p.binding+",,"), p.bindingData...))
	}
	if p.legacy {
		channel = ""
	}
	return first + "," + server + ",c=" + channel + ",r=" + c["nonce"].(string)
}

// answer is AUTHENTICATE (SCR-4); router is what the router must prove in turn.
func (p *scramPeer) answer(t *testing.T, c wamp.Dict) (m *wamp.Authenticate, router string) {
	t.Helper()
	salted, message := p.salted(t, c), p.message(c)
	key := sign(salted, "Client Key")
	stored := sha256.Sum256(key)
	proof := sign(stored[:], message)
	for i := range proof {
		proof[i] ^= key[i]
	}
	m = &wamp.Authenticate{Signature: encode(proof)}
	if !p.legacy {
		m.Extra = wamp.Dict{"nonce": c["nonce"], "channel_binding": nil}
	}
	if p.binding != "" {
		m.Extra["channel_binding"], m.Extra["cbind_data"] = p.binding, encode(p.bindingData)
	}
	return m, encode(sign(sign(salted, "Server Key"), message))
}

func verifier(t *testing.T, password string, cost auth.SCRAMCost) *auth.SCRAMVerifier {
	t.Helper()
	v, err := auth.NewSCRAMVerifier(password, cost)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var cheap = auth.SCRAMCost{KDF: "pbkdf2", Salt: []byte("0123456789abcdef"), Iterations: 4096}

func scramUsers(t *testing.T) auth.Directory {
	t.Helper()
	argon := auth.SCRAMCost{KDF: "argon2id13", Salt: []byte("fedcba9876543210"), Iterations: 1, Memory: 8 << 10}
	return accounts(t,
		&auth.Account{AuthID: "peter", Role: "user", SCRAM: verifier(t, "pencil", cheap)},
		&auth.Account{AuthID: "a=b,c", Role: "user", SCRAM: verifier(t, "odd", cheap)},
		&auth.Account{AuthID: "mary", Role: "user", SCRAM: verifier(t, "lamb", argon), Extra: wamp.Dict{"color": "white"}},
	)
}

func accounts(t *testing.T, list ...*auth.Account) auth.Directory {
	t.Helper()
	dir, err := auth.NewAccounts(list...)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// request is a HELLO over a connection; nil is one without TLS.
func request(authid string, extra wamp.Dict, info *transport.Info) *auth.Request {
	if info == nil {
		info = new(transport.Info)
	}
	return &auth.Request{Hello: &wamp.Hello{Realm: "realm1", AuthID: authid, AuthExtra: extra}, Session: 1, Transport: info}
}

// challenge begins and wants a challenge.
func challenge(t *testing.T, a auth.Authenticator, req *auth.Request) auth.Step {
	t.Helper()
	step, err := a.Begin(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if step.Challenge == nil || step.Exchange == nil || step.Challenge.Method != a.Method() {
		t.Fatalf("got %+v, want a challenge of %s", step, a.Method())
	}
	return step
}

// wantDenial checks what a client learns that did not prove who it is: the
// same in all cases (AUTH-5), but for SCRAM's word (SCR-7).
func wantDenial(t *testing.T, step auth.Step, err error, scram string) {
	t.Helper()
	var denial *auth.Denial
	if !errors.As(err, &denial) || step.Grant != nil || step.Challenge != nil {
		t.Fatalf("got %+v, %v, want a denial", step, err)
	}
	var abort *wamp.Abort
	if !errors.As(err, &abort) {
		t.Fatalf("%v holds no ABORT", err)
	}
	want := &wamp.Abort{Reason: wamp.ErrAuthenticationDenied, Message: "authentication denied", SCRAM: scram}
	if diff := cmp.Diff(want, abort); diff != "" {
		t.Errorf("the client is told (-want +got):\n%s", diff)
	}
}

// wantRefusal checks that a HELLO is refused, with a reason for its sender.
func wantRefusal(t *testing.T, step auth.Step, err error, scram, reason string) {
	t.Helper()
	var abort *wamp.Abort
	if !errors.As(err, &abort) || step.Grant != nil || step.Challenge != nil {
		t.Fatalf("got %+v, %v, want an ABORT", step, err)
	}
	if abort.Reason != wamp.ErrAuthenticationDenied || abort.SCRAM != scram || !strings.Contains(abort.Message, reason) {
		t.Errorf("got %+v, want %q and %q", abort, scram, reason)
	}
}

const clientNonce = "egVDf3DMJh0="

func TestSCRAMAdmitsWhoKnowsThePassword(t *testing.T) {
	t.Parallel()
	dir := scramUsers(t)
	for _, p := range []scramPeer{
		{authid: "peter", password: "pencil"},
		{authid: "mary", password: "lamb"},
		{authid: "a=b,c", password: "odd"},
	} {
		t.Run(p.authid, func(t *testing.T) {
			t.Parallel()
			p.nonce = clientNonce
			step := challenge(t, auth.SCRAM{Directory: dir}, request(p.authid, p.hello(), nil))
			c := step.Challenge.Extra
			if nonce, _ := c["nonce"].(string); !strings.HasPrefix(nonce, clientNonce) || len(nonce) < len(clientNonce)+24 {
				t.Errorf("SCR-2: the nonce %q does not continue the client's", nonce)
			}
			if keys, want := slices.Sorted(maps.Keys(c)), []string{"iterations", "kdf", "memory", "nonce", "salt"}; !slices.Equal(keys, want) {
				t.Errorf("SCR-2: the challenge has %v, want %v", keys, want)
			}
			if (c["memory"] == nil) != (c["kdf"] == "pbkdf2") {
				t.Errorf("SCR-2: %v has memory %v", c["kdf"], c["memory"])
			}
			answer, router := p.answer(t, c)
			step, err := step.Exchange.Authenticate(t.Context(), answer)
			if err != nil || step.Grant == nil {
				t.Fatalf("got %+v, %v, want a grant", step, err)
			}
			if got := step.Grant.Extra["verifier"]; got != router {
				t.Errorf("SCR-6: the verifier is %v, want %v", got, router)
			}
			want := wamp.Principal{AuthID: p.authid, AuthRole: "user", AuthMethod: "wamp-scram", AuthProvider: "static"}
			if step.Grant.Principal != want {
				t.Errorf("got %+v, want %+v", step.Grant.Principal, want)
			}
			if p.authid == "mary" && step.Grant.Extra["color"] != "white" {
				t.Errorf("the account's extra is lost: %v", step.Grant.Extra)
			}
		})
	}
	account, err := dir.Account(t.Context(), &auth.Query{AuthID: "mary"})
	if err != nil || account.Extra["verifier"] != nil {
		t.Errorf("a verifier got into the account: %v, %v", account, err)
	}
}

// RFC 7677's own exchange with user "user" and password "pencil" has nonces
// that are no base64; TestSCRAMKnownValues has it.
func TestSCRAMFindsNormalizedAuthIDs(t *testing.T) {
	t.Parallel()
	p := scramPeer{authid: "IX", password: "pencil", nonce: clientNonce} // SCR-9, RFC 4013 section 3
	dir := accounts(t, &auth.Account{AuthID: "IX", Role: "user", SCRAM: verifier(t, "pencil", cheap)})
	for _, sent := range []string{"IX", "I\u00adX", "\u2168"} {
		step := challenge(t, auth.SCRAM{Directory: dir}, request(sent, p.hello(), nil))
		answer, _ := p.answer(t, step.Challenge.Extra)
		step, err := step.Exchange.Authenticate(t.Context(), answer)
		if err != nil || step.Grant.Principal.AuthID != "IX" {
			t.Errorf("%q: got %+v, %v", sent, step, err)
		}
	}
}

// secured returns what the two ends of a TLS connection know of it.
func secured(t *testing.T, version uint16) (client, router *transport.Info) {
	t.Helper()
	cs, ss := handshake(t, version)
	return &transport.Info{TLS: cs}, &transport.Info{TLS: ss, LocalCertificate: cs.PeerCertificates[0]}
}

func bindingOf(t *testing.T, kind string, client *transport.Info) []byte {
	t.Helper()
	if kind == auth.BindTLSServerEndPoint {
		sum := sha256.Sum256(client.TLS.PeerCertificates[0].Raw)
		return sum[:]
	}
	data, err := auth.ChannelData(kind, client.TLS)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestSCRAMBindsToTheChannel(t *testing.T) {
	t.Parallel()
	dir := scramUsers(t)
	for _, tt := range []struct {
		kind    string
		version uint16
	}{
		{"tls-unique", tls.VersionTLS12},
		{"tls-server-end-point", tls.VersionTLS12},
		{"tls-server-end-point", tls.VersionTLS13},
		{"tls-exporter", tls.VersionTLS12},
		{"tls-exporter", tls.VersionTLS13},
	} {
		t.Run(tt.kind+" over "+tls.VersionName(tt.version), func(t *testing.T) {
			t.Parallel()
			client, router := secured(t, tt.version)
			p := scramPeer{authid: "peter", password: "pencil", nonce: clientNonce, binding: tt.kind, bindingData: bindingOf(t, tt.kind, client)}
			req := request(p.authid, p.hello(), router)
			step := challenge(t, auth.SCRAM{Directory: dir}, req)
			answer, _ := p.answer(t, step.Challenge.Extra)
			if step, err := step.Exchange.Authenticate(t.Context(), answer); err != nil || step.Grant == nil {
				t.Errorf("got %+v, %v, want a grant", step, err)
			}
			// Somebody in between, who has another connection to the router.
			elsewhere, _ := secured(t, tt.version)
			p.bindingData = bindingOf(t, tt.kind, elsewhere)
			step = challenge(t, auth.SCRAM{Directory: dir}, req)
			answer, _ = p.answer(t, step.Challenge.Extra)
			step, err := step.Exchange.Authenticate(t.Context(), answer)
			wantDenial(t, step, err, "channel-bindings-dont-match")
		})
	}
}

func TestSCRAMRefusesChannelBindingsThatItCannotCheck(t *testing.T) {
	t.Parallel()
	_, router13 := secured(t, tls.VersionTLS13)
	several := *router13
	several.LocalCertificate = nil
	for _, tt := range []struct {
		name, word string
		kind       any
		info       *transport.Info
		reason     string
	}{
		{"of an unknown type (SCR-1)", "unsupported-channel-binding-type", "tls-imaginary", router13, "tls-exporter"},
		{"empty type is none", "", "", router13, ""},
		{"tls-unique of TLS 1.3", "channel-binding-not-supported", "tls-unique", router13, "tls-exporter"},
		{"tls-exporter without TLS", "channel-binding-not-supported", "tls-exporter", nil, "needs TLS"},
		{"tls-server-end-point without TLS", "channel-binding-not-supported", "tls-server-end-point", nil, "needs TLS"},
		{"tls-server-end-point where there are several certificates", "channel-binding-not-supported", "tls-server-end-point", &several, "not possible"},
		{"that is a number", "invalid-encoding", int64(1), router13, "must be a string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := auth.SCRAM{Directory: scramUsers(t)}.Begin(t.Context(),
				request("peter", wamp.Dict{"nonce": clientNonce, "channel_binding": tt.kind}, tt.info))
			if tt.word == "" {
				if err != nil || step.Challenge == nil {
					t.Errorf("got %+v, %v", step, err)
				}
				return
			}
			wantRefusal(t, step, err, tt.word, tt.reason)
		})
	}
}

func TestSCRAMDeniesWrongAnswers(t *testing.T) {
	t.Parallel()
	dir := scramUsers(t)
	wrong := scramPeer{authid: "peter", password: "pen", nonce: clientNonce}
	stranger := scramPeer{authid: "nobody", password: "pencil", nonce: clientNonce}
	for _, tt := range []struct {
		name, word string
		peer       *scramPeer // nil: the right one
		spoil      func(m *wamp.Authenticate)
	}{
		{"wrong password", "invalid-proof", &wrong, nil},
		{"unknown principal", "invalid-proof", &stranger, nil},
		{"empty proof", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature = "" }},
		{"truncated proof", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature = m.Signature[:40] }},
		{"proof with more behind it", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature += m.Signature }},
		{"huge proof", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature = strings.Repeat("A", 1<<20) }},
		{"proof that is no base64", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature = "?" + m.Signature[1:] }},
		{"proof of zeros", "invalid-proof", nil, func(m *wamp.Authenticate) { m.Signature = encode(make([]byte, 32)) }},
		{"no extra", "other-error", nil, func(m *wamp.Authenticate) { m.Extra = nil }},
		{"nonce of the client alone (SCR-5)", "other-error", nil, func(m *wamp.Authenticate) { m.Extra["nonce"] = clientNonce }},
		{"nonce that is a number", "other-error", nil, func(m *wamp.Authenticate) { m.Extra["nonce"] = int64(7) }},
		{"another channel binding than in HELLO (SCR-5)", "channel-bindings-dont-match", nil, func(m *wamp.Authenticate) { m.Extra["channel_binding"] = "tls-unique" }},
		{"channel binding that is a list", "channel-bindings-dont-match", nil, func(m *wamp.Authenticate) { m.Extra["channel_binding"] = []any{} }},
		{"binding data without binding (SCR-4)", "channel-bindings-dont-match", nil, func(m *wamp.Authenticate) { m.Extra["cbind_data"] = "AAAA" }},
		{"binding data that is a number", "channel-bindings-dont-match", nil, func(m *wamp.Authenticate) { m.Extra["cbind_data"] = int64(0) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := tt.peer
			if p == nil {
				p = &scramPeer{authid: "peter", password: "pencil", nonce: clientNonce}
			}
			step := challenge(t, auth.SCRAM{Directory: dir}, request(p.authid, p.hello(), nil))
			known := step.Challenge.Extra
			if p == &stranger { // whose made-up cost would take long to compute
				known = maps.Clone(known)
				known["kdf"], known["iterations"] = "pbkdf2", int64(4096)
			}
			answer, _ := p.answer(t, known)
			if tt.spoil != nil {
				tt.spoil(answer)
			}
			got, err := step.Exchange.Authenticate(t.Context(), answer)
			wantDenial(t, got, err, tt.word)
			if got, err := step.Exchange.Authenticate(t.Context(), answer); err == nil {
				t.Errorf("a second answer gets %+v, want an error", got)
			}
		})
	}
}

func TestSCRAMDoesNotTakeAnAnswerTwice(t *testing.T) {
	t.Parallel()
	a := auth.SCRAM{Directory: scramUsers(t)}
	p := scramPeer{authid: "peter", password: "pencil", nonce: clientNonce}
	req := request(p.authid, p.hello(), nil)
	first, second := challenge(t, a, req), challenge(t, a, req)
	answer, _ := p.answer(t, first.Challenge.Extra)
	if step, err := first.Exchange.Authenticate(t.Context(), answer); err != nil || step.Grant == nil {
		t.Fatalf("got %+v, %v", step, err)
	}
	if step, err := first.Exchange.Authenticate(t.Context(), answer); err == nil {
		t.Errorf("the same exchange gives %+v once more", step)
	}
	replayed := *answer
	replayed.Extra = maps.Clone(answer.Extra)
	replayed.Extra["nonce"] = second.Challenge.Extra["nonce"] // of the right challenge, with the proof of the other
	step, err := second.Exchange.Authenticate(t.Context(), &replayed)
	wantDenial(t, step, err, "invalid-proof")
}

func TestSCRAMDoesNotTellWhoIsKnown(t *testing.T) {
	t.Parallel()
	dir := scramUsers(t)
	hello := wamp.Dict{"nonce": clientNonce}
	costs := map[any]bool{}
	for _, authid := range []string{"peter", "mary", "a=b,c"} {
		c := challenge(t, auth.SCRAM{Directory: dir}, request(authid, hello, nil)).Challenge.Extra
		costs[fmt.Sprint(c["kdf"], c["iterations"], c["memory"], len(c["salt"].(string)))] = true
	}
	salts := map[any]bool{}
	for i := range 20 {
		authid := fmt.Sprintf("nobody%d", i)
		c := challenge(t, auth.SCRAM{Directory: dir}, request(authid, hello, nil)).Challenge.Extra
		if cost := fmt.Sprint(c["kdf"], c["iterations"], c["memory"], len(c["salt"].(string))); !costs[cost] {
			t.Errorf("%s: the challenge costs %s, which no principal's does: %v", authid, cost, costs)
		}
		again := challenge(t, auth.SCRAM{Directory: dir}, request(authid, hello, nil)).Challenge.Extra
		if c["salt"] != again["salt"] || c["kdf"] != again["kdf"] {
			t.Errorf("SCR-8: %s gets another salt each time", authid)
		}
		salts[c["salt"]] = true
	}
	if len(salts) != 20 {
		t.Errorf("20 strangers have %d different salts", len(salts))
	}
}

func TestSCRAMRefusesHellos(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, authid string
		extra        wamp.Dict
		word, reason string
	}{
		{"no nonce", "peter", nil, "invalid-encoding", b64},
		{"empty nonce", "peter", wamp.Dict{"nonce": ""}, "invalid-encoding", b64},
		{"nonce too short", "peter", wamp.Dict{"nonce": "AAAA"}, "invalid-encoding", b64},
		{"nonce too long", "peter", wamp.Dict{"nonce": strings.Repeat("A", 1000)}, "invalid-encoding", b64},
		{"nonce that is no base64", "peter", wamp.Dict{"nonce": "aaaaaaaa,r=bbbbbbbb"}, "invalid-encoding", b64},
		{"nonce that is a number", "peter", wamp.Dict{"nonce": int64(12345678)}, "invalid-encoding", b64},
		{"no authid", "", wamp.Dict{"nonce": clientNonce}, "invalid-username-encoding", "authid"},
		{"authid that nothing is left of", "\u00ad", wamp.Dict{"nonce": clientNonce}, "invalid-username-encoding", "authid"},
		{"authid with control characters", "pe\x00ter", wamp.Dict{"nonce": clientNonce}, "invalid-username-encoding", "SASLprep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, a := range []auth.Authenticator{auth.SCRAM{Directory: scramUsers(t)}, auth.LegacySCRAM{Directory: scramUsers(t)}} {
				step, err := a.Begin(t.Context(), request(tt.authid, tt.extra, nil))
				wantRefusal(t, step, err, tt.word, tt.reason)
			}
		})
	}
}

// AUTH-5: nobody learns by which methods others log in.
func TestAccountsOfAnotherMethodLookUnknown(t *testing.T) {
	t.Parallel()
	legacy := verifier(t, "pencil", cheap)
	legacy.KDF = auth.KDFLegacyArgon2id
	modern := verifier(t, "pencil", auth.SCRAMCost{KDF: "argon2id13", Salt: []byte("salt"), Iterations: 1, Memory: 8 << 10})
	dir := accounts(t,
		&auth.Account{AuthID: "cra", Role: "user", CRA: &auth.CRASecret{Key: []byte("secret")}},
		&auth.Account{AuthID: "modern", Role: "user", SCRAM: modern},
		&auth.Account{AuthID: "legacy", Role: "user", SCRAM: legacy},
		&auth.Account{AuthID: "keys", Role: "user"})
	for _, tt := range []struct {
		method auth.Authenticator
		others []string
	}{
		{auth.CRA{Directory: dir}, []string{"modern", "legacy", "keys", "nobody", "nobody else", "somebody"}},
		{auth.SCRAM{Directory: dir}, []string{"cra", "legacy", "keys", "nobody", "nobody else", "somebody"}},
		{auth.LegacySCRAM{Directory: dir}, []string{"cra", "modern", "keys", "nobody", "nobody else", "somebody"}},
	} {
		for _, authid := range tt.others {
			t.Run(tt.method.Method()+" by "+authid, func(t *testing.T) {
				t.Parallel()
				step := challenge(t, tt.method, request(authid, wamp.Dict{"nonce": clientNonce}, nil))
				if kdf, wrong := step.Challenge.Extra["kdf"], map[string]any{"wamp-scram": "argon2id-13", "scram": "argon2id13"}; kdf != nil && kdf == wrong[tt.method.Method()] {
					t.Errorf("the challenge is in the other dialect: %v", step.Challenge.Extra)
				}
				answer := &wamp.Authenticate{Signature: "AAAA", Extra: wamp.Dict{"nonce": step.Challenge.Extra["nonce"]}}
				if _, err := step.Exchange.Authenticate(t.Context(), answer); !errors.Is(err, auth.ErrUnknown) {
					t.Errorf("got %v, want a denial for want of a principal", err)
				}
			})
		}
	}
}

func TestLegacySCRAMAdmitsAutobahn(t *testing.T) {
	t.Parallel()
	for _, kdf := range []string{"pbkdf2", "argon2id-13"} {
		t.Run(kdf, func(t *testing.T) {
			t.Parallel()
			p := scramPeer{authid: "peter", password: "pencil", nonce: encode([]byte("0123456789abcdef")), legacy: true}
			v := legacyVerifier(t, &p, kdf)
			a := auth.LegacySCRAM{Directory: accounts(t, &auth.Account{AuthID: "peter", Role: "user", SCRAM: v})}
			step := challenge(t, a, request("peter", p.hello(), nil))
			c := step.Challenge.Extra
			if nonce := unbase64(t, c["nonce"].(string)); len(nonce) != 32 || string(nonce[:16]) != "0123456789abcdef" {
				t.Errorf("the nonce is %x, want the client's octets and 16 more", nonce)
			}
			for key := range c {
				if !slices.Contains([]string{"nonce", "kdf", "salt", "iterations", "memory", "channel_binding"}, key) {
					t.Errorf("Autobahn gives up on %s", key)
				}
			}
			if memory, has := c["memory"]; has && memory == nil {
				t.Error("Autobahn wants memory to be a number")
			}
			answer, router := p.answer(t, c)
			step, err := step.Exchange.Authenticate(t.Context(), answer)
			if err != nil || step.Grant == nil {
				t.Fatalf("got %+v, %v, want a grant", step, err)
			}
			if got := step.Grant.Extra["scram_server_signature"]; got != router || step.Grant.Principal.AuthMethod != "scram" {
				t.Errorf("got %+v, want the signature %s", step.Grant, router)
			}
			p.password = "pen"
			step = challenge(t, a, request("peter", p.hello(), nil))
			answer, _ = p.answer(t, step.Challenge.Extra)
			step, err = step.Exchange.Authenticate(t.Context(), answer)
			wantDenial(t, step, err, "invalid-proof")
		})
	}
}

// legacyVerifier is what Autobahn's derive_scram_credential makes.
func legacyVerifier(t *testing.T, p *scramPeer, kdf string) *auth.SCRAMVerifier {
	t.Helper()
	v := &auth.SCRAMVerifier{KDF: kdf, Salt: []byte("saltsaltsaltsalt"), Iterations: 8, Memory: 512}
	salted := p.salted(t, wamp.Dict{
		"kdf": kdf, "salt": encode(v.Salt), "iterations": int64(v.Iterations), "memory": int64(v.Memory),
	})
	stored := sha256.Sum256(sign(salted, "Client Key"))
	v.StoredKey, v.ServerKey = stored[:], sign(salted, "Server Key")
	return v
}

func TestLegacySCRAMHasNoChannelBinding(t *testing.T) {
	t.Parallel()
	_, router := secured(t, tls.VersionTLS12)
	step, err := auth.LegacySCRAM{Directory: scramUsers(t)}.Begin(t.Context(),
		request("peter", wamp.Dict{"nonce": clientNonce, "channel_binding": "tls-unique"}, router))
	wantRefusal(t, step, err, "channel-binding-not-supported", "wamp-scram")
}

func TestLegacySCRAMMakesUpWhatAutobahnUnderstands(t *testing.T) {
	t.Parallel()
	a := auth.LegacySCRAM{Directory: accounts(t)} // without a principal to take the shape from
	step := challenge(t, a, request("nobody", wamp.Dict{"nonce": clientNonce}, nil))
	if kdf := step.Challenge.Extra["kdf"]; kdf != "argon2id-13" {
		t.Errorf("got %v, want argon2id-13", kdf)
	}
	got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: encode(make([]byte, 32))})
	wantDenial(t, got, err, "invalid-proof")
}

func FuzzSCRAM(f *testing.F) {
	f.Add("peter", clientNonce, "tls-unique", "AAAA", "AAAA", "AAAA")
	f.Fuzz(func(t *testing.T, authid, nonce, binding, signature, answered, data string) {
		for _, a := range []auth.Authenticator{auth.SCRAM{Directory: fuzzUsers}, auth.LegacySCRAM{Directory: fuzzUsers}} {
			step, err := a.Begin(t.Context(), request(authid, wamp.Dict{"nonce": nonce, "channel_binding": binding}, nil))
			if err != nil {
				continue
			}
			got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: signature, Extra: wamp.Dict{
				"nonce": step.Challenge.Extra["nonce"], "channel_binding": answered, "cbind_data": data,
			}})
			if err == nil {
				t.Errorf("%s: got in: %+v", a.Method(), got)
			}
		}
	})
}

var fuzzUsers, _ = auth.NewAccounts(&auth.Account{AuthID: "peter", Role: "user", SCRAM: &auth.SCRAMVerifier{
	KDF: "pbkdf2", Salt: []byte("salt"), Iterations: 4096, StoredKey: make([]byte, 32), ServerKey: make([]byte, 32),
}})
