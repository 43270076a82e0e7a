package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Declaration is a procedure or topic of a Client: each session of the client
// registers or subscribes it anew.
type Declaration struct {
	client    *Client
	operation string // for errors: "register", "subscribe to"
	pattern   pattern
	procedure bool

	// start sends the request on a session; polite says not to take a
	// procedure away from another callee.
	start func(ctx context.Context, s *Session, polite bool) (*request, error)

	declarationState // guarded by Client.mu
}

// declarationState is what changes in the life of a Declaration.
type declarationState struct {
	held      held  // on the present session; nil if it is not in place
	err       error // why it is not in place, if the router said so
	granted   bool  // the router has accepted it once
	withdrawn bool
	revoked   bool      // by the router, on the present session
	pause     pause     // failures on the present session
	due       time.Time // of the next try on the present session
}

// held is what a session has of a declaration.
type held interface {
	Done() <-chan struct{}
	Err() error
	withdraw(ctx context.Context) error
}

func (r *Registration) withdraw(ctx context.Context) error   { return r.Unregister(ctx) }
func (sub *Subscription) withdraw(ctx context.Context) error { return sub.Unsubscribe(ctx) }

// refusedError ends Run because of a declaration.
type refusedError struct{ cause error }

func (e *refusedError) Error() string { return e.cause.Error() }
func (e *refusedError) Unwrap() error { return e.cause }

// errWithdrawn is what waiting for a declaration fails with that was withdrawn.
var errWithdrawn = errors.New("it was withdrawn")

// Register declares a procedure, which each session offers until Withdraw. It
// may be called before and while Run runs, returns at once, and fails only if
// what it is given can never be registered, or is declared already. A call made
// next may reach the router before it; see Declaration.Wait for that.
//
// RegisterOptions.MaxHandlers bounds the handlers of all sessions together: those
// of a session that has ended count until they return. A procedure that is
// taken is tried again and again, since it is often a dead predecessor's which
// the router believes to be alive; with ForceReregister it is taken over at
// once, except from a callee that has just taken it from this one. One that the
// router revoked (RevokedError) is tried again in the same way; who takes that
// for final withdraws it in Supervision.OnRefused.
func (c *Client) Register(procedure wamp.URI, h InvocationHandler, opts *RegisterOptions) (*Declaration, error) {
	var o RegisterOptions
	if opts != nil {
		o = *opts
	}
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("client: register %s: %w", procedure, err)
	}
	h = bounded(h, o.MaxHandlers)
	return c.add(&Declaration{
		operation: "register",
		pattern:   pattern{procedure, o.Match},
		procedure: true,
		start: func(ctx context.Context, s *Session, polite bool) (*request, error) {
			o := o
			o.ForceReregister = o.ForceReregister && !polite
			return s.beginRegister(ctx, procedure, h, o)
		},
	})
}

// Subscribe declares a subscription; for the rest see Register. The handler
// still gets one event after the other, in order: one of a new session waits
// until the handler is done with the last one of the session before. Events
// that were published while there was no session are missed. The same topic
// may be declared several times.
func (c *Client) Subscribe(topic wamp.URI, h EventHandler, opts *SubscribeOptions) (*Declaration, error) {
	var o SubscribeOptions
	if opts != nil {
		o = *opts
	}
	h = inTurn(h)
	return c.add(&Declaration{
		operation: "subscribe to",
		pattern:   pattern{topic, o.Match},
		start: func(ctx context.Context, s *Session, _ bool) (*request, error) {
			return s.beginSubscribe(ctx, topic, h, o)
		},
	})
}

// bounded lets at most n handlers run at once, whatever their sessions.
func bounded(h InvocationHandler, n int) InvocationHandler {
	running := make(chan struct{}, n)
	return func(ctx context.Context, inv *Invocation) (Reply, error) {
		select {
		case running <- struct{}{}:
		case <-ctx.Done():
			return Reply{}, context.Cause(ctx)
		}
		defer func() { <-running }()
		return h(ctx, inv)
	}
}

// inTurn lets one handler run at a time, whatever its session.
func inTurn(h EventHandler) EventHandler {
	running := make(chan struct{}, 1)
	return func(ctx context.Context, ev *Event) {
		select {
		case running <- struct{}{}:
		case <-ctx.Done():
			return
		}
		defer func() { <-running }()
		h(ctx, ev)
	}
}

func (c *Client) add(d *Declaration) (*Declaration, error) {
	if !d.pattern.uri.ValidPattern(d.pattern.match, wamp.URILoose) {
		return nil, d.failure(fmt.Errorf("%w: %q matches nothing that is valid", wamp.ErrInvalidURI, d.pattern.uri))
	}
	d.client = c
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.procedure && slices.ContainsFunc(c.declarations, d.same) {
		return nil, d.failure(errors.New("the client has declared it already"))
	}
	c.declarations = append(c.declarations, d)
	c.poke()
	return d, nil
}

// same reports whether other is a procedure that the router cannot tell from d.
func (d *Declaration) same(other *Declaration) bool {
	return other.procedure && other.pattern == d.pattern
}

func (d *Declaration) failure(err error) error {
	return fmt.Errorf("client: %s %s: %w", d.operation, d.pattern.uri, err)
}

// URI returns the procedure or topic, or the pattern of them.
func (d *Declaration) URI() wamp.URI { return d.pattern.uri }

// Err returns why the declaration is not in place on the present session, if
// the router has said so.
func (d *Declaration) Err() error {
	d.client.mu.Lock()
	defer d.client.mu.Unlock()
	return d.err
}

