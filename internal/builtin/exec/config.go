package exec

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	osexec "os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of the configuration.
const (
	defaultConcurrency    = 8 // processes per call
	maxConcurrency        = 1024
	defaultMaxLine        = 16 << 20 // octets
	mostMaxLine           = 1 << 30
	defaultGrace          = 2 * time.Second
	defaultRestartInitial = 200 * time.Millisecond
	defaultRestartMax     = 30 * time.Second
)

// config is the extra configuration.
type config struct {
	Procedures []procedure `json:"procedures"`
	Topics     []topic     `json:"topics"`
}

// procedure is served by a command.
type procedure struct {
	command
	URI         wamp.URI     `json:"uri"`
	Match       extra.Match  `json:"match"`
	Invoke      extra.Invoke `json:"invoke"`
	Concurrency int          `json:"concurrency"` // calls at once
}

// topic has events that a command takes, one after the other.
type topic struct {
	command
	URI   wamp.URI    `json:"uri"`
	Match extra.Match `json:"match"`
}

// command is how processes are run.
type command struct {
	Command []string          `json:"command"`
	Mode    mode              `json:"mode"`
	Timeout extra.Duration    `json:"timeout"` // 0: none
	Workdir string            `json:"workdir"`
	Env     map[string]string `json:"env"`
	MaxLine int               `json:"max_line"` // octets
	Restart *extra.Backoff    `json:"restart"`  // of a long-lived process

	// Grace is how long a process may go on once it has answered its only call
	// or has been told to end, and how long others may keep its output open
	// after its end.
	Grace extra.Duration `json:"grace"`
}

// mode is how many calls a process serves.
type mode bool

const (
	perCall   mode = false
	longLived mode = true
)

// UnmarshalJSON reads the words of the configuration.
func (m *mode) UnmarshalJSON(raw []byte) error {
	var s *string
	err := json.Unmarshal(raw, &s)
	switch {
	case err == nil && (s == nil || *s == "per-call"):
		*m = perCall
	case err == nil && *s == "long-lived":
		*m = longLived
	default:
		return fmt.Errorf(`want "per-call" or "long-lived", got %s`, raw)
	}
	return nil
}

// load reads, checks and completes the extra configuration.
func load(cfg component.Config) (config, error) {
	var c config
	if err := cfg.Decode(&c); err != nil {
		return c, err
	}
	if len(c.Procedures)+len(c.Topics) == 0 {
		return c, errors.New("extra: neither procedures nor topics to serve")
	}
	for i := range c.Procedures {
		if err := c.Procedures[i].complete(cfg.Dir); err != nil {
			return c, fmt.Errorf("extra.procedures[%d].%w", i, err)
		}
		same := func(p procedure) bool { return p.URI == c.Procedures[i].URI && p.Match == c.Procedures[i].Match }
		if first := slices.IndexFunc(c.Procedures, same); first < i {
			return c, fmt.Errorf("extra.procedures[%d].uri: %s is that of procedures[%d] already", i, c.Procedures[i].URI, first)
		}
	}
	for i := range c.Topics {
		if err := c.Topics[i].complete(cfg.Dir); err != nil {
			return c, fmt.Errorf("extra.topics[%d].%w", i, err)
		}
	}
	return c, nil
}

func (p *procedure) complete(dir string) error {
	if err := extra.CheckPattern(p.URI, p.Match); err != nil {
		return fmt.Errorf("uri: %w", err)
	}
	if p.Concurrency < 0 || p.Concurrency > maxConcurrency {
		return fmt.Errorf("concurrency: want 1 to %d, got %d", maxConcurrency, p.Concurrency)
	}
	if p.Concurrency == 0 {
		p.Concurrency = 1
		if p.Mode == perCall {
			p.Concurrency = defaultConcurrency
		}
	}
	return p.command.complete(dir)
}

func (t *topic) complete(dir string) error {
	if err := extra.CheckPattern(t.URI, t.Match); err != nil {
		return fmt.Errorf("uri: %w", err)
	}
	if t.Mode == longLived && t.Timeout != 0 {
		return errors.New("timeout: a long-lived process does not say when it is done with an event")
	}
	return t.command.complete(dir)
}

func (c *command) complete(dir string) error {
	if len(c.Command) == 0 || c.Command[0] == "" {
		return errors.New("command: is required: a list of the program and its arguments")
	}
	if slices.ContainsFunc(c.Command, hasNUL) || hasNUL(c.Workdir) {
		return errors.New("command: no part of it, nor workdir, can contain the character NUL")
	}
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		if name == "" || strings.ContainsAny(name, "=\x00") || hasNUL(c.Env[name]) {
			return fmt.Errorf("env: %q cannot be a variable of the environment", name)
		}
	}
	if c.MaxLine < 0 || c.MaxLine > mostMaxLine {
		return fmt.Errorf("max_line: want 1 to %d octets, got %d", mostMaxLine, c.MaxLine)
	}
	if c.MaxLine == 0 {
		c.MaxLine = defaultMaxLine
	}
	c.Grace = extra.Duration(c.Grace.Or(defaultGrace))
	if dir != "" && !filepath.IsAbs(c.Workdir) {
		c.Workdir = filepath.Join(dir, c.Workdir)
	}
	return c.completeRestart()
}

func (c *command) completeRestart() error {
	if c.Mode == perCall {
		if c.Restart != nil {
			return errors.New(`restart: is for mode "long-lived"; a process per call is never started again`)
		}
		return nil
	}
	if c.Restart == nil {
		c.Restart = new(extra.Backoff)
	}
	c.Restart.Initial = extra.Duration(c.Restart.Initial.Or(defaultRestartInitial))
	c.Restart.Max = extra.Duration(c.Restart.Max.Or(max(defaultRestartMax, time.Duration(c.Restart.Initial))))
	if err := c.Restart.Check(); err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	return nil
}

func hasNUL(s string) bool { return strings.ContainsRune(s, 0) }

// find reports a program that is not there. A name without a slash is looked
// up in the directories of PATH, any other is relative to the working directory.
func (c *command) find() error {
	name := c.Command[0]
	if filepath.Base(name) != name && !filepath.IsAbs(name) {
		name = filepath.Join(c.Workdir, name)
		if filepath.Base(name) == name {
			name = "." + string(filepath.Separator) + name
		}
	}
	if _, err := osexec.LookPath(name); err != nil {
		return fmt.Errorf("command: %w", err)
	}
	if c.Workdir == "" {
		return nil
	}
	if info, err := os.Stat(c.Workdir); err != nil {
		return fmt.Errorf("workdir: %w", err)
	} else if !info.IsDir() {
		return fmt.Errorf("workdir: %s is no directory", c.Workdir)
	}
	return nil
}

// variables are what the configuration adds to the environment.
func (c *command) variables() []string {
	var variables []string
	for _, name := range slices.Sorted(maps.Keys(c.Env)) {
		variables = append(variables, name+"="+c.Env[name])
	}
	return variables
}
