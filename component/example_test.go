package component_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
)

// greeter offers a procedure that greets.
type greeter struct {
	Greeting string `json:"greeting"`
}

func newGreeter(cfg component.Config) (component.Component, error) {
	g := &greeter{Greeting: "hello"}
	return g, cfg.Decode(g)
}

func (g *greeter) Join(ctx context.Context, s *client.Session) error {
	_, err := s.Register(ctx, "com.example.greet", func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Return(g.Greeting), nil
	}, nil)
	return err
}

func Example() {
	// A program's main has these two lines:
	//
	//	component.Register("com.example.Greeter", newGreeter)
	//	junctor.Main()
	//
	// The node then makes the component with the extra configuration that
	// stands next to its classname.
	_, err := newGreeter(component.Config{Extra: json.RawMessage(`{"greting": "hi"}`)})
	fmt.Println(err)
	// Output: extra.greting: unknown key; known are greeting
}
