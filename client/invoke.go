package client

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/wamp"
)

// Invocation is a call as the callee sees it. It is the handler's to keep.
type Invocation struct {
	wamp.Payload // what the caller passed, or the first chunk of it; use Decode or Values, or pass it on

	Procedure       wamp.URI // as called
	Caller          wamp.ID  // zero unless disclosed (CID-1)
	CallerAuthID    string   // empty unless disclosed
	CallerAuthRole  string   // empty unless disclosed
	ReceiveProgress bool     // the caller takes progressive results
	Progressive     bool     // the caller passes its arguments in chunks; see Chunks
	TrustLevel      *int     // how far the router trusts the caller, 0 the least (TRL-1); nil: it does not say

	Attributes *wamp.Attributes // what the caller sent with the payload, as in CallOptions; must not be changed; mostly nil

	registration *Registration
	request      wamp.ID
	sealed       *wamp.Attributes // Attributes as they came
	timeout      time.Duration    // zero: none

	deadline time.Time       // when timeout has passed; guarded by Session.mu if Progressive
	state    invocationState // guarded by Session.mu
	inbox    *inbox          // nil unless Progressive
}

// invocationState is how far an invocation has come.
type invocationState struct {
	stop        context.CancelCauseFunc // while the handler runs
	interrupted error                   // why the router interrupted it
	unwanted    bool                    // the router discards an answer
	answered    bool
	begun       bool        // Chunks has yielded the first one
	timer       *time.Timer // of a timeout that begins anew with each message; else nil
}

// Reply is what a handler returns to the caller. The zero Reply is empty.
type Reply struct {
	Args   []any
	Kwargs any // nil, a map with string keys or a struct

	// Payload and Attributes are as in CallOptions.
	Payload    wamp.Payload
	Attributes *wamp.Attributes
}

func (r *Reply) values() values { return values{r.Args, r.Kwargs, r.Payload, r.Attributes} }

// Return makes a Reply of positional values.
func Return(args ...any) Reply { return Reply{Args: args} }

// InvocationHandler answers invocations; handlers of one registration run
// concurrently, up to RegisterOptions.MaxHandlers, and begin in the order in
// which the invocations came. Its context ends when the call is cancelled,
// times out, or the session ends.
//
// An error becomes the caller's ERROR: a *wamp.Error in its chain (see
// NewError) with its URI and values; else a wamp.ErrorURI in its chain with the
// error's text; else wamp.ErrCanceled or wamp.ErrTimeout if the context has
// ended for such a reason; else wamp.ErrRuntimeError with the error's text. So
// does a panic, whose stack is logged. A reply or error that is larger than the
// router accepts becomes wamp.ErrPayloadSizeExceeded.
//
// A handler that cannot serve at present returns wamp.ErrUnavailable: the router
// then tries another callee of a shared registration, if there is one and it
// offers call_reroute (RER-1). The caller gets wamp.ErrNoAvailableCallee where
// nobody is left, with the error's text.
//
// Invocations that wait for a handler take up to Options.ReceiveBytes; further
// ones are refused with wamp.ErrUnavailable.
type InvocationHandler func(ctx context.Context, inv *Invocation) (Reply, error)

// Progress sends a progressive result. It does nothing where the caller did
// not ask for them. It may wait for room in the connection's queue, and fails
// with a *SizeError if the result is too large for the router, with the
// context's error, with wamp.ErrCanceled once the call is cancelled, or if the
// session has ended. It must not be called after the handler has returned.
func (inv *Invocation) Progress(ctx context.Context, args []any, kwargs any) error {
	return inv.ProgressReply(ctx, Reply{Args: args, Kwargs: kwargs})
}

// ProgressReply is Progress for everything that a Reply can hold.
func (inv *Invocation) ProgressReply(ctx context.Context, r Reply) error {
	if !inv.ReceiveProgress {
		return nil
	}
	s := inv.registration.session
	payload, attributes, err := s.content(wamp.RoleDealer, inv.about(passthru.KindResult), r.values())
	if err == nil {
		m := &wamp.Yield{Request: inv.request, Progress: true, Attributes: attributes, Payload: payload}
		err = s.answer(ctx, inv, m, payload, false)
	}
	if err != nil {
		return fmt.Errorf("client: progress of %s: %w", inv.Procedure, err)
	}
	return nil
}

// invocationLocked hands an invocation to a handler, or refuses it.
func (s *Session) invocationLocked(m *wamp.Invocation, owned bool) *wamp.ProtocolError {
	if inv := s.invocations[m.Request]; inv != nil {
		return s.continuedLocked(inv, m, owned)
	}
	if s.late.take(m) {
		return nil
	}
	reg := s.registrations[m.Registration]
	switch {
	case reg == nil:
		s.rejectLocked(m, wamp.ErrNoSuchProcedure, "the callee has no such registration")
		return nil
	case m.Progress && !reg.takeChunks: // its handler would take the first chunk for all
		s.rejectLocked(m, wamp.ErrFeatureNotSupported, "this procedure takes its arguments in one piece only")
		return nil
	}
	inv := newInvocation(reg, m, keep(m.Payload, owned))
	s.invocations[m.Request] = inv
	if !reg.invocations.push(inv, len(inv.Bytes)) {
		s.answeredLocked(inv)
		s.log.Warn("invocation is refused, too many wait for a handler", "uri", inv.Procedure)
		s.refuseLocked(m.Request, wamp.ErrUnavailable, "too many calls wait for this callee")
	}
	return nil
}

