package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the program as users type it. Beside testscript's own
// commands the scripts know
//
//	router            a router at $JUNCTOR_URL, for the rest of the script
//	await FILE REGEXP waits until the file, written by a background command,
//	                  has text that matches
//	exits CODE CMD …  runs a command that must end with this code
//	alter FILE A B    replaces text in a file
//	keep NAME FILE RE sets a variable to what the group in the expression matches
//	gone FILE         waits until the process whose ID is in the file has ended
func TestScripts(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("ROOT", root)
			env.Setenv("GORACE", "atexit_sleep_ms=0") // or each command waits for a second
			env.Setenv("JUNCTOR_URL", "unix://"+filepath.Join(env.WorkDir, "r.sock"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"router": startRouter, "await": await, "exits": exits, "alter": alter, "keep": keep, "gone": gone,
		},
	})
}

// startRouter runs "junctor dev" until the script ends.
func startRouter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: router")
	}
	out, err := os.Create(ts.MkAbs("router.out"))
	ts.Check(err)
	defer out.Close()
	cmd := exec.Command("junctor", "dev", "--port", "0", "--socket", ts.MkAbs("r.sock"), "--json", "--loglevel", "warn")
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"), "GORACE="+ts.Getenv("GORACE"))
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	ts.Check(cmd.Start())
	ts.Defer(func() {
		if err := errors.Join(cmd.Process.Signal(os.Interrupt), cmd.Wait()); err != nil {
			ts.Logf("the router did not end in order: %v", err)
		}
	})
	await(ts, false, []string{"router.out", "urls"})
}

// patience is far more than anything here takes; it only bounds a failure.
const patience = 30 * time.Second

func await(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: await FILE REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var text []byte
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if text, err = os.ReadFile(ts.MkAbs(args[0])); err == nil && want.Match(text) {
			return
		}
	}
	ts.Fatalf("no text matching %s in %s, which has:\n%s", args[1], args[0], text)
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch got := 0; {
	case errors.As(err, &exit):
		got = exit.ExitCode()
		fallthrough
	case err == nil:
		if got != want {
			ts.Fatalf("exit code %d, want %d", got, want)
		}
	default:
		ts.Check(err)
	}
}

func alter(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: alter FILE FROM TO")
	}
	text := ts.ReadFile(args[0])
	altered := regexp.MustCompile(regexp.QuoteMeta(args[1])).ReplaceAllLiteralString(text, args[2])
	if altered == text {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(altered), 0o644))
}

func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: keep NAME FILE REGEXP")
	}
	want, err := regexp.Compile(args[2])
	ts.Check(err)
	text := ts.ReadFile(args[1])
	found := want.FindStringSubmatch(text)
	if len(found) != 2 {
		ts.Fatalf("%s has no text matching %s, but:\n%s", args[1], args[2], text)
	}
	ts.Setenv(args[0], found[1])
}

func gone(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: gone FILE")
	}
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
	process, err := os.FindProcess(pid)
	ts.Check(err)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if process.Signal(syscall.Signal(0)) != nil {
			return
		}
	}
	ts.Fatalf("process %d is still there", pid)
}
