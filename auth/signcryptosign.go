package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// CryptosignSigner signs in with an Ed25519 key (section 4.5).
type CryptosignSigner struct {
	AuthID string // empty: the client's, or if that has none the router's choice
	Key    ed25519.PrivateKey

	// ChannelBinding is BindTLSExporter, BindTLSUnique or empty for none. A
	// connection that does not have it ends the attempt, and so does a router
	// that does not use it, unless BindingOptional is set (CS-5).
	ChannelBinding  string
	BindingOptional bool

	// RouterKey, if not nil, is the router's public key. The client leaves,
	// with an error that is ErrRouterUnproven, a router that does not prove
	// that it has the private one (CS-7).
	RouterKey ed25519.PublicKey
}

// Method returns MethodCryptosign.
func (CryptosignSigner) Method() string { return MethodCryptosign }

// String names the identity without its secret.
func (s CryptosignSigner) String() string { return MethodCryptosign + " of " + s.AuthID }

// Begin adds the public key, and what is asked of the router (CS-1).
func (s CryptosignSigner) Begin(hello *wamp.Hello, conn *transport.Info) (Attempt, error) {
	if len(s.Key) != ed25519.PrivateKeySize {
		return nil, errors.New("no private key")
	}
	if s.AuthID != "" {
		if err := identify(hello, s.AuthID); err != nil {
			return nil, err
		}
	}
	if s.ChannelBinding != "" {
		if _, err := cryptosignChannelID(s.ChannelBinding, conn.TLS); err != nil {
			return nil, err
		}
		if err := bind(hello, s.ChannelBinding); err != nil {
			return nil, err
		}
	}
	setExtra(hello, "pubkey", hex.EncodeToString(s.Key.Public().(ed25519.PublicKey)))
	a := &cryptosignAttempt{signer: s, hello: hello, conn: conn}
	if s.RouterKey != nil {
		var asked string
		asked, a.asked = newCryptosignChallenge()
		setExtra(hello, "challenge", asked)
	}
	return a, nil
}

type cryptosignAttempt struct {
	signer CryptosignSigner
	hello  *wamp.Hello
	conn   *transport.Info
	asked  []byte // of the router: what it must sign; nil: nothing
	proven bool   // it has
}

// Sign signs the challenge, after the router has proved itself.
func (a *cryptosignAttempt) Sign(_ context.Context, c *wamp.Challenge) (*wamp.Authenticate, error) {
	digits, err := text(c.Extra, "challenge")
	if err != nil {
		return nil, err
	}
	challenge, err := parseCryptosignChallenge(digits)
	if err != nil {
		return nil, err
	}
	channelID, err := a.channelID(c.Extra)
	if err != nil {
		return nil, err
	}
	if err := a.verify(c.Extra, channelID); err != nil {
		return nil, err
	}
	return &wamp.Authenticate{Signature: signCryptosign(a.signer.Key, cryptosignData(challenge, channelID))}, nil
}

// channelID returns what the signatures are bound with; nil: nothing (CS-5).
func (a *cryptosignAttempt) channelID(extra wamp.Dict) ([]byte, error) {
	used, err := text(extra, keyBinding)
	asked := binding(a.hello)
	switch {
	case err != nil:
		return nil, err
	case used == asked && used == "":
		return nil, nil
	case used == asked:
		return cryptosignChannelID(used, a.conn.TLS)
	case used != "":
		return nil, fmt.Errorf("the router uses channel binding %.40q, which was not asked for", used)
	case a.signer.ChannelBinding != "" && !a.signer.BindingOptional:
		return nil, fmt.Errorf("the router does not use channel binding %s", asked)
	}
	return nil, nil
}

// verify checks the router's signature of what it was asked to sign (CS-7).
func (a *cryptosignAttempt) verify(extra wamp.Dict, channelID []byte) error {
	if a.asked == nil {
		return nil
	}
	signature, err := text(extra, "signature")
	if err != nil {
		return err
	}
	if !verifyCryptosign(a.signer.RouterKey, cryptosignData(a.asked, channelID), signature) {
		return fmt.Errorf("%w: its signature is missing, or not of the key %x", ErrRouterUnproven, a.signer.RouterKey)
	}
	a.proven = true
	return nil
}

// Check refuses a router that should have proved itself and left out the
// challenge in which it would have.
func (a *cryptosignAttempt) Check(*wamp.Welcome) error {
	if a.asked != nil && !a.proven {
		return fmt.Errorf("%w: it sent no challenge", ErrRouterUnproven)
	}
	return nil
}
