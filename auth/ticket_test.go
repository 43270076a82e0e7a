package auth_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

func holders(t *testing.T) *auth.Tickets {
	t.Helper()
	tickets, err := auth.NewTickets(
		auth.TicketHolder{Account: &auth.Account{AuthID: "alice", Role: "user"}, Hash: auth.HashRandomTicket("alice's ticket")},
		auth.TicketHolder{Account: &auth.Account{AuthID: "bob", Role: "admin"}, Hash: auth.HashTicket("bob's ticket")},
	)
	if err != nil {
		t.Fatal(err)
	}
	return tickets
}

// show plays a client that shows a ticket.
func show(t *testing.T, a auth.Authenticator, authid, ticket string) (*auth.Grant, error) {
	t.Helper()
	step, err := a.Begin(context.Background(), &auth.Request{
		Hello: &wamp.Hello{Realm: "realm1", AuthMethods: []string{auth.MethodTicket}, AuthID: authid}, Session: 4711,
	})
	if err != nil {
		t.Fatalf("%q: got %v, want to be asked for the ticket", authid, err)
	}
	step, err = step.Exchange.Authenticate(context.Background(), &wamp.Authenticate{Signature: ticket})
	return step.Grant, err
}

func TestTicketAdmitsWhoShowsTheRightOne(t *testing.T) {
	t.Parallel()
	method := auth.Ticket{Verifier: holders(t)}
	for authid, role := range map[string]string{"alice": "user", "bob": "admin"} {
		g, err := show(t, method, authid, authid+"'s ticket")
		want := wamp.Principal{AuthID: authid, AuthRole: role, AuthMethod: "ticket", AuthProvider: "static"}
		if err != nil || g.Principal != want {
			t.Errorf("got %+v, %v, want %+v", g, err, want)
		}
	}
}

// AUTH-5: all refusals are the same to the client, and each comes after the
// ticket was shown.
func TestTicketRefusals(t *testing.T) {
	t.Parallel()
	method := auth.Ticket{Verifier: holders(t)}
	nobody, err := auth.NewTickets()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name           string
		method         auth.Authenticator
		authid, ticket string
	}{
		{"a wrong ticket", method, "alice", "wrong"},
		{"somebody else's ticket", method, "alice", "bob's ticket"},
		{"an empty ticket", method, "alice", ""},
		{"an unknown authid", method, "mallory", "alice's ticket"},
		{"another unknown authid", method, "eve", "bob's ticket"},
		{"no authid", method, "", "alice's ticket"},
		{"a transport without holders", auth.Ticket{Verifier: nobody}, "alice", "alice's ticket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g, err := show(t, tt.method, tt.authid, tt.ticket)
			var abort *wamp.Abort
			if g != nil || !errors.As(err, &abort) {
				t.Fatalf("got %+v, %v, want a refusal", g, err)
			}
			if abort.Reason != wamp.ErrAuthenticationDenied || abort.Message != "authentication denied" {
				t.Errorf("got %v", abort)
			}
		})
	}
}

func TestTicketsAreNotTakenWhereOthersCanRead(t *testing.T) {
	t.Parallel()
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }
	cra := auth.CRA{Directory: craAccounts(t)}
	tests := []struct {
		name      string
		info      transport.Info
		cleartext bool
		methods   []string
		want      string // the method; "" means refused
	}{
		{"from another machine", transport.Info{RemoteAddr: tcp("192.0.2.1")}, false, []string{"ticket"}, ""},
		{"from another machine, with another method", transport.Info{RemoteAddr: tcp("192.0.2.1")}, false, []string{"ticket", "wampcra"}, "wampcra"},
		{"from another machine where that is allowed", transport.Info{RemoteAddr: tcp("192.0.2.1")}, true, []string{"ticket"}, "ticket"},
		{"over TLS", transport.Info{RemoteAddr: tcp("192.0.2.1"), TLS: &tls.ConnectionState{}}, false, []string{"ticket"}, "ticket"},
		{"from this machine", transport.Info{RemoteAddr: tcp("127.0.0.1")}, false, []string{"ticket"}, "ticket"},
		{"from this machine over IPv6", transport.Info{RemoteAddr: tcp("::1")}, false, []string{"ticket"}, "ticket"},
		{"over a Unix socket", transport.Info{RemoteAddr: &net.UnixAddr{}}, false, []string{"ticket"}, "ticket"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := auth.Set{auth.Ticket{Verifier: holders(t), Cleartext: tt.cleartext}, cra}
			got, err := set.Pick(&wamp.Hello{AuthMethods: tt.methods}, &tt.info)
			switch {
			case tt.want == "" && !errors.Is(err, wamp.ErrNoMatchingAuthMethod):
				t.Errorf("got %v, %v, want a refusal", got, err)
			case tt.want != "" && (err != nil || got.Method() != tt.want):
				t.Errorf("got %v, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestOneTicketPerChallenge(t *testing.T) {
	t.Parallel()
	step, err := auth.Ticket{Verifier: holders(t)}.Begin(t.Context(), &auth.Request{Hello: &wamp.Hello{AuthID: "alice"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: "guess"})
	if got, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: "alice's ticket"}); err == nil {
		t.Errorf("got %+v for the second ticket", got)
	}
}

// Whoever is asked for, a hash is computed, when it is one's turn: nothing is
// quicker for principals that do not exist (AUTH-5), and no more memory is used
// than there are turns for. It is alone, since it takes
// all turns.
func TestTicketsOfStrangersAreHashedToo(t *testing.T) {
	var all [2]*auth.Tickets
	for i := range all {
		tickets, err := auth.NewTickets(auth.TicketHolder{Account: &auth.Account{AuthID: "joe", Role: "user"}, Hash: auth.HashTicket("sesame")})
		if err != nil {
			t.Fatal(err)
		}
		all[i] = tickets
	}
	for range cap(auth.Hashing) {
		auth.Hashing <- struct{}{}
	}
	defer func() {
		for range cap(auth.Hashing) {
			<-auth.Hashing
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tickets := range all {
		for _, authid := range []string{"joe", "nobody", ""} {
			if _, err := tickets.VerifyTicket(ctx, &auth.Query{AuthID: authid}, "guess"); !errors.Is(err, context.Canceled) {
				t.Errorf("%q: got %v without a turn, want to have waited for one", authid, err)
			}
		}
	}
}
