package guest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/internal/guest"
)

// The tests in this file run without processes and in time of their own.

// life is what one process of a test does: run for a time, then exit.
type life struct {
	runs time.Duration // negative: until it is ended
	code int
}

// troupe plays one life after another; the last one again and again.
type troupe struct {
	lives  []life
	begun  time.Time
	starts []time.Duration // since begun
	ends   int
	grace  time.Duration // of the last end
}

func (a *troupe) launch(context.Context) (*guest.Stand, error) {
	if len(a.starts) == 0 {
		a.begun = time.Now()
	}
	l := a.lives[min(len(a.starts), len(a.lives)-1)]
	a.starts = append(a.starts, time.Since(a.begun))
	s := &guest.Stand{Gone: make(chan struct{}), Code: l.code}
	s.Ended = func(grace time.Duration) { a.ends++; a.grace = grace }
	if l.runs >= 0 {
		time.AfterFunc(l.runs, func() { close(s.Gone) })
	}
	return s, nil
}

func newGuest(t *testing.T, cfg guest.Config, hooks guest.Hooks) *guest.Guest {
	t.Helper()
	if cfg.ID == "" {
		cfg.ID = "g"
	}
	if cfg.Executable == "" {
		cfg.Executable = "x"
	}
	g, err := guest.New(cfg, hooks)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// seconds writes a policy's pace in seconds and without chance.
func seconds(policy guest.Policy, initial, longest, failures, window int) guest.Restart {
	return guest.Restart{
		Policy: policy, Initial: time.Duration(initial) * time.Second, Max: time.Duration(longest) * time.Second,
		Jitter: -1, MaxFailures: failures, Window: time.Duration(window) * time.Second,
	}
}

func TestRestarts(t *testing.T) {
	t.Parallel()
	const s = time.Second
	forever := life{runs: -1}
	tests := []struct {
		name  string
		rules guest.Restart
		lives []life
		want  string // when processes start, in seconds
		err   string // what Run returns
	}{
		{"never after an end in order", seconds(guest.RestartNever, 1, 4, 5, 99), []life{{}}, "0", ""},
		{"never after a failure", seconds(guest.RestartNever, 1, 4, 5, 99), []life{{code: 3}}, "0", `guest "g": exited with code 3`},
		{"on failure, until an end in order", seconds(guest.RestartOnFailed, 1, 4, 5, 99), []life{{code: 3}, {code: 1}, {}}, "0 1 3", ""},
		{"always", seconds(guest.RestartAlways, 1, 4, 5, 99), []life{{}, {code: 1}, {}, forever}, "0 1 3 7", ""},
		{"later each time, up to the maximum", seconds(guest.RestartAlways, 1, 4, -1, 99), []life{{code: 1}, {code: 1}, {code: 1}, {code: 1}, {code: 1}, forever}, "0 1 3 7 11 15", ""},
		{"soon again after a process that held out", seconds(guest.RestartAlways, 1, 4, -1, 99), []life{{}, {}, {runs: 4 * s}, {}, forever}, "0 1 3 8 10", ""},
		{"not for ever", seconds(guest.RestartOnFailed, 1, 4, 3, 99), []life{{code: 1}}, "0 1 3", `guest "g": exited with code 1; given up after 3 failures within 1m39s`},
		{"of failures only those within the window count", seconds(guest.RestartOnFailed, 1, 4, 3, 5), []life{{code: 1}, {code: 1}, {runs: 4 * s, code: 1}, {code: 1}, {code: 1}}, "0 1 3 8 10", `guest "g": exited with code 1; given up after 3 failures within 5s`},
		{"ends in order are no failures", seconds(guest.RestartAlways, 1, 1, 2, 99), []life{{}, {}, {}, {}, forever}, "0 1 2 3 4", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				a := &troupe{lives: tt.lives}
				g := newGuest(t, guest.Config{Restart: tt.rules}, guest.Hooks{})
				g.StandIn(a.launch)
				err := g.Run(ctx)
				if got := text(err); got != tt.err {
					t.Errorf("Run returned %q, want %q", got, tt.err)
				}
				var starts []string
				for _, d := range a.starts {
					starts = append(starts, fmt.Sprint(int(d.Seconds())))
				}
				if got := strings.Join(starts, " "); got != tt.want {
					t.Errorf("processes started at %s, want %s", got, tt.want)
				}
				if a.ends != len(a.starts) {
					t.Errorf("%d of %d processes were ended with their groups", a.ends, len(a.starts))
				}
				if got := g.Status().Restarts; got != len(a.starts)-1 {
					t.Errorf("status counts %d restarts of %d", got, len(a.starts)-1)
				}
			})
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestJitterShortensDelaysByChance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rules := seconds(guest.RestartAlways, 8, 8, -1, 99)
		rules.Jitter = 0.5
		a := &troupe{lives: append(slices.Repeat([]life{{}}, 50), life{runs: -1})}
		g := newGuest(t, guest.Config{Restart: rules}, guest.Hooks{})
		g.StandIn(a.launch)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		delays := map[time.Duration]bool{}
		for i := 1; i < len(a.starts); i++ {
			d := a.starts[i] - a.starts[i-1]
			if d < 4*time.Second || d > 8*time.Second {
				t.Errorf("a delay of 8 s with jitter 0.5 took %v", d)
			}
			delays[d] = true
		}
		if len(delays) < 2 {
			t.Errorf("50 delays were all alike")
		}
	})
}

