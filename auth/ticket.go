package auth

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// Ticket is authentication by a ticket that the client shows (section 4.2).
// Whoever reads the connection can use it as well: without TLS, tickets are
// taken only over Unix sockets, in memory, and from this machine.
type Ticket struct {
	Verifier TicketVerifier

	// Cleartext takes tickets over any connection.
	Cleartext bool
}

// Method returns MethodTicket.
func (Ticket) Method() string { return MethodTicket }

func (t Ticket) unavailable(info *transport.Info) string {
	if t.Cleartext || private(info) {
		return ""
	}
	return "tickets are not taken over connections without TLS"
}

// private reports whether others cannot read the connection.
func private(t *transport.Info) bool {
	if t == nil || t.TLS != nil {
		return true
	}
	tcp, ok := t.RemoteAddr.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// Begin asks for the ticket, whoever the client says it is.
func (t Ticket) Begin(_ context.Context, req *Request) (Step, error) {
	return Step{
		Challenge: &wamp.Challenge{Method: MethodTicket, Extra: wamp.Dict{}},
		Exchange:  &ticketExchange{verifier: t.Verifier, query: req.query(MethodTicket)},
	}, nil
}

// ticketExchange waits for the ticket.
type ticketExchange struct {
	verifier TicketVerifier // nil once it was asked
	query    *Query
}

// Authenticate has the ticket judged.
func (x *ticketExchange) Authenticate(ctx context.Context, m *wamp.Authenticate) (Step, error) {
	verifier := x.verifier
	if x.verifier = nil; verifier == nil {
		return Step{}, errAnswered
	}
	account, err := verifier.VerifyTicket(ctx, x.query, m.Signature)
	switch {
	case errors.Is(err, ErrUnknown):
		return Step{}, Deny(err)
	case err != nil:
		return Step{}, fmt.Errorf("ticket: %w", err)
	case account == nil:
		return Step{}, errors.New("ticket: the verifier has neither an account nor an error")
	}
	return Step{Grant: account.grant(x.query)}, nil
}
