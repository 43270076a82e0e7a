package passthru_test

import (
	"context"
	"fmt"
	"log"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// Two clients share a key; the router between them, and a third client that
// does not have the key, see nothing of what they say.
func ExampleKeyring() {
	r := exampleRouter()
	defer r.Close()
	key, err := passthru.GenerateKey("2026-11", passthru.AES256GCM)
	if err != nil {
		log.Fatal(err)
	}
	var keys passthru.Keyring // both sides make their own, from the same secret
	if err := keys.Set("com.example.secret.", wamp.MatchPrefix, key); err != nil {
		log.Fatal(err)
	}

	ctx := context.Background()
	alice, bob, eve := join(r, &keys), join(r, &keys), join(r, nil)
	heard, overheard := make(chan any), make(chan any)
	for s, c := range map[*client.Session]chan any{bob: heard, eve: overheard} {
		_, err := s.Subscribe(ctx, "com.example.secret.plan", func(_ context.Context, ev *client.Event) {
			args, _, _ := ev.Values()
			c <- args[0]
		}, nil)
		if err != nil {
			log.Fatal(err)
		}
	}
	if _, err := alice.Publish(ctx, "com.example.secret.plan", client.Args{"attack at dawn"}, nil); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Bob hears:", <-heard)
	fmt.Printf("Eve hears: a %T\n", <-overheard)
	// Output:
	// Bob hears: attack at dawn
	// Eve hears: a []uint8
}

// exampleRouter returns a router that lets everybody do everything in realm1.
func exampleRouter() *router.Router {
	r := router.New(router.Options{})
	_, err := r.AddRealm(router.RealmConfig{
		Name: "realm1",
		Roles: []router.Role{{Name: auth.DefaultRole, Permissions: []router.Permission{{
			Match: wamp.MatchPrefix, Allow: router.ActionPublish | router.ActionSubscribe,
		}}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	return r
}

func join(r *router.Router, keys *passthru.Keyring) *client.Session {
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	go func() {
		_ = r.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}})
	}()
	s, err := client.Join(context.Background(), ours, client.Options{Realm: "realm1", Keyring: keys})
	if err != nil {
		log.Fatal(err)
	}
	return s
}
