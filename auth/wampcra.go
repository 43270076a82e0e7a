package auth

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// CRA is WAMP challenge-response authentication: the client signs a challenge
// with a secret that both sides know, or that is derived from a password.
type CRA struct {
	Directory Directory // of accounts that have a CRASecret
}

// Method returns MethodWAMPCRA.
func (CRA) Method() string { return MethodWAMPCRA }

// Begin sends a challenge, to a client that nobody knows as well.
func (c CRA) Begin(ctx context.Context, req *Request) (Step, error) {
	q := req.query(MethodWAMPCRA)
	account, unknown, err := lookUp(ctx, c.Directory, q)
	if err != nil {
		return Step{}, err
	}
	text, err := craChallenge(account.grant(q).Principal, q.Session, time.Now())
	if err != nil {
		return Step{}, err
	}
	extra := wamp.Dict{"challenge": text}
	if s := account.CRA; s.Salt != "" {
		extra["salt"], extra["iterations"], extra["keylen"] = s.Salt, int64(s.Iterations), int64(s.KeyLen)
	}
	return Step{
		Challenge: &wamp.Challenge{Method: MethodWAMPCRA, Extra: extra},
		Exchange:  &craExchange{query: q, account: account, unknown: unknown, challenge: text},
	}, nil
}

// craChallenge is the text to sign, new each time (CRA-1, CRA-4).
func craChallenge(p wamp.Principal, session wamp.ID, now time.Time) (string, error) {
	var nonce [24]byte
	rand.Read(nonce[:]) // never fails
	b, err := json.Marshal(struct {
		AuthID       string  `json:"authid"`
		AuthRole     string  `json:"authrole"`
		AuthMethod   string  `json:"authmethod"`
		AuthProvider string  `json:"authprovider"`
		Nonce        string  `json:"nonce"`
		Timestamp    string  `json:"timestamp"`
		Session      wamp.ID `json:"session"`
	}{
		p.AuthID, p.AuthRole, p.AuthMethod, p.AuthProvider,
		base64.URLEncoding.EncodeToString(nonce[:]), now.UTC().Format("2006-01-02T15:04:05.000Z"), session,
	})
	return string(b), err
}

// craExchange waits for the one answer to a challenge.
type craExchange struct {
	query     *Query
	account   *Account
	unknown   error // why account is made up; nil if it is not
	challenge string
}

// Authenticate compares signatures. That of an account that is made up is
// computed and compared all the same.
func (x *craExchange) Authenticate(_ context.Context, m *wamp.Authenticate) (Step, error) {
	if x.challenge == "" {
		return Step{}, errAnswered
	}
	right := x.account.CRA.Verify(x.challenge, m.Signature)
	x.challenge = ""
	switch {
	case x.unknown != nil:
		return Step{}, Deny(x.unknown)
	case !right:
		return Step{}, Deny(errWrongProof)
	}
	return Step{Grant: x.account.grant(x.query)}, nil
}

// LooksDerived reports whether a salted secret may be the derived key rather
// than the password: base64 of keyLen octets. Authenticators and configurations
// made for Crossbar.io have the one up to its version 23.1, the other since.
func LooksDerived(secret string, keyLen int) bool {
	key, err := base64.StdEncoding.DecodeString(secret)
	return err == nil && len(key) == keyLen
}
