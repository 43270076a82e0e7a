package node_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

func TestAnswersOfAuthorizers(t *testing.T) {
	t.Parallel()
	allowed := router.Decision{Allow: true}
	tests := []struct {
		name    string
		answer  any
		want    router.Decision
		refused string // what the error says
	}{
		{"true", true, allowed, ""},
		{"false", false, router.Decision{}, ""},
		{"an object that allows", wamp.Dict{"allow": true}, allowed, ""},
		{"an object that denies, and wants that kept", wamp.Dict{"allow": false, "cache": true}, router.Decision{Keep: router.KeepSession}, ""},
		{
			"all keys of Crossbar.io", wamp.Dict{"allow": true, "disclose": true, "cache": true, "validate": nil},
			router.Decision{Allow: true, Disclose: true, Keep: router.KeepSession}, "",
		},
		{"nothing kept", wamp.Dict{"allow": true, "disclose": false, "cache": false, "validate": wamp.Dict{}}, allowed, ""},
		{"kept for the role", wamp.Dict{"allow": true, "cache": "role"}, router.Decision{Allow: true, Keep: router.KeepRole}, ""},
		{"nothing", nil, router.Decision{}, "want a bool or an object"},
		{"a number", int64(1), router.Decision{}, "want a bool or an object"},
		{"a word", "true", router.Decision{}, "want a bool or an object"},
		{"an object that says nothing", wamp.Dict{"cache": true}, router.Decision{}, "no allow"},
		{"allow as a number", wamp.Dict{"allow": int64(1)}, router.Decision{}, "allow: want true or false"},
		{"disclose as a word", wamp.Dict{"allow": true, "disclose": "no"}, router.Decision{}, "disclose: want true or false"},
		{"cache as another word", wamp.Dict{"allow": true, "cache": "realm"}, router.Decision{}, "cache: want true or false"},
		{"an unknown key", wamp.Dict{"allow": true, "alow": false}, router.Decision{}, "alow: unknown key"},
		{"a demand to validate", wamp.Dict{"allow": true, "validate": wamp.Dict{"call": "x"}}, router.Decision{}, "validate: junctor does not"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := node.Authorizer("com.example.authorize", func([]any) (any, error) { return tt.answer, nil })
			got, err := a.Authorize(t.Context(), &router.Intent{Action: router.ActionCall, URI: "com.example.call"})
			if got != tt.want || (err != nil) != (tt.refused != "") || err != nil && !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("got %+v, %v; want %+v, %q", got, err, tt.want, tt.refused)
			}
		})
	}
}

// Crossbar.io calls an authorizer without the options if it does not take them.
// A later version may take them.
func TestAnAuthorizerThatTakesNoOptions(t *testing.T) {
	t.Parallel()
	var took []int
	a := node.Authorizer("com.example.authorize", func(args []any) (any, error) {
		took = append(took, len(args))
		switch {
		case len(took) < 4 && len(args) > 3:
			return nil, pythonError(t, "authorize() takes 3 positional arguments but 4 were given")
		case len(took) >= 4 && len(args) < 4: // another one was registered
			return nil, pythonError(t, "authorize() missing 1 required positional argument: 'options'")
		}
		return true, nil
	})
	for range 4 {
		if d, err := a.Authorize(t.Context(), &router.Intent{Action: router.ActionCall, URI: "a"}); err != nil || !d.Allow {
			t.Errorf("got %+v, %v", d, err)
		}
	}
	if diff := cmp.Diff([]int{4, 3, 3, 3, 4, 4}, took); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
	b := node.Authorizer("com.example.authorize", func(args []any) (any, error) {
		return nil, pythonError(t, "division by zero")
	})
	if d, err := b.Authorize(t.Context(), &router.Intent{Action: router.ActionCall, URI: "a"}); err == nil || d.Allow {
		t.Errorf("an authorizer that raises allows: %+v, %v", d, err)
	}
}

