//go:build unix

package node_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// guestVariable makes the test's own program a guest that offers the procedure
// of this name.
const guestVariable = "NODE_TEST_PROCEDURE"

func TestMain(m *testing.M) {
	if procedure := os.Getenv(guestVariable); procedure != "" {
		if err := offer(procedure); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// offer joins where the environment says, and answers until the router leaves.
// With a ticket it signs in, and tries to do so once more.
func offer(procedure string) error {
	answer, opts := "from a guest", client.Options{Realm: wamp.URI(os.Getenv("JUNCTOR_REALM"))}
	ticket := os.Getenv("JUNCTOR_TICKET")
	if ticket != "" {
		opts.Signers = []auth.Signer{auth.TicketSigner{AuthID: os.Getenv("JUNCTOR_AUTHID"), Ticket: ticket}}
	}
	s, err := client.Connect(context.Background(), os.Getenv("JUNCTOR_URL"), opts)
	if err != nil {
		return err
	}
	if ticket != "" {
		d := s.Details()
		_, err := client.Connect(context.Background(), os.Getenv("JUNCTOR_URL"), opts)
		answer = fmt.Sprintf("from %s, %s, by %s of %s, once: %t", d.AuthID, d.AuthRole, d.AuthMethod, d.AuthProvider, errors.Is(err, wamp.ErrAuthenticationDenied))
	}
	_, err = s.Register(context.Background(), wamp.URI(procedure), func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Return(answer), nil
	}, nil)
	if err != nil {
		return err
	}
	<-s.Done()
	return nil
}

func guestText(id, options string) string {
	if options != "" {
		options += ","
	}
	return fmt.Sprintf(`{"type": "guest", "id": %q, "executable": "/bin/sh", "arguments": ["-c", "echo $0 said $JUNCTOR_URL $JUNCTOR_REALM $SAYS", %[1]q],
		"options": {%s "backoff": {"initial": 0.01}}}`, id, options)
}

func TestGuestsAreToldOfTheirRouter(t *testing.T) {
	t.Parallel()
	path, logs := socket(t), newLogs()
	n := open(t, workers(t, "", guestText("one", `"env": {"vars": {"SAYS": "hi"}}`), routerText(path, "")), node.Options{Logger: logs.logger})
	start(t, n)
	if want := "one said unix://" + path + " realm1 hi"; !strings.Contains(logs.await("one said"), want) {
		t.Errorf("got %s, want %s", logs.await("one said"), want)
	}
	logs.await("guest one")
}

// The second guest is started only when the first one's procedure is there.
func TestGuestsWaitForOneAnother(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, ready := range []string{`"procedure": "com.example.work"`, `"authid": "worker"`} {
		t.Run(ready, func(t *testing.T) {
			t.Parallel()
			path, logs := socket(t), newLogs()
			router := strings.Replace(routerText(path, ""), `"role": "anonymous"`, `"role": "anonymous", "authid": "worker"`, 1)
			first := fmt.Sprintf(`{"type": "guest", "id": "first", "executable": %q,
				"options": {"env": {"vars": {%q: "com.example.work"}}, "ready": {%s}}}`, self, guestVariable, ready)
			n := open(t, workers(t, "", guestText("second", `"after": ["first"]`), router, first), node.Options{Logger: logs.logger})
			start(t, n)
			logs.next("authid=worker") // the router's line about the first guest's session
			logs.next("second said")
			if strings.Contains(ready, "procedure") {
				got, err := client.Call[string](t.Context(), connect(t, "unix://"+path, client.Options{}), "com.example.work", nil, nil)
				if got != "from a guest" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
}

func TestGuestsGetATicketForOneLogin(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path, logs := socket(t), newLogs()
	guest := fmt.Sprintf(`{"type": "guest", "id": "first", "executable": %q,
		"options": {"env": {"vars": {%q: "com.example.work"}}, "connect": {"role": "anonymous"}, "ready": {"procedure": "com.example.work"}}}`, self, guestVariable)
	n := open(t, workers(t, "", guestText("second", `"after": ["first"]`), routerText(path, ""), guest), node.Options{Logger: logs.logger})
	start(t, n)
	logs.next("second said")
	got, err := client.Call[string](t.Context(), connect(t, "unix://"+path, client.Options{}), "com.example.work", nil, nil)
	if want := "from first, anonymous, by ticket of guest, once: true"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestGuestIsNotStartedAfterOneThatFailed(t *testing.T) {
	t.Parallel()
	logs := newLogs()
	n := open(t, workers(t, `"shutdown": ["shutdown_on_last_worker_exit"]`,
		`{"type": "guest", "id": "first", "executable": "/bin/sh", "arguments": ["-c", "exit 3"], "options": {"ready": {"authid": "nobody"}}}`,
		`{"type": "guest", "id": "second", "executable": "/bin/true", "options": {"after": ["first"]}}`,
		`{"type": "guest", "id": "third", "executable": "/bin/true", "options": {"after": ["second"]}}`,
		`{"type": "guest", "id": "other", "executable": "/bin/true"}`,
		routerText(socket(t), ""),
	), node.Options{Logger: logs.logger})
	start(t, n)
	for _, want := range []string{`guest "third" was not started`, `guest "second" was not started: guest "first"`, `exited with code 3`} {
		logs.await(want)
	}
}

func TestGuestsAndTheRulesOfTheController(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, rules string
		code        int
		ends, err   bool
	}{
		{"by default the node goes on", ``, 1, false, false},
		{"any end", `"shutdown": "shutdown_on_worker_exit"`, 0, true, false},
		{"any end, with an error", `"shutdown": ["shutdown_on_worker_exit"]`, 1, true, true},
		{"an error, as a word", `"shutdown": "shutdown_on_worker_exit_with_error"`, 1, true, true},
		{"no error, as a word", `"shutdown": "shutdown_on_worker_exit_with_error"`, 0, false, false},
		{"no error, as a list", `"shutdown": ["shutdown_on_worker_exit_with_error"]`, 0, false, false},
		{"the last one", `"shutdown": ["shutdown_on_last_worker_exit"]`, 0, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			logs := newLogs()
			n := open(t, workers(t, tt.rules, fmt.Sprintf(
				`{"type": "guest", "id": "one", "executable": "/bin/sh", "arguments": ["-c", "exit %d"]}`, tt.code)),
				node.Options{Logger: logs.logger})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- n.Run(ctx) }()
			logs.await(`what="guest one"`)
			if !tt.ends {
				cancel()
			}
			if err := <-ended; (err != nil) != tt.err {
				t.Errorf("Run: %v", err)
			}
			if stopped := logs.await("node stopping"); strings.Contains(stopped, "guest one") != tt.ends {
				t.Errorf("the node ended so: %s", stopped)
			}
		})
	}
}

// The options of a guest reach it: what it reads, where it runs, what it says,
// how it is restarted.
func TestGuestRunsAsConfigured(t *testing.T) {
	t.Parallel()
	logs := newLogs()
	cfg := workers(t, ``, `{"type": "guest", "id": "one", "executable": "run",
		"arguments": ["a b"],
		"options": {
			"workdir": "app", "stdin": {"type": "json", "value": {"n": 1}}, "stderr": "drop",
			"env": {"inherit": ["PATH"], "vars": {"MODE": "test"}},
			"restart": "restart-always", "backoff": {"initial": 0.01, "max": 0.01}, "crash_loop": {"failures": 3, "within": 60}
		}}`)
	app := cfg.Workers[0].Options.Guest.Workdir
	script := "#!/bin/sh\nread line; echo \"in $PWD with $1, $line, $MODE, $HOME.\"; echo silence >&2; exit 7\n"
	if err := os.MkdirAll(app, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(app, "run"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	n := open(t, cfg, node.Options{Logger: logs.logger})
	start(t, n)
	if got, want := logs.await("with a b"), `in `+app+` with a b, {"n":1}, test, .`; !strings.Contains(got, want) {
		t.Errorf("it said %s, want %s", got, want)
	}
	logs.await("given up after 3 failures within 1m0s")
	logs.mu.Lock()
	defer logs.mu.Unlock()
	if text := strings.Join(logs.lines, "\n"); strings.Contains(text, "silence") || strings.Count(text, "with a b") != 3 {
		t.Errorf("the log has\n%s", text)
	}
}

func TestCheckFindsWhatGuestsLack(t *testing.T) {
	t.Parallel()
	findings := node.Check(workers(t, ``,
		`{"type": "guest", "executable": "no-such-program-anywhere"}`,
		`{"type": "guest", "executable": "/bin/sh", "options": {"workdir": "missing"}}`,
		`{"type": "guest", "executable": "/bin/sh"}`), nil, node.Options{})
	want := []struct{ path, text string }{
		{"workers[0].executable", "no-such-program-anywhere"}, {"workers[1].options.workdir", "missing is not a directory"},
	}
	if len(findings) != len(want) {
		t.Fatalf("got %v, want %d findings", findings, len(want))
	}
	for i, w := range want {
		if f := findings[i]; f.Path != w.path || f.Severity != config.Error || !strings.Contains(f.Message, w.text) {
			t.Errorf("got %v, want %s: %s", f, w.path, w.text)
		}
	}
}
