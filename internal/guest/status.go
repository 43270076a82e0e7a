package guest

import (
	"fmt"
	"time"
)

// State is where a guest stands.
type State uint8

const (
	Idle       State = iota // Run was not called yet
	Starting                // the process is being started, or is not ready
	Running                 // the process is there and ready
	Stopping                // the process ended or is told to, with all of its group
	BackingOff              // the process ended; the next one starts at Status.Next
	Stopped                 // ended in order, and nothing follows but a change of files
	Failed                  // ended by failure, and nothing follows but a change of files
)

// String returns the state as one or two words for people.
func (s State) String() string {
	names := [...]string{"idle", "starting", "running", "stopping", "backing off", "stopped", "failed"}
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// Status tells how a guest stands.
type Status struct {
	State    State
	PID      int       // of the process, 0 when there is none
	Started  time.Time // of the process, or of the last one; zero before the first
	Restarts int       // processes started after the first, for whatever reason
	Next     time.Time // when the next process starts, in BackingOff; else zero
	LastExit Exit      // the zero Exit before the first
}

// Cause says why a process ended.
type Cause uint8

const (
	NotYet     Cause = iota // the zero Exit: no process has ended
	ByItself                // it exited, crashed or was killed by others
	OnStop                  // Run's context ended
	Changed                 // a watched file changed
	NotReady                // Hooks.Ready failed or took too long
	NotStarted              // it could not be started
)

// String returns the cause in a few words for people.
func (c Cause) String() string {
	names := [...]string{"not yet", "by itself", "on stop", "files changed", "not ready", "not started"}
	if int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("Cause(%d)", uint8(c))
}

// Exit is the end of one process.
type Exit struct {
	Cause  Cause
	Code   int           // exit code; -1 if a signal ended it or it never started
	Signal string        // the signal that ended it, such as "killed"; else empty
	Err    error         // what went wrong, with NotReady and NotStarted; else nil
	At     time.Time     // when it had ended, with all of its group
	Ran    time.Duration // from its start until it ended by itself or was to end
}

// Failed reports whether the end counts as failure: it ended by itself and not
// with code 0, was not ready in time or could not be started.
func (e Exit) Failed() bool {
	switch e.Cause {
	case NotReady, NotStarted:
		return true
	case ByItself:
		return e.Code != 0
	}
	return false
}

// failure returns the end as an error, nil if it is none.
func (e Exit) failure(id string) error {
	if !e.Failed() {
		return nil
	}
	return &ExitError{Guest: id, Exit: e}
}

// ExitError is the failure of a guest's process.
type ExitError struct {
	Guest string // its id
	Exit  Exit
}

func (e *ExitError) Error() string {
	switch {
	case e.Exit.Err != nil:
		return fmt.Sprintf("guest %q: %v: %v", e.Guest, e.Exit.Cause, e.Exit.Err)
	case e.Exit.Signal != "":
		return fmt.Sprintf("guest %q: ended by signal: %s", e.Guest, e.Exit.Signal)
	}
	return fmt.Sprintf("guest %q: exited with code %d", e.Guest, e.Exit.Code)
}

// Unwrap returns why the process was not started or not ready.
func (e *ExitError) Unwrap() error { return e.Exit.Err }

// CrashLoopError says that a guest failed too often to be started again.
type CrashLoopError struct {
	Failures int
	Window   time.Duration
	Last     error // an *ExitError
}

func (e *CrashLoopError) Error() string {
	return fmt.Sprintf("%v; given up after %d failures within %v", e.Last, e.Failures, e.Window)
}

// Unwrap returns the last failure.
func (e *CrashLoopError) Unwrap() error { return e.Last }
