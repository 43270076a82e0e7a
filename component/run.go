package component

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/junctorio/junctor/client"
)

// LeaveTimeout is how long the context of Leaver.Leave lasts.
const LeaveTimeout = 10 * time.Second

// CrashError says that the component itself failed, not its connection.
type CrashError struct {
	Op    string // "join" or "leave"
	Err   error
	Stack []byte // where it panicked; nil if it returned an error
}

// Error names the operation and the cause.
func (e *CrashError) Error() string { return fmt.Sprintf("component: %s: %v", e.Op, e.Err) }

// Unwrap returns Err.
func (e *CrashError) Unwrap() error { return e.Err }

// Run plays c's part in one session, which has joined and belongs to Run from
// now on: it calls Join, and once that has returned, joined, which may be nil;
// waits until the session ends, and closes it if ctx ends before; waits for
// the session's handlers; and calls Leave.
//
// The error is a *CrashError if Join or Leave failed; else the cause of ctx's
// end, if it has ended; else Session.Err, which is client.ErrClosed where the
// component has closed its session. It is never nil.
func Run(ctx context.Context, c Component, s *client.Session, joined func()) error {
	err := runSession(ctx, c, s, joined)
	s.Wait()
	if leaver, ok := c.(Leaver); ok {
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), LeaveTimeout)
		defer cancel()
		if crash := guard("leave", func() error { return leaver.Leave(leaving, s) }); err == nil {
			err = crash
		}
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return s.Err()
}

// runSession returns when the session has ended: nil, or how Join crashed.
func runSession(ctx context.Context, c Component, s *client.Session, joined func()) error {
	live, cancel := context.WithCancelCause(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-s.Done():
		case <-live.Done():
			_ = s.Close() // its error is that the router kept silent; the session has ended all the same
		}
		cancel(s.Err())
	})
	crash := guard("join", func() error { return c.Join(live, s) })
	switch {
	case crash != nil:
		cancel(crash)
	case joined != nil:
		joined()
	}
	watch.Wait()
	if ctx.Err() != nil || !errors.Is(s.Err(), client.ErrClosed) {
		return nil // the session was taken away: what Join could not do then is no fault of its own
	}
	return crash
}

// guard calls f, and makes its error or panic a *CrashError.
func guard(op string, f func() error) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			err = &CrashError{Op: op, Err: fmt.Errorf("panic: %v", v), Stack: debug.Stack()}
		}
	}()
	failure := f()
	returned = true
	if failure != nil {
		return &CrashError{Op: op, Err: failure}
	}
	return nil
}
