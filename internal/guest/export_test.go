package guest

import (
	"context"
	"io"
	"log/slog"
	"time"
)

// MaxLine and MaxLineRate are the bounds of logged output.
const (
	MaxLine     = maxLine
	MaxLineRate = maxLineRate
)

// Stand is a child without a process.
type Stand struct {
	Gone chan struct{} // to be closed when it has ended by itself
	Code int

	// Ended is called by end, if it is not nil.
	Ended func(grace time.Duration)
}

func (s *Stand) pid() int                { return 4711 }
func (s *Stand) exited() <-chan struct{} { return s.Gone }

func (s *Stand) end(grace time.Duration) (code int, signal string) {
	if s.Ended != nil {
		s.Ended(grace)
	}
	return s.Code, ""
}

// StandIn makes g start stands in place of processes.
func (g *Guest) StandIn(launch func(context.Context) (*Stand, error)) {
	g.launch = func(ctx context.Context) (child, error) {
		s, err := launch(ctx)
		if err != nil {
			return nil, err
		}
		return s, nil
	}
}

// Defaults returns cfg as a Guest sees it.
func Defaults(cfg Config) Config { return cfg.withDefaults() }

// Capture logs what r holds.
func Capture(log *slog.Logger, r io.Reader) { newCapture(log).run(r) }

// Environ returns the environment of a guest whose hook says hook.
func Environ(cfg Config, hook map[string]string) ([]string, error) {
	g := &Guest{cfg: cfg}
	if hook != nil {
		g.hooks.Environ = func(context.Context) (map[string]string, error) { return hook, nil }
	}
	return g.environ(context.Background(), "/dir")
}

// LookUp is lookUp.
func LookUp(name, dir string, env []string) (string, error) { return lookUp(name, dir, env) }
