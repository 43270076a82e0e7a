package config

import "time"

// RestartPolicy says whether a component or guest that has ended starts again.
type RestartPolicy string

// The restart policies.
const (
	RestartNever    RestartPolicy = "restart-never"
	RestartAlways   RestartPolicy = "restart-always"
	RestartOnFailed RestartPolicy = "restart-on-failed" // unless it ended by itself and in order
)

// Restart is a policy and its pace.
type Restart struct {
	Policy    RestartPolicy
	Backoff   Backoff
	CrashLoop CrashLoop
}

// Backoff is how long to wait before trying again: Initial at first, then
// Factor times longer after each failure, up to Max; a random share less.
type Backoff struct {
	Place
	Initial time.Duration
	Max     time.Duration
	Factor  float64 // 1 or more
}

// CrashLoop is how many failures, and within what time, mean that starting
// again is no use.
type CrashLoop struct {
	Place
	Failures int // 0 means that it is always tried again
	Within   time.Duration
}

// restartFields are the keys of all that is restarted. Only added says whether
// Crossbar.io has the policy.
func restartFields(added bool, policyNote string) []field[Restart] {
	return []field[Restart]{
		{
			key: "restart", added: added, def: `"restart-never"`,
			is:  into(restartPolicy, func(r *Restart) *RestartPolicy { return &r.Policy }),
			doc: "What follows when it has ended: nothing, a new start, or a new start if it failed.", note: policyNote,
		},
		{
			key: "backoff", added: true, def: "{}",
			is: into(backoffObject.form(), func(r *Restart) *Backoff { return &r.Backoff }),
		},
		{
			key: "crash_loop", added: true, def: "{}",
			is: into(crashLoopObject.form(), func(r *Restart) *CrashLoop { return &r.CrashLoop }),
		},
	}
}

var restartPolicy = oneOf(
	word[RestartPolicy]{string(RestartNever), RestartNever},
	word[RestartPolicy]{string(RestartAlways), RestartAlways},
	word[RestartPolicy]{string(RestartOnFailed), RestartOnFailed},
)

// The longest times that the file may say. They keep mistakes of unit from
// meaning never.
const (
	longestDelay  = 24 * time.Hour
	longestWindow = 7 * 24 * time.Hour
)

var backoffObject = object[Backoff]{
	name:  "backoff",
	title: "Back-off",
	fields: []field[Backoff]{
		{
			key: "initial", added: true, def: "1",
			is:  into(seconds(10*time.Millisecond, longestDelay), func(b *Backoff) *time.Duration { return &b.Initial }),
			doc: "How long to wait before the first new attempt. A random share of each wait is left out, so that those who lost the same router do not come back at the same moment.",
		},
		{
			key: "max", added: true, absent: "`30`, or `initial` if that is more",
			is:  into(seconds(10*time.Millisecond, longestDelay), func(b *Backoff) *time.Duration { return &b.Max }),
			doc: "The longest wait. What has worked for a while begins with `initial` again.",
		},
		{
			key: "factor", added: true, def: "2",
			is:  into(number(1, 100), func(b *Backoff) *float64 { return &b.Factor }),
			doc: "How much longer each wait is than the one before.",
		},
	},
	finish: func(c *checker, v *value, b *Backoff) {
		switch longest := v.get("max"); {
		case longest == nil:
			b.Max = max(30*time.Second, b.Initial)
		case b.Max > 0 && b.Max < b.Initial:
			c.fail(Conflict, longest.position(), "", "the longest wait is shorter than the first, which is %v", b.Initial)
		}
	},
}

var crashLoopObject = object[CrashLoop]{
	name:  "crashLoop",
	title: "Crash loop",
	fields: []field[CrashLoop]{
		{
			key: "failures", added: true, def: "10",
			is:  into(integer(0, 1_000_000, ""), func(l *CrashLoop) *int { return &l.Failures }),
			doc: "After so many failures it is not started again, whatever `restart` says. 0 means that it always is.",
		},
		{
			key: "within", added: true, def: "300",
			is:  into(seconds(time.Second, longestWindow), func(l *CrashLoop) *time.Duration { return &l.Within }),
			doc: "The time within which they count.",
		},
	},
}
