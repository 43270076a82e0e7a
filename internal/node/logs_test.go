package node_test

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
)

// logs collects log lines, for tests that wait for something that only the log
// tells.
type logs struct {
	logger *slog.Logger

	mu    sync.Mutex // guards the fields below
	added *sync.Cond
	lines []string
	read  int // lines that next has passed
}

func newLogs() *logs {
	l := new(logs)
	l.added = sync.NewCond(&l.mu)
	l.logger = slog.New(slog.NewTextHandler(l, nil))
	return l
}

// Write takes a line, and the backslashes out of it that quotes have got.
func (l *logs) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, strings.ReplaceAll(string(bytes.TrimSpace(line)), `\"`, `"`))
	l.added.Broadcast()
	return len(line), nil
}

// await returns the first line that contains text, once it is there.
func (l *logs) await(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var from int
	return l.find(text, &from)
}

// next is await for the lines after those that it has passed before.
func (l *logs) next(text string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.find(text, &l.read)
}

func (l *logs) find(text string, from *int) string {
	for ; ; l.added.Wait() {
		for *from < len(l.lines) {
			line := l.lines[*from]
			*from++
			if strings.Contains(line, text) {
				return line
			}
		}
	}
}
