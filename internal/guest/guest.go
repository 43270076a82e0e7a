package guest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Hooks connect a guest with those who run it. All may be nil.
type Hooks struct {
	// Logger receives the guest's output and what becomes of the guest, with
	// its id as the attribute guest. Nil discards it.
	Logger *slog.Logger

	// Ready returns when a process that has just been started can do its
	// work, or why it never will. Its context ends with the process and after
	// Config.ReadyTimeout; it must return then. Nil: started is ready.
	Ready func(ctx context.Context) error

	// Environ returns further variables for a process about to be started,
	// such as where its router is and a ticket for it. It is called for each
	// start anew.
	Environ func(ctx context.Context) (map[string]string, error)

	// Changed is told each Status in turn. It is called by Run, which waits
	// for it: it should return soon. It may call Status.
	Changed func(Status)
}

// Guest is a program and its supervision. Its methods may be called from
// anywhere.
type Guest struct {
	cfg    Config
	hooks  Hooks
	log    *slog.Logger
	launch func(context.Context) (child, error) // constant, except in tests

	begun   atomic.Bool
	ready   chan struct{} // closed when the first process is ready
	isReady sync.Once
	ended   chan struct{} // closed when Run returns

	mu     sync.Mutex // guards the fields below
	status Status
}

// child is a process as its supervisor sees it.
type child interface {
	pid() int

	// exited is closed when the process has ended.
	exited() <-chan struct{}

	// end makes sure that the process has ended with all that belongs to it:
	// asks, and after grace forces. It returns how the process ended.
	end(grace time.Duration) (code int, signal string)
}

// New returns a Guest for Run, or everything that is wrong with cfg.
func New(cfg Config, hooks Hooks) (*Guest, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	g := &Guest{
		cfg:   cfg,
		hooks: hooks,
		ready: make(chan struct{}),
		ended: make(chan struct{}),
	}
	if hooks.Logger == nil {
		hooks.Logger = slog.New(slog.DiscardHandler)
	}
	g.log = hooks.Logger.With("guest", cfg.ID)
	g.launch = g.startProcess
	return g, nil
}

// ID returns the guest's id.
func (g *Guest) ID() string { return g.cfg.ID }

// Status returns how the guest stands.
func (g *Guest) Status() Status {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.status
}

// WaitReady returns nil once the guest's first ready process was there, even if
// it is gone by now. It fails when Run returns without there having been one,
// or when ctx ends.
func (g *Guest) WaitReady(ctx context.Context) error {
	select {
	case <-g.ready:
		return nil
	case <-g.ended:
	case <-ctx.Done():
		return fmt.Errorf("guest %q: waiting until it is ready: %w", g.cfg.ID, context.Cause(ctx))
	}
	select {
	case <-g.ready: // both happened before anybody looked
		return nil
	default:
		return fmt.Errorf("guest %q: ended before it was ready", g.cfg.ID)
	}
}

// Run starts the guest and supervises it until ctx ends or the policy says that
// nothing follows. It returns nil when ctx ended or the process ended in order,
// otherwise an *ExitError or *CrashLoopError. With Config.Watch it only returns
// when ctx ends: a change of files may mend what failed. No process of the
// guest's group is left when it returns. Run is called once.
func (g *Guest) Run(ctx context.Context) error {
	if g.begun.Swap(true) {
		return fmt.Errorf("guest %q: Run was called before", g.cfg.ID)
	}
	defer close(g.ended)
	changes, stopWatching := g.watch(ctx)
	defer stopWatching()
	past := history{rules: g.cfg.Restart}
	for ctx.Err() == nil {
		exit := g.runOnce(ctx, changes)
		if ctx.Err() != nil {
			break
		}
		verdict := past.judge(g.cfg.ID, exit, rand.Float64())
		if !verdict.restart && changes == nil {
			g.update(func(s *Status) { s.State = final(verdict.err) })
			return verdict.err
		}
		if changed := g.pause(ctx, verdict, changes); changed {
			past.forget()
		}
	}
	g.update(func(s *Status) { s.State, s.Next = Stopped, time.Time{} })
	return nil
}

// final is the state of a guest that nothing follows on.
func final(err error) State {
	if err != nil {
		return Failed
	}
	return Stopped
}

