package node

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"sync"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
)

// ticketOffice issues tickets to the guests of a node: each start of a guest
// gets one, which is good for one login, over the transport that the guest is
// told of, and for as long as its configuration says. It is safe for
// concurrent use.
type ticketOffice struct {
	doors map[doorID]bool // those that guests use; constant

	mu     sync.Mutex // guards the field below
	issued map[string]guestTicket
}

// doorID names a listening transport within the node.
type doorID struct{ worker, transport string }

// guestTicket is a ticket that was not used yet.
type guestTicket struct {
	hash    [sha256.Size]byte // the ticket is random: nobody finds it by its hash
	to      config.GuestRouter
	expires time.Time
}

func newTicketOffice(workers []config.Worker) *ticketOffice {
	o := &ticketOffice{doors: make(map[doorID]bool), issued: make(map[string]guestTicket)}
	for _, w := range workers {
		if w.Guest != nil && !w.Options.Disabled && w.Options.Guest.Connect.Role != "" {
			to := w.Options.Guest.Connect
			o.doors[doorID{to.Router, to.Transport}] = true
		}
	}
	return o
}

// issue returns a ticket for a guest. An earlier one of the same guest is void.
func (o *ticketOffice) issue(guest string, to config.GuestRouter) string {
	ticket := auth.NewTicket()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.issued[guest] = guestTicket{sha256.Sum256([]byte(ticket)), to, time.Now().Add(to.TicketTimeout)}
	return ticket
}

// revoke makes the ticket of a guest void, if it has one.
func (o *ticketOffice) revoke(guest string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.issued, guest)
}

// take returns what the ticket is for, of the guest that may use it there, and
// makes it void.
func (o *ticketOffice) take(at doorID, authID, ticket string) (config.GuestRouter, bool) {
	hash := sha256.Sum256([]byte(ticket))
	o.mu.Lock()
	defer o.mu.Unlock()
	for guest, t := range o.issued {
		right := subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1
		if right && t.to.AuthID == authID && (doorID{t.to.Router, t.to.Transport}) == at && time.Now().Before(t.expires) {
			delete(o.issued, guest)
			return t.to, true
		}
	}
	return config.GuestRouter{}, false
}

// admit adds tickets of guests to the methods of a transport, if guests use it.
func (o *ticketOffice) admit(at doorID, set auth.Set) auth.Set {
	if !o.doors[at] {
		return set
	}
	out := auth.Set{auth.Ticket{Verifier: guestTickets{office: o, at: at}}}
	for _, method := range set {
		if t, ok := method.(auth.Ticket); ok {
			t.Verifier = guestTickets{office: o, at: at, others: t.Verifier}
			out[0] = t
			continue
		}
		out = append(out, method)
	}
	return out
}

// guestTickets is a TicketVerifier for one transport: of guests and, as
// configured, of others.
type guestTickets struct {
	office *ticketOffice
	at     doorID
	others auth.TicketVerifier // nil: none
}

// VerifyTicket admits a guest with the realm and role of its configuration.
func (v guestTickets) VerifyTicket(ctx context.Context, q *auth.Query, ticket string) (*auth.Account, error) {
	if to, ok := v.office.take(v.at, q.AuthID, ticket); ok {
		return &auth.Account{AuthID: to.AuthID, Role: to.Role, Realm: to.Realm, Provider: "guest"}, nil
	}
	if v.others == nil {
		return nil, errNoGuest
	}
	return v.others.VerifyTicket(ctx, q, ticket)
}

// errNoGuest is also what a guest gets that comes twice, or too late.
var errNoGuest = fmt.Errorf("%w: no guest has this ticket, or not any more", auth.ErrUnknown)
