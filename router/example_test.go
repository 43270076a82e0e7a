package router_test

import (
	"context"
	"fmt"
	"log"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// A program with a router of its own, whose clients show tickets.
func Example() {
	r := router.New(router.Options{})
	_, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{
		Name: "user",
		Permissions: []router.Permission{{
			URI: "com.example.", Match: wamp.MatchPrefix, Allow: router.ActionCall | router.ActionRegister,
		}},
	}}})
	if err != nil {
		log.Fatal(err)
	}
	ticket := auth.NewTicket()
	tickets, err := auth.NewTickets(auth.TicketHolder{
		Account: &auth.Account{AuthID: "alice", Role: "user"},
		Hash:    auth.HashRandomTicket(ticket),
	})
	if err != nil {
		log.Fatal(err)
	}

	listener, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		log.Fatal(err)
	}
	access := router.Access{Methods: auth.Set{auth.Ticket{Verifier: tickets}}}
	served := make(chan error, 1)
	go func() {
		served <- listener.Serve(func(c transport.Conn) {
			_ = r.Attach(context.Background(), c, access) // why the session ended
		})
	}()

	ctx := context.Background()
	s, err := client.Connect(ctx, "rs://"+listener.Addr().String(), client.Options{
		Realm:   "realm1",
		Signers: []auth.Signer{auth.TicketSigner{AuthID: "alice", Ticket: ticket}},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.Details().AuthID, "is a", s.Details().AuthRole)
	_, err = s.Publish(ctx, "com.example.news", nil, &client.PublishOptions{Acknowledge: true})
	fmt.Println(err)

	s.Close()
	listener.Close()
	if err := r.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	if err := <-served; err != nil {
		log.Fatal(err)
	}
	// Output:
	// alice is a user
	// client: publish to com.example.news: wamp.error.not_authorized: the role "user" may not publish "com.example.news"
}
