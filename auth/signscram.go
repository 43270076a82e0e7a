package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// SCRAMSigner signs in by WAMP-SCRAM (section 4.4). The router proves in turn
// that it knows the password's verifier; if it does not, the client leaves
// with an error that is ErrRouterUnproven.
type SCRAMSigner struct {
	AuthID   string // empty: the client's
	Password string

	// ChannelBinding is one of BindTLSExporter, BindTLSServerEndPoint and
	// BindTLSUnique, or empty for none. A connection that does not have it, or
	// a router that does not support it, ends the attempt.
	ChannelBinding string
}

// Method returns MethodSCRAM.
func (SCRAMSigner) Method() string { return MethodSCRAM }

// String names the identity without its secret.
func (s SCRAMSigner) String() string { return MethodSCRAM + " of " + s.AuthID }

// Begin adds the authid, a nonce, and the channel binding (SCR-1).
func (s SCRAMSigner) Begin(hello *wamp.Hello, conn *transport.Info) (Attempt, error) {
	if err := s.identify(hello); err != nil {
		return nil, err
	}
	if s.Password == "" {
		return nil, errors.New("the password is empty")
	}
	if s.ChannelBinding != "" {
		if _, err := peerBinding(s.ChannelBinding, conn); err != nil {
			return nil, err
		}
		if err := bind(hello, s.ChannelBinding); err != nil {
			return nil, err
		}
	}
	nonce := make([]byte, scramNonce)
	_, _ = rand.Read(nonce) // never fails
	a := &scramAttempt{password: s.Password, nonce: base64.StdEncoding.EncodeToString(nonce), hello: hello, conn: conn}
	setExtra(hello, "nonce", a.nonce)
	return a, nil
}

// identify puts the authid into hello, in the form that is signed (SCR-9).
func (s SCRAMSigner) identify(hello *wamp.Hello) error {
	authID := s.AuthID
	if authID == "" {
		authID = hello.AuthID
	}
	prepared, err := saslPrep("authid", authID)
	if err != nil {
		return err
	}
	if hello.AuthID == authID {
		hello.AuthID = prepared
	}
	return identify(hello, prepared)
}

// peerBinding is channelBinding on the client's side, which has the router's
// certificate.
func peerBinding(kind string, conn *transport.Info) ([]byte, error) {
	if kind == BindTLSServerEndPoint && conn.TLS != nil && len(conn.TLS.PeerCertificates) > 0 {
		return serverEndPoint(conn.TLS.PeerCertificates[0])
	}
	return channelBinding(kind, conn.TLS)
}

type scramAttempt struct {
	password string
	nonce    string
	hello    *wamp.Hello
	conn     *transport.Info

	expected []byte // of the router: its signature; nil before Sign
}

// Sign proves knowledge of the password (SCR-4).
func (a *scramAttempt) Sign(_ context.Context, c *wamp.Challenge) (*wamp.Authenticate, error) {
	message, cost, err := a.parse(c.Extra)
	if err != nil {
		return nil, err
	}
	if message.binding != "" {
		if message.bindingData, err = peerBinding(message.binding, a.conn); err != nil {
			return nil, err
		}
	}
	keys, err := deriveSCRAMKeys(a.password, cost)
	if err != nil {
		return nil, err
	}
	signed := message.String()
	a.expected = keys.signature(signed)
	answer := &wamp.Authenticate{
		Signature: base64.StdEncoding.EncodeToString(keys.proof(signed)),
		Extra:     wamp.Dict{"nonce": message.nonce, keyBinding: nil},
	}
	if message.binding != "" {
		answer.Extra[keyBinding] = message.binding
		answer.Extra["cbind_data"] = base64.StdEncoding.EncodeToString(message.bindingData)
	}
	return answer, nil
}

// parse reads a challenge (SCR-2, SCR-3).
func (a *scramAttempt) parse(extra wamp.Dict) (*scramMessage, SCRAMCost, error) {
	var cost SCRAMCost
	m := &scramMessage{authID: a.hello.AuthID, clientNonce: a.nonce, binding: binding(a.hello)}
	var err error
	if m.nonce, err = text(extra, "nonce"); err != nil {
		return nil, cost, err
	}
	if m.nonce == a.nonce || !strings.HasPrefix(m.nonce, a.nonce) {
		return nil, cost, errors.New("the challenge's nonce does not continue the client's")
	}
	if m.salt, err = text(extra, "salt"); err != nil {
		return nil, cost, err
	}
	if cost.Salt, err = base64.StdEncoding.DecodeString(m.salt); err != nil {
		return nil, cost, errors.New("the challenge's salt is not base64")
	}
	if cost.KDF, err = text(extra, "kdf"); err != nil {
		return nil, cost, err
	}
	if cost.Iterations, err = number(extra, "iterations", 0); err != nil {
		return nil, cost, err
	}
	if cost.Memory, err = number(extra, "memory", 0); err != nil {
		return nil, cost, err
	}
	m.iterations = cost.Iterations
	if err := cost.Check(); err != nil {
		return nil, cost, fmt.Errorf("the router asks for work that is refused: %w", err)
	}
	return m, cost, nil
}

// Check verifies the router's signature, with or without the prefix "v=" (SCR-6).
func (a *scramAttempt) Check(w *wamp.Welcome) error {
	verifier, _ := w.AuthExtra["verifier"].(string)
	signature, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(verifier, "v="))
	if a.expected == nil || err != nil || subtle.ConstantTimeCompare(signature, a.expected) != 1 {
		return fmt.Errorf("%w: its verifier is missing or wrong", ErrRouterUnproven)
	}
	return nil
}
