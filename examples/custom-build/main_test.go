//go:build unix

package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/junctorio/junctor/client"
)

// asProgram makes the test's own program the example.
const asProgram = "EXAMPLE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	m.Run()
}

func TestExampleDoesWhatItSays(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "example") // short enough for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	text, err := os.ReadFile("config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "check", "-c", config).CombinedOutput(); err != nil || string(out) != "OK\n" {
		t.Errorf("check: %v: %s", err, out)
	}

	node := command(t, "start", "-c", config)
	stderr, err := node.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	for log.Scan() && !strings.Contains(log.Text(), "transport listening") {
	}
	greet(t, "unix://"+filepath.Join(dir, "greeter.sock"))
	if err := node.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for log.Scan() { // or the program could not write its last lines
	}
	if err := node.Wait(); err != nil {
		t.Errorf("start: %v", err)
	}
}

func greet(t *testing.T, url string) {
	t.Helper()
	s, err := client.Connect(t.Context(), url, client.Options{Realm: "realm1"})
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	if got, err := client.Call[string](t.Context(), s, "com.example.greet", client.Args{"world"}, nil); got != "Good morning, world!" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
