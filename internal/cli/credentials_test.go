package cli_test

import (
	"context"
	"crypto/ed25519"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510"

// tickets is an Authenticator that knows alice's.
type tickets struct{}

func (tickets) Method() string { return auth.MethodTicket }

func (tickets) Begin(_ context.Context, req *auth.Request) (auth.Step, error) {
	return auth.Step{Challenge: &wamp.Challenge{Method: auth.MethodTicket}, Exchange: ticketOf(req.Hello.AuthID)}, nil
}

type ticketOf string

func (authID ticketOf) Authenticate(_ context.Context, m *wamp.Authenticate) (auth.Step, error) {
	if authID != "alice" || m.Signature != "open sesame" {
		return auth.Step{}, auth.Deny(auth.ErrUnknown)
	}
	g := new(auth.Grant)
	g.Principal = wamp.Principal{AuthID: "alice", AuthRole: "user", AuthMethod: auth.MethodTicket}
	return auth.Step{Grant: g}, nil
}

// lockedRouter is a router that wants to know who comes: alice, whose secret for
// all methods is "open sesame". It returns its URL.
func lockedRouter(t *testing.T) string {
	t.Helper()
	secret, err := auth.NewCRASecret("open sesame", "salt", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.NewSCRAMVerifier("open sesame", auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: []byte("saltsalt"), Iterations: 4096})
	if err != nil {
		t.Fatal(err)
	}
	key, err := auth.ParsePrivateKey([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	account := &auth.Account{AuthID: "alice", Role: "user", CRA: secret, SCRAM: verifier, Keys: []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}}
	keyed, err := auth.NewKeyedAccounts(account)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := auth.NewAccounts(account)
	if err != nil {
		t.Fatal(err)
	}
	methods := auth.Set{tickets{}, auth.CRA{Directory: accounts}, auth.SCRAM{Directory: accounts}, auth.Cryptosign{Directory: keyed}}
	r := router.New(router.Options{})
	if _, err := r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{{Name: "user", AllowByDefault: true}}}); err != nil {
		t.Fatal(err)
	}
	l, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "unix", Address: filepath.Join(t.TempDir(), "s")})
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		_ = l.Serve(func(conn transport.Conn) { // what comes of it, the client says
			_ = r.Attach(context.Background(), conn, router.Access{Methods: methods})
		})
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.Close()
		served.Wait()
	})
	return "unix://" + l.Addr().(*net.UnixAddr).Name
}

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestClientVerbsSignIn(t *testing.T) {
	t.Parallel()
	url := lockedRouter(t)
	good, bad := secretFile(t, "open sesame\n"), secretFile(t, "open barley\n")
	key, otherKey := secretFile(t, seed), secretFile(t, strings.Repeat("0", 64))
	type env = map[string]string
	tests := []struct {
		name  string
		env   env
		stdin string
		args  []string
		code  int
	}{
		{"by the ticket in a file", nil, "", []string{"--authid", "alice", "--ticket-file", good}, 0},
		{"by the ticket in standard input", nil, "open sesame\n", []string{"--authid", "alice", "--ticket-file", "-"}, 0},
		{"by the ticket in the environment", env{"JUNCTOR_AUTHID": "alice", "JUNCTOR_TICKET": "open sesame"}, "", nil, 0},
		{"by the ticket in a file that the environment names", env{"JUNCTOR_AUTHID": "alice", "JUNCTOR_TICKET_FILE": good}, "", nil, 0},
		{"by a flag rather than the environment", env{"JUNCTOR_TICKET": "open barley"}, "", []string{"--authid", "alice", "--ticket-file", good}, 0},
		{"by WAMP-CRA", nil, "", []string{"--authid", "alice", "--secret-file", good}, 0},
		{"by WAMP-SCRAM", nil, "", []string{"--authid", "alice", "--password-file", good}, 0},
		{"by cryptosign", nil, "", []string{"--private-key", key}, 0},
		{"by cryptosign with the key in the environment", env{"WAMP_PRIVATE_KEY": seed}, "", nil, 0},
		{"by the one method of several that is named", nil, "", []string{"--authid", "alice", "--secret-file", good, "--ticket-file", bad, "--auth", "wampcra"}, 0},
		{"by the first method that is named", nil, "", []string{"--authid", "alice", "--secret-file", good, "--ticket-file", bad, "--auth", "wampcra,ticket"}, 0},
		{"by WAMP-SCRAM under its name on the wire", nil, "", []string{"--authid", "alice", "--password-file", good, "--auth", "wamp-scram"}, 0},
		{"not by a wrong ticket", nil, "", []string{"--authid", "alice", "--ticket-file", bad}, cli.ExitDenied},
		{"not by a wrong secret", nil, "", []string{"--authid", "alice", "--secret-file", bad}, cli.ExitDenied},
		{"not by a wrong password", nil, "", []string{"--authid", "alice", "--password-file", bad}, cli.ExitDenied},
		{"not by a wrong key", nil, "", []string{"--private-key", otherKey}, cli.ExitDenied},
		{"not as somebody else", nil, "", []string{"--authid", "bob", "--secret-file", good}, cli.ExitDenied},
		{"not as anonymous", env{"JUNCTOR_TICKET": "open sesame", "JUNCTOR_AUTHID": "alice"}, "", []string{"--auth", "anonymous"}, cli.ExitDenied},
		{"not by a method that the router lacks", nil, "", []string{"--auth", "peercred"}, cli.ExitDenied},
		{"not to a router that does not prove itself", nil, "", []string{"--private-key", key, "--router-key", strings.Repeat("0", 64)}, cli.ExitDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, tt.env, tt.stdin, append([]string{"publish", "com.example.topic", "--url", url}, tt.args...)...)
			if got.code != tt.code {
				t.Errorf("got %+v, want code %d", got, tt.code)
			}
			for _, secret := range []string{"sesame", "barley", seed} {
				if strings.Contains(got.stdout+got.stderr, secret) {
					t.Errorf("the secret is printed: %+v", got)
				}
			}
		})
	}
}

