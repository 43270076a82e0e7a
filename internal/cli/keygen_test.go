package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
)

// made is what keygen prints as JSON.
type made struct {
	Auth       map[string]json.RawMessage `json:"auth"`
	TLS        json.RawMessage            `json:"tls"`
	SecretFile string                     `json:"secret_file"`
	PublicKey  string                     `json:"public_key"`
}

// keygen runs the command, which must succeed.
func keygen(t *testing.T, stdin string, args ...string) (m made) {
	t.Helper()
	got := run(t, nil, stdin, append(append([]string{"keygen"}, args...), "--json")...)
	if got.code != 0 {
		t.Fatalf("keygen %v: %+v", args, got)
	}
	if err := json.Unmarshal([]byte(got.stdout), &m); err != nil {
		t.Fatalf("keygen %v: %v in %s", args, err, got.stdout)
	}
	if m.SecretFile != "" {
		info, err := os.Stat(m.SecretFile)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("keygen %v: the secret's file: %v, %v", args, info, err)
		}
		if secret, _ := os.ReadFile(m.SecretFile); len(secret) < 26 || strings.Contains(got.stdout, strings.TrimSpace(string(secret))) {
			t.Errorf("keygen %v: the secret is short, or printed: %s", args, got.stdout)
		}
	}
	return m
}

// serve runs a router with the given transport until the test is over, and
// returns its URL.
func serve(t *testing.T, endpoint string, auth map[string]json.RawMessage) string {
	t.Helper()
	methods, err := json.Marshal(auth)
	if err != nil {
		t.Fatal(err)
	}
	cfg, findings := config.Parse("config.json", fmt.Appendf(nil, `{"version": 2, "workers": [{"type": "router",
		"realms": [{"name": "realm1", "roles": [{"name": "user", "permissions": [{"uri": "", "match": "prefix", "allow": {"publish": true}}]}]}],
		"transports": [{"type": "rawsocket", "endpoint": %s, "auth": %s}]}]}`, endpoint, methods), config.JSON, config.Options{})
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	n, findings := node.Open(cfg, node.Options{})
	if n == nil {
		t.Fatal(findings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return n.Endpoints()[0].URL
}

// What keygen prints goes into a router's configuration as it is, and what it
// writes signs in there.
func TestWhatKeygenMakesSignsIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	certificates := at("certificates")
	tls := keygen(t, "", "ca", certificates, "--client", "carol")
	tests := []struct {
		name string
		made made
		args []string
	}{
		{"a key", keygen(t, "", at("key"), "--authid", "alice"), []string{"--private-key", at("key")}},
		{"a ticket", keygen(t, "", "ticket", "alice", "--out", at("ticket")), []string{"--authid", "alice", "--ticket-file", at("ticket")}},
		{"a ticket that somebody chose", keygen(t, "open sesame\n", "ticket", "alice", "--from", "-"), []string{"--authid", "alice", "--ticket-file", secretFile(t, "open sesame")}},
		{"a salted secret", keygen(t, "", "wampcra", "alice", "--out", at("cra"), "--iterations", "10"), []string{"--authid", "alice", "--secret-file", at("cra")}},
		{"a salted password", keygen(t, "", "scram", "alice", "--out", at("scram"), "--memory", "8192"), []string{"--authid", "alice", "--password-file", at("scram")}},
		{"one of pbkdf2", keygen(t, "", "scram", "alice", "--out", at("pbkdf2"), "--kdf", "pbkdf2", "--iterations", "4096"), []string{"--authid", "alice", "--password-file", at("pbkdf2")}},
		{"a certificate", tls, []string{"--tls-cert", filepath.Join(certificates, "carol.pem"), "--tls-key", filepath.Join(certificates, "carol.key")}},
	}
	trust := []string{"--tls-ca", filepath.Join(certificates, "ca.pem"), "--realm", "realm1", "com.example.topic"}
	endpoint := fmt.Sprintf(`{"type": "tcp", "port": 0, "interface": "127.0.0.1", "tls": %s}`, tls.TLS)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			own := endpoint
			if tt.made.TLS == nil { // of the others, no certificate is wanted
				own = fmt.Sprintf(`{"type": "tcp", "port": 0, "interface": "127.0.0.1", "tls": {"certificate": %q, "key": %q}}`,
					filepath.Join(certificates, "server.pem"), filepath.Join(certificates, "server.key"))
			}
			url := serve(t, own, tt.made.Auth)
			args := append([]string{"publish", "--url", url}, trust...)
			if got := run(t, nil, "", append(args, tt.args...)...); got.code != 0 {
				t.Errorf("got %+v", got)
			}
			if got := run(t, nil, "", args...); got.code != cli.ExitDenied && tt.made.TLS == nil {
				t.Errorf("without credentials: got %+v", got)
			}
		})
	}
}

