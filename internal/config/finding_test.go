package config_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/config"
)

func TestFindingReadsAsOneLine(t *testing.T) {
	t.Parallel()
	at := config.Position{File: "c.json", Line: 12, Column: 9, Path: "workers[0].id"}
	for _, test := range []struct {
		finding config.Finding
		want    string
	}{
		{at.Problem("do this", "wrong: %d", 5), "c.json:12:9: workers[0].id: error: wrong: 5; do this"},
		{at.Doubt("", "odd"), "c.json:12:9: workers[0].id: warning: odd"},
		{config.Position{File: "c.json", Line: 3}.Problem("", "wrong"), "c.json:3: error: wrong"},
		{config.Position{Path: "id"}.Problem("", "wrong"), "id: error: wrong"},
		{config.Position{}.Problem("", "wrong"), "error: wrong"},
	} {
		if got := test.finding.String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestFindingsSortByPlaceAndSeverity(t *testing.T) {
	t.Parallel()
	at := func(file string, line, column int) config.Position {
		return config.Position{File: file, Line: line, Column: column}
	}
	findings := config.Findings{
		at("b", 1, 1).Problem("", "6"), at("a", 2, 1).Problem("", "5"), at("a", 1, 9).Problem("", "4"),
		at("a", 1, 2).Doubt("", "2"), at("a", 1, 2).Problem("", "1"), at("a", 1, 2).Doubt("", "3"),
	}
	findings.Sort()
	var got string
	for _, f := range findings {
		got += f.Message
	}
	if got != "123456" {
		t.Errorf("got order %s, want 123456", got)
	}
}

func TestOnlyErrorsMakeAnError(t *testing.T) {
	t.Parallel()
	warning := config.Position{File: "f"}.Doubt("", "odd")
	problem := config.Position{File: "f"}.Problem("", "wrong")
	if err := (config.Findings{warning}).Err(); err != nil {
		t.Errorf("got %v for a warning, want nil", err)
	}
	err := config.Findings{warning, problem}.Err()
	var invalid *config.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Findings) != 2 {
		t.Fatalf("got %v, want an InvalidError with both findings", err)
	}
	if got, want := err.Error(), "invalid configuration\nf: error: wrong"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlaceFindsWhatItContains(t *testing.T) {
	t.Parallel()
	const text = `{"version": 2, "workers": [
  {"type": "router", "transports": [
    {"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1, "interface": "127.0.0.1",
      "tls": {"key": "k", "certificate": "c", "chain_certificates": ["a", "b"]}}}]}]}`
	node, findings := config.Parse("c.json", []byte(text), config.JSON, config.Options{})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	endpoint := node.Workers[0].Router.Transports[0].Endpoint
	for _, test := range []struct {
		name string
		got  config.Position
		want string
	}{
		{"the object itself", endpoint.At(), "c.json:3:39: workers[0].transports[0].endpoint"},
		{"a member", endpoint.At("port"), "c.json:3:63: workers[0].transports[0].endpoint.port"},
		{"a member of a member", endpoint.At("tls", "key"), "c.json:4:22: workers[0].transports[0].endpoint.tls.key"},
		{"an item of a list", endpoint.TCP.TLS.At("chain_certificates", 1), "c.json:4:75: workers[0].transports[0].endpoint.tls.chain_certificates[1]"},
		{"a key that is not there", endpoint.At("backlog"), "c.json:3:39: workers[0].transports[0].endpoint.backlog"},
		{"an index that is not there", endpoint.TCP.TLS.At("chain_certificates", 2), "c.json:4:69: workers[0].transports[0].endpoint.tls.chain_certificates[2]"},
		{"a key of what is not there", endpoint.At("x", "port"), "c.json:3:39: workers[0].transports[0].endpoint.x.port"},
		{"a negative index", node.At("workers", -1), "c.json:1:27: workers[-1]"},
		{"a default", node.Workers[0].Router.Transports[0].RawSocket.Auth.Anonymous.At("role"), "c.json:3:5: workers[0].transports[0].auth.anonymous.role"},
		{"a key of the top level that is not there", node.At("controller"), "c.json:1:1: controller"},
		{"no file at all", config.Place{}.At("workers", 0), "workers[0]"},
	} {
		if got := test.got.String(); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
	}
}

func TestSuggestionsAreSlipsOfTheKeyboard(t *testing.T) {
	t.Parallel()
	valid := []string{"port", "portrange", "interface", "allow-by-default"}
	got := map[string]string{}
	for _, word := range []string{"prot", "PORT", "porrt", "interfac", "allow_by_default", "x", "backlog"} {
		got[word] = config.Suggest(word, valid)
	}
	const all = "valid here: port, portrange, interface, allow-by-default"
	want := map[string]string{
		"prot": `did you mean "port"?`, "PORT": `did you mean "port"?`, "porrt": `did you mean "port"?`,
		"interfac": `did you mean "interface"?`, "allow_by_default": `did you mean "allow-by-default"?`,
		"x": all, "backlog": all,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