func pythonError(t *testing.T, text string) error {
	t.Helper()
	p, err := serializer.JSON.EncodePayload([]any{text}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &wamp.Error{URI: wamp.ErrRuntimeError, Payload: p}
}

// notary is an authorizer with the signature of Crossbar.io's documentation.
type notary struct {
	mu     sync.Mutex
	asked  [][]any
	vanish func() // ends the authorizer's session
}

func (n *notary) authorize(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	args, kwargs, err := inv.Values()
	if err != nil || len(args) != 4 || len(kwargs) > 0 {
		return client.Reply{}, fmt.Errorf("called with %v, %v", args, kwargs)
	}
	n.mu.Lock()
	n.asked = append(n.asked, args)
	n.mu.Unlock()
	session, uri, action := args[0].(wamp.Dict), args[1].(string), args[2].(string)
	switch {
	case uri == "com.vanish":
		n.vanish()
		<-ctx.Done()
		return client.Reply{}, ctx.Err()
	case strings.HasPrefix(uri, "com.crash"):
		return client.Reply{}, errors.New("crash")
	case uri == "com.example.echo" && action == "call":
		return client.Reply{Args: client.Args{wamp.Dict{"allow": true, "disclose": true, "cache": true}}}, nil
	}
	return client.Reply{Args: client.Args{strings.HasPrefix(uri, "com.free.") && session["authrole"] == "user"}}, nil
}

func (n *notary) count(uri string) (count int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, args := range n.asked {
		if args[1] == uri {
			count++
		}
	}
	return count
}

func TestARoleWithAnAuthorizer(t *testing.T) {
	t.Parallel()
	n, again := &notary{}, make(chan struct{})
	factory := factoryOf(func(ctx context.Context, s *client.Session) error {
		if _, err := s.Register(ctx, "com.example.echo", answer, nil); err != nil {
			return err
		}
		registration, err := s.Register(ctx, "com.example.authorize", n.authorize, nil)
		if err != nil {
			return err
		}
		n.vanish = func() { go s.Close() }
		go func() {
			<-again
			_ = registration.Unregister(ctx)
			_, _ = s.Register(ctx, "com.example.authorize", n.authorize, nil)
			_, _ = s.Publish(ctx, "com.free.again", nil, nil)
		}()
		return nil
	})
	cfg := workers(t, "", fmt.Sprintf(`{"type": "router",
		"realms": [{"name": "realm1", "roles": [
			{"name": "user", "authorizer": "com.example.authorize"},
			{"name": "orphan", "authorizer": "com.example.nobody"}]}],
		"components": [{"type": "class", "classname": "notary", "realm": "realm1", "role": "trusted"}],
		"transports": [
			{"type": "rawsocket", "endpoint": {"type": "unix", "path": %q}, "auth": {"anonymous": {"type": "static", "role": "user", "authid": "joe"}}},
			{"type": "rawsocket", "endpoint": {"type": "unix", "path": %q}, "auth": {"anonymous": {"type": "static", "role": "orphan"}}}
		]}`, socket(t), socket(t)))
	logs := newLogs()
	nd := open(t, cfg, node.Options{Components: classes(map[string]component.Factory{"notary": factory}), Logger: logs.logger})
	start(t, nd)
	user, orphan := connect(t, nd.Endpoints()[0].URL, client.Options{}), connect(t, nd.Endpoints()[1].URL, client.Options{})

	echo := func() {
		t.Helper()
		if got, err := client.Call[string](t.Context(), user, "com.example.echo", client.Args{"hi"}, nil); got != "hi" || err != nil {
			t.Errorf("an allowed call: %q, %v", got, err)
		}
	}
	echo()
	echo() // kept
	if got := n.count("com.example.echo"); got != 1 {
		t.Errorf("the authorizer was asked %d times about what it wants kept", got)
	}
	said := make(chan struct{})
	if _, err := user.Subscribe(t.Context(), "com.free.", func(context.Context, *client.Event) { close(said) },
		&client.SubscribeOptions{Match: wamp.MatchPrefix}); err != nil {
		t.Errorf("an allowed subscription: %v", err)
	}
	for uri, want := range map[wamp.URI]wamp.ErrorURI{
		"com.closed": wamp.ErrNotAuthorized, "com.crash": wamp.ErrAuthorizationFailed, "com.free.nobody": wamp.ErrNoSuchProcedure,
	} {
		if _, err := user.Call(t.Context(), uri, nil, nil); !errors.Is(err, want) {
			t.Errorf("calling %s: %v, want %v", uri, err, want)
		}
	}
	if _, err := orphan.Call(t.Context(), "com.free.nobody", nil, nil); !errors.Is(err, wamp.ErrAuthorizationFailed) {
		t.Errorf("without its authorizer: %v", err)
	}
	logs.await("the authorizer gives no decision")

	close(again) // it may have another opinion now
	<-said
	echo()
	if got := n.count("com.example.echo"); got != 2 {
		t.Errorf("the authorizer was asked %d times, want 2: it was registered again", got)
	}
	for _, uri := range []wamp.URI{"com.vanish", "com.free.nobody"} {
		if _, err := user.Call(t.Context(), uri, nil, nil); !errors.Is(err, wamp.ErrAuthorizationFailed) {
			t.Errorf("calling %s when the authorizer vanishes: %v", uri, err)
		}
	}
	checkAsked(t, n.asked)
}

// checkAsked looks at what the authorizer was asked about the subscription.
func checkAsked(t *testing.T, asked [][]any) {
	t.Helper()
	for _, args := range asked {
		if args[1] != "com.free." {
			continue
		}
		session := args[0].(wamp.Dict)
		if id, ok := session["session"].(int64); !ok || id < 1 {
			t.Errorf("session is %v", session["session"])
		}
		transport, ok := session["transport"].(wamp.Dict)
		if !ok || transport["type"] != "rawsocket" {
			t.Errorf("transport is %v", session["transport"])
		}
		delete(session, "session")
		delete(session, "transport")
		want := []any{
			wamp.Dict{
				"realm": "realm1", "authid": "joe", "authrole": "user", "authmethod": "anonymous", "authprovider": "static", "authextra": nil,
			},
			"com.free.", "subscribe", wamp.Dict{"match": "prefix"},
		}
		if diff := cmp.Diff(want, args); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		return
	}
	t.Error("never asked about the subscription")
}
