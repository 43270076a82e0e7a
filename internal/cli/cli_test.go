package cli_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/junctorio/junctor"
	"github.com/junctorio/junctor/internal/cli"
	"github.com/junctorio/junctor/wamp"
)

var update = flag.Bool("update", false, "rewrite docs/cli.md and the golden files")

// TestMain lets this test binary be the program in the scripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"junctor": junctor.Main})
}

// outcome is what a command line came to.
type outcome struct {
	code           int
	stdout, stderr string
}

// run runs a command line in this process.
func run(t *testing.T, env map[string]string, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), cli.Env{
		Args: args, Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr,
		Getenv:  func(name string) string { return env[name] },
		Version: "v1.2.3",
	})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestReferenceIsUpToDate(t *testing.T) {
	t.Parallel()
	golden(t, filepath.Join("..", "..", "docs", "cli.md"), cli.Reference())
}

func TestHelpIsAsReviewed(t *testing.T) {
	t.Parallel()
	for _, path := range cli.Commands() {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			args := append(strings.Fields(path)[1:], "--help")
			got := run(t, nil, "", args...)
			if got.code != 0 || got.stderr != "" {
				t.Errorf("exit code %d and %q on standard error, want 0 and nothing", got.code, got.stderr)
			}
			golden(t, filepath.Join("testdata", "help", strings.ReplaceAll(path, " ", "-")+".txt"), got.stdout)
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update)", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; review, then run with -update (-want +got):\n%s", file, diff)
	}
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"an unknown command", []string{"frobnicate"}, `unknown command "frobnicate"`},
		{"a misspelt command", []string{"subscibe"}, `did you mean "subscribe"?`},
		{"an unknown flag", []string{"call", "--frob"}, "unknown flag: --frob"},
		{"a negative number", []string{"call", "a.b", "-5"}, "after -- arguments may begin with a dash"},
		{"a call of nothing", []string{"call"}, "which procedure?"},
		{"a subscription to nothing", []string{"sub"}, "which topic?"},
		{"a keyword without value", []string{"call", "a.b", "-k", "key"}, "-k key: want key=value"},
		{"a keyword given twice", []string{"call", "a.b", "-k", "a=1", "-k", "a=2"}, "-k a: the keyword is given twice"},
		{"a broken list", []string{"call", "a.b", "[1,"}, "argument 1: [1, begins like JSON, but is not: unexpected end"},
		{"a number without end", []string{"call", "a.b", "123456789012345678901234567890"}, "does not fit in 64 bits"},
		{"an option of another verb", []string{"call", "a.b", "-o", "acknowledge=true"}, "-o acknowledge: no such option here; there is cancel, disclose_me"},
		{"an output format as option", []string{"call", "a.b", "-o", "json"}, "what is printed is chosen by --output"},
		{"an option given twice", []string{"call", "a.b", "-o", "timeout=1", "-o", "timeout=2"}, "given twice"},
		{"a truth that is none", []string{"pub", "a.b", "-o", "acknowledge=yes"}, `-o acknowledge: want true or false, not "yes"`},
		{"a match that is none", []string{"sub", "a.b", "-o", "match=regex"}, `-o match: want exact, prefix or wildcard, not "regex"`},
		{"a filter of names where IDs belong", []string{"pub", "a.b", "-o", `exclude=["a"]`}, "-o exclude: want a list of session IDs"},
		{"a negative timeout", []string{"call", "a.b", "-o", "timeout=-1"}, "want a whole number from 0"},
		{"an unknown serializer", []string{"call", "a.b", "--serializer", "xml"}, `--serializer "xml": want json, msgpack or cbor`},
		{"a realm that is no URI", []string{"call", "a.b", "--realm", "my realm"}, `--realm "my realm": not a valid URI`},
		{"an unknown output", []string{"call", "a.b", "--output", "xml"}, "--output xml: want auto, text or json"},
		{"no repetition", []string{"call", "a.b", "--repeat", "0"}, "--repeat 0: want 1 to"},
		{"lines and repetition", []string{"pub", "a.b", "--lines", "--repeat", "2"}, "--lines publishes each line once"},
		{"a procedure without answer", []string{"register", "a.b"}, "what to answer?"},
		{"a procedure with two answers", []string{"register", "a.b", "--reply", "1", "--exec", "true"}, "exclude each other"},
		{"keywords for a command", []string{"register", "a.b", "--exec", "true", "-k", "a=1"}, "go with --reply"},
		{"an argument too many", []string{"register", "a.b", "hi", "--reply", "1"}, `unexpected argument "hi"`},
		{"an unknown log level", []string{"dev", "--loglevel", "loud"}, "--loglevel loud: want none"},
		{"an unknown log format", []string{"dev", "--logformat", "xml"}, "--logformat xml: want one of"},
		{"an impossible port", []string{"dev", "--port", "70000"}, "--port 70000: want 0 to 65535"},
		{"two names for the configuration", []string{"check", "-c", "a", "--config", "b"}, "both name the file"},
		{"a negative time", []string{"start", "--shutdownafter", "-1"}, "must not be negative"},
		{"a measurement of nothing", []string{"bench", "websocket"}, `unknown command "websocket"`},
		{"two routers to measure", []string{"bench", "rpc", "--self", "--url", "rs://a:1"}, "--self and --url exclude each other"},
		{"a URL without scheme", []string{"call", "a.b", "--url", "localhost:8081"}, "no scheme"},
		{"a URL with an impossible port", []string{"sub", "a.b", "--url", "rs://localhost:99999"}, `port "99999"`},
		{"a message size that no transport has", []string{"call", "a.b", "--max-message-size", "67108865"}, "want 1 to 67108864 octets"},
		{"a negative time to call", []string{"call", "a.b", "--timeout", "-1s"}, "--timeout must not be negative"},
		{"no time to connect", []string{"call", "a.b", "--connect-timeout", "0s"}, "--connect-timeout must be more than 0"},
		{"text that is not UTF-8", []string{"call", "a.b", "\xff"}, "argument 1: the text is not UTF-8"},
		{"a measurement without time", []string{"bench", "rpc", "--self", "--duration", "0s"}, "duration is 0s, want more than 0"},
		{"a measurement without callers", []string{"bench", "rpc", "--self", "--callers", "0"}, "want at least one caller"},
		{"a measurement without subscribers", []string{"bench", "pubsub", "--self", "--subscribers", "0"}, "one subscriber"},
		{"authorities without TLS", []string{"call", "a.b", "--url", "rs://localhost:1", "--tls-ca", "ca.pem"}, "need a URL with TLS"},
		{"a certificate without key", []string{"call", "a.b", "--url", "rss://localhost:1", "--tls-cert", "x.pem"}, "--tls-cert and --tls-key belong together"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := run(t, nil, "", tt.args...)
			if got.code != cli.ExitUsage || !strings.Contains(got.stderr, tt.want) || got.stdout != "" {
				t.Errorf("%q: got %+v, want code %d and %q on standard error", tt.args, got, cli.ExitUsage, tt.want)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	interrupted, cancel := context.WithCancelCause(t.Context())
	cancel(cli.Interrupted{Signal: os.Interrupt})
	tests := []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"success", nil, nil, cli.ExitOK},
		{"an error of no special kind", nil, errors.New("x"), cli.ExitFailure},
		{"an ERROR", nil, &wamp.Error{URI: "com.example.error"}, cli.ExitRefused},
		{"a wrapped ERROR", nil, fmt.Errorf("x: %w", &wamp.Error{URI: wamp.ErrNoSuchProcedure}), cli.ExitRefused},
		{"an ERROR that says no", nil, &wamp.Error{URI: wamp.ErrNotAuthorized}, cli.ExitDenied},
		{"an ABORT that says no", nil, &wamp.Abort{Reason: wamp.ErrAuthenticationRequired}, cli.ExitDenied},
		{"an ABORT for want of the realm", nil, &wamp.Abort{Reason: wamp.ErrNoSuchRealm}, cli.ExitDenied},
		{"an ABORT for another reason", nil, &wamp.Abort{Reason: wamp.ErrProtocolViolation}, cli.ExitFailure},
		{"a deadline", nil, fmt.Errorf("x: %w", context.DeadlineExceeded), cli.ExitTimeout},
		{"a timeout at the router", nil, &wamp.Error{URI: wamp.ErrTimeout}, cli.ExitTimeout},
		{"a lost connection", nil, fmt.Errorf("x: %w", net.ErrClosed), cli.ExitUnavailable},
		{"a signal", interrupted, context.Canceled, cli.ExitInterrupted},
		{"a signal as error", nil, cli.Interrupted{Signal: os.Interrupt}, cli.ExitInterrupted},
		{"a success in spite of a signal", interrupted, nil, cli.ExitOK},
	}
	for _, tt := range tests {
		ctx := tt.ctx
		if ctx == nil {
			ctx = t.Context()
		}
		if got := cli.ExitCode(ctx, tt.err); got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestNoRouterThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "rs://" + l.Addr().String()
	l.Close() // nobody listens there now
	got := run(t, map[string]string{"JUNCTOR_URL": url}, "", "call", "com.example.hello")
	if got.code != cli.ExitUnavailable || !strings.Contains(got.stderr, "cannot reach the router at "+url) {
		t.Errorf("got %+v, want code %d and the URL", got, cli.ExitUnavailable)
	}
}

