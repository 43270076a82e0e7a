package node_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

func ticketOf(authid, ticket string) client.Options {
	return credentials(auth.TicketSigner{AuthID: authid, Ticket: ticket})
}

func secretOf(authid, secret string) client.Options {
	return credentials(auth.CRASigner{AuthID: authid, Secret: secret})
}

func TestTicketPrincipalsOfTheFileLogIn(t *testing.T) {
	t.Parallel()
	url := serving(t, unixEndpoint(t), `{"ticket": {"type": "static", "default-role": "user", "principals": {
		"joe": {"ticket": "plain"},
		"ann": {"ticket": {"file": "`+write(t, "ticket", "from a file\n")+`"}, "role": "user"},
		"bob": {"ticket_hash": "`+auth.HashTicket("hashed").String()+`", "role": "user"},
		"eve": {"ticket": "x", "role": "gone"}}}}`)
	wantJoin(t, url, ticketOf("joe", "plain"), "joe")
	wantJoin(t, url, ticketOf("ann", "from a file"), "ann")
	wantJoin(t, url, ticketOf("bob", "hashed"), "bob")
	wantJoin(t, url, ticketOf("joe", "hashed"), "")
	wantJoin(t, url, ticketOf("nobody", "plain"), "")
	if _, err := client.Connect(t.Context(), url, realm1(ticketOf("eve", "x"))); !errors.Is(err, wamp.ErrNoSuchRole) {
		t.Errorf("got %v for a role that is not there", err)
	}
}

func realm1(opts client.Options) client.Options {
	opts.Realm = "realm1"
	return opts
}

// CRA-3: both ways in which configurations for Crossbar.io write salted secrets.
func TestWAMPCRAUsersOfTheFileLogIn(t *testing.T) {
	t.Parallel()
	url := serving(t, unixEndpoint(t), `{"wampcra": {"type": "static", "users": {
		"plain": {"secret": "secret1", "role": "user"},
		"salted": {"secret": "secret1", "salt": "salt123", "iterations": 100, "keylen": 16, "role": "user"},
		"derived": {"secret": "prq7+YkJ1/KlW1X0YczMHw==", "salt": "salt123", "iterations": 100, "keylen": 16, "role": "user"},
		"defaults": {"secret": "secret1", "salt": "salt123", "role": "user"},
		"explicit": {"secret": "prq7+YkJ1/KlW1X0YczMHw==", "derived": false, "salt": "salt123", "iterations": 100, "keylen": 16, "role": "user"}}}}`)
	for _, authid := range []string{"plain", "salted", "derived", "defaults"} {
		wantJoin(t, url, secretOf(authid, "secret1"), authid)
		wantJoin(t, url, secretOf(authid, "secret2"), "")
	}
	wantJoin(t, url, secretOf("explicit", "prq7+YkJ1/KlW1X0YczMHw=="), "explicit")
	wantJoin(t, url, secretOf("explicit", "secret1"), "")
	wantJoin(t, url, secretOf("nobody", "secret1"), "")
}

