package exec

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	osexec "os/exec"
	"sync"

	"github.com/junctorio/junctor/internal/procgroup"
)

// waitingLines is how many lines may wait for a process to read its input.
const waitingLines = 64

// process is one run of a long-lived command.
type process struct {
	log    *slog.Logger
	cmd    *osexec.Cmd
	stdout *lineReader
	stderr *stderrLog
	stop   context.CancelFunc
	writer sync.WaitGroup
	input  chan []byte   // lines for it
	done   chan struct{} // closed once it has ended and err is set
	err    error         // constant from then on

	mu     sync.Mutex // guards the fields below
	lastID uint64
	calls  map[uint64]*pending // by id, not answered yet
}

// pending is a call that a long-lived process has not answered yet.
type pending struct {
	id      uint64
	answers chan answer   // handed over one by one
	gone    chan struct{} // closed when nobody takes them any more
}

// start starts a process that lives until ctx ends or it ends by itself. Its
// goroutines end in wait, which the caller must call.
func (c *command) start(ctx context.Context, log *slog.Logger) (*process, error) {
	p := &process{
		stderr: &stderrLog{log: log},
		input:  make(chan []byte, waitingLines),
		done:   make(chan struct{}),
		calls:  make(map[uint64]*pending),
	}
	ctx, p.stop = context.WithCancel(ctx)
	p.stdout = &lineReader{most: c.MaxLine, each: p.take, fault: p.kill}
	p.cmd = c.process(ctx, p.stdout, p.stderr)
	stdin, err := p.cmd.StdinPipe()
	if err == nil {
		// First its input ends; WaitDelay later it is killed.
		p.cmd.Cancel = stdin.Close
		err = p.cmd.Start()
	}
	if err != nil {
		p.stop()
		return nil, err
	}
	p.log = log.With("pid", p.cmd.Process.Pid)
	p.log.Info("process started")
	p.writer.Go(func() { p.write(ctx, stdin) })
	return p, nil
}

// kill ends a process that does not keep the protocol, or its time. wait must
// not have returned long ago.
func (p *process) kill() {
	_ = procgroup.Kill(p.cmd) // if it cannot be killed, its input still ends
	p.stop()
}

// write passes lines on until the process does not read any more.
func (p *process) write(ctx context.Context, stdin io.WriteCloser) {
	defer func() { _ = stdin.Close() }()
	for {
		select {
		case line := <-p.input:
			if _, err := stdin.Write(line); err != nil {
				p.log.Debug("process does not read its input", "err", err)
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// wait waits until the process has ended, and fails its calls.
func (p *process) wait() error {
	err := p.cmd.Wait()
	p.stop()
	_ = procgroup.Kill(p.cmd) // there is nobody to tell, and nothing else to try
	p.writer.Wait()
	if p.cmd.ProcessState.Exited() { // else it was cut off amid a line
		p.stdout.end()
	}
	p.stderr.end()
	switch {
	case p.stdout.err != nil:
		err = p.stdout.err
	case err == nil || errors.Is(err, osexec.ErrWaitDelay):
		err = errors.New("the process ended")
	default:
		err = fmt.Errorf("the process ended: %w", err)
	}
	p.err = err
	close(p.done)
	return err
}

// send queues a line, and waits for room.
func (p *process) send(ctx context.Context, line []byte) error {
	select {
	case p.input <- line:
		return nil
	default:
	}
	select {
	case p.input <- line:
		return nil
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin makes room for the answers to a call.
func (p *process) begin() *pending {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	c := &pending{id: p.lastID, answers: make(chan answer), gone: make(chan struct{})}
	p.calls[c.id] = c
	return c
}

// finish ends a call; answers that come later are ignored.
func (p *process) finish(c *pending) {
	p.mu.Lock()
	delete(p.calls, c.id)
	p.mu.Unlock()
	close(c.gone)
}

// abandon tells the process that nobody waits for an answer any more. If it
// does not even read its input, it is not told: it could not end the work.
func (p *process) abandon(c *pending) {
	select {
	case p.input <- cancelLine(c.id):
	default:
		p.log.Debug("process reads too slowly to be told of a cancelled call")
	}
}

// take hands an answer to its call. A line that cannot be told whose it is
// harms nobody else's, and is logged.
func (p *process) take(line []byte) error {
	a, err := parseTagged(line)
	if err != nil {
		p.log.Warn("line of a process is ignored", "err", err)
		return nil
	}
	p.mu.Lock()
	c := p.calls[a.id]
	p.mu.Unlock()
	if c == nil {
		return nil // given up, or answered already
	}
	select {
	case c.answers <- a:
	case <-c.gone:
	}
	return nil
}
