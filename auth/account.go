package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ErrUnknown says that a Directory knows no such principal. What the client is
// told, and when, is the same as after a wrong secret (AUTH-5).
var ErrUnknown = errors.New("unknown principal")

// Query asks who a client is.
type Query struct {
	Realm     wamp.URI
	AuthID    string // as in HELLO; may be empty
	AuthRole  string // as in HELLO: what the client would like to be; may be empty
	Method    string
	Extra     wamp.Dict // HELLO.Details.authextra; may be nil
	Session   wamp.ID
	Transport *transport.Info
}

// Account is what is known of a principal: who a client becomes that proves to
// be it, and what its proof is checked against. It is immutable.
type Account struct {
	AuthID   string    // empty: the one that was asked for
	Role     string    // required
	Realm    wamp.URI  // the realm it joins whatever it asked for, as in Crossbar.io; empty: that one
	Provider string    // WELCOME.Details.authprovider, such as "static"
	Extra    wamp.Dict // WELCOME.Details.authextra; may be nil
	Expires  time.Time // when the session ends; zero: never

	// What proves the identity, by method; the others are nil.
	CRA   *CRASecret
	SCRAM *SCRAMVerifier
	Keys  []ed25519.PublicKey // for cryptosign: any of them
}

// provableBy reports whether a client can prove by the method that it is whom the
// account is of.
func (a *Account) provableBy(method string) bool {
	switch method {
	case MethodWAMPCRA:
		return a.CRA != nil
	case MethodSCRAM:
		return a.SCRAM != nil && a.SCRAM.KDF != KDFLegacyArgon2id
	case MethodLegacySCRAM:
		return a.SCRAM != nil && a.SCRAM.KDF != KDFArgon2id
	default:
		return true
	}
}

// CRASecret is what a WAMP-CRA signature is checked with (CRA-3).
type CRASecret struct {
	// Key is the key of the HMAC: the secret, or if salted the base64 text of
	// what PBKDF2 derived from it.
	Key []byte

	// Salt is sent to the client, which derives the key with it; empty: unsalted.
	Salt       string
	Iterations int
	KeyLen     int // octets
}

// SCRAMVerifier is what a WAMP-SCRAM proof is checked with (section 4.4). The
// password cannot be had from it.
type SCRAMVerifier struct {
	KDF        string // KDFPBKDF2, KDFArgon2id or KDFLegacyArgon2id
	Salt       []byte
	Iterations int
	Memory     int // KiB; 0 for KDFPBKDF2
	StoredKey  []byte
	ServerKey  []byte
}

// Directory finds accounts. It returns ErrUnknown for those that it does not
// have, a *wamp.Abort to refuse with a reason that the client may learn, and
// any other error where it failed (AUTH-5). It must be safe for concurrent use
// and return soon after ctx ends.
type Directory interface {
	Account(ctx context.Context, q *Query) (*Account, error)
}

// TicketVerifier judges tickets. It returns ErrUnknown for a principal that it
// does not know and for a ticket that is wrong, otherwise it is like Directory.
type TicketVerifier interface {
	VerifyTicket(ctx context.Context, q *Query, ticket string) (*Account, error)
}
