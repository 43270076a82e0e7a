package node

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/junctorio/junctor/internal/config"
)

// lives is what the restarts of a component depend on: how the lives that it
// has had ended.
type lives struct {
	rules    config.Restart
	delay    time.Duration // before the latest one, without the random share; 0 when the row starts afresh
	failures []time.Time   // within the window of the crash loop, oldest first
}

// next decides what follows on a life that ended with err, nil if in order: a
// restart after delay or, if again is false, nothing more, and final says why.
func (l *lives) next(err error, now time.Time, lasted time.Duration) (delay time.Duration, again bool, final error) {
	switch policy := l.rules.Policy; {
	case policy == config.RestartAlways, policy == config.RestartOnFailed && err != nil:
	default: // never, which also nothing at all stands for
		return 0, false, err
	}
	if err != nil && l.looping(now) {
		return 0, false, fmt.Errorf("%w; given up after %d failures within %v", err, len(l.failures), l.rules.CrashLoop.Within)
	}
	return l.pause(lasted), true, nil
}

// looping counts a failure and reports whether there have been too many.
func (l *lives) looping(now time.Time) bool {
	loop := l.rules.CrashLoop
	if loop.Failures == 0 {
		return false
	}
	l.failures = slices.DeleteFunc(l.failures, func(t time.Time) bool { return now.Sub(t) >= loop.Within })
	l.failures = append(l.failures, now)
	return len(l.failures) >= loop.Failures
}

// pause returns how long to wait after a life that lasted so long.
func (l *lives) pause(lasted time.Duration) time.Duration {
	b := l.rules.Backoff
	if l.delay == 0 || lasted >= b.Max {
		l.delay = b.Initial
	} else {
		l.delay = time.Duration(min(float64(l.delay)*b.Factor, float64(b.Max)))
	}
	return l.delay - rand.N(l.delay/2+1)
}