// rejectLocked refuses an invocation that no handler will see.
func (s *Session) rejectLocked(m *wamp.Invocation, uri wamp.ErrorURI, text string) {
	if m.Progress {
		s.late.add(m.Request)
	}
	s.refuseLocked(m.Request, uri, text)
}

func newInvocation(reg *Registration, m *wamp.Invocation, payload wamp.Payload) *Invocation {
	inv := &Invocation{
		Payload:         payload,
		Procedure:       m.Procedure,
		Caller:          m.Caller,
		CallerAuthID:    m.CallerAuthID,
		CallerAuthRole:  m.CallerAuthRole,
		ReceiveProgress: m.ReceiveProgress,
		Progressive:     m.Progress,
		TrustLevel:      m.TrustLevel,
		Attributes:      m.Attributes,
		sealed:          m.Attributes,
		registration:    reg,
		request:         m.Request,
	}
	if m.Progress {
		inv.inbox = newInbox()
	}
	if inv.Procedure == "" { // set for patterns only (PREG-6)
		inv.Procedure = reg.pattern.uri
	}
	if m.TimeoutMillis > 0 {
		inv.timeout = time.Duration(min(m.TimeoutMillis, maxTimeoutMillis)) * time.Millisecond
		inv.deadline = time.Now().Add(inv.timeout)
	}
	return inv
}

// maxTimeoutMillis keeps a timeout within what a time.Duration can hold.
const maxTimeoutMillis = uint64(1<<63-1) / uint64(time.Millisecond)

// refuseLocked answers an invocation without a handler. It takes no room in
// the outbox; the reader throttles itself instead.
func (s *Session) refuseLocked(id wamp.ID, uri wamp.ErrorURI, text string) {
	payload, err := encode(s.serializer, []any{text}, nil)
	if err != nil {
		payload = wamp.Payload{}
	}
	_ = s.out.append(&wamp.Error{RequestType: wamp.CodeInvocation, Request: id, URI: uri, Payload: payload}, 0) // fails only if the session has ended
}

// interruptLocked ends the context of an invocation. One that is answered
// already is ignored.
func (s *Session) interruptLocked(m *wamp.Interrupt) {
	inv := s.invocations[m.Request]
	if inv == nil {
		return
	}
	var cause error = wamp.ErrCanceled
	if m.Reason != "" {
		cause = wamp.ErrorURI(m.Reason)
	}
	inv.state.interrupted = cause
	inv.state.unwanted = m.Mode == wamp.CancelKillNoWait
	if inv.state.stop != nil {
		inv.state.stop(cause)
	}
}

// serve runs the handler and answers, also if the handler ends its goroutine.
// The context is the session's.
func (inv *Invocation) serve(ctx context.Context) {
	var reply Reply
	err := errPanicked
	defer func() { inv.finish(ctx, reply, err) }()
	reply, err = inv.call(ctx)
}

func (inv *Invocation) finish(ctx context.Context, reply Reply, err error) {
	s := inv.registration.session
	if err == nil {
		err = s.yield(ctx, inv, reply)
	}
	if err != nil {
		s.fail(ctx, inv, err)
	}
}

// call runs the handler, unless the invocation was interrupted while it waited.
func (inv *Invocation) call(ctx context.Context) (Reply, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ctx, cancel := inv.limit(ctx, stop)
	defer cancel()
	s := inv.registration.session
	s.mu.Lock()
	interrupted := inv.state.interrupted
	inv.state.stop = stop
	s.mu.Unlock()
	if interrupted != nil {
		return Reply{}, interrupted
	}
	if err := inv.open(); err != nil {
		return Reply{}, err
	}
	reply, err := inv.guard(ctx)
	if err != nil {
		err = explain(ctx, err)
	}
	return reply, err
}

// limit ends the context with the timeout that the router left to this side
// (TMO-3). Where messages may come and go meanwhile, the timeout begins anew
// with each of them (PCR-8, PCI-8).
func (inv *Invocation) limit(ctx context.Context, stop context.CancelCauseFunc) (context.Context, context.CancelFunc) {
	if inv.timeout == 0 {
		return ctx, func() {}
	}
	if !inv.ReceiveProgress && !inv.Progressive {
		return context.WithDeadlineCause(ctx, inv.deadline, wamp.ErrTimeout)
	}
	s := inv.registration.session
	s.mu.Lock()
	timer := time.AfterFunc(time.Until(inv.deadline), func() { stop(wamp.ErrTimeout) })
	inv.state.timer = timer
	s.mu.Unlock()
	return ctx, func() { timer.Stop() }
}

