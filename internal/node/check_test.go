package node_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
)

// Check builds what start builds: it finds what a component would not take.
func TestCheckFindsWhatComponentsLack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, component, path, want string
	}{
		{"a Python class", `"type": "class", "classname": "com.example.Backend"`, "classname", "can run as a guest"},
		{"a Python function", `"type": "function", "callbacks": {"join": "example.backend.on_join"}`, "callbacks", `no function "example.backend.on_join"`},
		{"a key that the component does not know", `"type": "class", "classname": "junctor.Exec", "extra": {"procedurs": []}`, "extra", "procedurs"},
		{"nothing for the component to do", `"type": "class", "classname": "junctor.Exec"`, "", "extra"},
	}
	const transport = `"transport": {"type": "rawsocket", "serializer": "json", "endpoint": {"type": "unix", "path": "x"}}`
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hosted := `{"type": "container", "components": [{"realm": "realm1", ` + transport + `, ` + tt.component + `}]}`
			within := `{"type": "router", "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "allow-by-default": true}]}],
				"components": [{"realm": "realm1", ` + tt.component + `}]}`
			findings := node.Check(workers(t, "", hosted, within), nil, node.Options{})
			if len(findings) != 2 {
				t.Fatalf("got %v, want a finding for each worker", findings)
			}
			for i, f := range findings {
				want := []string{"workers[0].components[0]", "workers[1].components[0]"}[i]
				if tt.path != "" {
					want += "." + tt.path
				}
				if !strings.HasPrefix(f.Path, want) || f.Severity != config.Error || !strings.Contains(f.Message, tt.want) {
					t.Errorf("got %v, want %s: %s", f, want, tt.want)
				}
			}
		})
	}
}

func TestCheckFindsWhatConnectingTransportsLack(t *testing.T) {
	t.Parallel()
	findings := node.Check(workers(t, "", containerText("",
		`{"type": "class", "classname": "echo", "realm": "realm1", "extra": {"uri": "com.example.a"}, "transport": {"type": "rawsocket", "serializer": "json",
			"endpoint": {"type": "tcp", "host": "localhost", "port": 1, "tls":
				{"hostname": "localhost", "ca_certificates": ["missing.pem"], "certificate": "none.pem", "key": "none.key"}}}}`)),
		nil, node.Options{Components: classes(nil)})
	var paths []string
	for _, f := range findings {
		paths = append(paths, f.Path)
	}
	const tls = "workers[0].components[0].transport.endpoint.tls."
	want := []string{tls + "ca_certificates[0]", tls + "certificate", tls + "key"}
	if strings.Join(paths, " ") != strings.Join(want, " ") {
		t.Errorf("got %v, want findings at %v", findings, want)
	}
}
