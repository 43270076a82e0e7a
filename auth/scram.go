package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// SCRAM is the router's side of WAMP-SCRAM (section 4.4): the client proves
// that it knows a password that the router does not have, and the router proves
// that it has what was made of that password.
//
// Accounts need a SCRAMVerifier of KDFPBKDF2 or KDFArgon2id.
type SCRAM struct {
	Directory Directory
}

// Method returns MethodSCRAM.
func (SCRAM) Method() string { return MethodSCRAM }

// Begin sends the salt and cost of the client's password, and of a client that
// nobody knows some that are made up (SCR-8).
func (s SCRAM) Begin(ctx context.Context, req *Request) (Step, error) {
	binding, err := bindSCRAM(req)
	if err != nil {
		return Step{}, err
	}
	x, err := beginSCRAM(ctx, s.Directory, req.query(MethodSCRAM))
	if err != nil {
		return Step{}, err
	}
	nonce := make([]byte, scramNonce)
	rand.Read(nonce) // never fails
	x.message.nonce = x.message.clientNonce + base64.StdEncoding.EncodeToString(nonce)
	x.message.binding, x.message.bindingData = binding.kind, binding.data
	return Step{
		Challenge: &wamp.Challenge{Method: MethodSCRAM, Extra: x.challenge(KDFArgon2id)},
		Exchange:  &specifiedSCRAM{x},
	}, nil
}

// SCRAMAuthID returns the form in which SCRAM looks up an authid (SCR-9). A
// Directory must know its accounts by it.
func SCRAMAuthID(authID string) (string, error) { return saslPrep("authid", authID) }

// What a client's nonce may have, and what the router adds to it, in octets.
const (
	minClientNonce = 8
	maxClientNonce = 256
	scramNonce     = 16
)

// scramExchange is what both dialects of SCRAM keep between challenge and answer.
type scramExchange struct {
	query    *Query
	account  *Account
	unknown  error // why account is made up; nil if it is not
	message  scramMessage
	answered bool
}

// beginSCRAM reads what both dialects have in HELLO, and finds the account.
func beginSCRAM(ctx context.Context, dir Directory, q *Query) (scramExchange, error) {
	x := scramExchange{query: q}
	nonce, ok := x.query.Extra["nonce"].(string)
	octets, err := base64.StdEncoding.DecodeString(nonce)
	if !ok || err != nil || len(octets) < minClientNonce || len(octets) > maxClientNonce {
		return x, refuseSCRAM("invalid-encoding",
			"authextra.nonce must be the base64 text of %d to %d random octets", minClientNonce, maxClientNonce)
	}
	if x.query.AuthID, err = saslPrep("authid", x.query.AuthID); err != nil { // SCR-9
		return x, refuseSCRAM("invalid-username-encoding", "%v", err)
	}
	if x.account, x.unknown, err = lookUp(ctx, dir, x.query); err != nil {
		return x, err
	}
	x.message.authID, x.message.clientNonce = x.query.AuthID, nonce
	x.message.salt = base64.StdEncoding.EncodeToString(x.account.SCRAM.Salt)
	x.message.iterations = x.account.SCRAM.Iterations
	return x, nil
}

// challenge is CHALLENGE.Extra, for an account whose key derivation is pbkdf2 or
// the dialect's form of Argon2id; what is made up may be of the other one. Memory
// is null where the derivation has none (SCR-2).
func (x *scramExchange) challenge(argon string) wamp.Dict {
	kdf := argon
	if x.account.SCRAM.KDF == KDFPBKDF2 {
		kdf = KDFPBKDF2
	}
	extra := wamp.Dict{
		"nonce": x.message.nonce, "salt": x.message.salt,
		"kdf": kdf, "iterations": int64(x.message.iterations), "memory": nil,
	}
	if kdf != KDFPBKDF2 {
		extra["memory"] = int64(x.account.SCRAM.Memory)
	}
	return extra
}

// prove checks the proof of what both sides said, and returns the grant with the
// router's own signature under the given key. A verifier that is made up is
// computed with all the same.
func (x *scramExchange) prove(m *wamp.Authenticate, message, key string) (Step, error) {
	proof, err := base64.StdEncoding.DecodeString(m.Signature)
	right := x.account.SCRAM.Verify(message, proof)
	switch {
	case x.unknown != nil:
		return Step{}, denySCRAM(scramInvalidProof, x.unknown)
	case err != nil || !right:
		return Step{}, denySCRAM(scramInvalidProof, errWrongProof)
	}
	g := x.account.grant(x.query)
	if g.Extra = maps.Clone(g.Extra); g.Extra == nil {
		g.Extra = wamp.Dict{}
	}
	g.Extra[key] = base64.StdEncoding.EncodeToString(x.account.SCRAM.Signature(message))
	return Step{Grant: g}, nil
}

