package auth

import (
	"context"
	"errors"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// CRASigner signs in by WAMP-CRA (section 4.3): it signs the router's challenge
// with a secret that both know, salted if the router says so.
type CRASigner struct {
	AuthID string // empty: the client's
	Secret string
}

// Method returns MethodWAMPCRA.
func (CRASigner) Method() string { return MethodWAMPCRA }

// String names the identity without its secret.
func (s CRASigner) String() string { return MethodWAMPCRA + " of " + s.AuthID }

// Begin adds the authid.
func (s CRASigner) Begin(hello *wamp.Hello, _ *transport.Info) (Attempt, error) {
	if s.Secret == "" {
		return nil, errors.New("the secret is empty")
	}
	if err := identify(hello, s.AuthID); err != nil {
		return nil, err
	}
	return craAttempt{secret: s.Secret}, nil
}

type craAttempt struct {
	oneWay
	secret string
}

// Sign signs the challenge as it came (CRA-1).
func (a craAttempt) Sign(_ context.Context, c *wamp.Challenge) (*wamp.Authenticate, error) {
	challenge, err := text(c.Extra, "challenge")
	if err != nil {
		return nil, err
	}
	if challenge == "" {
		return nil, errors.New("the router sent nothing to sign")
	}
	key, err := a.key(c.Extra)
	if err != nil {
		return nil, err
	}
	return &wamp.Authenticate{Signature: craSignature(key, challenge)}, nil
}

// key returns the secret, salted if the challenge has a salt (CRA-3, CRA-5).
func (a craAttempt) key(extra wamp.Dict) ([]byte, error) {
	salt, err := text(extra, "salt")
	if err != nil || salt == "" {
		return []byte(a.secret), err
	}
	iterations, err := number(extra, "iterations", DefaultCRAIterations)
	if err != nil {
		return nil, err
	}
	keyLen, err := number(extra, "keylen", DefaultCRAKeyLen)
	if err != nil {
		return nil, err
	}
	return deriveCRAKey(a.secret, salt, iterations, keyLen)
}