func TestAFailureIsAnErrorToLookInto(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		missing := errors.New("no such thing")
		g := newGuest(t, guest.Config{Restart: seconds(guest.RestartAlways, 1, 1, 2, 99)}, guest.Hooks{})
		g.StandIn(func(context.Context) (*guest.Stand, error) { return nil, missing })
		err := g.Run(t.Context())
		var loop *guest.CrashLoopError
		var exit *guest.ExitError
		if !errors.As(err, &loop) || !errors.As(err, &exit) || !errors.Is(err, missing) {
			t.Fatalf("got %#v, want a crash loop of exits because of %v", err, missing)
		}
		if loop.Failures != 2 || exit.Guest != "g" || exit.Exit.Cause != guest.NotStarted || exit.Exit.Code != -1 {
			t.Errorf("got %+v, %+v", loop, exit)
		}
		if err := g.WaitReady(t.Context()); err == nil {
			t.Error("a guest that never started was ready")
		}
	})
}

func TestRunIsCalledOnce(t *testing.T) {
	t.Parallel()
	g := newGuest(t, guest.Config{}, guest.Hooks{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if s := g.Status(); s != (guest.Status{State: guest.Stopped}) {
		t.Errorf("with an ended context the status is %+v, want stopped and no process", s)
	}
	if err := g.Run(ctx); err == nil {
		t.Error("Run ran twice")
	}
}

func TestAGuestThatIsNeverReadyIsStartedEverLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &troupe{lives: []life{{runs: -1}}}
		cfg := guest.Config{Restart: seconds(guest.RestartAlways, 1, 4, -1, 99), ReadyTimeout: 10 * time.Second}
		g := newGuest(t, cfg, guest.Hooks{Ready: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }})
		g.StandIn(a.launch)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		const s = time.Second
		if want := []time.Duration{0, 11 * s, 23 * s, 37 * s}; !slices.Equal(a.starts, want) {
			t.Errorf("processes were started at %v, want %v", a.starts, want)
		}
	})
}

func TestVariablesAreAskedForBeforeEachStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closed := errors.New("no ticket to be had")
		asked := 0
		g := newGuest(t, guest.Config{Restart: seconds(guest.RestartOnFailed, 1, 1, 3, 99)}, guest.Hooks{
			Environ: func(context.Context) (map[string]string, error) { asked++; return nil, closed },
		})
		if err := g.Run(t.Context()); !errors.Is(err, closed) || asked != 3 {
			t.Errorf("asked %d times, got %v, want %v after 3", asked, err, closed)
		}
	})
}

