//go:build interop

package interop_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// process is an agent that runs in a program of its own, python/agent.py or
// js/agent.js, and is spoken to in JSON lines.
type process struct {
	got *reports
	cmd *exec.Cmd

	mu      sync.Mutex // guards the fields below
	in      io.WriteCloser
	lastID  int
	pending map[int]chan answer
}

// answer is a line that answers a command; anything else is a report.
type answer struct {
	ID    int             `json:"id"`
	OK    json.RawMessage `json:"ok"`
	Error *refusal        `json:"error"`

	Joined      *joinReport  `json:"joined"`
	Left        *leaveReport `json:"left"`
	Event       *eventReport `json:"event"`
	Interrupted *struct {
		Procedure string `json:"procedure"`
	} `json:"interrupted"`
}

// startProcess starts an agent's program. It ends with the test, at the latest.
func startProcess(t *testing.T, argv []string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	p := &process{got: newReports(), cmd: cmd, pending: make(map[int]chan answer)}
	cmd.Env = append(cmd.Environ(), env...)
	var complaints lockedBuffer
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		p.read(out, &complaints)
		p.got.close()
	})
	t.Cleanup(func() {
		p.in.Close()
		p.kill()
		reading.Wait()
		cmd.Wait()
		if t.Failed() {
			t.Logf("%v said on stderr:\n%s", argv, complaints.tail())
		}
	})
	return p
}

func (p *process) reports() *reports { return p.got }

// kill ends the program without any farewell.
func (p *process) kill() { p.cmd.Process.Kill() }

func (p *process) read(out io.Reader, complaints io.Writer) {
	lines := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var a answer
		if err := json.Unmarshal(line, &a); err != nil {
			fmt.Fprintf(complaints, "not an answer: %v: %.200q\n", err, line)
			continue
		}
		p.dispatch(a)
	}
}

func (p *process) dispatch(a answer) {
	switch {
	case a.Joined != nil:
		p.got.welcome <- *a.Joined
	case a.Left != nil:
		p.got.left <- *a.Left
	case a.Event != nil:
		a.Event.Args, a.Event.Kwargs = fromAgent(a.Event.Args), fromAgent(a.Event.Kwargs)
		p.got.eventsOf(a.Event.Subscription) <- *a.Event
	case a.Interrupted != nil:
		p.got.interruptionsOf(a.Interrupted.Procedure) <- struct{}{}
	default:
		p.mu.Lock()
		waiting := p.pending[a.ID]
		delete(p.pending, a.ID)
		p.mu.Unlock()
		if waiting != nil {
			waiting <- a
		}
	}
}

func (p *process) do(ctx context.Context, c command) (outcome, error) {
	waiting, id, err := p.send(c)
	if err != nil {
		return outcome{}, err
	}
	if c.Do == "call" { // whose context cancels it; it is answered all the same
		stop := context.AfterFunc(ctx, func() { p.send(command{Do: "cancel", Call: id}) })
		defer stop()
		ctx = context.WithoutCancel(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	a, err := await(ctx, p.got, waiting, "an answer to "+c.Do)
	if err != nil {
		return outcome{}, err
	}
	return a.outcome(c.Do)
}

// commandTimeout is longer than any command takes on a busy machine.
const commandTimeout = 30 * time.Second

func (p *process) send(c command) (chan answer, int, error) {
	c.Args, c.Kwargs = toAgent(c.Args), toAgent(c.Kwargs)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastID++
	c.ID = p.lastID
	line, err := json.Marshal(c)
	if err != nil {
		return nil, 0, err
	}
	waiting := make(chan answer, 1)
	p.pending[c.ID] = waiting
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return nil, 0, fmt.Errorf("%s: %w", c.Do, err)
	}
	return waiting, c.ID, nil
}

func (a answer) outcome(verb string) (outcome, error) {
	if a.Error != nil {
		a.Error.Args, a.Error.Kwargs = fromAgent(a.Error.Args), fromAgent(a.Error.Kwargs)
		return outcome{}, a.Error
	}
	var out outcome
	if verb != "call" {
		json.Unmarshal(a.OK, &out.id) // a command without an ID leaves it at 0
		return out, nil
	}
	var result struct {
		Args     []any          `json:"args"`
		Kwargs   map[string]any `json:"kwargs"`
		Progress []any          `json:"progress"`
	}
	decoder := json.NewDecoder(bytes.NewReader(a.OK))
	if err := decoder.Decode(&result); err != nil {
		return out, fmt.Errorf("result: %w", err)
	}
	out.args, out.kwargs = fromAgent(result.Args), fromAgent(result.Kwargs)
	out.progress = fromAgent(result.Progress)
	return out, nil
}

// lockedBuffer is a bytes.Buffer that two goroutines write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// tail returns the end of what was written, enough to see what went wrong.
func (b *lockedBuffer) tail() []byte {
	const enough = 4 << 10
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes()[max(0, b.buf.Len()-enough):])
}
