package node_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// echo is a component whose procedure, named in its configuration, answers
// with its arguments; the topic of the same name has them published again
// below it.
type echo struct {
	URI wamp.URI `json:"uri"`
}

func newEcho(cfg component.Config) (component.Component, error) {
	var e echo
	if err := cfg.Decode(&e); err != nil {
		return nil, err
	}
	if e.URI == "" {
		return nil, errors.New("extra.uri: missing")
	}
	return &e, nil
}

func (e *echo) Join(ctx context.Context, s *client.Session) error {
	if _, err := s.Register(ctx, e.URI, answer, nil); err != nil {
		return err
	}
	_, err := s.Subscribe(ctx, e.URI, func(ctx context.Context, ev *client.Event) {
		args, _, _ := ev.Values()
		_, _ = s.Publish(ctx, e.URI+".again", args, nil) // fails if the session has just ended
	}, nil)
	return err
}

// answer answers with the arguments.
func answer(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	args, _, err := inv.Values()
	return client.Reply{Args: args}, err
}

// classes has the components of a test.
func classes(more map[string]component.Factory) func(string) (component.Factory, error) {
	return func(name string) (component.Factory, error) {
		if name == "echo" {
			return newEcho, nil
		}
		if f, ok := more[name]; ok {
			return f, nil
		}
		return nil, fmt.Errorf("no component %q", name)
	}
}

// routerText is a router worker at a Unix socket, where anonymous clients may
// do everything; more are further keys.
func routerText(path, more string) string {
	return fmt.Sprintf(`{"type": "router", "id": "router1", %s
		"realms": [{"name": "realm1", "roles": [{"name": "anonymous", "allow-by-default": true}, {"name": "none", "permissions": []}]}],
		"transports": [%s]}`, more, unix(path))
}

// componentText is a component that connects to a Unix socket.
func componentText(class, path, more string) string {
	return fmt.Sprintf(`{"type": "class", "classname": %q, "realm": "realm1", %s
		"transport": {"type": "rawsocket", "serializer": "cbor", "endpoint": {"type": "unix", "path": %q}}}`, class, more, path)
}

func containerText(options string, components ...string) string {
	const quick = `"backoff": {"initial": 0.01, "max": 0.05}`
	if options != "" {
		options += ", "
	}
	return fmt.Sprintf(`{"type": "container", "id": "container1", "options": {%s%s}, "components": [%s]}`, options, quick, strings.Join(components, ","))
}

func workers(t *testing.T, controller string, texts ...string) *config.Node {
	t.Helper()
	return parseText(t, fmt.Sprintf(`{"version": 2, "controller": {"options": {%s}}, "workers": [%s]}`, controller, strings.Join(texts, ",")))
}

// Starting does not wait for a router that is away, and its coming is noticed.
func TestContainerFindsItsRouterOnceThatIsThere(t *testing.T) {
	t.Parallel()
	path, logs := socket(t), newLogs()
	apart := open(t, workers(t, "", containerText("", componentText("echo", path, `"extra": {"uri": "com.example.echo"},`))),
		node.Options{Components: classes(nil), Logger: logs.logger})
	start(t, apart)
	logs.await("client will connect again")
	for range 2 {
		n := open(t, workers(t, "", routerText(path, "")), node.Options{})
		stop := start(t, n)
		logs.next("component joined")
		s := connect(t, n.Endpoints()[0].URL, client.Options{})
		if got, err := client.Call[string](t.Context(), s, "com.example.echo", client.Args{"hi"}, nil); got != "hi" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		stop()
	}
}

func TestComponentsWithinARouterAreThereBeforeClients(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	slow := func(cfg component.Config) (component.Component, error) {
		e, err := newEcho(cfg)
		return joinFunc(func(ctx context.Context, s *client.Session) error {
			<-release
			return e.Join(ctx, s)
		}), err
	}
	path := socket(t)
	n := open(t, workers(t, "", routerText(path, `"components": [
		{"type": "class", "classname": "slow", "realm": "realm1", "role": "trusted", "extra": {"uri": "com.example.echo"}}],`)),
		node.Options{Components: classes(map[string]component.Factory{"slow": slow})})
	start(t, n)
	type result struct {
		text string
		err  error
	}
	called := make(chan result, 1)
	go func() {
		s, err := client.Connect(t.Context(), "unix://"+path, client.Options{Realm: "realm1"})
		if err != nil {
			called <- result{"", err}
			return
		}
		defer s.Close()
		text, err := client.Call[string](t.Context(), s, "com.example.echo", client.Args{"hi"}, nil)
		called <- result{text, err}
	}()
	select {
	case r := <-called:
		t.Errorf("a client was let in before the component had joined: %v", r)
	case <-time.After(50 * time.Millisecond): // time for what must not happen
	}
	close(release)
	if r := <-called; r.text != "hi" || r.err != nil {
		t.Errorf("got %q, %v", r.text, r.err)
	}
}