// Wait waits until the router has accepted the declaration on the present
// session, or on the next one. It fails if ctx ends, Run returns (ErrDown), or
// the declaration is withdrawn.
func (d *Declaration) Wait(ctx context.Context) error {
	c := d.client
	var refusal error
	err := c.until(ctx, func() (bool, error) {
		refusal = d.err
		switch {
		case d.withdrawn:
			return false, errWithdrawn
		case c.over != nil:
			return false, c.downLocked()
		}
		return d.held != nil, nil
	})
	switch {
	case err == nil:
		return nil
	case refusal != nil && ctx.Err() != nil:
		err = fmt.Errorf("%w: %w", ctx.Err(), refusal)
	}
	return d.failure(err)
}

// Withdraw ends the declaration. If it is in place on the present session, it
// is unregistered or unsubscribed, as by Registration.Unregister and
// Subscription.Unsubscribe. Further calls return nil.
func (d *Declaration) Withdraw(ctx context.Context) error {
	c := d.client
	c.mu.Lock()
	h := d.held
	d.withdrawn, d.held = true, nil
	c.declarations = slices.DeleteFunc(c.declarations, func(other *Declaration) bool { return other == d })
	c.changedLocked()
	c.mu.Unlock()
	if h == nil {
		return nil
	}
	if err := h.withdraw(ctx); err != nil && !errors.Is(err, net.ErrClosed) { // gone with the session
		return err
	}
	return nil
}

// equip begins a new session: nothing is in place on it yet.
func (c *Client) equip() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.joined = true
	c.forgetLocked()
}

// forgetLocked forgets what was in place on a session.
func (c *Client) forgetLocked() {
	for _, d := range c.declarations {
		d.held, d.err, d.revoked, d.due = nil, nil, false, time.Time{}
		d.pause.reset()
	}
}

// declare has the router accept every declaration that is not in place and
// whose time has come, and returns when to try the next one that it refused. The
// requests are sent without waiting in between, so the router gets them in the
// order of the declarations. An error means that the session is to end.
func (c *Client) declare(ctx context.Context, s *Session) (next time.Time, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.supervision.StepTimeout, errStep)
	defer cancel()
	c.noteRevoked(s)
	due := c.due(time.Now())
	requests := make([]*request, len(due))
	failures := make([]error, len(due))
	for i, d := range due {
		requests[i], failures[i] = d.start(ctx, s, d.revoked)
	}
	for i, d := range due {
		if failures[i] == nil {
			_, failures[i] = s.await(ctx, requests[i])
		}
		if err == nil {
			err = c.settle(ctx, s, d, requests[i], failures[i])
		}
	}
	return c.nextDue(), err
}

// due returns the declarations to send now, in order.
func (c *Client) due(now time.Time) []*Declaration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var due []*Declaration
	for _, d := range c.declarations {
		if d.held == nil && !d.due.After(now) {
			due = append(due, d)
		}
	}
	return due
}

// nextDue returns when the next declaration is to be tried; zero means never.
func (c *Client) nextDue() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var next time.Time
	for _, d := range c.declarations {
		if d.held == nil && (next.IsZero() || d.due.Before(next)) {
			next = d.due
		}
	}
	return next
}

// settle takes note of the router's answer to a declaration. Its error means
// that the session is to end.
func (c *Client) settle(ctx context.Context, s *Session, d *Declaration, r *request, err error) error {
	var refusal *wamp.Error
	switch {
	case err == nil:
		c.hold(ctx, d, r.held())
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, net.ErrClosed):
		return err
	}
	err = d.failure(err)
	c.mu.Lock()
	granted := d.granted
	c.mu.Unlock()
	if c.permanent(err, granted) || !errors.As(err, &refusal) { // what cannot even be sent never will be
		return &refusedError{err}
	}
	c.postpone(s, d, err)
	return nil
}

// hold notes that a declaration is in place, or takes it back if it was
// withdrawn meanwhile.
func (c *Client) hold(ctx context.Context, d *Declaration, h held) {
	c.mu.Lock()
	withdrawn := d.withdrawn
	if !withdrawn {
		d.held, d.err, d.granted = h, nil, true
		c.changedLocked()
	}
	c.mu.Unlock()
	if withdrawn {
		_ = h.withdraw(ctx) // fails only with the session, which takes it along
	}
}

// postpone has a declaration tried again later on the same session.
func (c *Client) postpone(s *Session, d *Declaration, err error) {
	c.mu.Lock()
	delay, _ := d.pause.next(c.supervision.Backoff)
	d.held, d.err, d.due = nil, err, time.Now().Add(delay)
	c.mu.Unlock()
	c.log.Warn("declaration was refused", "session", s.ID(), "uri", d.pattern.uri, "delay", delay, "err", err)
	if c.supervision.OnRefused != nil {
		c.supervision.OnRefused(d, err)
	}
}

// noteRevoked postpones what the router has revoked.
func (c *Client) noteRevoked(s *Session) {
	type revocation struct {
		declaration *Declaration
		held        held
	}
	var revoked []revocation
	c.mu.Lock()
	for _, d := range c.declarations {
		if d.held != nil && isClosed(d.held.Done()) {
			d.revoked = true
			revoked = append(revoked, revocation{d, d.held})
		}
	}
	c.mu.Unlock()
	if s.ending() { // it is the session that has ended them
		return
	}
	for _, r := range revoked {
		c.postpone(s, r.declaration, r.declaration.failure(r.held.Err()))
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
