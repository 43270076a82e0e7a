package rawsocket_test

import (
	"crypto/tls"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const errTooManyFiles = syscall.EMFILE

func newTLS() *tls.Config { return &tls.Config{MinVersion: tls.VersionTLS12} }

// log collects the lines of a logger.
type log struct {
	mu   sync.Mutex // guards text
	text strings.Builder
	more chan struct{} // capacity 1: "text has grown"
}

func newLog() *log { return &log{more: make(chan struct{}, 1)} }

func (l *log) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.text.Write(b)
}

func (l *log) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.FieldsFunc(l.text.String(), func(r rune) bool { return r == '\n' })
}

// wait waits until there are n lines.
func (l *log) wait(t *testing.T, n int) []string {
	t.Helper()
	timeout := time.After(patience)
	for {
		if lines := l.lines(); len(lines) >= n {
			return lines
		}
		select {
		case <-l.more:
		case <-timeout:
			t.Fatalf("log has %d lines, want %d: %q", len(l.lines()), n, l.lines())
		}
	}
}