func TestAnEndedContextEndsAGuest(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	tests := []struct {
		name  string
		cfg   guest.Config
		hooks guest.Hooks
		lives []life
		when  guest.State
	}{
		{"that runs", guest.Config{StopGrace: 7 * time.Second}, guest.Hooks{}, []life{{runs: -1}}, guest.Running},
		{"that is not ready", guest.Config{StopGrace: 7 * time.Second}, guest.Hooks{Ready: hang}, []life{{runs: -1}}, guest.Starting},
		{"that backs off", guest.Config{Restart: seconds(guest.RestartAlways, 60, 60, 5, 99)}, guest.Hooks{}, []life{{}}, guest.BackingOff},
		{"that waits for a change", guest.Config{Watch: guest.Watch{Directories: []string{"."}}}, guest.Hooks{}, []life{{code: 1}}, guest.Failed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &troupe{lives: tt.lives}
				g := newGuest(t, tt.cfg, tt.hooks)
				g.StandIn(a.launch)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error)
				go func() { done <- g.Run(ctx) }()
				synctest.Wait()
				if got := g.Status().State; got != tt.when {
					t.Errorf("the guest is %v, want %v", got, tt.when)
				}
				before := time.Now()
				cancel()
				if err := <-done; err != nil {
					t.Errorf("Run returned %v", err)
				}
				if d := time.Since(before); d != 0 {
					t.Errorf("Run took %v to return", d)
				}
				s := g.Status()
				if s.State != guest.Stopped || s.PID != 0 || !s.Next.IsZero() {
					t.Errorf("the status is %+v, want stopped", s)
				}
				if a.ends != len(a.starts) || tt.cfg.StopGrace != 0 && a.grace != tt.cfg.StopGrace {
					t.Errorf("ended %d of %d processes, the last one with %v of grace", a.ends, len(a.starts), a.grace)
				}
			})
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	refused := errors.New("refused")
	after := func(d time.Duration, err error) func(context.Context) error {
		return func(ctx context.Context) error {
			select {
			case <-time.After(d):
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	tests := []struct {
		name    string
		ready   func(context.Context) error
		limit   time.Duration
		runs    time.Duration
		cause   guest.Cause
		is      error
		ran     time.Duration
		isReady bool
	}{
		{"is there at once without a hook", nil, 0, time.Minute, guest.ByItself, nil, time.Minute, true},
		{"comes when the hook says so", after(time.Second, nil), 0, time.Minute, guest.ByItself, nil, time.Minute, true},
		{"fails when the hook does", after(time.Second, refused), 0, -1, guest.NotReady, refused, time.Second, false},
		{"fails after the time limit", after(time.Hour, nil), 5 * time.Second, -1, guest.NotReady, context.DeadlineExceeded, 5 * time.Second, false},
		{"has a limit by default", after(time.Hour, nil), 0, -1, guest.NotReady, context.DeadlineExceeded, guest.DefaultReadyTimeout, false},
		{"may take for ever", after(time.Hour, nil), -1, 2 * time.Hour, guest.ByItself, nil, 2 * time.Hour, true},
		{"is not waited for when the process ends", after(time.Hour, nil), 0, time.Second, guest.ByItself, nil, time.Second, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &troupe{lives: []life{{runs: tt.runs, code: 1}}}
				g := newGuest(t, guest.Config{ReadyTimeout: tt.limit}, guest.Hooks{Ready: tt.ready})
				g.StandIn(a.launch)
				waited := make(chan error, 1)
				go func() { waited <- g.WaitReady(t.Context()) }()
				var exit *guest.ExitError
				if err := g.Run(t.Context()); !errors.As(err, &exit) || tt.is != nil && !errors.Is(err, tt.is) {
					t.Fatalf("Run returned %v, want an exit because of %v", err, tt.is)
				}
				if exit.Exit.Cause != tt.cause || exit.Exit.Ran != tt.ran {
					t.Errorf("the process ended %v after %v, want %v after %v", exit.Exit.Cause, exit.Exit.Ran, tt.cause, tt.ran)
				}
				if err := <-waited; (err == nil) != tt.isReady {
					t.Errorf("WaitReady returned %v, want readiness %v", err, tt.isReady)
				}
			})
		})
	}
}

func TestWaitReadyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := newGuest(t, guest.Config{}, guest.Hooks{}).WaitReady(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestStatusIsToldInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var told []string
		tell := func(s guest.Status) {
			word := fmt.Sprintf("%v/%v", s.State, s.LastExit.Cause)
			if s.PID != 0 {
				word += " with process"
			}
			if !s.Next.IsZero() {
				word += " until " + s.Next.Sub(s.LastExit.At).String()
			}
			if len(told) == 0 || told[len(told)-1] != word {
				told = append(told, word)
			}
		}
		a := &troupe{lives: []life{{runs: time.Second, code: 1}, {runs: -1}}}
		g := newGuest(t, guest.Config{Restart: seconds(guest.RestartOnFailed, 2, 2, 5, 99)}, guest.Hooks{Changed: tell})
		if got := g.Status(); got != (guest.Status{}) {
			t.Errorf("before Run the status is %+v", got)
		}
		g.StandIn(a.launch)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"starting/not yet", "starting/not yet with process", "running/not yet with process",
			"stopping/not yet with process", "stopping/by itself", "backing off/by itself until 2s",
			"starting/by itself", "starting/by itself with process", "running/by itself with process",
			"stopping/by itself with process", "stopping/on stop", "stopped/on stop",
		}
		if !slices.Equal(told, want) {
			t.Errorf("got  %q\nwant %q", told, want)
		}
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	write := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	touch := func(t *testing.T, dir string) {
		t.Helper()
		then := time.Unix(1, 0)
		if err := os.Chtimes(filepath.Join(dir, "src", "main.py"), then, then); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		change func(t *testing.T, dir string)
		want   bool // whether it restarts the guest
	}{
		{"restarts when a file grows", write("src/main.py", "print(2)\n"), true},
		{"restarts when a file has a new time", touch, true},
		{"restarts when a file appears far below", write("src/a/b/c.py", ""), true},
		{"restarts when a file goes", remove("src/main.py"), true},
		{"restarts when the directory goes", remove("src"), true},
		{"restarts for a second directory, which was missing", write("lib/x", ""), true},
		{"does nothing without a change", func(*testing.T, string) {}, false},
		{"does nothing for a file elsewhere", write("other/x", ""), false},
		{"does nothing for what the guest caches", write("src/__pycache__/main.pyc", ""), false},
		{"does nothing for hidden files", write("src/.main.py.swp", ""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write("src/main.py", "print(1)")(t, dir)
			synctest.Test(t, func(t *testing.T) {
				a := &troupe{lives: []life{{runs: -1}}}
				g := newGuest(t, guest.Config{Workdir: dir, Watch: guest.Watch{Directories: []string{"src", "lib"}}}, guest.Hooks{})
				g.StandIn(a.launch)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				time.AfterFunc(5*time.Second, func() { tt.change(t, dir) })
				if err := g.Run(ctx); err != nil {
					t.Fatal(err)
				}
				want := 1
				if tt.want {
					want = 2
				}
				if len(a.starts) != want {
					t.Errorf("%d processes were started, at %v, want %d", len(a.starts), a.starts, want)
				}
			})
		})
	}
}

func TestManyChangesAreOneRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		watch := guest.Watch{Directories: []string{dir}, Interval: time.Second, Debounce: 3 * time.Second}
		a := &troupe{lives: []life{{runs: -1}}}
		g := newGuest(t, guest.Config{Watch: watch}, guest.Hooks{})
		g.StandIn(a.launch)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for i := range 8 { // from 10.5 s to 24.5 s
			time.AfterFunc(time.Duration(10+2*i)*time.Second+time.Second/2, func() {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600); err != nil {
					t.Error(err)
				}
			})
		}
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
		if len(a.starts) != 2 || a.starts[1] < 24*time.Second || a.starts[1] > 33*time.Second {
			t.Errorf("processes were started at %v, want a second one when all is quiet", a.starts)
		}
	})
}

func TestAChangeRevivesAGuest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		rules guest.Restart
	}{
		{"that is not restarted", seconds(guest.RestartNever, 1, 1, 5, 99)},
		{"that was given up", seconds(guest.RestartOnFailed, 1, 1, 1, 99)},
		{"that backs off for long", seconds(guest.RestartOnFailed, 3600, 3600, 5, 9999)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				a := &troupe{lives: []life{{code: 1}, {runs: -1}}}
				g := newGuest(t, guest.Config{Restart: tt.rules, Watch: guest.Watch{Directories: []string{dir}}}, guest.Hooks{})
				g.StandIn(a.launch)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				time.AfterFunc(10*time.Second, func() {
					if err := os.WriteFile(filepath.Join(dir, "fix"), nil, 0o600); err != nil {
						t.Error(err)
					}
				})
				if err := g.Run(ctx); err != nil {
					t.Fatal(err)
				}
				if len(a.starts) != 2 || a.starts[1] < 10*time.Second {
					t.Errorf("processes were started at %v, want a second one after 10 s", a.starts)
				}
			})
		})
	}
}