// restartTimerLocked begins the timeout anew. Should the handler have returned
// meanwhile, the timer ends a context that has ended.
func (inv *Invocation) restartTimerLocked() {
	if inv.state.timer != nil {
		inv.state.timer.Reset(inv.timeout)
	} else if inv.timeout > 0 {
		inv.deadline = time.Now().Add(inv.timeout)
	}
}

// guard turns a panic of the handler into an error.
func (inv *Invocation) guard(ctx context.Context) (reply Reply, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover() // nil if the handler ends its goroutine
		inv.registration.session.log.Error("invocation handler panicked", "uri", inv.Procedure, "panic", v, "stack", string(debug.Stack()))
		reply, err = Reply{}, errPanicked
	}()
	reply, err = inv.registration.handler(ctx, inv)
	returned = true
	return reply, err
}

// explain returns the WAMP error that a handler's error becomes. An error that
// names none counts as the reason why the context ended, if that is one (CAN-9).
func explain(ctx context.Context, err error) error {
	var refusal *wamp.Error
	var uri wamp.ErrorURI
	if errors.As(err, &refusal) || errors.As(err, &uri) {
		return err
	}
	if cause := context.Cause(ctx); errors.As(cause, &uri) {
		return uri
	}
	return err
}

// yield sends the handler's reply.
func (s *Session) yield(ctx context.Context, inv *Invocation, reply Reply) error {
	payload, attributes, err := s.content(wamp.RoleDealer, inv.about(passthru.KindResult), reply.values())
	if err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	return s.answer(ctx, inv, &wamp.Yield{Request: inv.request, Attributes: attributes, Payload: payload}, payload, true)
}

// fail sends an ERROR. Should that be too large, it says so instead.
func (s *Session) fail(ctx context.Context, inv *Invocation, err error) {
	for range 2 {
		m := s.errorMessage(inv, err)
		m.RequestType, m.Request = wamp.CodeInvocation, inv.request
		if err = s.answer(ctx, inv, m, m.Payload, true); err == nil {
			return
		}
	}
	s.log.Debug("invocation was not answered", "uri", inv.Procedure, "err", err)
}

// errorMessage returns the ERROR that stands for err, with a payload that can
// be sent.
func (s *Session) errorMessage(inv *Invocation, err error) *wamp.Error {
	var size *SizeError
	var unreadable *openError
	var refusal *wamp.Error
	uri := wamp.ErrRuntimeError
	switch {
	case errors.As(err, &size):
		uri = wamp.ErrPayloadSizeExceeded
	case errors.As(err, &unreadable): // whoever sent that has no use for something encrypted
		return unreadable.message(s.serializer)
	case errors.As(err, &refusal):
		return s.errorWith(inv, refusal.URI, values{payload: refusal.Payload, attributes: refusal.Attributes})
	case errors.As(err, &uri):
	}
	var v values
	if text := err.Error(); text != string(uri) {
		v.args = []any{text}
	}
	return s.errorWith(inv, uri, v)
}

// errorWith returns an ERROR with the values, or without them if they cannot be
// sent.
func (s *Session) errorWith(inv *Invocation, uri wamp.ErrorURI, v values) *wamp.Error {
	payload, attributes, err := s.content(wamp.RoleDealer, inv.about(passthru.KindError), v)
	switch {
	case errors.Is(err, wamp.ErrFeatureNotSupported):
		return &wamp.Error{URI: wamp.ErrFeatureNotSupported}
	case err != nil:
		s.log.Warn("values of an error cannot be sent", "uri", uri, "err", err)
		return &wamp.Error{URI: uri}
	}
	return &wamp.Error{URI: uri, Attributes: attributes, Payload: payload}
}

// answer sends a message about an invocation; final says that it is the last.
func (s *Session) answer(ctx context.Context, inv *Invocation, m wamp.Message, payload wamp.Payload, final bool) error {
	room := headRoom + len(payload.Bytes)
	if err := s.out.reserve(ctx, room); err != nil {
		return err
	}
	s.mu.Lock()
	err := s.answerLocked(inv, m, room, final)
	s.mu.Unlock()
	s.out.flush()
	return err
}

func (s *Session) answerLocked(inv *Invocation, m wamp.Message, room int, final bool) error {
	var err error
	switch {
	case s.over != nil:
		err = s.over
	case inv.state.answered:
		err = errAnswered
	case inv.state.unwanted && !final:
		err = inv.state.interrupted
	}
	if err != nil || inv.state.unwanted {
		s.out.release(room)
	} else {
		err = s.out.append(m, room)
	}
	switch {
	case err != nil:
	case final:
		inv.state.answered = true
		s.answeredLocked(inv)
	default:
		inv.restartTimerLocked()
	}
	return err
}

// answeredLocked forgets an invocation whose answer is queued.
func (s *Session) answeredLocked(inv *Invocation) {
	delete(s.invocations, inv.request)
	inv.dropChunksLocked()
	if inv.inbox != nil && !inv.inbox.complete {
		s.late.add(inv.request)
	}
	if len(s.invocations) == 0 && s.idle != nil {
		close(s.idle)
		s.idle = nil
	}
}
