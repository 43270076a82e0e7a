package auth

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

// Cryptosign is the router's side of authentication by Ed25519 keys (section
// 4.5): the client signs a challenge, bound to its TLS connection if it asks for
// that.
//
// Accounts need Keys. A Directory finds the account of a client without authid
// by its key, which is the "pubkey" of Query.Extra (CS-1); KeyedAccounts does.
type Cryptosign struct {
	Directory Directory

	// Key is what the router proves itself with to clients that ask for it
	// (CS-7). Without one they are refused. It cannot be used to log in here,
	// since the router signs with it what clients send; elsewhere it must not be
	// authorized either.
	Key ed25519.PrivateKey
}

// Method returns MethodCryptosign.
func (Cryptosign) Method() string { return MethodCryptosign }

// Begin sends a challenge, to a client that nobody knows as well.
func (c Cryptosign) Begin(ctx context.Context, req *Request) (Step, error) {
	x := &cryptosignExchange{query: req.query(MethodCryptosign)}
	extra := x.query.Extra
	text, _ := extra["pubkey"].(string)
	var err error
	if x.key, err = ParsePublicKey(text); err != nil {
		return Step{}, refuseCryptosign("authextra.pubkey: %v", err)
	}
	if c.Key != nil && x.key.Equal(c.Key.Public()) {
		return Step{}, Deny(errOwnKey)
	}
	kind, channel, err := bindCryptosign(req)
	if err != nil {
		return Step{}, err
	}
	told := wamp.Dict{"channel_binding": nil}
	if kind != "" {
		told["channel_binding"] = kind
	}
	if err := c.proveTo(extra, channel, told); err != nil {
		return Step{}, err
	}
	if x.account, x.unknown, err = lookUp(ctx, c.Directory, x.query); err != nil {
		return Step{}, err
	}
	sent, challenge := newCryptosignChallenge()
	told["challenge"] = sent
	x.data = cryptosignData(challenge, channel)
	return Step{Challenge: &wamp.Challenge{Method: MethodCryptosign, Extra: told}, Exchange: x}, nil
}

// proveTo adds the router's own signature to what is told to the client, if the
// client asks for it (CS-7).
func (c Cryptosign) proveTo(extra wamp.Dict, channel []byte, told wamp.Dict) error {
	asked := extra["challenge"]
	if asked == nil {
		return nil
	}
	text, _ := asked.(string)
	challenge, err := parseCryptosignChallenge(text)
	switch {
	case err != nil:
		return refuseCryptosign("authextra.challenge: %v", err)
	case c.Key == nil:
		return refuseCryptosign("the router has no key to answer authextra.challenge with")
	}
	told["pubkey"] = hex.EncodeToString(c.Key.Public().(ed25519.PublicKey))
	told["signature"] = signCryptosign(c.Key, cryptosignData(challenge, channel))
	return nil
}

// bindCryptosign returns the channel binding that HELLO asks for and its channel
// ID, or refuses it: going on without it would be a downgrade, and a channel ID
// that is made up would bind to nothing (CS-5, CS-6).
func bindCryptosign(req *Request) (kind string, channel []byte, err error) {
	if kind, err = bindingKind(req.Hello.AuthExtra); err != nil {
		return "", nil, refuseCryptosign("authextra.%v", err)
	}
	switch kind {
	case "":
		return "", nil, nil
	case BindTLSExporter, BindTLSUnique:
		channel, err = cryptosignChannelID(kind, req.Transport.TLS)
	default:
		err = fmt.Errorf("channel binding %.40q is not supported; %s and %s are", kind, BindTLSExporter, BindTLSUnique)
	}
	if err != nil {
		return "", nil, refuseCryptosign("%v", err)
	}
	return kind, channel, nil
}

// cryptosignExchange waits for the one answer to a challenge.
type cryptosignExchange struct {
	query    *Query
	account  *Account
	unknown  error // why account is made up; nil if it is not
	key      ed25519.PublicKey
	data     []byte // what is to be signed
	answered bool
}

// errForeignKey is the cause of a Denial of a key that is not the principal's.
var errForeignKey = errors.New("the key is not one of the principal's")

// errOwnKey is the cause of a Denial of a client that may have had the router
// sign for it.
var errOwnKey = errors.New("the key is the router's own")

// Authenticate checks the signature of the key that the client has named, then
// whether it is the account's.
func (x *cryptosignExchange) Authenticate(_ context.Context, m *wamp.Authenticate) (Step, error) {
	if x.answered {
		return Step{}, errAnswered
	}
	x.answered = true
	right := verifyCryptosign(x.key, x.data, m.Signature)
	switch {
	case x.unknown != nil:
		return Step{}, Deny(x.unknown)
	case !hasKey(x.account, x.key):
		return Step{}, Deny(fmt.Errorf("%w: %x", errForeignKey, []byte(x.key)))
	case !right:
		return Step{}, Deny(errWrongProof)
	}
	return Step{Grant: x.account.grant(x.query)}, nil
}

func hasKey(a *Account, key ed25519.PublicKey) bool {
	return slices.ContainsFunc(a.Keys, func(k ed25519.PublicKey) bool { return k.Equal(key) })
}

// refuseCryptosign refuses a client whose HELLO cannot be used, and tells it why.
func refuseCryptosign(format string, args ...any) error {
	return &wamp.Abort{
		Reason:  wamp.ErrAuthenticationDenied,
		Message: MethodCryptosign + ": " + fmt.Sprintf(format, args...),
	}
}

// KeyedAccounts are Accounts that a Directory also finds by their keys, for
// clients that do not say who they are. It is immutable and safe for concurrent
// use.
type KeyedAccounts struct {
	accounts *Accounts
	byKey    map[string]*Account // nil for a key of several accounts
}

// NewKeyedAccounts returns a Directory of the given accounts, as NewAccounts does.
func NewKeyedAccounts(accounts ...*Account) (*KeyedAccounts, error) {
	byID, err := NewAccounts(accounts...)
	if err != nil {
		return nil, err
	}
	k := &KeyedAccounts{accounts: byID, byKey: map[string]*Account{}}
	for _, a := range accounts {
		for _, key := range a.Keys {
			if other, taken := k.byKey[string(key)]; taken && other != a {
				k.byKey[string(key)] = nil
				continue
			}
			k.byKey[string(key)] = a
		}
	}
	return k, nil
}

// Account returns the account with the query's authid or, without one, the only
// account that has the query's key.
func (k *KeyedAccounts) Account(ctx context.Context, q *Query) (*Account, error) {
	if q.AuthID != "" {
		return k.accounts.Account(ctx, q)
	}
	text, _ := q.Extra["pubkey"].(string)
	key, err := ParsePublicKey(text)
	if err != nil {
		return nil, ErrUnknown
	}
	switch account, known := k.byKey[string(key)]; {
	case account != nil:
		return account, nil
	case known:
		return nil, fmt.Errorf("%w: the key is that of several principals, and the client does not say which it is", ErrUnknown)
	}
	return nil, fmt.Errorf("%w: nobody has the key %x", ErrUnknown, []byte(key))
}

func (k *KeyedAccounts) decoy(q *Query) *Account { return k.accounts.decoy(q) }
