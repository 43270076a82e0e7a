package node_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// anyTicket is a TicketVerifier that takes "static" from everybody.
type anyTicket struct{}

func (anyTicket) VerifyTicket(_ context.Context, q *auth.Query, ticket string) (*auth.Account, error) {
	if ticket != "static" {
		return nil, auth.ErrUnknown
	}
	return &auth.Account{AuthID: q.AuthID, Role: "other"}, nil
}

// office returns the office of a node with one guest, which logs in over the
// transport "raw" of the router "one", and what the guest is told.
func office(t *testing.T) (*node.TicketOffice, config.GuestRouter) {
	t.Helper()
	cfg := workers(t, "",
		`{"type": "router", "id": "one", "realms": [{"name": "realm1", "roles": [{"name": "backend"}, {"name": "anonymous"}]}],
			"transports": [{"id": "raw", "type": "rawsocket", "endpoint": {"type": "unix", "path": "x"}}, {"id": "other", "type": "rawsocket", "endpoint": {"type": "unix", "path": "y"}}]}`,
		`{"type": "guest", "id": "worker", "executable": "/bin/true", "options": {"connect": {"role": "backend", "ticket_timeout": 10}}}`)
	return node.NewTicketOffice(cfg), cfg.Workers[1].Options.Guest.Connect
}

// show signs in with a ticket.
func show(t *testing.T, set auth.Set, authID, ticket string) (*auth.Grant, error) {
	t.Helper()
	hello := &wamp.Hello{Realm: "realm1", AuthID: authID, AuthMethods: []string{"ticket"}}
	method, err := set.Pick(hello, nil)
	if err != nil {
		return nil, err
	}
	step, err := method.Begin(t.Context(), &auth.Request{Hello: hello})
	if err != nil {
		return nil, err
	}
	step, err = step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: ticket})
	return step.Grant, err
}

func TestTicketOfAGuest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		use    func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error)
		denied bool
	}{
		{"is good for a login", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			return show(t, set, "worker", o.Issue("worker", to))
		}, false},
		{"is good until it expires", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			time.Sleep(10*time.Second - 1)
			return show(t, set, "worker", ticket)
		}, false},
		{"is not good once it has expired", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			time.Sleep(10 * time.Second)
			return show(t, set, "worker", ticket)
		}, true},
		{"is not good for a second login", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			if _, err := show(t, set, "worker", ticket); err != nil {
				t.Fatal(err)
			}
			return show(t, set, "worker", ticket)
		}, true},
		{"is not good once there is a new one", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			o.Issue("worker", to)
			return show(t, set, "worker", ticket)
		}, true},
		{"is good beside that of another guest", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			o.Issue("another", to)
			return show(t, set, "worker", ticket)
		}, false},
		{"is not good once the guest has ended", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			ticket := o.Issue("worker", to)
			o.Revoke("worker")
			return show(t, set, "worker", ticket)
		}, true},
		{"is not good for another authid", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			return show(t, set, "admin", o.Issue("worker", to))
		}, true},
		{"is not good on another transport", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			to.Transport = "other"
			return show(t, set, "worker", o.Issue("worker", to))
		}, true},
		{"is not to be guessed", func(t *testing.T, o *node.TicketOffice, to config.GuestRouter, set auth.Set) (*auth.Grant, error) {
			o.Issue("worker", to)
			return show(t, set, "worker", "")
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				o, to := office(t)
				g, err := tt.use(t, o, to, o.Admit("one", "raw", auth.Set{auth.Anonymous{}}))
				if tt.denied {
					if !errors.Is(err, wamp.ErrAuthenticationDenied) {
						t.Errorf("got %+v, %v", g, err)
					}
					return
				}
				if err != nil || g.Principal.AuthID != "worker" || g.Principal.AuthRole != "backend" || g.Principal.AuthProvider != "guest" || g.Realm != "realm1" {
					t.Errorf("got %+v, %v", g, err)
				}
			})
		})
	}
}

func TestGuestsLeaveOtherTicketsAlone(t *testing.T) {
	t.Parallel()
	o, to := office(t)
	set := o.Admit("one", "raw", auth.Set{auth.Ticket{Verifier: anyTicket{}}})
	if len(set) != 1 {
		t.Fatalf("got %d methods, want tickets once", len(set))
	}
	if g, err := show(t, set, "worker", "static"); err != nil || g.Principal.AuthRole != "other" {
		t.Errorf("got %+v, %v", g, err)
	}
	if g, err := show(t, set, "worker", o.Issue("worker", to)); err != nil || g.Principal.AuthRole != "backend" {
		t.Errorf("got %+v, %v", g, err)
	}
	if g, err := show(t, set, "worker", "neither"); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("got %+v, %v", g, err)
	}
	if set := o.Admit("one", "other", auth.Set{auth.Anonymous{}}); len(set) != 1 {
		t.Errorf("a transport that no guest uses has %d methods, want 1", len(set))
	}
}