func TestCredentialsThatAreNone(t *testing.T) {
	t.Parallel()
	file := secretFile(t, "open sesame")
	tests := []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  string
	}{
		{"a ticket of nobody", "", []string{"--ticket-file", file}, cli.ExitUsage, "--authid"},
		{"a secret of nobody", "", []string{"--secret-file", file}, cli.ExitUsage, "--authid"},
		{"a password of nobody", "", []string{"--password-file", file}, cli.ExitUsage, "--authid"},
		{"a file that is missing", "", []string{"--authid", "a", "--ticket-file", "/nowhere/ticket"}, cli.ExitFailure, "--ticket-file: /nowhere/ticket: no such file"},
		{"a file that is empty", "", []string{"--authid", "a", "--secret-file", secretFile(t, "\n")}, cli.ExitFailure, "is empty"},
		{"an empty standard input", "\n", []string{"--authid", "a", "--ticket-file", "-"}, cli.ExitFailure, "nothing in standard input"},
		{"an endless standard input", strings.Repeat("x", 1<<16+1), []string{"--authid", "a", "--ticket-file", "-"}, cli.ExitFailure, "more than 65536 octets"},
		{"a key that is none", "", []string{"--private-key", file}, cli.ExitFailure, "want an Ed25519 private key"},
		{"the public key instead of the private one", "", []string{"--private-key", "k.pub"}, cli.ExitUsage, "k.pub is the public key"},
		{"a router's key that is none", "", []string{"--private-key", secretFile(t, seed), "--router-key", "12"}, cli.ExitUsage, "--router-key"},
		{"a method that does not exist", "", []string{"--auth", "password"}, cli.ExitUsage, `--auth "password": want one or more of tls, peercred, cryptosign, scram, wampcra, ticket, anonymous`},
		{"a method without credentials", "", []string{"--auth", "scram"}, cli.ExitUsage, "give --password-file, or JUNCTOR_PASSWORD"},
		{"a certificate that there is not", "", []string{"--auth", "tls"}, cli.ExitUsage, "give --tls-cert"},
		{"a process at a distance", "", []string{"--auth", "peercred"}, cli.ExitUsage, "Unix socket"},
		{"a method twice", "", []string{"--auth", "anonymous,anonymous"}, cli.ExitUsage, "twice"},
		{"a channel binding without TLS", "", []string{"--private-key", secretFile(t, seed), "--channel-binding", "tls-exporter"}, cli.ExitUsage, "needs a URL with TLS"},
		{"a channel binding that does not exist", "", []string{"--private-key", secretFile(t, seed), "--channel-binding", "tls"}, cli.ExitUsage, "--channel-binding"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, tt.stdin, append([]string{"publish", "com.example.topic", "--url", "rs://127.0.0.1:1"}, tt.args...)...)
			if got.code != tt.code || !strings.Contains(got.stderr, tt.want) || strings.Contains(got.stderr, "sesame") {
				t.Errorf("got %+v, want code %d and %q", got, tt.code, tt.want)
			}
		})
	}
}
