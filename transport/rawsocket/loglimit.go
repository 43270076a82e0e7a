package rawsocket

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// logLimit passes on a bounded number of log lines per second, so that
// somebody who floods a port cannot flood the log. What it held back it
// mentions in the next line that it lets through.
type logLimit struct {
	log *slog.Logger // constant

	mu     sync.Mutex // guards the fields below
	since  time.Time
	lines  int // since then
	missed int // held back since the last line
}

// linesPerSecond is how many lines pass.
const linesPerSecond = 20

func (l *logLimit) line(level slog.Level, message string, args ...any) {
	if !l.log.Enabled(context.Background(), level) {
		return
	}
	missed, pass := l.pass(time.Now())
	if !pass {
		return
	}
	if missed > 0 {
		args = append(args, "unlogged", missed)
	}
	l.log.Log(context.Background(), level, message, args...)
}

// pass reports whether another line may be logged at now, and how many were
// held back before it.
func (l *logLimit) pass(now time.Time) (missed int, pass bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.since) >= time.Second {
		l.since, l.lines = now, 0
	}
	if l.lines >= linesPerSecond {
		l.missed++
		return 0, false
	}
	l.lines++
	missed, l.missed = l.missed, 0
	return missed, true
}
