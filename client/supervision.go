package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/junctorio/junctor/transport"
)

// The defaults of Supervision and Backoff.
const (
	DefaultStepTimeout  = 30 * time.Second
	DefaultInitialDelay = 200 * time.Millisecond
	DefaultMaxDelay     = 30 * time.Second
	DefaultDelayFactor  = 2
)

// Supervision says how a Client keeps a session alive. Zero fields mean the
// documented default; New copies it.
//
// How soon a router is missed that has vanished without a word is up to
// Options.KeepAlive. Where it gets no PINGs, that is the transport's business:
// over TCP, after about a minute without an answer to the system's probes, or to
// what was sent.
//
// Hooks are called by Run, one after the other: none is called before the one
// before it has returned, and while one runs the client does not reconnect.
// They may use the client. A panic in a hook is one in Run.
type Supervision struct {
	// Dial makes the connection of each attempt: one inside this process, or
	// through something that package transport does not know. It is an error
	// to give a URL, Options.TLS or Options.MaxMessageSize as well. Nil dials
	// the URL given to New.
	Dial func(ctx context.Context) (transport.Conn, error)

	// Backoff is how long to wait between attempts, for connecting as well as
	// for each declaration that the router refused.
	Backoff Backoff

	// StepTimeout bounds connecting and joining together, and the router's
	// answer to declarations: a router that does not answer in time counts as
	// gone. The default is DefaultStepTimeout.
	StepTimeout time.Duration

	// FailWhenDown makes Call and Publish fail at once with ErrDown while there
	// is no session. Otherwise they wait for one until their context ends.
	FailWhenDown bool

	// Permanent decides whether to give up, and Run to return, on an error of
	// joining or on the refusal of a declaration, instead of trying again.
	// It gets what the client would decide itself:
	//
	//   - A refused login (the router's ABORT says not_authorized,
	//     authentication_denied, authentication_required,
	//     no_matching_auth_method, no_such_role or no_such_principal) is
	//     permanent.
	//   - What looks like a mistake is permanent as long as the same thing has
	//     never worked: an ABORT no_such_realm or authentication_failed, a
	//     certificate that cannot be verified, a serializer that the router
	//     refuses; for a declaration not_authorized, invalid_uri and the like.
	//     If it has worked, the router has probably not yet got everything
	//     back that it had before it was restarted.
	//   - Everything else may pass. So may procedure_already_exists: often the
	//     router has not noticed yet that a predecessor is dead.
	Permanent func(err error, byDefault bool) bool

	// OnUp is called when a session has joined and all declarations that the
	// router accepts are in place. Calls and publications that waited are on
	// their way already. Closing the session makes the client reconnect.
	OnUp func(s *Session)

	// OnDown is called when a session has ended for which OnUp was called.
	OnDown func(err error)

	// OnRetry is called before waiting for the next attempt to connect.
	OnRetry func(r Retry)

	// OnRefused is called when the router refused, or revoked, a declaration
	// that will be tried again while the session goes on.
	OnRefused func(d *Declaration, err error)

	// OnGivenUp is called when Run is about to return err although its context
	// has not ended.
	OnGivenUp func(err error)
}

// Retry describes an attempt that failed, or a session that ended.
type Retry struct {
	Attempt int           // how many in a row, this one included
	Delay   time.Duration // until the next one
	Err     error         // what went wrong
}

// Backoff says how long to wait between attempts. The first delay is Initial,
// each further one Factor times the one before, up to Max; of each delay a
// random share of up to a half is left out, so that many clients of one router
// do not come back at the same moment. A session that lasts longer than the
// delay before it makes the next one begin with Initial again.
type Backoff struct {
	Initial  time.Duration // default DefaultInitialDelay
	Max      time.Duration // default DefaultMaxDelay, or Initial if that is longer
	Factor   float64       // 1 or more; default DefaultDelayFactor
	Attempts int           // how often in a row to fail before giving up; 0: no bound
}

// complete checks v and returns it with the defaults filled in.
func (v Supervision) complete() (Supervision, error) {
	b := &v.Backoff
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"StepTimeout", v.StepTimeout},
		{"Backoff.Initial", b.Initial},
		{"Backoff.Max", b.Max},
	} {
		if d.value < 0 {
			return v, fmt.Errorf("negative Supervision.%s: %v; 0 means the default", d.name, d.value)
		}
	}
	switch {
	case b.Factor != 0 && !(b.Factor >= 1): // NaN included
		return v, fmt.Errorf("Supervision.Backoff.Factor is %v, want 1 or more", b.Factor)
	case b.Attempts < 0:
		return v, fmt.Errorf("negative Supervision.Backoff.Attempts: %d; 0 means no bound", b.Attempts)
	}
	setDefault(&v.StepTimeout, DefaultStepTimeout)
	setDefault(&b.Initial, DefaultInitialDelay)
	setDefault(&b.Max, max(DefaultMaxDelay, b.Initial))
	setDefault(&b.Factor, DefaultDelayFactor)
	if b.Max < b.Initial {
		return v, fmt.Errorf("Supervision.Backoff.Max is %v, want Initial, %v, or more", b.Max, b.Initial)
	}
	return v, nil
}

// pause counts the failures in a row of one thing that is tried again.
type pause struct {
	failures int
	longest  time.Duration // of the latest delay, before its random share was left out
	latest   time.Duration
}

// next returns how long to wait after another failure, or false if it was one
// too many.
func (p *pause) next(b Backoff) (time.Duration, bool) {
	p.failures++
	if p.longest == 0 {
		p.longest = b.Initial
	} else {
		p.longest = time.Duration(min(float64(p.longest)*b.Factor, float64(b.Max)))
	}
	p.latest = p.longest - rand.N(p.longest/2+1)
	return p.latest, b.Attempts == 0 || p.failures < b.Attempts
}

// reset forgets the failures.
func (p *pause) reset() { *p = pause{} }

// errStep is why a session is given up whose router keeps silent.
var errStep = errors.New("the router did not answer within Supervision.StepTimeout")
