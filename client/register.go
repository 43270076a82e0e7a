package client

import (
	"context"
	"errors"
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// RegisterOptions refine a Register. A nil *RegisterOptions means the zero value.
type RegisterOptions struct {
	// Match is how called procedures are compared with the registered one.
	Match wamp.Match

	// Invoke is how the router picks among several callees (SHR-1).
	Invoke wamp.Invoke

	// DiscloseCaller asks the router to tell who calls (CID-1).
	DiscloseCaller bool

	// ForceReregister takes the procedure over from whoever has it, where the
	// router allows it (an addition of Crossbar.io).
	ForceReregister bool

	// ForwardTimeout asks the router to leave the caller's timeout to this
	// side: the handler's context then has that deadline (TMO-1).
	ForwardTimeout bool

	// Concurrency asks the router to hand this session no more than that many
	// calls of the procedure at once (an addition of Crossbar.io); 0 asks for
	// no bound.
	Concurrency int

	// TakeChunks says that the handler takes arguments in chunks, with
	// Invocation.Chunks. Progressive calls to any other are refused with
	// wamp.ErrFeatureNotSupported, since it would take the first chunk for
	// all. The chunks that wait for the handlers of a registration take up to
	// Options.ReceiveBytes together; an invocation with further ones is failed
	// with wamp.ErrUnavailable.
	TakeChunks bool

	// MaxHandlers bounds how many handlers of this registration run at once;
	// further invocations wait in order. With 1 they run one after the other.
	// The default is DefaultMaxHandlers. A handler that calls its own
	// procedure needs one more.
	MaxHandlers int
}

// Registration is a procedure with its handler.
type Registration struct {
	session     *Session
	pattern     pattern
	handler     InvocationHandler
	takeChunks  bool
	invocations queue[*Invocation]
	done        chan struct{}

	// Guarded by Session.mu.
	id         wamp.ID // zero before REGISTERED and after the end
	leaving    bool    // UNREGISTER was sent
	err        error   // why it ended unasked
	chunkBytes int     // octets of the chunks that wait in inboxes
}

// Register offers a procedure, or a pattern of procedures, and waits until the
// router has confirmed it. Errors are those of Call; in particular
// wamp.ErrProcedureAlreadyExists if it is taken, also by this session. If the
// context ends first, the registration is withdrawn as soon as the router
// confirms it.
func (s *Session) Register(ctx context.Context, procedure wamp.URI, h InvocationHandler, opts *RegisterOptions) (*Registration, error) {
	if opts == nil {
		opts = &RegisterOptions{}
	}
	r, err := s.beginRegister(ctx, procedure, h, *opts)
	if err == nil {
		_, err = s.await(ctx, r)
	}
	if err != nil {
		return nil, fmt.Errorf("client: register %s: %w", procedure, err)
	}
	return r.reg, nil
}

// complete checks o and fills in the defaults.
func (o *RegisterOptions) complete() error {
	if o.MaxHandlers < 0 || o.Concurrency < 0 {
		return errors.New("negative RegisterOptions.MaxHandlers or Concurrency")
	}
	setDefault(&o.MaxHandlers, DefaultMaxHandlers)
	return nil
}

// beginRegister sends REGISTER. The Registration is in the request.
func (s *Session) beginRegister(ctx context.Context, procedure wamp.URI, h InvocationHandler, opts RegisterOptions) (*request, error) {
	if err := opts.complete(); err != nil {
		return nil, err
	}
	reg := &Registration{session: s, pattern: pattern{procedure, opts.Match}, handler: h, takeChunks: opts.TakeChunks, done: make(chan struct{})}
	reg.invocations = queue[*Invocation]{workers: opts.MaxHandlers, limit: s.opts.ReceiveBytes, owner: &s.wg}
	r := newRequest(wamp.CodeRegister)
	r.reg = reg
	_, err := s.send(ctx, &wamp.Register{
		Procedure:       procedure,
		Match:           opts.Match,
		Invoke:          opts.Invoke,
		DiscloseCaller:  opts.DiscloseCaller,
		ForwardTimeout:  opts.ForwardTimeout,
		ForceReregister: opts.ForceReregister,
		Concurrency:     uint64(opts.Concurrency),
	}, r)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Procedure returns the procedure or pattern that was registered.
func (r *Registration) Procedure() wamp.URI { return r.pattern.uri }

// Done is closed when no further invocation will come: after Unregister, when
// the router revoked the registration, or when the session has ended.
func (r *Registration) Done() <-chan struct{} { return r.done }

// Err returns why the registration ended without being asked to: a
// *RevokedError, or why the session ended. It returns nil before Done is
// closed, and after Unregister.
func (r *Registration) Err() error {
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	return r.err
}

// Unregister withdraws the procedure and waits for the router's confirmation.
// Invocations that came before it are still answered. It may be called from
// the handler; further calls return nil. Errors are those of Call.
func (r *Registration) Unregister(ctx context.Context) error {
	s := r.session
	s.mu.Lock()
	req := s.withdrawLocked(r)
	s.mu.Unlock()
	s.out.flush()
	if req == nil {
		return nil
	}
	if _, err := s.await(ctx, req); err != nil {
		return fmt.Errorf("client: unregister %s: %w", r.pattern.uri, err)
	}
	return nil
}

// withdrawLocked sends UNREGISTER, or returns nil where there is nothing to
// withdraw. From now on the procedure may be registered anew: the router gets
// that REGISTER later. It takes no room in the outbox: UNREGISTER is small,
// and each follows a REGISTER that did.
func (s *Session) withdrawLocked(reg *Registration) *request {
	if reg.id == 0 || reg.leaving {
		return nil
	}
	reg.leaving = true
	delete(s.procedures, reg.pattern)
	r := newRequest(wamp.CodeUnregister)
	r.reg = reg
	if _, err := s.postLocked(&wamp.Unregister{Registration: reg.id}, r, 0); err != nil {
		return nil // the session has ended, and the registration with it
	}
	return r
}

// registeredLocked is the router's confirmation. The handler is in place when
// it returns, since the first invocation may follow at once (ORD-4).
func (s *Session) registeredLocked(ctx context.Context, m *wamp.Registered) *wamp.ProtocolError {
	r := s.requests[m.Request]
	if r == nil || r.code != wamp.CodeRegister {
		return unasked(m, m.Request)
	}
	reg := r.reg
	if other := s.registrations[m.Registration]; other != nil {
		return wamp.Violation("REGISTERED gives registration %d to %q, which is that of %q", m.Registration, reg.pattern.uri, other.pattern.uri)
	}
	delete(s.requests, m.Request)
	reg.id = m.Registration
	reg.invocations.run = func(inv *Invocation) { inv.serve(ctx) }
	s.registrations[reg.id] = reg
	if r.abandoned {
		s.withdrawLocked(reg)
		return nil
	}
	r.reply <- reply{}
	return nil
}

// unregisteredLocked confirms an UNREGISTER or, with request 0, revokes a
// registration (REV-1). What runs or waits is answered all the same (RPC-7, REV-3).
func (s *Session) unregisteredLocked(m *wamp.Unregistered) *wamp.ProtocolError {
	if m.Request == 0 {
		if reg := s.registrations[m.Registration]; reg != nil {
			s.log.Warn("router revoked a registration", "uri", reg.pattern.uri, "reason", m.Reason)
			s.dropLocked(reg, &RevokedError{m.Reason})
			s.revokedLocked()
		}
		return nil
	}
	r := s.takeLocked(m.Request, wamp.CodeUnregister)
	if r == nil {
		return unasked(m, m.Request)
	}
	s.dropLocked(r.reg, nil)
	r.reply <- reply{}
	return nil
}

// dropLocked forgets a registration that the router has ended, or that has
// ended with the session. The error says why, unless that was asked for.
func (s *Session) dropLocked(reg *Registration, err error) {
	if reg.id == 0 {
		return
	}
	if !reg.leaving {
		reg.err = err
	}
	delete(s.registrations, reg.id)
	if s.procedures[reg.pattern] == reg {
		delete(s.procedures, reg.pattern)
	}
	reg.id = 0
	close(reg.done)
}
