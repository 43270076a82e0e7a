package main

import (
	"context"
	"strings"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

func TestExampleDoesWhatItSays(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := run(t.Context(), startRouter(t), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Hello, world!\n", "com.example.error.whom: greet wants one name"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q in it", &out, want)
		}
	}
}

// startRouter returns the URL of a router that ends with the test.
func startRouter(t *testing.T) string {
	t.Helper()
	r := router.New(router.Options{})
	role := router.Role{Name: auth.DefaultRole, Permissions: []router.Permission{
		{Match: wamp.MatchPrefix, Allow: router.ActionCall | router.ActionRegister},
	}}
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{role}}); err != nil {
		t.Fatal(err)
	}
	listener, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- listener.Serve(func(c transport.Conn) {
			_ = r.Attach(context.Background(), c, router.Access{Methods: auth.Set{auth.Anonymous{}}})
		})
	}()
	t.Cleanup(func() {
		listener.Close()
		r.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return "rs://" + listener.Addr().String()
}
