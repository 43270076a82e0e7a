package cli_test

import (
	"context"
	"strings"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/junctortest"
)

// collect answers with all that a call has passed in chunks, but only with what
// came before a chunk "enough".
func collect(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	var all []any
	for p, err := range inv.Chunks(ctx) {
		if err != nil {
			return client.Reply{}, err
		}
		args, _, err := p.Values()
		if err != nil {
			return client.Reply{}, err
		}
		if len(args) > 0 && args[0] == "enough" {
			break
		}
		all = append(all, args...)
	}
	return client.Return(all...), nil
}

func TestCallSendsLinesAsChunks(t *testing.T) {
	t.Parallel()
	r := junctortest.NewRouter(t)
	if _, err := r.Connect(t).Register(t.Context(), "com.example.collect", collect, &client.RegisterOptions{TakeChunks: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Connect(t).Register(t.Context(), "com.example.plain", collect, nil); err != nil {
		t.Fatal(err)
	}
	common := []string{"--url", r.URL(t), "--realm", string(r.Connect(t).Realm()), "--lines", "--json"}
	for name, test := range map[string]struct {
		args   []string
		stdin  string
		code   int
		stdout string
		stderr string
	}{
		"one after the other":           {[]string{"com.example.collect", "0"}, "1\n\"two\"\n", 0, `{"args":[0,1,"two"]}`, ""},
		"no line at all":                {[]string{"com.example.collect"}, "", 0, `{"args":[]}`, ""},
		"until the callee has enough":   {[]string{"com.example.collect", "0"}, "1\nenough\n2\n", 0, `{"args":[0,1]}`, ""},
		"up to one that cannot be read": {[]string{"com.example.collect"}, "1\n[2\n3\n", cli.ExitFailure, "", "line 2"},
		"not to any callee":             {[]string{"com.example.plain"}, "1\n", cli.ExitRefused, "", "wamp.error.feature_not_supported"},
		"not repeatedly":                {[]string{"com.example.collect", "--repeat", "2"}, "", cli.ExitUsage, "", "--lines makes one call"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, test.stdin, append(append([]string{"call"}, common...), test.args...)...)
			if got.code != test.code || test.stdout != "" && strings.TrimSpace(got.stdout) != test.stdout || !strings.Contains(got.stderr, test.stderr) {
				t.Errorf("got %+v, want %d, %s and %q", got, test.code, test.stdout, test.stderr)
			}
		})
	}
}