// pause returns when the next process may start, or ctx ends: after the
// verdict's delay or, if nothing is to follow, when a file changes. A change
// also cuts a delay short.
func (g *Guest) pause(ctx context.Context, v verdict, changes <-chan struct{}) (changed bool) {
	if v.restart && v.delay == 0 {
		return false
	}
	var due <-chan time.Time // never, unless there is to be a restart
	if v.restart {
		due = time.After(v.delay)
		g.log.Info("guest restarts", "delay", v.delay)
		g.update(func(s *Status) { s.State, s.Next = BackingOff, time.Now().Add(v.delay) })
	} else {
		g.log.Warn("guest waits for a change of its files", "err", v.err)
		g.update(func(s *Status) { s.State = final(v.err) })
	}
	select {
	case <-due:
		return false
	case <-changes:
		return true
	case <-ctx.Done():
		return false
	}
}

// runOnce takes one process from its start to its end.
func (g *Guest) runOnce(ctx context.Context, changes <-chan struct{}) Exit {
	select {
	case <-changes: // the process will see what changed before it started
	default:
	}
	exit := Exit{Code: -1}
	started := time.Now()
	g.update(func(s *Status) {
		s.State, s.Started, s.Next = Starting, started, time.Time{}
		if s.LastExit.Cause != NotYet {
			s.Restarts++
		}
	})
	c, err := g.launch(ctx)
	if err != nil {
		exit.Cause, exit.Err = NotStarted, err
		if ctx.Err() != nil { // a hook gave up because it was told to
			exit.Cause = OnStop
		}
	} else {
		g.log.Info("guest started", "pid", c.pid())
		g.update(func(s *Status) { s.PID = c.pid() })
		exit.Cause, exit.Err = g.attend(ctx, c, changes)
		exit.Ran = time.Since(started)
		g.update(func(s *Status) { s.State = Stopping })
		exit.Code, exit.Signal = c.end(g.cfg.StopGrace)
	}
	exit.At = time.Now()
	g.logExit(exit)
	g.update(func(s *Status) { s.PID, s.LastExit = 0, exit })
	return exit
}

// attend returns when a process has ended or is to be ended, and why.
func (g *Guest) attend(ctx context.Context, c child, changes <-chan struct{}) (Cause, error) {
	readiness, forget := g.awaitReady(ctx)
	defer forget()
	for {
		select {
		case <-c.exited():
			return ByItself, nil
		case <-ctx.Done():
			return OnStop, nil
		case <-changes:
			return Changed, nil
		case err := <-readiness:
			if err != nil {
				return unready(ctx, c), err
			}
			g.isReady.Do(func() { close(g.ready) })
			g.update(func(s *Status) { s.State = Running })
		}
	}
}

// unready says what lies behind a failure to become ready: the hook may have
// failed because the process ended, or because all of this ends.
func unready(ctx context.Context, c child) Cause {
	if ctx.Err() != nil {
		return OnStop
	}
	select {
	case <-c.exited():
		return ByItself
	default:
		return NotReady
	}
}

// awaitReady asks the hook. The result comes on the channel; forget ends the
// hook and returns when it has returned.
func (g *Guest) awaitReady(ctx context.Context) (result <-chan error, forget func()) {
	answer := make(chan error, 1)
	if g.hooks.Ready == nil {
		answer <- nil
		return answer, func() {}
	}
	limit := g.cfg.ReadyTimeout
	if limit < 0 {
		limit = math.MaxInt64
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not within %v", limit))
	var hook sync.WaitGroup
	hook.Go(func() {
		err := g.hooks.Ready(ctx)
		if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		answer <- err
	})
	return answer, func() { cancel(); hook.Wait() }
}

func (g *Guest) logExit(e Exit) {
	level := slog.LevelInfo
	if e.Failed() {
		level = slog.LevelWarn
	}
	attrs := []any{"cause", e.Cause.String(), "code", e.Code, "ran", e.Ran}
	if e.Signal != "" {
		attrs = append(attrs, "signal", e.Signal)
	}
	if e.Err != nil {
		attrs = append(attrs, "err", e.Err)
	}
	g.log.Log(context.Background(), level, "guest ended", attrs...)
}

// update changes the status and tells of it. Only Run calls it, so that Changed
// hears of changes in their order.
func (g *Guest) update(change func(*Status)) {
	g.mu.Lock()
	change(&g.status)
	status := g.status
	g.mu.Unlock()
	if g.hooks.Changed != nil {
		g.hooks.Changed(status)
	}
}