func TestVersionIsPrinted(t *testing.T) {
	t.Parallel()
	if got := run(t, nil, "", "version", "--output", "text"); got.code != 0 || !strings.HasPrefix(got.stdout, "junctor v1.2.3 go") {
		t.Errorf("got %+v", got)
	}
	if flag, command := run(t, nil, "", "--version"), run(t, nil, "", "version"); flag != command {
		t.Errorf("--version came to %+v, version to %+v", flag, command)
	}
	if got := run(t, nil, "", "version", "--json"); !strings.Contains(got.stdout, `"version":"v1.2.3"`) {
		t.Errorf("got %+v", got)
	}
}

// full is a device without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestLostOutputIsAFailure(t *testing.T) {
	t.Parallel()
	var stderr bytes.Buffer
	code := cli.Run(t.Context(), cli.Env{Args: []string{"version"}, Stdout: full{}, Stderr: &stderr, Getenv: func(string) string { return "" }})
	if code != cli.ExitFailure || !strings.Contains(stderr.String(), "standard output: no space left") {
		t.Errorf("got code %d and %q, want %d and the reason", code, stderr.String(), cli.ExitFailure)
	}
}

func TestVariablesForTLSAreForURLsWithTLS(t *testing.T) {
	t.Parallel()
	nobody := "unix://" + filepath.Join(t.TempDir(), "r.sock")
	env := map[string]string{"JUNCTOR_TLS_CA": "missing.pem", "JUNCTOR_TLS_CERT": "missing.pem", "JUNCTOR_TLS_KEY": "missing.pem"}
	if got := run(t, env, "", "call", "a.b", "--url", nobody); got.code != cli.ExitUnavailable {
		t.Errorf("without TLS: got %+v, want code %d: nobody is there", got, cli.ExitUnavailable)
	}
	if got := run(t, env, "", "call", "a.b", "--url", "rss://127.0.0.1:1"); got.code != cli.ExitFailure || !strings.Contains(got.stderr, "missing.pem") {
		t.Errorf("with TLS: got %+v, want code %d and the file", got, cli.ExitFailure)
	}
}
