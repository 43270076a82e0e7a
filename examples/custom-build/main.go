// Command custom-build is junctor with a component of its own compiled in.
package main

import (
	"context"

	"github.com/junctorio/junctor"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
)

func main() {
	component.Register("com.example.Greeter", newGreeter)
	junctor.Main()
}

// greeter is what "extra" of the configuration says of the component.
type greeter struct {
	Greeting string `json:"greeting"`
}

func newGreeter(cfg component.Config) (component.Component, error) {
	g := &greeter{Greeting: "Hello"}
	return g, cfg.Decode(g)
}

// Join is called whenever the component has joined its realm.
func (g *greeter) Join(ctx context.Context, s *client.Session) error {
	_, err := s.Register(ctx, "com.example.greet", g.greet, nil)
	return err
}

func (g *greeter) greet(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	var name [1]string
	if err := inv.Decode(&name, nil); err != nil {
		return client.Reply{}, err
	}
	return client.Return(g.Greeting + ", " + name[0] + "!"), nil
}