// specifiedSCRAM is an exchange as section 4.4 has it.
type specifiedSCRAM struct{ scramExchange }

// Authenticate compares what the client says it was told with what it was told,
// and checks its proof (SCR-5).
func (x *specifiedSCRAM) Authenticate(_ context.Context, m *wamp.Authenticate) (Step, error) {
	if x.answered {
		return Step{}, errAnswered
	}
	x.answered = true
	nonce, _ := m.Extra["nonce"].(string)
	if subtle.ConstantTimeCompare([]byte(nonce), []byte(x.message.nonce)) != 1 {
		return Step{}, denySCRAM("other-error", errors.New("the nonce is not that of the challenge"))
	}
	if err := x.checkBinding(m.Extra); err != nil {
		return Step{}, denySCRAM("channel-bindings-dont-match", err)
	}
	return x.prove(m, x.message.String(), "verifier") // SCR-6
}

// checkBinding compares the client's view of the channel with the router's.
func (x *specifiedSCRAM) checkBinding(extra wamp.Dict) error {
	kind, err := bindingKind(extra)
	switch {
	case err != nil:
		return err
	case kind != x.message.binding:
		return fmt.Errorf("the channel binding is %.40q, in HELLO it was %q", kind, x.message.binding)
	}
	text, isText := extra["cbind_data"].(string)
	switch {
	case kind == "" && (extra["cbind_data"] == nil || isText && text == ""):
		return nil
	case kind == "":
		return errors.New("there is channel binding data without channel binding")
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if !isText || err != nil || subtle.ConstantTimeCompare(data, x.message.bindingData) != 1 {
		return errors.New("the channel binding data is not that of this connection")
	}
	return nil
}

// bound is a channel binding: none if kind is empty.
type bound struct {
	kind string
	data []byte
}

// bindSCRAM returns the channel binding that HELLO asks for, or refuses it
// (SCR-1): going on without it would be a downgrade.
func bindSCRAM(req *Request) (b bound, err error) {
	if b.kind, err = bindingKind(req.Hello.AuthExtra); err != nil {
		return b, refuseSCRAM("invalid-encoding", "%v", err)
	}
	switch b.kind {
	case "":
	case BindTLSServerEndPoint:
		b.data, err = ownEndPoint(req.Transport)
	case BindTLSUnique, BindTLSExporter:
		b.data, err = channelBinding(b.kind, req.Transport.TLS)
	default:
		return b, refuseSCRAM("unsupported-channel-binding-type", "channel binding %.40q is not supported; %s, %s and %s are",
			b.kind, BindTLSExporter, BindTLSServerEndPoint, BindTLSUnique)
	}
	if err != nil {
		return b, refuseSCRAM("channel-binding-not-supported", "%v", err)
	}
	return b, nil
}

// ownEndPoint is BindTLSServerEndPoint as seen from the router.
func ownEndPoint(info *transport.Info) ([]byte, error) {
	switch {
	case info.TLS == nil:
		return nil, fmt.Errorf("channel binding %s needs TLS, which this connection does not use", BindTLSServerEndPoint)
	case info.LocalCertificate == nil:
		return nil, fmt.Errorf("channel binding %s is not possible on this transport; use %s", BindTLSServerEndPoint, BindTLSExporter)
	}
	return serverEndPoint(info.LocalCertificate)
}

// bindingKind reads channel_binding, which is the same as absent if null.
func bindingKind(extra wamp.Dict) (string, error) {
	switch kind := extra["channel_binding"].(type) {
	case nil:
		return "", nil
	case string:
		return kind, nil
	default:
		return "", fmt.Errorf("channel_binding must be a string or null, is %T", kind)
	}
}

// scramInvalidProof is what a client hears whose proof is wrong, be it known or
// not: "unknown-user" is never said (AUTH-5).
const scramInvalidProof = "invalid-proof"

// denySCRAM is Deny with a server-error-value of RFC 5802, section 7 (SCR-7).
func denySCRAM(value string, cause error) error { return &Denial{Cause: cause, SCRAM: value} }

// refuseSCRAM refuses a client whose HELLO cannot be used, and tells it why.
func refuseSCRAM(value, format string, args ...any) error {
	return &wamp.Abort{
		Reason:  wamp.ErrAuthenticationDenied,
		Message: MethodSCRAM + ": " + fmt.Sprintf(format, args...),
		SCRAM:   value,
	}
}
