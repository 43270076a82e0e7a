package client_test

import (
	"context"
	"fmt"
	"log"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
)

// A program signs in with what it has. The router of this example knows what
// the password "open sesame" leads to, not the password.
func ExampleOptions_signers() {
	verifier, err := auth.NewSCRAMVerifier("open sesame", auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: []byte("of alice"), Iterations: 4096})
	if err != nil {
		log.Fatal(err)
	}
	accounts, err := auth.NewAccounts(&auth.Account{AuthID: "alice", Role: "user", SCRAM: verifier})
	if err != nil {
		log.Fatal(err)
	}
	r := router.New(router.Options{})
	defer r.Close()
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{Name: "user"}}}); err != nil {
		log.Fatal(err)
	}
	ours, theirs := inproc.Pair(client.DefaultSerializer)
	go r.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.SCRAM{Directory: accounts}}})

	// With a router elsewhere this is client.Connect and its URL.
	s, err := client.Join(context.Background(), ours, client.Options{
		Realm:   "realm1",
		Signers: []auth.Signer{auth.SCRAMSigner{AuthID: "alice", Password: "open sesame"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	fmt.Println(s.Details().AuthID, "is a", s.Details().AuthRole, "by", s.Details().AuthMethod)
	// Output: alice is a user by wamp-scram
}