// joinFunc is a component that is one function.
type joinFunc func(context.Context, *client.Session) error

func (f joinFunc) Join(ctx context.Context, s *client.Session) error { return f(ctx, s) }

// factoryOf makes a component that is one function.
func factoryOf(f joinFunc) component.Factory {
	return func(component.Config) (component.Component, error) { return f, nil }
}

func TestRoleOfAComponentWithinARouterIsTheConfigurations(t *testing.T) {
	t.Parallel()
	tests := []struct {
		role    string
		allowed bool
	}{{"anonymous", true}, {"none", false}, {"trusted", true}}
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			t.Parallel()
			result := make(chan error, 1)
			var details wamp.Welcome
			n := open(t, workers(t, "", routerText(socket(t), fmt.Sprintf(
				`"components": [{"type": "class", "classname": "tries", "realm": "realm1", "role": %q}],`, tt.role))),
				node.Options{Components: classes(map[string]component.Factory{"tries": factoryOf(func(ctx context.Context, s *client.Session) error {
					details = s.Details()
					_, err := s.Publish(ctx, "com.example.x", nil, &client.PublishOptions{Acknowledge: true})
					result <- err
					return nil
				})})})
			start(t, n)
			if err := <-result; (err == nil) != tt.allowed {
				t.Errorf("publishing: %v, want allowed: %v", err, tt.allowed)
			}
			if details.AuthRole != tt.role || details.AuthMethod != "trusted" || details.AuthID == "" {
				t.Errorf("it is %q by %q with authid %q", details.AuthRole, details.AuthMethod, details.AuthID)
			}
		})
	}
}

func TestFailedComponentEndsTheNodeOnlyIfConfigured(t *testing.T) {
	t.Parallel()
	broken := errors.New("out of order")
	fails := classes(map[string]component.Factory{"fails": factoryOf(func(context.Context, *client.Session) error { return broken })})
	for _, where := range []string{"container", "router"} {
		for _, ends := range []bool{false, true} {
			t.Run(fmt.Sprintf("in a %s: %v", where, ends), func(t *testing.T) {
				t.Parallel()
				path, more, logs := socket(t), "", newLogs()
				if ends {
					more = `"on_failure": "end-node",`
				}
				within, apart := "", `{"type": "container"}`
				if where == "router" {
					within = fmt.Sprintf(`"components": [{"type": "class", "classname": "fails", %s "realm": "realm1"}],`, more)
				} else {
					apart = containerText("", componentText("fails", path, more))
				}
				n := open(t, workers(t, "", routerText(path, within), apart), node.Options{Components: fails, Logger: logs.logger})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- n.Run(ctx) }()
				logs.await("out of order")
				if !ends {
					connect(t, "unix://"+path, client.Options{}) // it is still there
					cancel()
				}
				if err := <-ended; errors.Is(err, broken) != ends {
					t.Errorf("Run: %v", err)
				}
			})
		}
	}
}

