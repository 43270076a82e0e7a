// Command hello is a callee and a caller in one program: it offers a procedure,
// calls it through the router, and says what came back.
//
//	junctor dev
//	go run ./examples/hello
package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"

	"github.com/junctorio/junctor/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url := cmp.Or(os.Getenv("JUNCTOR_URL"), "rs://127.0.0.1:8081")
	if err := run(ctx, url, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url string, out io.Writer) error {
	callee, err := client.Connect(ctx, url, client.Options{Realm: "realm1"})
	if err != nil {
		return err
	}
	defer callee.Close()
	if _, err := callee.Register(ctx, "com.example.greet", greet, nil); err != nil {
		return err
	}

	caller, err := client.Connect(ctx, url, client.Options{Realm: "realm1"})
	if err != nil {
		return err
	}
	defer caller.Close()
	text, err := client.Call[string](ctx, caller, "com.example.greet", client.Args{"world"}, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, text)

	// What the callee returns as an error is an error here, with its URI.
	_, err = caller.Call(ctx, "com.example.greet", nil, nil)
	fmt.Fprintln(out, err)
	return nil
}

// greet answers one call; calls are served concurrently.
func greet(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	args, _, err := inv.Values()
	if err != nil || len(args) != 1 {
		return client.Reply{}, client.NewError("com.example.error.whom", client.Args{"greet wants one name"}, nil)
	}
	return client.Return(fmt.Sprintf("Hello, %v!", args[0])), nil
}
