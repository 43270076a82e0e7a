// Package auth decides who may join a realm, and proves who a client is: both
// sides of WAMP's authentication (section 4 of the rules).
//
// The router's side: a listening transport owns a Set of Authenticators. Joining
// is a series of Steps: a Set picks the method, which begins; each Step is either
// a Grant or a Challenge with the Exchange that judges the answer. A client that
// does not prove who it is gets a Denial, one that asks for what is not to be had
// a *wamp.Abort with the reason; any other error is the router's own failure.
//
// What principals there are, a Directory knows, or for tickets a TicketVerifier:
// Accounts and its like hold those of a file, Dynamic asks a procedure, Tokens
// trusts an issuer. Where nobody has the authid, lookUp makes an account up, so
// that clients cannot tell (AUTH-5).
//
// The client's side: a Signer is a credential, and begins an Attempt with each
// connection, which answers challenges and checks that the router has proved
// itself, where the method has it do so.
//
// Sets, Authenticators and Signers are immutable and safe for concurrent use;
// an Exchange and an Attempt belong to one connection.
package auth

import (
	"context"
	"slices"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Request is what is known of a client that wants to join.
type Request struct {
	Hello     *wamp.Hello
	Session   wamp.ID // the session's ID, should it be admitted (AUTH-6)
	Transport *transport.Info
}

// Grant admits a client.
type Grant struct {
	Principal wamp.Principal
	Realm     wamp.URI  // the realm to join instead of HELLO's; empty: that one
	Extra     wamp.Dict // WELCOME.Details.authextra; may be nil
	Expires   time.Time // when the session ends; zero: never
}

// Step is one answer of the router's: exactly one of Grant and Challenge is set.
type Step struct {
	Grant     *Grant
	Challenge *wamp.Challenge
	Exchange  Exchange // judges the answer to Challenge
}

// Authenticator is one authentication method as configured on a transport.
type Authenticator interface {
	// Method is the method's name in HELLO.Details.authmethods.
	Method() string
	// Begin answers a HELLO that offers this method.
	Begin(ctx context.Context, req *Request) (Step, error)
}

// Exchange waits for the answer to a challenge.
type Exchange interface {
	// Authenticate judges the answer. It may ask for a further one (AUTH-2).
	Authenticate(ctx context.Context, m *wamp.Authenticate) (Step, error)
}

// Set is the methods that a transport accepts. The empty Set admits nobody.
type Set []Authenticator

// choosy is an Authenticator that does not do on every connection. Why says why
// not, for the client; it is empty where it does.
type choosy interface {
	unavailable(t *transport.Info) (why string)
}

// Pick returns the first method of the client's list that the Set has and that
// does on the connection (AUTH-1): that one decides, no other is tried. A HELLO
// without methods asks for "anonymous". The error is a *wamp.Abort.
func (s Set) Pick(hello *wamp.Hello, t *transport.Info) (Authenticator, error) {
	offered := hello.AuthMethods
	if len(offered) == 0 {
		offered = []string{MethodAnonymous}
	}
	why := "none of the offered authentication methods is available on this transport"
	for _, method := range offered {
		i := slices.IndexFunc(s, func(a Authenticator) bool { return a.Method() == method })
		if i < 0 {
			continue
		}
		if c, ok := s[i].(choosy); ok {
			if problem := c.unavailable(t); problem != "" {
				why = problem
				continue
			}
		}
		return s[i], nil
	}
	if slices.Equal(offered, []string{MethodAnonymous}) {
		return nil, &wamp.Abort{
			Reason:  wamp.ErrAuthenticationRequired,
			Message: "this transport does not admit anonymous clients",
		}
	}
	return nil, &wamp.Abort{Reason: wamp.ErrNoMatchingAuthMethod, Message: why}
}
