//go:build interop

package interop_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// startDynamicRouter starts the node of testdata/dynamic.json, whose guest
// python/authenticator.py decides who signs in and what they may do. The
// returned client has the role of its back end.
func startDynamicRouter(t *testing.T) (*router, *people, *client) {
	t.Helper()
	p := &people{dir: t.TempDir(), secrets: map[string]string{"tina": "ticket of tina", "paul": "secret of paul"}}
	p.copyFile(t, "testdata/dynamic.json", "config.json")
	p.copyFile(t, "python/authenticator.py", "authenticator.py")
	p.writePrincipals(t)
	ports := map[string]int{"TCP_PORT": freePort(t), "FRONTEND_PORT": freePort(t), "KIOSK_PORT": freePort(t)}
	r := &router{urls: map[string]string{
		"tcp":      fmt.Sprintf("rs://127.0.0.1:%d", ports["TCP_PORT"]),
		"frontend": fmt.Sprintf("rs://127.0.0.1:%d", ports["FRONTEND_PORT"]),
		"kiosk":    fmt.Sprintf("rs://127.0.0.1:%d", ports["KIOSK_PORT"]),
		"unix":     "unix://" + filepath.Join(p.dir, "router.sock"),
	}}
	env := []string{"PATH=" + filepath.Join(cacheDir(t), "venv", "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
	for name, port := range ports {
		env = append(env, fmt.Sprintf("%s=%d", name, port))
	}
	r.launch(t, p.dir, env...)
	backend := join(deadline(t), t, r, variant{goClient, "unix", "cbor"}, "backend")
	for _, uri := range []string{"authenticate", "authorize", "authorize_simply", "authorizations"} {
		if err := awaitProcedure(deadline(t), backend, "com.example."+uri); err != nil {
			t.Fatal(err)
		}
	}
	return r, p, backend
}

// awaitProcedure calls a procedure without arguments until there is one, which
// may well refuse.
func awaitProcedure(ctx context.Context, c *client, uri string) error {
	_, err := callWhenThere(ctx, c, uri, func(outcome) bool { return true })
	var refused *refusal
	if errors.As(err, &refused) && !passes(err) {
		return nil
	}
	return err
}

func (p *people) copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, to), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writePrincipals writes what the authenticator knows of everybody, made by
// keygen as for a configuration.
func (p *people) writePrincipals(t *testing.T) {
	t.Helper()
	salted := p.keygen(t, "wampcra sally --iterations 1000")["wampcra"].(map[string]any)
	keys := p.keygen(t, "kira.key --authid kira")["cryptosign"].(map[string]any)
	p.keygen(t, "other.key --authid nobody")
	p.key, p.otherKey = p.read(t, "kira.key"), p.read(t, "other.key")
	principals := map[string]any{
		"ticket": map[string]any{"tina": map[string]any{"ticket": p.secrets["tina"], "role": "user"}},
		"wampcra": map[string]any{
			"paul":  map[string]any{"secret": p.secrets["paul"], "role": "user"},
			"sally": salted["users"].(map[string]any)["sally"],
		},
		"cryptosign": keys["principals"],
	}
	text, err := json.Marshal(principals)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "principals.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAuthenticator: an authenticator that was written with Autobahn|Python for
// Crossbar.io decides who signs in.
func TestAuthenticator(t *testing.T) {
	t.Parallel()
	r, p, _ := startDynamicRouter(t)
	byTicket := p.bySecret("ticket", "tina")
	byTicket[0].extra = map[string]any{"greeting": "hello tina", "peer": []any{"tcp4", "127.0.0.1"}}
	methods := []method{
		{"anonymous", anybody, []expectation{{what: "nothing", try: login{Method: "anonymous"}}}},
		{"ticket", anybody, byTicket},
		{"cra", anybody, p.bySecret("wampcra", "paul")},
		{"cra salted", anybody, p.bySecret("wampcra", "sally")},
		{"key", anybody, p.byKey(func(*login) {})},
	}
	rows := []variant{
		{twisted, "tcp", "msgpack"}, {asyncio, "tcp", "cbor"}, {javascript, "tcp", "json"}, {goClient, "tcp", "cbor"},
	}
	fillSignIn(t, r, "Signing in, decided by an authenticator that was written with Autobahn|Python for Crossbar.io.", rows, methods)
}

// TestAuthorizer: authorizers that were written with Autobahn|Python for
// Crossbar.io decide what every client may do.
func TestAuthorizer(t *testing.T) {
	t.Parallel()
	r, _, backend := startDynamicRouter(t)
	for _, uri := range []string{"open", "closed", "disclosed", "cached", "broken", "nonsense"} {
		for _, behaviour := range []string{"name", "caller"} {
			if err := backend.register(deadline(t), "com.example."+uri+"."+behaviour, behaviour, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := backend.register(deadline(t), "com.example.own", "name", &options{Match: "prefix"}); err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		t.Run(string(k), func(t *testing.T) {
			t.Parallel()
			ctx := deadline(t)
			c := join(ctx, t, r, variant{k, "frontend", "json"}, "frontend")
			kiosk := join(ctx, t, r, variant{k, "kiosk", "json"}, "kiosk")
			if err := errors.Join(
				mayCall(ctx, c), mayPublishAndSubscribe(ctx, c), tellsWho(ctx, c),
				keepsDecisions(ctx, c, backend), mayInTheOlderForm(ctx, kiosk),
			); err != nil {
				t.Error(err)
			}
		})
	}
}

const (
	notAuthorized       = "wamp.error.not_authorized"
	authorizationFailed = "wamp.error.authorization_failed"
)

// mayCall: true, false, what depends on the session, errors and nonsense.
func mayCall(ctx context.Context, c *client) error {
	var errs []error
	for uri, want := range map[string]string{
		"com.example.open.name":                            "",
		"com.example.disclosed.name":                       "",
		"com.example.closed.name":                          notAuthorized,
		"com.example.own." + c.welcome.AuthID + ".letters": "",
		"com.example.own.somebody-else.letters":            notAuthorized,
		"com.example.broken.name":                          authorizationFailed,
		"com.example.nonsense.name":                        authorizationFailed,
	} {
		_, err := c.call(ctx, uri, nil, nil)
		if want != "" {
			_, err = refusedWith(err, want)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", uri, err))
		}
	}
	return errors.Join(errs...)
}

// mayPublishAndSubscribe: the authorizer sees the action and the options.
func mayPublishAndSubscribe(ctx context.Context, c *client) error {
	refused := func(err error) error {
		_, err = refusedWith(err, notAuthorized)
		return err
	}
	_, unpublished := c.publish(ctx, "com.example.closed.news", nil, nil, &options{Acknowledge: true})
	_, published := c.publish(ctx, "com.example.open.news", nil, nil, &options{Acknowledge: true})
	return errors.Join(
		refused(c.register(ctx, "com.example.open.mine", "name", nil)),
		refused(c.subscribe(ctx, "com.example.open.all", &options{Match: "prefix"})),
		c.subscribe(ctx, "com.example.open.topic", nil),
		refused(unpublished), published,
	)
}

// tellsWho: the authorizer has the caller disclosed, or not.
func tellsWho(ctx context.Context, c *client) error {
	told, err := c.call(ctx, "com.example.disclosed.caller", nil, nil)
	if err != nil {
		return err
	}
	untold, err := c.call(ctx, "com.example.open.caller", nil, nil)
	if err != nil {
		return err
	}
	return errors.Join(
		same("caller by disclose", told.args, []any{int64(c.welcome.Session)}),
		same("caller without", untold.args, []any{int64(0)}),
	)
}

// keepsDecisions: a decision that says so is asked for once.
func keepsDecisions(ctx context.Context, c, backend *client) error {
	var errs []error
	for uri, want := range map[string]int64{
		"com.example.cached.name": 1, "com.example.cached.missing": 1, "com.example.disclosed.missing": 3,
	} {
		for range 3 {
			if _, err := c.call(ctx, uri, nil, nil); err != nil && !passes(err) {
				errs = append(errs, err)
			}
		}
		got, err := backend.call(ctx, "com.example.authorizations", []any{c.welcome.Session, uri}, nil)
		if err == nil {
			err = same("times that the authorizer was asked for "+uri, got.args, []any{want})
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// mayInTheOlderForm: an authorizer without options is not given any.
func mayInTheOlderForm(ctx context.Context, c *client) error {
	_, allowed := c.call(ctx, "com.example.open.name", nil, nil)
	_, err := c.call(ctx, "com.example.open.caller", nil, nil)
	_, denied := refusedWith(err, notAuthorized)
	return errors.Join(allowed, denied)
}
