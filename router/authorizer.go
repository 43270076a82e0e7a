package router

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of Role.
const (
	DefaultAuthorizerTimeout = 5 * time.Second
	DefaultDecisionLifetime  = time.Minute
)

// Authorizer decides what the sessions of a role may do, where permissions do
// not say enough.
type Authorizer interface {
	// Authorize decides on one request. It is called outside of all locks, for
	// one request of a session at a time, and for many sessions at once. While
	// it decides, the session's later requests wait, and nobody else does
	// (ORD-7). It must return soon after ctx ends, which it does when the time
	// for the decision is over and when the session has ended.
	//
	// An error says that there is no decision: the request is refused with
	// wamp.ErrAuthorizationFailed, and the error goes into the log.
	Authorize(ctx context.Context, in *Intent) (Decision, error)
}

// Intent is what a session wants to do. It must not be changed.
type Intent struct {
	Realm     wamp.URI
	Session   wamp.ID
	Principal wamp.Principal
	AuthExtra wamp.Dict // as in its WELCOME; may be nil
	Transport *transport.Info

	Action Action // one of them
	URI    wamp.URI
	Match  wamp.Match // other than exact, URI is a pattern, all of which is asked for (AZ-3)

	// Options are those of the client's message, by their names on the wire.
	// What says the same as its absence is left out.
	Options wamp.Dict
}

// Decision is an Authorizer's answer. The zero Decision denies.
type Decision struct {
	Allow    bool
	Disclose bool // tell callees who calls, subscribers who publishes
	Keep     Keep
}

// Keep says for whom a Decision is kept, so that the Authorizer is not asked
// about the same request again for Role.DecisionLifetime. The same request is
// one with the same action, URI, matching policy and options.
type Keep uint8

// Whom a Decision is kept for.
const (
	KeepNot     Keep = iota
	KeepSession      // the session that asked
	KeepRole         // every session of the role on the realm, whoever it is
)

// errUndecided is why a decision fails that takes too long.
var errUndecided = errors.New("no decision")

// dynamic is what a role has that leaves decisions to an Authorizer.
type dynamic struct {
	authorizer Authorizer
	timeout    time.Duration
	lifetime   time.Duration
	disclose   bool // the realm does not refuse it

	shared     decisions     // those of KeepRole
	generation atomic.Uint64 // decisions of earlier ones count no more
	failing    atomic.Bool   // the last decision failed, which is logged once
}

func newDynamic(r *Role, disclose bool) *dynamic {
	d := &dynamic{authorizer: r.Authorizer, timeout: r.AuthorizerTimeout, lifetime: r.DecisionLifetime, disclose: disclose}
	if d.timeout == 0 {
		d.timeout = DefaultAuthorizerTimeout
	}
	if d.lifetime == 0 {
		d.lifetime = DefaultDecisionLifetime
	}
	d.shared.limit = maxSharedDecisions
	return d
}

// ask has the Authorizer decide, within its time.
func (d *dynamic) ask(ctx context.Context, in *Intent) (Decision, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, errUndecided)
	defer cancel()
	decision, err := d.authorizer.Authorize(ctx, in)
	if err != nil && context.Cause(ctx) == errUndecided {
		err = fmt.Errorf("%w within %v: %w", errUndecided, d.timeout, err)
	}
	decision.Disclose = decision.Disclose && d.disclose
	return decision, err
}

// ForgetDecisions has the realm's authorizers asked anew about everything that
// they have decided before.
func (r *Realm) ForgetDecisions() {
	for _, role := range r.roles {
		if role.dynamic != nil {
			role.dynamic.generation.Add(1)
		}
	}
}
