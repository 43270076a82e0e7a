package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
)

// embedded starts a router in this process and returns how to connect to it.
// A program of its own would give New the router's URL instead.
func embedded() (dial func(context.Context) (transport.Conn, error), stop func()) {
	r := router.New(router.Options{})
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{
		Name:        auth.DefaultRole,
		Permissions: []router.Permission{{URI: "com.example.add", Allow: router.ActionCall | router.ActionRegister}},
	}}}); err != nil {
		log.Fatal(err)
	}
	var sessions sync.WaitGroup
	dial = func(context.Context) (transport.Conn, error) {
		ours, theirs := inproc.Pair(client.DefaultSerializer)
		sessions.Go(func() {
			_ = r.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}}) // the client tells how it ended
		})
		return ours, nil
	}
	return dial, func() {
		r.Close()
		sessions.Wait()
	}
}

// A service that stays registered whatever happens to the router.
func ExampleClient() {
	dial, stop := embedded()
	defer stop()

	// c, err := client.New("rs://127.0.0.1:8081", client.Options{Realm: "realm1"}, client.Supervision{})
	c, err := client.New("", client.Options{Realm: "realm1"}, client.Supervision{Dial: dial})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := c.Register("com.example.add", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		var n []int
		if err := inv.Decode(&n, nil); err != nil {
			return client.Reply{}, err
		}
		return client.Return(n[0] + n[1]), nil
	}, nil); err != nil {
		log.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()

	sum, err := client.Call[int](ctx, c, "com.example.add", client.Args{2, 3}, nil) // waits until the client is up
	fmt.Println(sum, err)

	cancel()
	fmt.Println(errors.Is(<-ended, context.Canceled))
	// Output:
	// 5 <nil>
	// true
}
