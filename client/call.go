package client

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/wamp"
)

// Args are positional arguments: client.Args{1, "two"}.
type Args = []any

// Dict is a dictionary: client.Dict{"name": "value"}.
type Dict = wamp.Dict

// CallOptions refine a Call. A nil *CallOptions means the zero value.
type CallOptions struct {
	// Kwargs are the keyword arguments: nil, a map with string keys or a struct.
	Kwargs any

	// Payload is sent as it is instead of values, such as that of an event or
	// invocation that is passed on; args and Kwargs must then be nil. It is
	// transcoded only if the session has another serializer. Its octets must
	// never be changed any more.
	Payload wamp.Payload

	// Attributes travel with the payload, unchanged, to the other side: what
	// says that the payload is in payload passthru mode (PPT-2; package
	// passthru makes such payloads), Autobahn's older payload encryption, and
	// forward_for, the trace that links between routers leave. No router vouches
	// for any of it: the receiver gets what the sender wrote. Nil means none. If
	// they set a ppt_scheme, and the router does not offer that mode, the error
	// is wamp.ErrFeatureNotSupported.
	Attributes *wamp.Attributes

	// OnProgress asks for progressive results and is called with each of them,
	// in order, by the goroutine that called Call. If it falls behind by more
	// than Options.ReceiveBytes, the call is cancelled and fails with
	// ErrSlowProgress. Nil asks for the final result only.
	OnProgress func(Result)

	// DiscloseMe asks the router to tell the callee who calls (CID-1).
	DiscloseMe bool

	// Timeout makes the router end the call with wamp.ErrTimeout, if it offers
	// call_timeout; it is sent in whole milliseconds, rounded up. The deadline
	// of the context needs no such router and is not sent.
	Timeout time.Duration

	// Sharding says which callee of a sharded registration the call is for, to
	// routers that have such registrations (SHD-1). Junctor's has none, and
	// ignores it. Nil means nothing.
	Sharding *wamp.Sharding

	// Cancel says what becomes of the callee when the context ends before the
	// call does; the default is wamp.CancelKillNoWait, which interrupts it.
	Cancel wamp.CancelMode
}

// Result is what a call returned: Decode it into values of your own types, or
// take it as generic Values. The zero Result is empty.
type Result struct {
	wamp.Payload // use Decode or Values; it may be passed on as it is

	Attributes *wamp.Attributes // what the callee sent with the payload, as in CallOptions; must not be changed; mostly nil
}

