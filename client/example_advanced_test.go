package client_test

import (
	"context"
	"fmt"
	"log"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// A procedure that adds up what comes in chunks, and says how far it is.
func ExampleSession_CallProgressively() {
	ctx := context.Background()
	s, stop := session(ctx)
	defer stop()

	_, err := s.Register(ctx, "com.example.sum", func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		sum := 0
		for chunk, err := range inv.Chunks(ctx) {
			var n []int
			if err == nil {
				err = chunk.Decode(&n, nil)
			}
			if err != nil {
				return client.Reply{}, err
			}
			for _, n := range n {
				sum += n
			}
			if err := inv.Progress(ctx, client.Args{sum}, nil); err != nil {
				return client.Reply{}, err
			}
		}
		return client.Return("sum", sum), nil
	}, &client.RegisterOptions{TakeChunks: true})
	if err != nil {
		log.Fatal(err)
	}

	call, err := s.CallProgressively(ctx, "com.example.sum", client.Args{1}, &client.CallOptions{
		OnProgress: func(r client.Result) {
			args, _, _ := r.Values()
			fmt.Println("so far", args[0])
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer call.Cancel()
	for n := 2; n < 4; n++ {
		if err := call.Send(ctx, client.Args{n}, nil); err != nil {
			break // Wait tells why
		}
	}
	_ = call.Finish(ctx, nil, nil) // so it does here
	res, err := call.Wait(ctx)
	if err != nil {
		log.Fatal(err)
	}
	args, _, _ := res.Values()
	fmt.Println(args...)
	// Output:
	// so far 1
	// so far 3
	// so far 6
	// so far 6
	// sum 6
}

// The last state of a topic, for whoever subscribes later.
func ExamplePublishOptions_retain() {
	ctx := context.Background()
	join, stop := sessions(ctx)
	defer stop()
	door, visitor := join(), join()

	retain := &client.PublishOptions{Retain: true, Acknowledge: true}
	for _, state := range []string{"open", "closed"} {
		if _, err := door.Publish(ctx, "com.example.door.front", client.Args{state}, retain); err != nil {
			log.Fatal(err)
		}
	}

	got := make(chan *client.Event)
	_, err := visitor.Subscribe(ctx, "com.example.door.", func(_ context.Context, ev *client.Event) { got <- ev },
		&client.SubscribeOptions{Match: wamp.MatchPrefix, GetRetained: true})
	if err != nil {
		log.Fatal(err)
	}
	ev := <-got
	args, _, _ := ev.Values()
	fmt.Println(ev.Topic, args[0], ev.Retained)
	// Output: com.example.door.front closed true
}

// What others shall hear when this session has ended, however it ends.
func ExampleSession_AddTestament() {
	ctx := context.Background()
	join, stop := sessions(ctx)
	defer stop()
	watcher, device := join(), join()

	gone := make(chan any)
	_, err := watcher.Subscribe(ctx, "com.example.gone", func(_ context.Context, ev *client.Event) {
		args, _, _ := ev.Values()
		gone <- args[0]
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := device.AddTestament(ctx, "com.example.gone", client.Args{"device17"}, nil); err != nil {
		log.Fatal(err)
	}
	device.Close()
	fmt.Println(<-gone)
	// Output: device17
}
