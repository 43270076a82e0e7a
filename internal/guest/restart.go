package guest

import (
	"fmt"
	"slices"
	"time"
)

// Policy says whether a guest whose process ended is started again.
type Policy uint8

const (
	RestartNever    Policy = iota // it stays down
	RestartOnFailed               // it is, unless it ended with code 0
	RestartAlways                 // it is
)

// String returns the configuration's word.
func (p Policy) String() string {
	switch p {
	case RestartNever:
		return "restart-never"
	case RestartOnFailed:
		return "restart-on-failed"
	case RestartAlways:
		return "restart-always"
	}
	return fmt.Sprintf("Policy(%d)", uint8(p))
}

// What the zero fields of a Restart mean.
const (
	DefaultInitialDelay = time.Second
	DefaultMaxDelay     = 30 * time.Second
	DefaultFactor       = 2.0
	DefaultJitter       = 0.2
	DefaultMaxFailures  = 10
	DefaultWindow       = 5 * time.Minute
)

// Restart is a policy and its pace. The first restart comes after Initial, each
// further one Factor times later, up to Max. A process that ran for Max or
// longer before it ended by itself starts the row afresh.
type Restart struct {
	Policy Policy

	Initial time.Duration // default DefaultInitialDelay
	Max     time.Duration // default DefaultMaxDelay, or Initial if that is more
	Factor  float64       // at least 1; default DefaultFactor

	// Jitter is the part of each delay, 0 to 1, that is left to chance, so
	// that guests that fail together do not come back together. Default
	// DefaultJitter; negative means none.
	Jitter float64

	// MaxFailures within Window are a crash loop, which ends the guest.
	// Default DefaultMaxFailures; negative means that it never gives up.
	MaxFailures int

	Window time.Duration // default DefaultWindow
}

func (r Restart) withDefaults() Restart {
	r.Initial = orDefault(r.Initial, DefaultInitialDelay)
	r.Max = orDefault(r.Max, max(DefaultMaxDelay, r.Initial))
	r.Factor = orDefault(r.Factor, DefaultFactor)
	r.Jitter = max(0, orDefault(r.Jitter, DefaultJitter))
	r.MaxFailures = orDefault(r.MaxFailures, DefaultMaxFailures)
	r.Window = orDefault(r.Window, DefaultWindow)
	return r
}

func (r Restart) check(bad func(field, format string, args ...any)) {
	if r.Policy > RestartAlways {
		bad("restart", "there is no policy %d", uint8(r.Policy))
	}
	if r.Initial < 0 || r.Max < r.Initial || r.Window < 0 {
		bad("restart", "times must not be negative, nor the longest delay shorter than the first; got initial %v, max %v, window %v", r.Initial, r.Max, r.Window)
	}
	// Written so that NaN is refused.
	if !(r.Factor >= 1) || !(r.Jitter <= 1) {
		bad("restart", "factor must be 1 or more and jitter 1 or less; got %v and %v", r.Factor, r.Jitter)
	}
}

// history is what a guest's restarts depend on.
type history struct {
	rules    Restart
	delay    time.Duration // of the last restart; 0 when the row starts afresh
	failures []time.Time   // within the window, oldest first, at most MaxFailures
}

// verdict says what follows an Exit: a restart after delay, or the end and, if
// that is a failure, why.
type verdict struct {
	restart bool
	delay   time.Duration
	err     error
}

// judge applies the policy. chance, 0 to 1, picks the jitter.
func (h *history) judge(id string, e Exit, chance float64) verdict {
	if e.Cause == Changed {
		h.forget()
		return verdict{restart: true}
	}
	failure := e.failure(id)
	switch {
	case h.rules.Policy == RestartNever, h.rules.Policy == RestartOnFailed && failure == nil:
		return verdict{err: failure}
	case failure != nil && h.looping(e.At):
		return verdict{err: &CrashLoopError{Failures: len(h.failures), Window: h.rules.Window, Last: failure}}
	}
	return verdict{restart: true, delay: h.next(e, chance)}
}

// looping counts a failure and reports whether there have been too many.
func (h *history) looping(now time.Time) bool {
	if h.rules.MaxFailures < 0 {
		return false
	}
	h.failures = slices.DeleteFunc(h.failures, func(t time.Time) bool { return now.Sub(t) >= h.rules.Window })
	h.failures = append(h.failures, now)
	return len(h.failures) >= h.rules.MaxFailures
}

// next returns the delay of a restart after e. A process that never got ready
// has not held out, however long that took.
func (h *history) next(e Exit, chance float64) time.Duration {
	longest := float64(h.rules.Max)
	heldOut := e.Cause == ByItself && e.Ran >= h.rules.Max
	if h.delay == 0 || heldOut {
		h.delay = h.rules.Initial
	} else {
		// As floats, because the product may be more than a Duration holds.
		h.delay = time.Duration(min(float64(h.delay)*h.rules.Factor, longest))
	}
	spread := 1 - h.rules.Jitter*chance
	return time.Duration(float64(h.delay) * spread)
}

// forget makes a fresh start: somebody changed what failed.
func (h *history) forget() {
	h.delay = 0
	h.failures = h.failures[:0]
}
