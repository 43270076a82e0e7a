package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/cli"
)

// runEnded runs a command line of a command that goes on, but has been told
// to end before it began.
func runEnded(t *testing.T, env map[string]string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cli.Interrupted{Signal: os.Interrupt})
	var stdout, stderr bytes.Buffer
	code := cli.Run(ctx, cli.Env{
		Args: args, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
		Getenv: func(name string) string { return env[name] },
	})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestDevSaysWhatToTypeNext(t *testing.T) {
	t.Parallel()
	got := runEnded(t, map[string]string{"JUNCTOR_REALM": "com.example.lab"}, "dev", "--port", "0", "--socket", "none", "--output", "text")
	if got.code != 0 || !strings.Contains(got.stdout, "realm com.example.lab\n") || !strings.Contains(got.stdout, "junctor call --url rs://127.0.0.1:") {
		t.Errorf("got %+v, want the realm of the environment and the URL in the next commands", got)
	}
	if strings.Contains(got.stdout, "--realm") {
		t.Errorf("the next commands name the realm, which the environment does:\n%s", got.stdout)
	}
	got = runEnded(t, nil, "dev", "--port", "0", "--socket", "none", "--output", "text", "--realm", "com.example.lab")
	if !strings.Contains(got.stdout, " --realm com.example.lab com.example.hello") {
		t.Errorf("the next commands do not name the realm:\n%s", got.stdout)
	}
}

func TestDevWithoutRuntimeDirectoryLeavesNothing(t *testing.T) {
	t.Parallel()
	got := runEnded(t, nil, "dev", "--port", "0", "--json")
	var said struct{ URLs []string }
	if err := json.Unmarshal([]byte(got.stdout), &said); err != nil || len(said.URLs) != 2 {
		t.Fatalf("got %+v (%v), want two URLs", got, err)
	}
	path := strings.TrimSuffix(strings.TrimPrefix(said.URLs[1], "unix://"), "/junctor.sock")
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("%s is left behind: %v", path, err)
	}
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	tests := []struct{ format, level, first string }{
		{"auto", "info", `{"time":"20`},
		{"json", "info", `{"time":"20`},
		{"text", "info", `time=20`},
		{"standard", "info", `time=20`},
		{"syslogd", "info", `level=INFO msg="router started"`},
		{"none", "info", `msg="router started"`},
		{"text", "error", ``},
		{"text", "none", ``},
	}
	for _, tt := range tests {
		t.Run(tt.format+" "+tt.level, func(t *testing.T) {
			t.Parallel()
			got := runEnded(t, nil, "dev", "--port", "0", "--socket", "none", "--logformat", tt.format, "--loglevel", tt.level)
			if !strings.HasPrefix(got.stderr, tt.first) || tt.first == "" && got.stderr != "" {
				t.Errorf("the log begins with %.80q, want %q", got.stderr, tt.first)
			}
			if tt.first != "" && !strings.Contains(got.stderr, `interrupted (interrupt)`) {
				t.Errorf("the log does not say why the node ended: %s", got.stderr)
			}
		})
	}
}
