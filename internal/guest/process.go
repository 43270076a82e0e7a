package guest

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"time"
)

const (
	// drainTime is how long output is read on when the whole group is gone: a
	// process that left the group may hold the pipe open for ever.
	drainTime = time.Second

	// lastWait is how long a killed group may take to go.
	lastWait = 5 * time.Second

	// Looking whether a group is gone costs little at first, and less often.
	firstLook, longestLook = 2 * time.Millisecond, 100 * time.Millisecond
)

// process is a running program and its pipes. It belongs to Guest.runOnce.
type process struct {
	cmd  *exec.Cmd
	log  *slog.Logger
	gone chan struct{} // closed when cmd.Wait has returned

	theirs []*os.File // ends of pipes for the process, closed once it has them
	ours   []*os.File // the other ends
	pumps  sync.WaitGroup
}

// startProcess is Guest.launch.
func (g *Guest) startProcess(ctx context.Context) (child, error) {
	dir, err := workdir(g.cfg.Workdir)
	if err != nil {
		return nil, err
	}
	env, err := g.environ(ctx, dir)
	if err != nil {
		return nil, err
	}
	path, err := lookUp(g.cfg.Executable, dir, env)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command(path, g.cfg.Arguments...), gone: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env = dir, env
	p.cmd.SysProcAttr = attributes()
	if err := p.start(g); err != nil {
		closeAll(p.theirs)
		closeAll(p.ours)
		return nil, err
	}
	return p, nil
}

// workdir returns the absolute path of a directory that exists; otherwise the
// system would blame the executable.
func workdir(name string) (string, error) {
	dir, err := filepath.Abs(name) // the current directory if name is empty
	if err != nil {
		return "", fmt.Errorf("workdir: %w", err)
	}
	switch info, err := os.Stat(dir); {
	case err != nil:
		return "", fmt.Errorf("workdir: %w", err)
	case !info.IsDir():
		return "", fmt.Errorf("workdir: %s is not a directory", dir)
	}
	return dir, nil
}

// start makes the pipes, starts the process and what serves the pipes.
func (p *process) start(g *Guest) error {
	stdin, err := p.input(g.cfg.Stdin)
	if err != nil {
		return err
	}
	stdout, err := p.output(g.cfg.Stdout, &p.cmd.Stdout)
	if err != nil {
		return err
	}
	stderr, err := p.output(g.cfg.Stderr, &p.cmd.Stderr)
	if err != nil {
		return err
	}
	if err := p.spawn(); err != nil {
		return err
	}
	closeAll(p.theirs)
	p.log = g.log.With("pid", p.pid())
	p.feed(stdin, g.cfg.Stdin)
	p.capture(stdout, "stdout")
	p.capture(stderr, "stderr")
	return nil
}

// input connects standard input, with the null device if there is nothing to
// write, and returns the end to write to.
func (p *process) input(s Stdin) (*os.File, error) {
	if len(s.JSON) == 0 && !s.KeepOpen {
		return nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("stdin: %w", err)
	}
	p.cmd.Stdin = r
	p.theirs, p.ours = append(p.theirs, r), append(p.ours, w)
	return w, nil
}

// output connects an output and returns the end to read from, if any. A closed
// output is a pipe that nobody reads, not a missing descriptor: the program's
// next file would take that number, and catch what is meant for the output.
func (p *process) output(o Output, to *io.Writer) (*os.File, error) {
	if o == OutputDrop {
		return nil, nil
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("output: %w", err)
	}
	*to = w
	p.theirs = append(p.theirs, w)
	if o == OutputClose {
		return nil, r.Close()
	}
	p.ours = append(p.ours, r)
	return r, nil
}

// spawn starts the process and waits for its end on one thread of the system.
// Linux tells a process that its parent died when the thread dies that started
// it; a thread of Go's can end while the program goes on, this one cannot.
func (p *process) spawn() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // the ProcessState tells more
			close(p.gone)
		}
	}()
	return <-started
}

// feed writes standard input. It ends when the process does: end closes w.
func (p *process) feed(w *os.File, s Stdin) {
	if w == nil {
		return
	}
	p.pumps.Go(func() {
		_, err := w.Write(append(s.JSON[:len(s.JSON):len(s.JSON)], '\n'))
		if err != nil {
			p.log.Debug("guest did not read its input", "err", err)
		}
		if !s.KeepOpen {
			w.Close()
		}
	})
}

func (p *process) capture(r *os.File, stream string) {
	if r == nil {
		return
	}
	c := newCapture(p.log.With("stream", stream))
	p.pumps.Go(func() { c.run(r) })
}

func (p *process) pid() int                { return p.cmd.Process.Pid }
func (p *process) exited() <-chan struct{} { return p.gone }

// end implements child.
func (p *process) end(grace time.Duration) (code int, signal string) {
	if p.askToEnd() && !p.allGone(time.After(grace)) {
		p.log.Warn("guest did not end in time and is killed")
		kill(p.cmd.Process)
		<-p.gone
		if !p.allGone(time.After(lastWait)) {
			p.log.Error("processes of the guest do not end, even by force")
		}
	}
	p.finishPumps()
	return p.cmd.ProcessState.ExitCode(), signalOf(p.cmd.ProcessState)
}

// askToEnd tells the group to terminate, and reports false if nothing is left
// of it. The system gives the number of a group to no other process as long as
// the group has members, the process that leads it among them.
func (p *process) askToEnd() bool {
	select {
	case <-p.gone:
		if !groupAlive(p.cmd.Process) {
			return false
		}
		p.log.Info("guest left processes behind, which are ended")
	default:
	}
	terminate(p.cmd.Process)
	return true
}

// allGone waits until nothing is left of the group, and reports false if limit
// comes first.
func (p *process) allGone(limit <-chan time.Time) bool {
	select {
	case <-p.gone:
	case <-limit:
		return false
	}
	for pause := firstLook; groupAlive(p.cmd.Process); pause = min(2*pause, longestLook) {
		select {
		case <-limit:
			return false
		case <-time.After(pause):
		}
	}
	return true
}

// finishPumps reads what was written before the end, and closes the pipes.
func (p *process) finishPumps() {
	enough := time.AfterFunc(drainTime, func() { closeAll(p.ours) })
	defer enough.Stop()
	p.pumps.Wait()
	closeAll(p.ours)
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