// token is a JSON Web Token of alice's, signed by the key.
func token(t *testing.T, key ed25519.PrivateKey, expires time.Time) string {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	claims, err := json.Marshal(map[string]any{
		"iss": "https://issuer.example", "aud": "junctor", "sub": "alice", "roles": []string{"staff"}, "exp": expires.Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := b64([]byte(`{"alg":"EdDSA","kid":"k1"}`)) + "." + b64(claims)
	return signed + "." + b64(ed25519.Sign(key, []byte(signed)))
}

func TestHoldersOfTokensLogIn(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := write(t, "keys.json", fmt.Sprintf(`{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": %q}]}`,
		base64.RawURLEncoding.EncodeToString(public)))
	url := serving(t, unixEndpoint(t), fmt.Sprintf(`{"ticket": {"type": "jwt", "jwks": %q, "issuer": "https://issuer.example",
		"audience": "junctor", "leeway": 0, "role_claim": "roles", "roles": {"staff": "user"}}}`, keys))
	wantJoin(t, url, ticketOf("alice", token(t, private, time.Now().Add(time.Hour))), "alice")
	wantJoin(t, url, ticketOf("alice", token(t, private, time.Now().Add(-time.Hour))), "")
	wantJoin(t, url, ticketOf("mallory", token(t, private, time.Now().Add(time.Hour))), "")
}

func TestWhatIsWrongWithTickets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, methods, path, want string }{
		{"a file that is not there", `{"ticket": {"type": "static", "principals": {"joe": {"ticket": {"file": "/nowhere/t"}, "role": "user"}}}}`, "ticket.principals.joe.ticket", "no such file"},
		{"keys that are not there", `{"ticket": {"type": "jwt", "jwks": "/nowhere/k", "issuer": "i", "audience": "a", "role": "user"}}`, "ticket.jwks", "no such file"},
		{"keys that are none", `{"ticket": {"type": "jwt", "jwks": "` + write(t, "k", "{}") + `", "issuer": "i", "audience": "a", "role": "user"}}`, "ticket.jwks", "no key"},
		{"a secret that is not there", `{"wampcra": {"type": "static", "users": {"joe": {"secret": {"file": "/nowhere/t"}, "role": "user"}}}}`, "wampcra.users.joe.secret", "no such file"},
		{"a derived key in a file that is none", `{"wampcra": {"type": "static", "users": {"joe": {"secret": {"file": "` + write(t, "s", "x") + `"}, "salt": "s", "derived": true, "role": "user"}}}}`, "wampcra.users.joe.secret", "base64 text of 32 octets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			findings := node.Check(withAuth(t, unixEndpoint(t), tt.methods), nil, node.Options{})
			if len(findings) != 1 || !findings.HasErrors() {
				t.Fatalf("got %v, want one error", findings)
			}
			if want := "workers[0].transports[0].auth." + tt.path; findings[0].Path != want || !strings.Contains(findings[0].Message, tt.want) {
				t.Errorf("got %v, want %q at %s", findings[0], tt.want, want)
			}
		})
	}
}

// asked is a router with an open transport and one that asks authenticators,
// and two realms.
func asked(t *testing.T, methods string) (open, guarded string) {
	t.Helper()
	all := `"permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]`
	cfg := parseText(t, fmt.Sprintf(`{"version": 2, "workers": [{"type": "router",
		"realms": [
			{"name": "realm1", "roles": [{"name": "anonymous", %s}, {"name": "user"}]},
			{"name": "realm2", "roles": [{"name": "anonymous", %s}, {"name": "asker", %s}, {"name": "user"}]}],
		"transports": [%s, {"type": "rawsocket", "endpoint": {"type": "unix", "path": %q}, "auth": %s}]}]}`,
		all, all, all, unix(socket(t)), socket(t), methods))
	n, findings := node.Open(cfg, node.Options{})
	if n == nil {
		t.Fatal(findings)
	}
	start(t, n)
	return n.Endpoints()[0].URL, n.Endpoints()[1].URL
}