// Call calls a procedure and waits for its result. Args may be nil.
//
// The error wraps a *wamp.Error if the router or the callee refused
// (errors.Is(err, wamp.ErrNoSuchProcedure)), a *SizeError if the message is
// too large for the router, the context's error once that has ended (the call
// is then cancelled), and net.ErrClosed if the session ends first: an
// *InFlightError then says that the call may have been executed.
func (s *Session) Call(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (Result, error) {
	if opts == nil {
		opts = &CallOptions{}
	}
	res, err := s.call(ctx, procedure, args, opts)
	if err != nil {
		return Result{}, fmt.Errorf("client: call %s: %w", procedure, err)
	}
	return res, nil
}

// Caller is what calls procedures: a Session, or a Client.
type Caller interface {
	Call(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (Result, error)
}

// Call calls a procedure that returns one value and decodes that. A result
// with more or fewer positional values is an error.
func Call[T any](ctx context.Context, c Caller, procedure wamp.URI, args []any, opts *CallOptions) (T, error) {
	var zero T
	res, err := c.Call(ctx, procedure, args, opts)
	if err != nil {
		return zero, err
	}
	var values []T
	if err := res.Decode(&values, nil); err != nil {
		return zero, fmt.Errorf("client: result of %s: %w", procedure, err)
	}
	if len(values) != 1 {
		return zero, fmt.Errorf("client: result of %s: %d values, want 1", procedure, len(values))
	}
	return values[0], nil
}

func (s *Session) call(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (Result, error) {
	id, r, err := s.beginCall(ctx, procedure, args, opts, false)
	if err != nil {
		return Result{}, err
	}
	return s.awaitResult(ctx, id, r, opts)
}

// beginCall sends a call, or with progressive set the first chunk of one.
func (s *Session) beginCall(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions, progressive bool) (wamp.ID, *request, error) {
	payload, attributes, err := s.content(wamp.RoleDealer, passthru.Context{Kind: passthru.KindCall, URI: procedure},
		values{args, opts.Kwargs, opts.Payload, opts.Attributes})
	if err != nil {
		return 0, nil, err
	}
	r := newRequest(wamp.CodeCall)
	r.procedure, r.attributes = procedure, attributes
	if opts.OnProgress != nil {
		r.chunks = newChunks()
	}
	id, err := s.send(ctx, &wamp.Call{
		Procedure:       procedure,
		Progress:        progressive,
		ReceiveProgress: opts.OnProgress != nil,
		DiscloseMe:      opts.DiscloseMe,
		TimeoutMillis:   millis(opts.Timeout),
		Sharding:        opts.Sharding,
		Attributes:      attributes,
		Payload:         payload,
	}, r)
	return id, r, err
}

// awaitResult waits for the final result and hands over those before it.
func (s *Session) awaitResult(ctx context.Context, id wamp.ID, r *request, opts *CallOptions) (res Result, err error) {
	if r.chunks != nil {
		res, err = s.awaitProgress(ctx, id, r, opts)
	} else {
		res, err = s.awaitReply(ctx, id, r, opts)
	}
	if err != nil {
		return Result{}, s.openError(r.procedure, err)
	}
	return s.openResult(r.procedure, res)
}

func (s *Session) awaitReply(ctx context.Context, id wamp.ID, r *request, opts *CallOptions) (Result, error) {
	select {
	case rep := <-r.reply:
		return rep.result, rep.err
	case <-ctx.Done():
		return s.cancelCall(ctx, id, r, opts.Cancel)
	}
}

// millis returns d in whole milliseconds, rounded up.
func millis(d time.Duration) uint64 {
	if d <= 0 {
		return 0
	}
	return uint64((d + time.Millisecond - 1) / time.Millisecond)
}

// cancelCall gives up on a call whose context has ended, unless its answer was
// faster.
func (s *Session) cancelCall(ctx context.Context, id wamp.ID, r *request, mode wamp.CancelMode) (Result, error) {
	s.mu.Lock()
	select {
	case rep := <-r.reply:
		s.mu.Unlock()
		return rep.result, rep.err
	default:
	}
	s.dropCallLocked(id, mode)
	s.mu.Unlock()
	s.out.flush()
	return Result{}, ctx.Err()
}

// dropCallLocked cancels a call that is not answered yet. It takes no room in
// the outbox, which it may not wait for; CANCEL is small, and each follows a
// CALL that did.
func (s *Session) dropCallLocked(id wamp.ID, mode wamp.CancelMode) {
	if mode == wamp.CancelDefault {
		mode = wamp.CancelKillNoWait // not every router's default (CAN-2)
	}
	delete(s.requests, id)
	_ = s.out.append(&wamp.Cancel{Request: id, Mode: mode}, 0) // fails only if the session has ended
}

// chunks are the progressive results that Call has not taken yet.
type chunks struct {
	waiting []Result      // guarded by Session.mu
	size    int           // guarded by Session.mu
	more    chan struct{} // capacity 1: waiting is not empty
}

func newChunks() *chunks { return &chunks{more: make(chan struct{}, 1)} }

// awaitProgress is awaitResult for a call that takes progressive results.
func (s *Session) awaitProgress(ctx context.Context, id wamp.ID, r *request, opts *CallOptions) (Result, error) {
	finished := false
	defer func() {
		if !finished { // OnProgress panicked, or a result cannot be decrypted
			_, _ = s.cancelCall(ctx, id, r, opts.Cancel)
		}
	}()
	for {
		select {
		case <-r.chunks.more:
			if err := s.deliver(r, opts.OnProgress); err != nil {
				return Result{}, err
			}
		case rep := <-r.reply:
			err := s.deliver(r, opts.OnProgress)
			finished = true
			return rep.result, cmp.Or(err, rep.err)
		case <-ctx.Done():
			finished = true
			res, err := s.cancelCall(ctx, id, r, opts.Cancel)
			if err == nil { // the final result was faster, and so were those before it
				err = s.deliver(r, opts.OnProgress)
			}
			return res, err
		}
	}
}

// deliver hands over the progressive results that have come, up to one that
// cannot be decrypted.
func (s *Session) deliver(r *request, onProgress func(Result)) error {
	c := r.chunks
	s.mu.Lock()
	waiting := c.waiting
	c.waiting, c.size = nil, 0
	s.mu.Unlock()
	for _, res := range waiting {
		res, err := s.openResult(r.procedure, res)
		if err != nil {
			return err
		}
		onProgress(res)
	}
	return nil
}

// resultLocked is a RESULT of the router. One that nobody waits for any more
// is of a call that was cancelled, and ignored (PV-4).
func (s *Session) resultLocked(m *wamp.Result, owned bool) *wamp.ProtocolError {
	if m.Request > s.lastID {
		return unasked(m, m.Request)
	}
	r := s.requests[m.Request]
	switch {
	case r == nil:
	case r.code != wamp.CodeCall:
		return unasked(m, m.Request)
	case m.Progress:
		s.chunkLocked(r, m, owned)
	default:
		delete(s.requests, m.Request)
		r.reply <- reply{result: newResult(m, owned)}
	}
	return nil
}

func newResult(m *wamp.Result, owned bool) Result {
	return Result{Payload: keep(m.Payload, owned), Attributes: m.Attributes}
}

// chunkLocked queues a progressive result. One that was not asked for is
// dropped: taken for the final result it would do harm (PCR-6).
func (s *Session) chunkLocked(r *request, m *wamp.Result, owned bool) {
	c := r.chunks
	if c == nil {
		s.log.Debug("progressive result was not asked for", "request", m.Request)
		return
	}
	size := len(m.Payload.Bytes) + itemOverhead
	if c.size > 0 && c.size+size > s.opts.ReceiveBytes {
		s.dropCallLocked(m.Request, wamp.CancelKillNoWait) // PCR-10
		r.reply <- reply{err: ErrSlowProgress}
		return
	}
	c.waiting = append(c.waiting, newResult(m, owned))
	c.size += size
	select {
	case c.more <- struct{}{}:
	default:
	}
}