func TestContainerEndsAsConfigured(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		mode  string
		ends  []string // the classes of its components
		err   bool     // of the node
		stays bool
	}{
		{"never", "shutdown-manual", []string{"leaves", "fails"}, false, true},
		{"with the last one", "shutdown-on-last-component-stopped", []string{"leaves", "leaves"}, false, false},
		{"not before the last one", "shutdown-on-last-component-stopped", []string{"leaves", "stays"}, false, true},
		{"with the last one, of which one failed", "shutdown-on-last-component-stopped", []string{"leaves", "fails"}, true, false},
		{"with any", "shutdown-on-any-component-stopped", []string{"stays", "leaves"}, false, false},
		{"with any, also if it failed", "shutdown-on-any-component-stopped", []string{"stays", "fails"}, true, false},
		{"with one that failed", "shutdown-on-any-component-failed", []string{"stays", "fails"}, true, false},
		{"not with one that left", "shutdown-on-any-component-failed", []string{"stays", "leaves"}, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := socket(t)
			var over sync.WaitGroup // what ends has ended
			over.Add(2)
			known := classes(map[string]component.Factory{
				"leaves": factoryOf(func(_ context.Context, s *client.Session) error { defer over.Done(); return s.Close() }),
				"fails":  factoryOf(func(context.Context, *client.Session) error { defer over.Done(); return errors.New("out of order") }),
				"stays":  factoryOf(func(context.Context, *client.Session) error { over.Done(); return nil }),
			})
			var components []string
			for _, class := range tt.ends {
				components = append(components, componentText(class, path, ""))
			}
			n := open(t, workers(t, "", routerText(path, ""), containerText(fmt.Sprintf(`"shutdown": %q`, tt.mode), components...)),
				node.Options{Components: known})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- n.Run(ctx) }()
			if tt.stays {
				over.Wait()
				cancel() // what would end by itself with an error has had its chance, or ends with one
			}
			if err := <-ended; (err != nil) != tt.err {
				t.Errorf("Run: %v", err)
			}
		})
	}
}

func TestNodeEndsByItsRules(t *testing.T) {
	t.Parallel()
	known := classes(map[string]component.Factory{
		"leaves": factoryOf(func(_ context.Context, s *client.Session) error { return s.Close() }),
		"fails":  factoryOf(func(context.Context, *client.Session) error { return errors.New("out of order") }),
	})
	tests := []struct {
		name  string
		rules string
		class string
		ends  bool
	}{
		{"by default", ``, "leaves", true},
		{"as a word", `"shutdown": "shutdown_on_worker_exit"`, "leaves", true},
		{"as a list", `"shutdown": ["shutdown_on_worker_exit"]`, "fails", true},
		{"with an error, as a word", `"shutdown": "shutdown_on_worker_exit_with_error"`, "fails", true},
		{"not without an error, as a word", `"shutdown": "shutdown_on_worker_exit_with_error"`, "leaves", false},
		{"not without an error, as a list", `"shutdown": ["shutdown_on_worker_exit_with_error"]`, "leaves", false},
		{"not while the router is left", `"shutdown": "shutdown_on_last_worker_exit"`, "fails", false},
		{"only on request", `"shutdown": "shutdown_on_shutdown_requested"`, "fails", false},
		{"by no rule", `"shutdown": []`, "fails", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path, logs := socket(t), newLogs()
			n := open(t, workers(t, tt.rules, routerText(path, ""),
				containerText(`"shutdown": "shutdown-on-last-component-stopped"`, componentText(tt.class, path, ""))),
				node.Options{Components: known, Logger: logs.logger})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- n.Run(ctx) }()
			logs.await(`what="container container1"`)
			if !tt.ends {
				cancel()
			}
			if err := <-ended; err != nil != (tt.ends && tt.class == "fails") {
				t.Errorf("Run: %v", err)
			}
			if stopped := logs.await("node stopping"); strings.Contains(stopped, "container") != tt.ends {
				t.Errorf("the node ended so: %s", stopped)
			}
		})
	}
}

// Nothing can force application code to end; the node ends all the same.
func TestStuckComponentDoesNotKeepTheNode(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"container", "router"} {
		t.Run("in a "+where, func(t *testing.T) {
			t.Parallel()
			joining, release := make(chan struct{}), make(chan struct{})
			defer close(release)
			stuck := classes(map[string]component.Factory{"stuck": factoryOf(func(context.Context, *client.Session) error {
				close(joining)
				<-release
				return nil
			})})
			path := socket(t)
			texts := []string{routerText(path, ""), containerText("", componentText("stuck", path, ""))}
			if where == "router" {
				texts = []string{routerText(path, `"components": [{"type": "class", "classname": "stuck", "realm": "realm1"}],`)}
			}
			n := open(t, workers(t, "", texts...), node.Options{Components: stuck, ShutdownTimeout: 20 * time.Millisecond})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- n.Run(ctx) }()
			<-joining
			cancel()
			if err := <-ended; err == nil || !strings.Contains(err.Error(), where) {
				t.Errorf("Run: %v, want an error that names the %s", err, where)
			}
		})
	}
}
