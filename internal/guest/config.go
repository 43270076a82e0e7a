package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What the zero fields of a Config mean.
const (
	DefaultStopGrace     = 10 * time.Second
	DefaultReadyTimeout  = time.Minute
	DefaultWatchInterval = time.Second
	DefaultWatchDebounce = 500 * time.Millisecond
)

// Config says what a guest is. Zero fields mean the documented defaults.
type Config struct {
	// ID names the guest in logs, errors and in After. Required.
	ID string

	// Executable is the program: an absolute path, a path relative to Workdir,
	// or else a name that is looked up in the directories of the guest's PATH.
	// Required.
	Executable string

	// Arguments are passed as they are; no shell reads them.
	Arguments []string

	// Workdir is the working directory; empty means that of this process.
	Workdir string

	Env    Env
	Stdin  Stdin
	Stdout Output
	Stderr Output

	// Watch restarts the guest when files change.
	Watch Watch

	// Restart says what follows when the process ends.
	Restart Restart

	// After lists the ids of guests that are started before this one; see
	// Order.
	After []string

	// StopGrace is the time between TERM and KILL. Default DefaultStopGrace.
	StopGrace time.Duration

	// ReadyTimeout is how long Hooks.Ready may take; a guest that is not ready
	// by then has failed. Default DefaultReadyTimeout; negative means any time.
	ReadyTimeout time.Duration
}

// Env is the environment of a guest. What is named more than once counts as,
// in rising order: inherited, from Hooks.Environ, from Vars. PYTHONUNBUFFERED
// is 1 unless said otherwise, or a Python guest's lines would come late.
type Env struct {
	// Clean keeps the environment of this process from the guest.
	Clean bool

	// Keep names the variables that are inherited nevertheless; it needs Clean.
	Keep []string

	// Vars are set for the guest.
	Vars map[string]string
}

// Stdin is what a guest reads on its standard input. The zero value is empty
// input.
type Stdin struct {
	// JSON is written as one line when the process has started.
	JSON json.RawMessage

	// KeepOpen leaves the input open after JSON until the process ends;
	// otherwise the guest sees its end.
	KeepOpen bool
}

// Output says what becomes of what a guest writes.
type Output uint8

const (
	OutputLog   Output = iota // logged line by line
	OutputDrop                // thrown away
	OutputClose               // refused: writing to it fails
)

// String returns the configuration's word.
func (o Output) String() string {
	switch o {
	case OutputLog:
		return "log"
	case OutputDrop:
		return "drop"
	case OutputClose:
		return "close"
	}
	return fmt.Sprintf("Output(%d)", uint8(o))
}

// Watch restarts a guest when a file in one of Directories, or anywhere below,
// appears, changes or goes. Files are looked at by time and size, which works
// on every file system, shared folders of virtual machines included. A guest
// that has ended and that its policy does not restart is started again, too.
type Watch struct {
	// Directories are watched; relative ones start at Config.Workdir. None
	// means that nothing is.
	Directories []string

	// Interval is the time between two looks, stretched if looking takes more
	// than a tenth of it. Default DefaultWatchInterval.
	Interval time.Duration

	// Debounce is how long files must have stayed the same after a change
	// before the guest is restarted. Default DefaultWatchDebounce.
	Debounce time.Duration

	// Ignore lists patterns, as of filepath.Match, of names of files and
	// directories that do not count. Nil means DefaultIgnore.
	Ignore []string
}

// DefaultIgnore returns the patterns of Watch.Ignore's default: hidden files,
// what programs write when they start, and what editors leave behind.
func DefaultIgnore() []string {
	return []string{".*", "__pycache__", "*.pyc", "node_modules", "*~", "#*#"}
}

// withDefaults returns a Config of its own, which shares nothing with c.
func (c Config) withDefaults() Config {
	c.Arguments = slices.Clone(c.Arguments)
	c.After = slices.Clone(c.After)
	c.Env.Keep = slices.Clone(c.Env.Keep)
	c.Env.Vars = maps.Clone(c.Env.Vars)
	c.Stdin.JSON = slices.Clone(c.Stdin.JSON)
	c.Watch = c.Watch.withDefaults()
	c.Restart = c.Restart.withDefaults()
	c.StopGrace = orDefault(c.StopGrace, DefaultStopGrace)
	c.ReadyTimeout = orDefault(c.ReadyTimeout, DefaultReadyTimeout)
	return c
}

func (w Watch) withDefaults() Watch {
	w.Directories = slices.Clone(w.Directories)
	w.Interval = orDefault(w.Interval, DefaultWatchInterval)
	w.Debounce = orDefault(w.Debounce, DefaultWatchDebounce)
	if w.Ignore == nil {
		w.Ignore = DefaultIgnore()
	}
	w.Ignore = slices.Clone(w.Ignore)
	return w
}

func orDefault[T int | float64 | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// check returns everything that is wrong with c, which has its defaults.
func (c Config) check() error {
	var errs []error
	bad := func(field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("guest %q: %s: %w", c.ID, field, fmt.Errorf(format, args...)))
	}
	if c.ID == "" {
		bad("id", "must not be empty")
	}
	if c.Executable == "" {
		bad("executable", "must not be empty")
	}
	for i, text := range append([]string{c.Executable, c.Workdir}, c.Arguments...) {
		if strings.ContainsRune(text, 0) {
			bad([]string{"executable", "workdir", "arguments"}[min(i, 2)], "%q contains a NUL, which no program can be given", text)
		}
	}
	if c.Stdout > OutputClose || c.Stderr > OutputClose {
		bad("stdout, stderr", "must be log, drop or close; got %v and %v", c.Stdout, c.Stderr)
	}
	if len(c.Stdin.JSON) > 0 && !json.Valid(c.Stdin.JSON) {
		bad("stdin", "is not valid JSON")
	}
	if c.StopGrace < 0 {
		bad("stop grace", "must not be negative; got %v", c.StopGrace)
	}
	c.Env.check(bad)
	c.Watch.check(bad)
	c.Restart.check(bad)
	return errors.Join(errs...)
}

func (e Env) check(bad func(field, format string, args ...any)) {
	if len(e.Keep) > 0 && !e.Clean {
		bad("env", "there is nothing to keep where everything is inherited")
	}
	for _, name := range slices.Sorted(maps.Keys(e.Vars)) {
		if name == "" || strings.ContainsAny(name, "=\x00") {
			bad("env", "%q cannot be the name of a variable", name)
		}
		if strings.ContainsRune(e.Vars[name], 0) {
			bad("env", "the value of %s contains a NUL, which no program can be given", name)
		}
	}
}

func (w Watch) check(bad func(field, format string, args ...any)) {
	if w.Interval < 0 || w.Debounce < 0 {
		bad("watch", "times must not be negative; got interval %v, debounce %v", w.Interval, w.Debounce)
	}
	if slices.Contains(w.Directories, "") {
		bad("watch", "directories must not contain an empty path")
	}
	for _, pattern := range w.Ignore {
		if _, err := filepath.Match(pattern, "x"); err != nil {
			bad("watch", "ignore: %q is not a pattern of file names", pattern)
		}
	}
}
