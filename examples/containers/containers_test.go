//go:build unix

// Package containers_test runs the example as its README does.
package containers_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/junctorio/junctor"
	"github.com/junctorio/junctor/client"
)

// asProgram makes the test's own program the junctor program.
const asProgram = "EXAMPLE_TEST_AS_JUNCTOR"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		junctor.Main()
	}
	m.Run()
}

func TestExampleDoesWhatItSays(t *testing.T) {
	t.Parallel()
	dir := copyOf(t, "router.yaml", "container.yaml")
	alter(t, dir, "router.yaml", "port: 8081", "port: 0")
	router := start(t, dir, "router.yaml")
	port := router.await(t, `transport listening.*rs://127\.0\.0\.1:(\d+)`)
	alter(t, dir, "container.yaml", "host: 127.0.0.1, port: 8081", "host: 127.0.0.1, port: "+port)
	container := start(t, dir, "container.yaml")
	container.await(t, `component (joined)`)
	container.await(t, `component (joined)`)

	s, err := client.Connect(t.Context(), "rs://127.0.0.1:"+port, client.Options{Realm: "realm1"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := client.Call[string](t.Context(), s, "com.example.hello", nil, nil); got != "hello from a container" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := s.Publish(t.Context(), "com.example.log", client.Args{"it works"}, &client.PublishOptions{Acknowledge: true}); err != nil {
		t.Fatal(err)
	}
	awaitFile(t, filepath.Join(dir, "events.jsonl"), "it works")
	s.Close()
	router.stop(t)
	container.await(t, `client will connect (again)`)
	container.stop(t)
}

func copyOf(t *testing.T, names ...string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "example") // short enough for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// alter makes the example's fixed port one that is free.
func alter(t *testing.T, dir, name, from, to string) {
	t.Helper()
	file := filepath.Join(dir, name)
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), from) {
		t.Fatalf("%s does not contain %q: %v", name, from, err)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), from, to)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// program is a node in a process of its own.
type program struct {
	cmd *exec.Cmd
	log *bufio.Scanner
}

func start(t *testing.T, dir, config string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: exec.CommandContext(t.Context(), self, "start", "-c", filepath.Join(dir, config))}
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.log = bufio.NewScanner(stderr)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // unless it has ended
		_ = p.cmd.Wait()
	})
	return p
}

// await reads the log up to a line that matches, and returns the first group.
func (p *program) await(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	var lines []string
	for p.log.Scan() {
		if m := re.FindStringSubmatch(p.log.Text()); m != nil {
			return m[1]
		}
		lines = append(lines, p.log.Text())
	}
	t.Fatalf("no line matches %q in\n%s", pattern, strings.Join(lines, "\n"))
	return ""
}

// stop ends the program as a user does.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for p.log.Scan() { // or the program could not write its last lines
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v: %v", p.cmd.Args[1:], err)
	}
}

func awaitFile(t *testing.T, file, want string) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		text, err := os.ReadFile(file)
		if strings.Contains(string(text), want) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s has %q, %v; want %q in it", file, text, err, want)
		}
	}
}
