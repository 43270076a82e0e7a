package auth

import (
	"context"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Signer is the client's side of an authentication method: a credential. It is
// immutable and safe for concurrent use.
type Signer interface {
	// Method is the method's name in HELLO.Details.authmethods.
	Method() string

	// Begin starts an attempt to join over the given connection. It may add to
	// the HELLO what the method needs: authid, if none is set, and authextra.
	Begin(hello *wamp.Hello, conn *transport.Info) (Attempt, error)
}

// Attempt is one attempt to join. It belongs to one goroutine.
type Attempt interface {
	// Sign answers a challenge of the Signer's method. An error ends the
	// attempt to join.
	Sign(ctx context.Context, c *wamp.Challenge) (*wamp.Authenticate, error)

	// Check judges the WELCOME of a router that chose the Signer's method: a
	// method that authenticates the router as well fails here if it did not
	// prove itself (SCR-6, CS-7). An error ends the session.
	Check(w *wamp.Welcome) error
}
