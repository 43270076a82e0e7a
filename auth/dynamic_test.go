package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// saying is an authenticator that always says the same.
func saying(got any, err error) *auth.Dynamic {
	return &auth.Dynamic{Call: func(context.Context, wamp.URI, ...any) (any, error) { return got, err }}
}

func raised(uri wamp.ErrorURI, args ...any) error {
	payload, err := serializer.JSON.EncodePayload(args, nil)
	if err != nil {
		panic(err)
	}
	return fmt.Errorf("client: call: %w", &wamp.Error{URI: uri, Payload: payload})
}

func TestAnswersOfAuthenticators(t *testing.T) {
	t.Parallel()
	salted := wamp.Dict{"role": "user", "secret": "prq7+YkJ1/KlW1X0YczMHw==", "salt": "salt123", "iterations": int64(100), "keylen": int64(16)}
	tests := []struct {
		name   string
		method string
		got    any
		want   *auth.Account
	}{
		{"a role", "ticket", "user", &auth.Account{Role: "user", Provider: "dynamic"}},
		{
			"all that there is", "ticket",
			wamp.Dict{"role": "user", "authid": "Alice", "realm": "realm2", "extra": wamp.Dict{"x": int64(1)}, "unknown": 1.5},
			&auth.Account{Role: "user", AuthID: "Alice", Realm: "realm2", Extra: wamp.Dict{"x": int64(1)}, Provider: "dynamic"},
		},
		{
			"properties that are null", "ticket", wamp.Dict{"role": "user", "authid": nil, "realm": nil, "extra": nil},
			&auth.Account{Role: "user", Provider: "dynamic"},
		},
		{
			"a secret", "wampcra", wamp.Dict{"role": "user", "secret": "s"},
			&auth.Account{Role: "user", Provider: "dynamic", CRA: &auth.CRASecret{Key: []byte("s")}},
		},
		{
			"a salted secret that is the derived key", "wampcra", salted,
			&auth.Account{Role: "user", Provider: "dynamic", CRA: &auth.CRASecret{Key: []byte("prq7+YkJ1/KlW1X0YczMHw=="), Salt: "salt123", Iterations: 100, KeyLen: 16}},
		},
		{
			"a salted secret that is the password", "wampcra",
			wamp.Dict{"role": "user", "secret": "secret1", "salt": "salt123", "iterations": int64(100), "keylen": int64(16)},
			&auth.Account{Role: "user", Provider: "dynamic", CRA: &auth.CRASecret{Key: []byte("prq7+YkJ1/KlW1X0YczMHw=="), Salt: "salt123", Iterations: 100, KeyLen: 16}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := saying(tt.got, nil).Account(t.Context(), &auth.Query{Realm: "realm1", AuthID: "alice", Method: tt.method})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// AUTH-5: what is no answer admits nobody, and is told from a refusal.
func TestAuthenticatorsThatRefuseOrFail(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		method  string
		got     any
		err     error
		refusal bool
	}{
		{"nothing", "ticket", nil, nil, true},
		{"false", "ticket", false, nil, true},
		{"an error of the application", "ticket", nil, raised("com.example.invalid_ticket", "no such ticket"), true},
		{"not_authorized", "ticket", nil, raised(wamp.ErrNotAuthorized), true},
		{"no_such_principal", "ticket", nil, raised("wamp.error.no_such_principal"), true},
		{"true", "ticket", true, nil, false},
		{"a number", "ticket", int64(7), nil, false},
		{"a list", "ticket", []any{"user"}, nil, false},
		{"no role", "ticket", wamp.Dict{"authid": "alice"}, nil, false},
		{"an empty role", "ticket", "", nil, false},
		{"a role that is a list", "ticket", wamp.Dict{"role": []any{"user"}}, nil, false},
		{"a realm that is none", "ticket", wamp.Dict{"role": "user", "realm": "a..b"}, nil, false},
		{"extra that is a string", "ticket", wamp.Dict{"role": "user", "extra": "x"}, nil, false},
		{"a role without a secret", "wampcra", "user", nil, false},
		{"a dict without a secret", "wampcra", wamp.Dict{"role": "user"}, nil, false},
		{"iterations that are a string", "wampcra", wamp.Dict{"role": "user", "secret": "s", "salt": "t", "iterations": "9"}, nil, false},
		{"more iterations than anybody needs", "wampcra", wamp.Dict{"role": "user", "secret": "s", "salt": "t", "iterations": int64(1) << 40}, nil, false},
		{"a password that is said to be the derived key", "wampcra", wamp.Dict{"role": "user", "secret": "secret1", "salt": "t", "derived": true}, nil, false},
		{"not registered", "ticket", nil, raised(wamp.ErrNoSuchProcedure), false},
		{"an exception in Python", "ticket", nil, raised(wamp.ErrRuntimeError, "boom"), false},
		{"a callee that has left", "ticket", nil, raised(wamp.ErrCanceled), false},
		{"no connection", "ticket", nil, net.ErrClosed, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := saying(tt.got, tt.err).Account(t.Context(), &auth.Query{Realm: "realm1", AuthID: "alice", Method: tt.method})
			if got != nil || err == nil {
				t.Fatalf("got %+v, %v, want an error", got, err)
			}
			if errors.Is(err, auth.ErrUnknown) != tt.refusal {
				t.Errorf("got %v, want a refusal: %v", err, tt.refusal)
			}
		})
	}
}

func TestWhatAuthenticatorsSayOfTicketsIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for _, uri := range []wamp.ErrorURI{"com.example.invalid_ticket", wamp.ErrRuntimeError} {
		_, err := saying(nil, raised(uri, "invalid ticket 'sesame'")).VerifyTicket(t.Context(), &auth.Query{Method: "ticket"}, "sesame")
		if err == nil || strings.Contains(err.Error(), "sesame") || !strings.Contains(err.Error(), string(uri)) {
			t.Errorf("got %v, want the URI only", err)
		}
	}
}

// Section 4.7: the signature is Crossbar.io's.
func TestAuthenticatorsAreCalledAsByCrossbar(t *testing.T) {
	t.Parallel()
	var got []any
	d := &auth.Dynamic{Call: func(_ context.Context, realm wamp.URI, args ...any) (any, error) {
		got = append([]any{string(realm)}, args...)
		return "user", nil
	}}
	q := &auth.Query{
		Realm: "realm1", AuthID: "alice", AuthRole: "admin", Method: "ticket", Session: 4711, Extra: wamp.Dict{"x": int64(1)},
		Transport: &transport.Info{
			Transport: "rawsocket", Serializer: wamp.SerializerJSON, RemoteAddr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7},
		},
	}
	if _, err := d.VerifyTicket(t.Context(), q, "sesame"); err != nil {
		t.Fatal(err)
	}
	want := []any{"realm1", "realm1", "alice", wamp.Dict{
		"session": int64(4711), "authmethod": "ticket", "authid": "alice", "authrole": "admin",
		"authextra": wamp.Dict{"x": int64(1)}, "ticket": "sesame",
		"transport": wamp.Dict{
			"type": "rawsocket", "protocol": "wamp.2.json", "peer": "tcp4:192.0.2.1:7", "is_server": true, "is_secure": false,
			"channel_framing": "rawsocket", "channel_serializer": "json", "channel_type": "tcp",
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAuthenticatorsAreBoundedInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := &auth.Dynamic{Timeout: 3 * time.Second, Call: func(ctx context.Context, _ wamp.URI, _ ...any) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}}
		began := time.Now()
		_, err := hanging.Account(t.Context(), &auth.Query{Method: "ticket"})
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, auth.ErrUnknown) || time.Since(began) != 3*time.Second {
			t.Errorf("got %v after %v, want a failure after 3 s", err, time.Since(began))
		}
	})
}

