package guest_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/guest"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*guest.Config)
		want   string // a part of the error
	}{
		{"no id", func(c *guest.Config) { c.ID = "" }, "id: must not be empty"},
		{"no executable", func(c *guest.Config) { c.Executable = "" }, `"g": executable: must not be empty`},
		{"a NUL in the executable", func(c *guest.Config) { c.Executable = "a\x00" }, "executable:"},
		{"a NUL in the workdir", func(c *guest.Config) { c.Workdir = "a\x00" }, "workdir:"},
		{"a NUL in the last argument", func(c *guest.Config) { c.Arguments = []string{"a", "b\x00"} }, "arguments:"},
		{"an unknown output", func(c *guest.Config) { c.Stderr = 7 }, "must be log, drop or close; got log and Output(7)"},
		{"input that is no JSON", func(c *guest.Config) { c.Stdin.JSON = json.RawMessage("{") }, "stdin:"},
		{"a negative grace", func(c *guest.Config) { c.StopGrace = -1 }, "stop grace:"},
		{"a variable without a name", func(c *guest.Config) { c.Env.Vars = map[string]string{"": "x"} }, "env:"},
		{"a variable with = in its name", func(c *guest.Config) { c.Env.Vars = map[string]string{"A=B": "x"} }, `"A=B"`},
		{"a NUL in a variable", func(c *guest.Config) { c.Env.Vars = map[string]string{"A": "\x00"} }, "value of A"},
		{"variables to keep where all are", func(c *guest.Config) { c.Env.Keep = []string{"A"} }, "nothing to keep"},
		{"an empty directory to watch", func(c *guest.Config) { c.Watch.Directories = []string{""} }, "watch: directories"},
		{"a negative interval", func(c *guest.Config) { c.Watch.Interval = -1 }, "watch: times"},
		{"a broken pattern", func(c *guest.Config) { c.Watch.Ignore = []string{"[a"} }, `"[a" is not a pattern`},
		{"an unknown policy", func(c *guest.Config) { c.Restart.Policy = 9 }, "restart: there is no policy 9"},
		{"a negative delay", func(c *guest.Config) { c.Restart.Initial = -1 }, "restart: times"},
		{"a longest delay below the first", func(c *guest.Config) { c.Restart.Initial, c.Restart.Max = 2, 1 }, "restart: times"},
		{"delays that shrink", func(c *guest.Config) { c.Restart.Factor = 0.5 }, "factor must be 1 or more"},
		{"a factor that is no number", func(c *guest.Config) { c.Restart.Factor = math.NaN() }, "factor must be 1 or more"},
		{"more jitter than delay", func(c *guest.Config) { c.Restart.Jitter = 1.5 }, "jitter 1 or less"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := guest.Config{ID: "g", Executable: "x"}
			tt.change(&cfg)
			_, err := guest.New(cfg, guest.Hooks{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestNewNamesEverythingThatIsWrong(t *testing.T) {
	t.Parallel()
	_, err := guest.New(guest.Config{StopGrace: -1}, guest.Hooks{})
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("got %v, want three findings", err)
	}
}

// Every time and number has a default, and the rest keeps its zero value on
// purpose: a new field fails here until it is decided on.
func TestDefaultsFillEveryNumber(t *testing.T) {
	t.Parallel()
	filled := reflect.ValueOf(guest.Defaults(guest.Config{}))
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Int, reflect.Int64, reflect.Float64:
			if v.IsZero() {
				t.Errorf("%s has no default", path)
			}
		}
	}
	walk("Config", filled)
}

func TestDefaultsLeaveWhatIsSet(t *testing.T) {
	t.Parallel()
	cfg := guest.Config{
		ID: "g", Executable: "x", Arguments: []string{"a"}, Workdir: "w",
		Env:       guest.Env{Clean: true, Keep: []string{"A"}, Vars: map[string]string{"B": "c"}},
		Stdin:     guest.Stdin{JSON: json.RawMessage(`1`), KeepOpen: true},
		Stdout:    guest.OutputDrop,
		Stderr:    guest.OutputClose,
		Watch:     guest.Watch{Directories: []string{"d"}, Interval: 1, Debounce: 2, Ignore: []string{}},
		Restart:   guest.Restart{Policy: guest.RestartAlways, Initial: 1, Max: 2, Factor: 3, Jitter: 0.5, MaxFailures: -1, Window: 4},
		After:     []string{"h"},
		StopGrace: 5, ReadyTimeout: -1,
	}
	if got := guest.Defaults(cfg); !reflect.DeepEqual(got, cfg) {
		t.Errorf("got %+v, want %+v", got, cfg)
	}
}

func TestNewSharesNothingWithItsConfig(t *testing.T) {
	t.Parallel()
	cfg := guest.Config{
		Arguments: []string{"a"},
		Env:       guest.Env{Keep: []string{"a"}, Vars: map[string]string{"A": "a"}},
		Stdin:     guest.Stdin{JSON: json.RawMessage(`1`)},
		Watch:     guest.Watch{Directories: []string{"a"}, Ignore: []string{"a"}},
		After:     []string{"a"},
	}
	own := guest.Defaults(cfg)
	cfg.Arguments[0], cfg.Env.Keep[0], cfg.Env.Vars["A"] = "b", "b", "b"
	cfg.Stdin.JSON[0], cfg.Watch.Directories[0], cfg.Watch.Ignore[0], cfg.After[0] = '2', "b", "b", "b"
	got := []string{
		own.Arguments[0], own.Env.Keep[0], own.Env.Vars["A"], string(own.Stdin.JSON),
		own.Watch.Directories[0], own.Watch.Ignore[0], own.After[0],
	}
	if want := "a a a 1 a a a"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestALongFirstDelayRaisesTheDefaultMaximum(t *testing.T) {
	t.Parallel()
	cfg := guest.Config{ID: "g", Executable: "x", Restart: guest.Restart{Initial: time.Hour}}
	if _, err := guest.New(cfg, guest.Hooks{}); err != nil {
		t.Error(err)
	}
}

func TestWordsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{guest.OutputLog.String(), "log"},
		{guest.OutputDrop.String(), "drop"},
		{guest.OutputClose.String(), "close"},
		{guest.RestartNever.String(), "restart-never"},
		{guest.RestartOnFailed.String(), "restart-on-failed"},
		{guest.RestartAlways.String(), "restart-always"},
		{guest.Policy(7).String(), "Policy(7)"},
		{guest.Failed.String(), "failed"},
		{guest.State(77).String(), "State(77)"},
		{guest.NotStarted.String(), "not started"},
		{guest.Cause(77).String(), "Cause(77)"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