// authenticate registers an authenticator.
func authenticate(t *testing.T, s *client.Session, f func(realm, authid string, details wamp.Dict) (any, error)) *client.Registration {
	t.Helper()
	reg, err := s.Register(t.Context(), "com.example.authenticate", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		args, _, err := inv.Values()
		if err != nil {
			return client.Reply{}, err
		}
		realm, _ := args[0].(string)
		authid, _ := args[1].(string)
		details, _ := args[2].(wamp.Dict)
		got, err := f(realm, authid, details)
		return client.Reply{Args: []any{got}}, err
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func TestAuthenticatorsDecideOverTicketsAndSecrets(t *testing.T) {
	t.Parallel()
	dynamic := `{"type": "dynamic", "authenticator": "com.example.authenticate"}`
	everybody, guarded := asked(t, fmt.Sprintf(`{"ticket": %s, "wampcra": %s, "anonymous": %s}`, dynamic, dynamic, dynamic))
	backend := connect(t, everybody, client.Options{})
	reg := authenticate(t, backend, func(realm, authid string, details wamp.Dict) (any, error) {
		switch {
		case authid == "lost":
			return wamp.Dict{"role": "user", "realm": "realm2"}, nil
		case authid == "liar":
			return wamp.Dict{"role": "trusted"}, nil
		case details["authmethod"] == "anonymous":
			return wamp.Dict{"role": "user", "authid": "somebody in " + realm}, nil
		case authid != "joe":
			return nil, &wamp.Error{URI: "com.example.no_such_user"}
		case details["authmethod"] == "wampcra":
			return wamp.Dict{"role": "user", "secret": "sesame"}, nil
		case details["ticket"] == "sesame":
			return "user", nil
		}
		return nil, &wamp.Error{URI: "com.example.invalid_ticket"}
	})
	wantJoin(t, guarded, ticketOf("joe", "sesame"), "joe")
	wantJoin(t, guarded, ticketOf("joe", "guess"), "")
	wantJoin(t, guarded, ticketOf("ann", "sesame"), "")
	wantJoin(t, guarded, secretOf("joe", "sesame"), "joe")
	wantJoin(t, guarded, secretOf("joe", "guess"), "")
	wantJoin(t, guarded, secretOf("ann", "sesame"), "")
	wantJoin(t, guarded, client.Options{}, "somebody in realm1")

	s := connect(t, guarded, ticketOf("lost", "x"))
	if got := s.Details().Realm; got != "realm2" {
		t.Errorf("joined %s, want realm2", got)
	}
	for authid, want := range map[string]wamp.ErrorURI{"liar": wamp.ErrNoSuchRole} {
		if _, err := client.Connect(t.Context(), guarded, realm1(ticketOf(authid, "x"))); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", authid, err, want)
		}
	}

	if err := reg.Unregister(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Connect(t.Context(), guarded, realm1(ticketOf("joe", "sesame"))); !errors.Is(err, wamp.ErrAuthenticationFailed) {
		t.Errorf("without its authenticator: got %v, want a failure", err)
	}
}

func TestAuthenticatorsOfAnotherRealm(t *testing.T) {
	t.Parallel()
	everybody, guarded := asked(t, `{"ticket": {"type": "dynamic", "authenticator": "com.example.authenticate",
		"authenticator-realm": "realm2", "authenticator-role": "asker", "default-role": "user"}}`)
	authenticate(t, connect(t, everybody, client.Options{Realm: "realm2"}), func(realm, authid string, _ wamp.Dict) (any, error) {
		return wamp.Dict{"authid": authid + " of " + realm}, nil
	})
	wantJoin(t, guarded, ticketOf("joe", "x"), "joe of realm1")
}

// The client is refused in time, and others get in meanwhile.
func TestAuthenticatorThatHangs(t *testing.T) {
	t.Parallel()
	everybody, guarded := asked(t, `{"ticket": {"type": "dynamic", "authenticator": "com.example.authenticate", "timeout": 1}}`)
	backend := connect(t, everybody, client.Options{})
	waiting, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	authenticate(t, backend, func(_, authid string, _ wamp.Dict) (any, error) {
		if authid == "patience" {
			close(waiting)
			<-release
		}
		return "user", nil
	})
	refused := make(chan error, 1)
	go func() {
		_, err := client.Connect(context.Background(), guarded, realm1(ticketOf("patience", "x")))
		refused <- err
	}()
	<-waiting
	wantJoin(t, guarded, ticketOf("joe", "x"), "joe")
	if err := <-refused; !errors.Is(err, wamp.ErrAuthenticationFailed) {
		t.Errorf("got %v, want a failure", err)
	}
}

func TestFailedLoginsAreLimitedAsConfigured(t *testing.T) {
	t.Parallel()
	cfg := withAuth(t, `{"type": "tcp", "port": 0, "interface": "127.0.0.1"}`, `{"ticket": {"type": "static", "principals": {"joe": {"ticket": "sesame", "role": "user"}}}}`)
	cfg.Workers[0].Router.Transports[0].RawSocket.Options.FailedLogins = config.FailedLogins{Limit: 2, Window: time.Hour}
	n := open(t, cfg, node.Options{})
	start(t, n)
	url := n.Endpoints()[0].URL
	wantJoin(t, url, ticketOf("joe", "guess"), "")
	wantJoin(t, url, ticketOf("joe", "sesame"), "joe")
	wantJoin(t, url, ticketOf("joe", "guess again"), "")
	if _, err := client.Connect(t.Context(), url, realm1(ticketOf("joe", "sesame"))); !errors.Is(err, wamp.ErrAuthenticationFailed) {
		t.Errorf("got %v, want to be refused for now", err)
	}
}
