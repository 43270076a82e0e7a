package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/node"
)

func write(t *testing.T, name, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCheckReadsCredentials(t *testing.T) {
	t.Parallel()
	full := write(t, "secret", "sesame\n")
	key := write(t, "client.key", strings.Repeat("0a", 32)+"\n")
	tests := []struct {
		name, auth string
		path, want string // "" for no finding
	}{
		{"all there", `"ticket": {"authid": "a", "ticket": {"file": "` + full + `"}}, "wampcra": {"authid": "a", "secret": {"file": "` + full + `"}},
			"scram": {"authid": "a", "password": "p"}, "cryptosign": {"key": "` + key + `", "router_key": "` + strings.Repeat("0a", 32) + `"}, "anonymous": {}`, "", ""},
		{"a ticket's file is missing", `"ticket": {"authid": "a", "ticket": {"file": "/nowhere/ticket"}}`, "ticket.ticket", "/nowhere/ticket: no such file"},
		{"a secret's file is a directory", `"wampcra": {"authid": "a", "secret": {"file": "` + filepath.Dir(full) + `"}}`, "wampcra.secret", "no regular file"},
		{"a password's file is empty", `"scram": {"authid": "a", "password": {"file": "` + write(t, "empty", "\n") + `"}}`, "scram.password", "is empty"},
		{"a key's file is missing", `"cryptosign": {"key": "/nowhere/key"}`, "cryptosign.key", "no such file"},
		{"a key's file holds something else", `"cryptosign": {"key": "` + full + `"}`, "cryptosign.key", "want an Ed25519 private key"},
		{"a file is too large", `"wampcra": {"authid": "a", "secret": {"file": "` + write(t, "large", strings.Repeat("x", 1<<16+1)) + `"}}`, "wampcra.secret", "more than 65536 octets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			findings := node.Check(workers(t, "", containerText("",
				`{"type": "class", "classname": "echo", "realm": "realm1", "extra": {"uri": "com.example.a"}, "transport": {"type": "rawsocket", "serializer": "json",
					"endpoint": {"type": "unix", "path": "x"}, "auth": {`+tt.auth+`}}}`)), nil, node.Options{Components: classes(nil)})
			if tt.want == "" {
				if len(findings) > 0 {
					t.Errorf("got %v", findings)
				}
				return
			}
			if len(findings) != 1 || findings[0].Path != "workers[0].components[0].transport.auth."+tt.path || !strings.Contains(findings[0].Message, tt.want) {
				t.Errorf("got %v, want one at %s: %s", findings, tt.path, tt.want)
			}
		})
	}
}