func TestKeygenForAutobahn(t *testing.T) {
	t.Parallel()
	m := keygen(t, "pencil", "scram", "alice", "--from", "-", "--kdf", "argon2id-13", "--memory", "8192", "--role", "backend")
	var scram struct{ Principals map[string]map[string]any }
	if err := json.Unmarshal(m.Auth["scram"], &scram); err != nil {
		t.Fatal(err)
	}
	alice := scram.Principals["alice"]
	if alice["kdf"] != "argon2id-13" || alice["memory"] != 8192.0 || alice["role"] != "backend" || len(alice["stored-key"].(string)) != 64 {
		t.Errorf("got %v", alice)
	}
}

func TestKeygenDoesNotOverwrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	keygen(t, "", "ca", dir)
	keygen(t, "", "ca", dir, "--client", "alice") // the authority and the router's certificate are taken
	for _, args := range [][]string{
		{"keygen", taken}, {"keygen", "ticket", "alice", "--out", taken}, {"keygen", "wampcra", "alice", "--out", taken},
		{"keygen", "scram", "alice", "--out", taken, "--memory", "8192"},
		{"keygen", "ca", dir, "--client", "alice"}, {"keygen", "ca", dir, "--server", "example.com"},
	} {
		if got := run(t, nil, "", args...); got.code != cli.ExitFailure || !strings.Contains(got.stderr, "exists; it is not overwritten") || got.stdout != "" {
			t.Errorf("%v: got %+v", args, got)
		}
	}
	if text, err := os.ReadFile(taken); err != nil || string(text) != "mine" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}

func TestMistakesWithKeygen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"credentials of nobody":            {"ticket"},
		"credentials of several":           {"ticket", "alice", "bob"},
		"an authid that is a path":         {"ticket", "../alice"},
		"a new secret and one that exists": {"ticket", "alice", "--from", "-", "--out", filepath.Join(dir, "x")},
		"too many iterations":              {"wampcra", "alice", "--iterations", "1000000000", "--out", filepath.Join(dir, "x")},
		"too few iterations":               {"scram", "alice", "--kdf", "pbkdf2", "--iterations", "10", "--out", filepath.Join(dir, "x")},
		"memory that is not needed":        {"scram", "alice", "--kdf", "pbkdf2", "--memory", "8192", "--out", filepath.Join(dir, "x")},
		"an unknown derivation":            {"scram", "alice", "--kdf", "scrypt", "--out", filepath.Join(dir, "x")},
		"a certificate for ever":           {"ca", dir, "--days", "36500"},
		"a client that is a path":          {"ca", dir, "--client", "../alice"},
		"a client called as the authority": {"ca", dir, "--client", "ca"},
		"two directories":                  {"ca", dir, dir},
	} {
		if got := run(t, nil, "pencil", append([]string{"keygen"}, args...)...); got.code != cli.ExitUsage {
			t.Errorf("%s: got %+v, want code %d", name, got, cli.ExitUsage)
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("files are left behind: %v, %v", left, err)
	}
	if got := run(t, nil, "", "keygen", "ticket", "alice", "--from", "-"); got.code != cli.ExitFailure || !strings.Contains(got.stderr, "nothing in standard input") {
		t.Errorf("nothing to hash: got %+v", got)
	}
}
