package auth

import (
	"context"
	"errors"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// MethodTicket is the name of the method by which the client shows a ticket,
// such as a password or a token.
const MethodTicket = "ticket"

// TicketSigner signs in with a ticket (section 4.2). The router and whoever
// can read the connection get to see it: it needs TLS, or a socket that stays
// on the machine.
type TicketSigner struct {
	AuthID string // empty: the client's

	// Ticket is the ticket. Fetch, if not nil, is asked for it instead, each
	// time that the router wants to see it: a token that expires is renewed
	// there.
	Ticket string
	Fetch  func(ctx context.Context) (string, error)
}

// Method returns MethodTicket.
func (TicketSigner) Method() string { return MethodTicket }

// String names the identity without its secret.
func (s TicketSigner) String() string { return MethodTicket + " of " + s.AuthID }

// Begin adds the authid.
func (s TicketSigner) Begin(hello *wamp.Hello, _ *transport.Info) (Attempt, error) {
	if err := identify(hello, s.AuthID); err != nil {
		return nil, err
	}
	return ticketAttempt{signer: s}, nil
}

type ticketAttempt struct {
	oneWay
	signer TicketSigner
}

// Sign shows the ticket.
func (a ticketAttempt) Sign(ctx context.Context, _ *wamp.Challenge) (*wamp.Authenticate, error) {
	ticket := a.signer.Ticket
	if a.signer.Fetch != nil {
		var err error
		if ticket, err = a.signer.Fetch(ctx); err != nil {
			return nil, err
		}
	}
	if ticket == "" {
		return nil, errors.New("the ticket is empty")
	}
	return &wamp.Authenticate{Signature: ticket}, nil
}
