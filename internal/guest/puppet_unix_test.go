//go:build unix

package guest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/internal/guest"
)

// puppetVar turns the test binary into a puppet: a process that connects to the
// address in it, tells who it is, and does what it is told, line by line. The
// connection ends when the process does, which tests wait for.
const puppetVar = "GUEST_TEST_PUPPET"

// patience bounds what would otherwise hang if the code were wrong.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	if addr := os.Getenv(puppetVar); addr != "" {
		os.Exit(playPuppet(addr))
	}
	goleak.VerifyTestMain(m)
}

// hello is what a puppet tells of itself.
type hello struct {
	PID, Parent, Group int
	Args               []string
	Dir                string
	Env                []string
}

func playPuppet(addr string) int {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return 99
	}
	signal.Ignore(syscall.SIGPIPE) // or a closed output would end it
	dir, _ := os.Getwd()
	me := hello{os.Getpid(), os.Getppid(), syscall.Getpgrp(), os.Args[1:], dir, os.Environ()}
	if err := json.NewEncoder(conn).Encode(me); err != nil {
		return 98
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		if word == "exit" {
			code, _ := strconv.Atoi(rest)
			return code
		}
		answer, err := obey(conn, word, rest)
		if err != nil {
			answer = "error: " + err.Error()
		}
		fmt.Fprintf(conn, "%q\n", answer)
	}
	return 97 // the test is over
}

// obey does one thing.
func obey(conn io.Writer, word, rest string) (string, error) {
	switch word {
	case "die":
		return "", syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "stdout", "stderr":
		text, err := strconv.Unquote(rest)
		if err != nil {
			return "", err
		}
		out := map[string]*os.File{"stdout": os.Stdout, "stderr": os.Stderr}[word]
		_, err = out.WriteString(text)
		return "ok", err
	case "read": // the whole input
		text, err := io.ReadAll(os.Stdin)
		return string(text), err
	case "line": // one line of it
		var line []byte
		for one := make([]byte, 1); len(line) == 0 || one[0] != '\n'; line = append(line, one...) {
			if _, err := os.Stdin.Read(one); err != nil {
				return string(line), err
			}
		}
		return string(line), nil
	case "ignore": // what asks it to end
		signal.Ignore(syscall.SIGTERM)
		return "ok", nil
	case "trap": // tells of it instead
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		go func() {
			for s := range c {
				fmt.Fprintf(conn, "%q\n", s)
			}
		}()
		return "ok", nil
	case "spawn": // a child in its group, or if told so in a session of its own
		cmd := exec.Command(os.Args[0])
		cmd.Stdout = os.Stdout
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: rest == "away"}
		return "ok", cmd.Start()
	case "guest": // runs another puppet as its guest
		g, err := guest.New(guest.Config{ID: "inner", Executable: os.Args[0]}, guest.Hooks{})
		if err != nil {
			return "", err
		}
		go func() {
			err := g.Run(context.Background())
			fmt.Fprintf(conn, "%q\n", fmt.Sprint(err))
		}()
		return "ok", nil
	}
	return obeyMore(word)
}

// stage is where puppets appear.
type stage struct {
	t    *testing.T
	ln   *net.TCPListener
	book logbook
	told chan guest.Status // by the guest that run runs
}

func newStage(t *testing.T) *stage {
	t.Helper()
	ln, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return &stage{t: t, ln: ln, told: make(chan guest.Status, 1000)}
}

// config returns the guest that is a puppet of s.
func (s *stage) config() guest.Config {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	return guest.Config{
		ID: "puppet", Executable: self,
		Env: guest.Env{Vars: map[string]string{
			puppetVar: s.ln.Addr().String(),
			"GORACE":  "atexit_sleep_ms=0", // the race detector's exit takes a second
		}},
	}
}

// run runs a guest. stop ends it and returns what Run returned; it may be
// called again.
func (s *stage) run(cfg guest.Config) (g *guest.Guest, stop func() error) {
	s.t.Helper()
	g = newGuest(s.t, cfg, guest.Hooks{
		Logger:  s.book.logger(),
		Changed: func(status guest.Status) { s.told <- status },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var result error
	go func() { result = g.Run(ctx); close(done) }()
	stop = func() error { cancel(); <-done; return result }
	s.t.Cleanup(func() { _ = stop() })
	return g, stop
}

// wait waits until the guest gets into a state.
func (s *stage) wait(state guest.State) guest.Status {
	s.t.Helper()
	for limit := time.After(patience); ; {
		select {
		case status := <-s.told:
			if status.State == state {
				return status
			}
		case <-limit:
			s.t.Fatalf("the guest did not get %v", state)
		}
	}
}

// puppet is the test's end of a puppet.
type puppet struct {
	t     *testing.T
	conn  net.Conn
	lines *bufio.Reader
	hello
}

// next returns the puppet that appears next.
func (s *stage) next() *puppet {
	s.t.Helper()
	_ = s.ln.SetDeadline(time.Now().Add(patience))
	conn, err := s.ln.Accept()
	if err != nil {
		s.t.Fatalf("no puppet appeared: %v\n%s", err, s.book.buf.Bytes())
	}
	s.t.Cleanup(func() { conn.Close() })
	p := &puppet{t: s.t, conn: conn, lines: bufio.NewReader(conn)}
	if err := json.Unmarshal(p.line(), &p.hello); err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (p *puppet) line() []byte {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	line, err := p.lines.ReadBytes('\n')
	if err != nil {
		p.t.Fatalf("the puppet said nothing: %v", err)
	}
	return line
}

// tell tells the puppet to do something that has no answer.
func (p *puppet) tell(format string, args ...any) {
	p.t.Helper()
	if _, err := fmt.Fprintf(p.conn, format+"\n", args...); err != nil {
		p.t.Fatal(err)
	}
}

// ask tells the puppet to do something and returns its answer.
func (p *puppet) ask(format string, args ...any) string {
	p.t.Helper()
	p.tell(format, args...)
	return p.hear()
}

// hear returns what the puppet says next.
func (p *puppet) hear() string {
	p.t.Helper()
	answer, err := strconv.Unquote(strings.TrimSuffix(string(p.line()), "\n"))
	if err != nil {
		p.t.Fatal(err)
	}
	return answer
}

// must fails the test unless the answer is as wanted.
func (p *puppet) must(want, format string, args ...any) {
	p.t.Helper()
	if got := p.ask(format, args...); got != want {
		p.t.Fatalf("%s: got %q, want %q", fmt.Sprintf(format, args...), got, want)
	}
}

// gone waits until the process has ended.
func (p *puppet) gone() {
	p.t.Helper()
	_ = p.conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, p.lines); errors.Is(err, os.ErrDeadlineExceeded) {
		p.t.Fatalf("process %d is still there", p.PID)
	}
}
