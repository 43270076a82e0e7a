package exec

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
)

// errSpoken stops reading after the last line that counts.
var errSpoken = errors.New("nothing more is expected")

// lineReader is an io.Writer that cuts what it gets into lines. It is not safe
// for concurrent use; os/exec copies each stream in one goroutine.
type lineReader struct {
	most  int                     // octets of a line
	each  func(line []byte) error // without the line's end; an error ends reading
	fault func()                  // called when reading ends in an error other than errSpoken
	rest  []byte
	err   error
}

// Write hands over each line that p completes. After an error of each it takes
// everything and does nothing, so that the process is not stopped by it.
func (r *lineReader) Write(p []byte) (int, error) {
	n := len(p)
	for r.err == nil && len(p) > 0 {
		line, rest, complete := bytes.Cut(p, []byte{'\n'})
		p = rest
		if len(r.rest)+len(line) > r.most {
			r.fail(fmt.Errorf("output has a line of more than %d octets", r.most))
			break
		}
		r.rest = append(r.rest, line...)
		if complete {
			r.next()
		}
	}
	return n, nil
}

// end hands over a last line without an end.
func (r *lineReader) end() {
	if r.err == nil {
		r.next()
	}
}

func (r *lineReader) next() {
	line := bytes.TrimSpace(r.rest)
	if len(line) > 0 {
		if err := r.each(line); err != nil {
			r.fail(err)
			return
		}
	}
	r.rest = r.rest[:0]
	if cap(r.rest) > keptLine {
		r.rest = nil
	}
}

func (r *lineReader) fail(err error) {
	r.err, r.rest = err, nil
	if !errors.Is(err, errSpoken) {
		r.fault()
	}
}

const (
	keptLine   = 64 << 10 // octets of memory kept from line to line
	maxLogLine = 4 << 10  // octets of a line of standard error
)

// stderrLog logs what a process writes to standard error, line by line; longer
// lines are logged in pieces.
type stderrLog struct {
	log  *slog.Logger
	rest []byte

	mu   sync.Mutex // guards the field below
	last string     // line that is not empty
}

func (l *stderrLog) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, rest, complete := bytes.Cut(p, []byte{'\n'})
		if room := maxLogLine - len(l.rest); len(line) > room {
			line, rest, complete = p[:room], p[room:], true
		}
		l.rest = append(l.rest, line...)
		p = rest
		if complete {
			l.end()
		}
	}
	return n, nil
}

// end logs what has no end of its own.
func (l *stderrLog) end() {
	text := strings.TrimRight(strings.ToValidUTF8(string(l.rest), "\uFFFD"), " \t\r")
	l.rest = l.rest[:0]
	if text == "" {
		return
	}
	l.mu.Lock()
	l.last = text
	l.mu.Unlock()
	l.log.Info("command wrote to standard error", "text", text)
}

// lastLine returns the last line that was not empty.
func (l *stderrLog) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}
