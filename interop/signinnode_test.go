//go:build interop

package interop_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// people are who may sign in, and how they show who they are.
type people struct {
	dir      string            // of the node
	secrets  map[string]string // by authid
	key      string            // of kira, hexadecimal
	otherKey string            // of nobody
}

// startSignInRouter starts the node of testdata/signin.json with credentials as
// "junctor keygen" makes them.
func startSignInRouter(t *testing.T) (*router, *people) {
	t.Helper()
	p := &people{dir: t.TempDir(), secrets: map[string]string{
		// These are in the configuration as they are.
		"tina": "ticket of tina", "paul": "secret of paul", "sam": "secret of sam",
	}}
	auth, certificates := p.credentials(t)
	p.writeConfig(t, auth, certificates)
	ports := map[string]int{"TCP_PORT": freePort(t), "TLS_PORT": freePort(t), "MUTUAL_PORT": freePort(t)}
	r := &router{ca: filepath.Join(p.dir, "certificates", "ca.pem"), urls: map[string]string{
		"tcp":    fmt.Sprintf("rs://127.0.0.1:%d", ports["TCP_PORT"]),
		"tls":    fmt.Sprintf("rss://localhost:%d", ports["TLS_PORT"]),
		"mutual": fmt.Sprintf("rss://localhost:%d", ports["MUTUAL_PORT"]),
		"unix":   "unix://" + filepath.Join(p.dir, "router.sock"),
	}}
	var env []string
	for name, port := range ports {
		env = append(env, fmt.Sprintf("%s=%d", name, port))
	}
	r.launch(t, p.dir, env...)
	return r, p
}

// credentials makes what can be made, and returns the "auth" of most transports
// and that of the one with client certificates.
func (p *people) credentials(t *testing.T) (auth, certificates map[string]any) {
	t.Helper()
	auth = map[string]any{
		"anonymous": map[string]any{"type": "static"},
		"ticket": map[string]any{"type": "static", "principals": map[string]any{
			"tina": map[string]any{"ticket": p.secrets["tina"], "role": "user"},
		}},
		"wampcra": map[string]any{"type": "static", "users": map[string]any{
			"paul": map[string]any{"secret": p.secrets["paul"], "role": "user"},
			// Since 25.12 Crossbar.io wants a salted user's password.
			"sam": map[string]any{
				"secret": p.secrets["sam"], "role": "user", "salt": "salt123", "iterations": 100, "keylen": 16,
			},
		}},
	}
	for _, command := range []string{
		"ticket hugo",
		"wampcra sally --iterations 1000",
		"scram rosa --kdf pbkdf2 --iterations 4096",
		"scram ines --kdf argon2id13 --iterations 1 --memory 8192",
		"scram otto --kdf argon2id-13 --iterations 1 --memory 8192",
		"kira.key --authid kira",
	} {
		merge(auth, p.keygen(t, command))
	}
	p.keygen(t, "other.key --authid nobody") // whom the router is not told
	p.key, p.otherKey = p.read(t, "kira.key"), p.read(t, "other.key")
	p.keygen(t, "ca certificates --client stranger")
	p.keygen(t, "ca forged --client carl")
	return auth, p.keygen(t, "ca certificates --client carl")
}

// keygen runs "junctor keygen", reads the secret that it made, and returns what
// it has to say to the router's configuration.
func (p *people) keygen(t *testing.T, command string) map[string]any {
	t.Helper()
	cmd := exec.Command(binary(t), append([]string{"keygen", "--json"}, strings.Fields(command)...)...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("keygen %s: %v\n%s", command, err, out)
	}
	var made struct {
		Auth       map[string]any `json:"auth"`
		SecretFile string         `json:"secret_file"`
	}
	if err := json.Unmarshal(out, &made); err != nil || made.Auth == nil {
		t.Fatalf("keygen %s said: %v\n%s", command, err, out)
	}
	if authID, ok := strings.CutSuffix(made.SecretFile, ".secret"); ok {
		p.secrets[authID] = p.read(t, made.SecretFile)
	}
	return made.Auth
}

func (p *people) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// merge adds what is in from, at any depth.
func merge(to, from map[string]any) {
	for key, value := range from {
		if inner, ok := to[key].(map[string]any); ok {
			merge(inner, value.(map[string]any))
			continue
		} else if _, isText := to[key].(string); isText {
			continue // "type", the same in both
		}
		to[key] = value
	}
}

// writeConfig writes the node's configuration, with the transports' auth.
func (p *people) writeConfig(t *testing.T, auth, certificates map[string]any) {
	t.Helper()
	text, err := os.ReadFile("testdata/signin.json")
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	router := config["workers"].([]any)[0].(map[string]any)
	for _, transport := range router["transports"].([]any) {
		transport := transport.(map[string]any)
		switch transport["id"] {
		case "mutual":
			transport["auth"] = certificates
		case "local":
			local := map[string]any{"peercred": map[string]any{"type": "static", "rules": []any{
				map[string]any{"user": os.Getuid(), "authid": "pete", "role": "user"},
			}}}
			merge(local, auth)
			transport["auth"] = local
		default:
			transport["auth"] = auth
		}
	}
	if text, err = json.MarshalIndent(config, "", "  "); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// bySecret is signing in by a method where both sides know a secret.
func (p *people) bySecret(method string, authIDs ...string) []expectation {
	var all []expectation
	for _, authID := range authIDs {
		all = append(all,
			expectation{
				what: "the right secret of " + authID, authID: authID,
				try: login{Method: method, AuthID: authID, Secret: p.secrets[authID]},
			},
			expectation{
				what: "a wrong secret of " + authID, refusal: denied,
				try: login{Method: method, AuthID: authID, Secret: "guessed"},
			})
	}
	stranger := login{Method: method, AuthID: "nobody", Secret: p.secrets[authIDs[0]]}
	return append(all, expectation{what: "an unknown user", try: stranger, refusal: denied})
}

// bound is signing in by SCRAM, bound to the TLS connection.
func (p *people) bound(binding string, tls12 bool) []expectation {
	all := p.bySecret("wamp-scram", "rosa")
	for i := range all {
		all[i].what += ", with " + binding
		all[i].try.ChannelBinding, all[i].try.TLS12 = binding, tls12
	}
	return all
}

// byKey is signing in by cryptosign, in a way that change makes of it.
func (p *people) byKey(change func(*login)) []expectation {
	all := []expectation{
		{what: "the key of kira", try: login{AuthID: "kira", PrivateKey: p.key}, authID: "kira"},
		{what: "a key alone, by which kira is known", try: login{PrivateKey: p.key}, authID: "kira"},
		{what: "another key for kira", try: login{AuthID: "kira", PrivateKey: p.otherKey}, refusal: denied},
		{what: "an unknown user with the key of kira", try: login{AuthID: "nobody", PrivateKey: p.key}, refusal: denied},
		{what: "an unknown key alone", try: login{PrivateKey: p.otherKey}, refusal: denied},
	}
	for i := range all {
		all[i].try.Method = "cryptosign"
		change(&all[i].try)
	}
	return all
}
