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
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// session joins a router that runs in this process. A program of its own would
// use client.Connect with the router's URL instead.
func session(ctx context.Context) (s *client.Session, stop func()) {
	join, stop := sessions(ctx)
	return join(), stop
}

// sessions starts a router in this process and returns how to join it.
func sessions(ctx context.Context) (join func() *client.Session, stop func()) {
	r := router.New(router.Options{})
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{
		Name: auth.DefaultRole,
		Permissions: []router.Permission{{
			URI: "com.example.", Match: wamp.MatchPrefix,
			Allow: router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe,
		}, {
			URI: "wamp.session.add_testament", Allow: router.ActionCall,
		}},
	}}}); err != nil {
		log.Fatal(err)
	}
	var joined []*client.Session
	var attached sync.WaitGroup
	join = func() *client.Session {
		ours, theirs := inproc.Pair(client.DefaultSerializer)
		attached.Go(func() {
			_ = r.Attach(ctx, theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}}) // the client tells how it ended
		})
		s, err := client.Join(ctx, ours, client.Options{Realm: "realm1"})
		if err != nil {
			log.Fatal(err)
		}
		joined = append(joined, s)
		return s
	}
	return join, func() {
		for _, s := range joined {
			s.Close()
			s.Wait()
		}
		attached.Wait()
		r.Close()
	}
}

func Example() {
	ctx := context.Background()
	// s, err := client.Connect(ctx, "rs://127.0.0.1:8081", client.Options{Realm: "realm1"})
	s, stop := session(ctx)
	defer stop()

	_, err := s.Register(ctx, "com.example.add", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		var n []int
		if err := inv.Decode(&n, nil); err != nil || len(n) != 2 {
			return client.Reply{}, fmt.Errorf("want two numbers: %w", wamp.ErrInvalidArgument)
		}
		return client.Return(n[0] + n[1]), nil
	}, nil)
	if err != nil {
		log.Fatal(err)
	}

	sum, err := client.Call[int](ctx, s, "com.example.add", client.Args{2, 3}, nil)
	fmt.Println(sum, err)
	// Output: 5 <nil>
}

func ExampleSession_Call() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	_, err := s.Call(ctx, "com.example.missing", client.Args{1}, &client.CallOptions{Kwargs: client.Dict{"unit": "cm"}})
	if errors.Is(err, wamp.ErrNoSuchProcedure) {
		fmt.Println("nobody offers it")
	}
	// Output: nobody offers it
}

func ExampleCallOptions_onProgress() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	countdown := func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		for i := 3; i > 0; i-- {
			if err := inv.Progress(ctx, client.Args{i}, nil); err != nil {
				return client.Reply{}, err
			}
		}
		return client.Return("lift-off"), nil
	}
	if _, err := s.Register(ctx, "com.example.countdown", countdown, nil); err != nil {
		log.Fatal(err)
	}

	show := func(r client.Result) {
		args, _, err := r.Values()
		fmt.Println(args, err)
	}
	res, err := s.Call(ctx, "com.example.countdown", nil, &client.CallOptions{OnProgress: show})
	if err != nil {
		log.Fatal(err)
	}
	show(res)
	// Output:
	// [3] <nil>
	// [2] <nil>
	// [1] <nil>
	// [lift-off] <nil>
}

func ExampleSession_Register() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	withdraw := func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Reply{}, client.NewError("com.example.error.overdrawn", client.Args{"balance is", 12}, nil)
	}
	reg, err := s.Register(ctx, "com.example.withdraw", withdraw, &client.RegisterOptions{MaxHandlers: 4})
	if err != nil {
		log.Fatal(err)
	}

	_, err = s.Call(ctx, "com.example.withdraw", client.Args{50}, nil)
	var refusal *wamp.Error
	if errors.As(err, &refusal) {
		args, _, err := refusal.Payload.Values()
		fmt.Println(refusal.URI, args, err)
	}
	fmt.Println(reg.Unregister(ctx))
	// Output:
	// com.example.error.overdrawn [balance is 12] <nil>
	// <nil>
}

func ExampleSession_Subscribe() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	received := make(chan string)
	sub, err := s.Subscribe(ctx, "com.example.news", func(_ context.Context, ev *client.Event) {
		var text []string
		if err := ev.Decode(&text, nil); err == nil {
			received <- text[0]
		}
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	// A publisher does not get its own event unless it asks for it.
	if _, err := s.Publish(ctx, "com.example.news", client.Args{"hello"}, &client.PublishOptions{IncludeMe: true}); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-received)
	fmt.Println(sub.Unsubscribe(ctx))
	// Output:
	// hello
	// <nil>
}

func ExampleSession_Publish() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	id, err := s.Publish(ctx, "com.example.news", client.Args{"hello"}, &client.PublishOptions{Acknowledge: true})
	fmt.Println(id.Valid(), err)
	_, err = s.Publish(ctx, "com.other.news", nil, &client.PublishOptions{Acknowledge: true})
	fmt.Println(errors.Is(err, wamp.ErrNotAuthorized))
	// Output:
	// true <nil>
	// true
}
