//go:build unix

package guest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/guest"
)

func TestAProcessGetsWhatIsConfigured(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.config()
	cfg.Arguments = []string{"-test.run=none", "two words", "$HOME", ""}
	cfg.Workdir = dir
	g, stop := s.run(cfg)
	p := s.next()
	if !slices.Equal(p.Args, cfg.Arguments) {
		t.Errorf("arguments: got %q, want %q", p.Args, cfg.Arguments)
	}
	if p.Dir != dir || !slices.Contains(p.Env, "PWD="+dir) {
		t.Errorf("working directory: got %s, want %s, in PWD too", p.Dir, dir)
	}
	if p.Group != p.PID || p.Parent != os.Getpid() {
		t.Errorf("got process %d of group %d, want it to lead a group", p.PID, p.Group)
	}
	if status := s.wait(guest.Running); status.PID != p.PID {
		t.Errorf("the status says process %d, want %d", status.PID, p.PID)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	p.gone()
	status := g.Status()
	if e := status.LastExit; e.Cause != guest.OnStop || e.Signal != syscall.SIGTERM.String() || e.Code != -1 {
		t.Errorf("got exit %+v, want one by TERM", e)
	}
}

func TestEnvironment(t *testing.T) {
	t.Setenv("GUEST_TEST_INHERITED", "ours")
	tests := []struct {
		name string
		env  guest.Env
		hook map[string]string
		want string // the values of A, GUEST_TEST_INHERITED, PYTHONUNBUFFERED, JUNCTOR_URL
	}{
		{"is inherited", guest.Env{}, nil, "- ours 1 -"},
		{"is not when it is to be clean", guest.Env{Clean: true}, nil, "- - 1 -"},
		{"is in part", guest.Env{Clean: true, Keep: []string{"GUEST_TEST_INHERITED"}}, nil, "- ours 1 -"},
		{"has what is set", guest.Env{Vars: map[string]string{"A": "a=b c", "GUEST_TEST_INHERITED": "theirs"}}, nil, "a=b c theirs 1 -"},
		{"has what the hook says", guest.Env{}, map[string]string{"JUNCTOR_URL": "rs://x", "GUEST_TEST_INHERITED": "hook"}, "- hook 1 rs://x"},
		{"has what is set rather than what the hook says", guest.Env{Vars: map[string]string{"JUNCTOR_URL": "mine"}}, map[string]string{"JUNCTOR_URL": "rs://x"}, "- ours 1 mine"},
		{"lets Python buffer if told so", guest.Env{Vars: map[string]string{"PYTHONUNBUFFERED": ""}}, nil, "- ours  -"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env, err := guest.Environ(guest.Config{Env: tt.env}, tt.hook)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, name := range []string{"A", "GUEST_TEST_INHERITED", "PYTHONUNBUFFERED", "JUNCTOR_URL"} {
				got = append(got, valueIn(env, name))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// valueIn returns what a process sees of a variable, "-" if nothing.
func valueIn(env []string, name string) string {
	cmd := exec.Cmd{Env: env}
	for _, v := range cmd.Environ() {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return "-"
}

func TestStandardInput(t *testing.T) {
	t.Parallel()
	large := json.RawMessage(`"` + strings.Repeat("x", 300_000) + `"`) // more than a pipe holds
	tests := []struct {
		name  string
		stdin guest.Stdin
		ask   string
		want  string
	}{
		{"is empty by default", guest.Stdin{}, "read", ""},
		{"is one line of JSON and ends", guest.Stdin{JSON: json.RawMessage(`{"a": 1}`)}, "read", "{\"a\": 1}\n"},
		{"stays open if told so", guest.Stdin{JSON: json.RawMessage(`[1]`), KeepOpen: true}, "line", "[1]\n"},
		{"may be large", guest.Stdin{JSON: large}, "read", string(large) + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			cfg := s.config()
			cfg.Stdin = tt.stdin
			_, stop := s.run(cfg)
			if got := s.next().ask(tt.ask); got != tt.want {
				t.Errorf("got %.99q, want %.99q", got, tt.want)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAProcessNeedNotReadItsInput(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cfg := s.config()
	cfg.Stdin.JSON = json.RawMessage(`"` + strings.Repeat("x", 300_000) + `"`)
	_, stop := s.run(cfg)
	s.next().tell("exit 0")
	s.wait(guest.Stopped)
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestOutputOfAProcess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		output guest.Output
		answer string // of the process that writes
		logged []string
	}{
		{"is logged", guest.OutputLog, "ok", []string{"one", "two"}},
		{"is dropped", guest.OutputDrop, "ok", nil},
		{"is refused", guest.OutputClose, "broken pipe", nil},
	}
	for _, tt := range tests {
		for _, stream := range []string{"stdout", "stderr"} {
			t.Run(stream+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				s := newStage(t)
				cfg := s.config()
				cfg.Stdout, cfg.Stderr = tt.output, tt.output
				_, stop := s.run(cfg)
				p := s.next()
				if got := p.ask("%s %q", stream, "one\ntwo"); !strings.HasSuffix(got, tt.answer) {
					t.Errorf("writing it: got %q, want %q", got, tt.answer)
				}
				p.tell("exit 0")
				s.wait(guest.Stopped)
				if err := stop(); err != nil {
					t.Error(err)
				}
				if got := s.book.lines(t, stream); !slices.Equal(got, tt.logged) {
					t.Errorf("the log has %q, want %q", got, tt.logged)
				}
				for _, e := range s.book.entries(t, "guest output") {
					if e["guest"] != "puppet" || e["pid"] != float64(p.PID) || e["stream"] != stream {
						t.Errorf("got entry %v, want the guest's id, process %d and %s", e, p.PID, stream)
					}
				}
			})
		}
	}
}

func TestStopWaitsForAProcessThatEndsInOrder(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cfg := s.config()
	cfg.StopGrace = patience
	g, stop := s.run(cfg)
	p := s.next()
	p.must("ok", "trap")
	stopped := make(chan error)
	go func() { stopped <- stop() }()
	if got := p.hear(); got != syscall.SIGTERM.String() {
		t.Errorf("the process was told %q", got)
	}
	p.must("ok", `stdout "bye"`)
	p.tell("exit 5")
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if e := g.Status().LastExit; e.Code != 5 || e.Signal != "" || e.Failed() {
		t.Errorf("got exit %+v, want code 5, which is no failure on stop", e)
	}
	if got := s.book.lines(t, "stdout"); !slices.Equal(got, []string{"bye"}) {
		t.Errorf("the log has %q, want what was said last", got)
	}
}

func TestStopKillsAProcessThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cfg := s.config()
	cfg.StopGrace = 50 * time.Millisecond
	g, stop := s.run(cfg)
	p := s.next()
	p.must("ok", "ignore")
	if err := stop(); err != nil {
		t.Error(err)
	}
	p.gone()
	if e := g.Status().LastExit; e.Signal != syscall.SIGKILL.String() {
		t.Errorf("got exit %+v, want one by KILL", e)
	}
}

func TestStopEndsAllOfTheGroup(t *testing.T) {
	t.Parallel()
	for _, stubborn := range []bool{false, true} {
		t.Run(fmt.Sprintf("stubborn %v", stubborn), func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			cfg := s.config()
			cfg.StopGrace = patience
			if stubborn {
				cfg.StopGrace = 50 * time.Millisecond
			}
			_, stop := s.run(cfg)
			leader := s.next()
			leader.must("ok", "spawn")
			child := s.next()
			child.must("ok", "spawn")
			orphan := s.next()
			if stubborn {
				orphan.must("ok", "ignore")
			}
			child.tell("exit 0") // the second fork of a double fork stays
			child.gone()
			if err := stop(); err != nil {
				t.Error(err)
			}
			leader.gone()
			orphan.gone()
		})
	}
}

func TestWhatAProcessLeavesBehindEndsWithIt(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	g, _ := s.run(s.config())
	leader := s.next()
	leader.must("ok", "spawn")
	orphan := s.next()
	orphan.must("ok", "trap")
	leader.tell("exit 0")
	if got := orphan.hear(); got != syscall.SIGTERM.String() {
		t.Errorf("the orphan was told %q", got)
	}
	if got := g.Status().State; got != guest.Stopping {
		t.Errorf("the guest is %v while an orphan is left", got)
	}
	orphan.must("ok", `stdout "late"`)
	orphan.tell("exit 0")
	s.wait(guest.Stopped)
	if got := s.book.lines(t, "stdout"); !slices.Equal(got, []string{"late"}) {
		t.Errorf("the log has %q, want what the orphan wrote", got)
	}
}

func TestAProcessThatLeftTheGroupHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, stop := s.run(s.config())
	leader := s.next()
	leader.must("ok", "spawn away")
	away := s.next()
	if away.Group == leader.Group {
		t.Fatal("it did not leave the group")
	}
	leader.tell("exit 0")
	s.wait(guest.Stopped) // though the output's pipe is still open
	if err := stop(); err != nil {
		t.Error(err)
	}
	away.tell("exit 0")
	away.gone()
}

func TestACrashedProcessIsReplaced(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cfg := s.config()
	cfg.Restart = guest.Restart{Policy: guest.RestartOnFailed, Initial: time.Millisecond, Max: time.Hour}
	g, stop := s.run(cfg)
	first := s.next()
	first.tell("die")
	second := s.next()
	if first.PID == second.PID {
		t.Errorf("process %d came again", first.PID)
	}
	if e := g.Status().LastExit; e.Cause != guest.ByItself || e.Signal != syscall.SIGKILL.String() || !e.Failed() {
		t.Errorf("got exit %+v, want one by KILL", e)
	}
	second.tell("exit 3")
	s.next().tell("exit 0")
	s.wait(guest.Stopped)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if got := g.Status().Restarts; got != 2 {
		t.Errorf("got %d restarts, want 2", got)
	}
}

func TestExitErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ order, want string }{
		{"exit 3", `guest "puppet": exited with code 3`},
		{"die", `guest "puppet": ended by signal: killed`},
	}
	for _, tt := range tests {
		t.Run(tt.order, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			_, stop := s.run(s.config())
			s.next().tell("%s", tt.order)
			s.wait(guest.Failed)
			if err := stop(); text(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestWhatCannotBeStartedSaysWhy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"plain": 0o600, "broken": 0o700} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!"+dir+"/nowhere\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name       string
		executable string
		workdir    string
		is         error
		want       string
	}{
		{"an executable that is nowhere", "no-such-program", dir, exec.ErrNotFound, `"no-such-program" is neither in ` + dir + " nor on PATH"},
		{"a path to nowhere", "./bin/x", dir, fs.ErrNotExist, filepath.Join(dir, "bin/x")},
		{"an absolute path to nowhere", filepath.Join(dir, "x"), dir, fs.ErrNotExist, filepath.Join(dir, "x")},
		{"a file that may not be executed", "plain", dir, fs.ErrPermission, "plain"},
		{"an interpreter that is nowhere", "broken", dir, fs.ErrNotExist, "broken"},
		{"a working directory that is nowhere", "sh", filepath.Join(dir, "w"), fs.ErrNotExist, "workdir: "},
		{"a working directory that is none", "sh", filepath.Join(dir, "plain"), nil, "plain is not a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := newGuest(t, guest.Config{Executable: tt.executable, Workdir: tt.workdir}, guest.Hooks{})
			err := g.Run(t.Context())
			if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(text(err), tt.want) {
				t.Errorf("got %v, want %v with %q", err, tt.is, tt.want)
			}
			if s := g.Status(); s.State != guest.Failed || s.LastExit.Cause != guest.NotStarted {
				t.Errorf("the status is %+v", s)
			}
		})
	}
}

func TestExecutablesAreFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"work/tool", "work/bin/tool", "path/tool", "path/only", "path/sub/tool"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "work", "only"), 0o700); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, executable, want string }{
		{"in the working directory first", "tool", "work/tool"},
		{"below the working directory", "bin/tool", "work/bin/tool"},
		{"beside the working directory", "../path/tool", "path/tool"},
		{"on the guest's PATH, past a directory of that name", "only", "path/only"},
		{"by absolute path", filepath.Join(dir, "path/only"), "path/only"},
		{"not below PATH", "sub/tool", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env := []string{"PATH=/nowhere", "PATH=." + string(filepath.ListSeparator) + filepath.Join(dir, "path")}
			got, err := guest.LookUp(tt.executable, filepath.Join(dir, "work"), env)
			if tt.want == "" {
				if err == nil {
					t.Errorf("got %s, want an error", got)
				}
				return
			}
			if want := filepath.Join(dir, filepath.FromSlash(tt.want)); got != want || err != nil {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		})
	}
}