// AUTH-5: also where an authenticator knows the principals, an unknown one is
// challenged like the others.
func TestUnknownPrincipalsOfAuthenticatorsAreChallenged(t *testing.T) {
	t.Parallel()
	cra := auth.CRA{Directory: &auth.Dynamic{Call: func(_ context.Context, _ wamp.URI, args ...any) (any, error) {
		if args[1] != "alice" {
			return nil, raised("com.example.no_such_user", "no such user")
		}
		return wamp.Dict{"role": "staff", "secret": "sesame", "salt": "salt123"}, nil
	}}}
	if _, _, err := attempt(t, cra, "mallory", "guess"); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("before anybody has logged in: got %v, want a denial", err)
	}
	known, g, err := attempt(t, cra, "alice", "sesame")
	if err != nil || g.Principal.AuthProvider != "dynamic" {
		t.Fatalf("got %+v, %v", g, err)
	}
	unknown, _, err := attempt(t, cra, "mallory", "guess")
	if !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Fatalf("got %v, want a denial", err)
	}
	for _, key := range []string{"iterations", "keylen"} {
		if known.Extra[key] != unknown.Extra[key] {
			t.Errorf("%s: %v for a known principal, %v for an unknown one", key, known.Extra[key], unknown.Extra[key])
		}
	}
	if salt, _ := unknown.Extra["salt"].(string); len(salt) != len("salt123") || salt == "salt123" {
		t.Errorf("got salt %q for the unknown principal", salt)
	}
	if text, _ := unknown.Extra["challenge"].(string); !strings.Contains(text, `"authrole":"staff"`) || !strings.Contains(text, `"authprovider":"dynamic"`) {
		t.Errorf("got %s", text)
	}
}

func TestAnybodyMayBeAskedFor(t *testing.T) {
	t.Parallel()
	begin := func(d *auth.Dynamic) (auth.Step, error) {
		return auth.Anybody{Directory: d}.Begin(t.Context(), &auth.Request{Hello: &wamp.Hello{Realm: "realm1", AuthID: "alice"}})
	}
	step, err := begin(saying("guest", nil))
	if err != nil || step.Grant == nil || step.Grant.Principal.AuthRole != "guest" || step.Grant.Principal.AuthMethod != "anonymous" {
		t.Errorf("got %+v, %v", step.Grant, err)
	} else if id := step.Grant.Principal.AuthID; id == "" || id == "alice" {
		t.Errorf("got authid %q, want a random one", id)
	}
	if _, err := begin(saying(nil, nil)); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("got %v, want a denial", err)
	}
	if _, err := begin(saying(7.5, nil)); err == nil || errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("got %v, want a failure", err)
	}
}
