package client

import (
	"context"
	"fmt"
	"sync"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/wamp"
)

// ProgressiveCall is a call whose arguments go to the callee in chunks
// (section 3.2). Send sends one after the other, Finish the last, and Wait
// waits for the result, which the callee may give at any time. A call that is
// not waited for to its end must be cancelled:
//
//	call, err := s.CallProgressively(ctx, "com.example.upload", client.Args{"name"}, nil)
//	…
//	defer call.Cancel()
//	for part := range parts {
//		if err := call.Send(ctx, client.Args{part}, nil); err != nil {
//			break // Wait tells why
//		}
//	}
//	_ = call.Finish(ctx, nil, nil) // so it does here
//	res, err := call.Wait(ctx)
//
// Wait may run in another goroutine meanwhile, which it should where the
// callee sends many progressive results. All methods are safe for concurrent
// use; what is sent concurrently arrives in no particular order.
type ProgressiveCall struct {
	session   *Session
	procedure wamp.URI
	opts      CallOptions
	id        wamp.ID
	request   *request
	finished  bool // guarded by Session.mu: the last chunk is queued

	waiting sync.Mutex // held by Wait; guards outcome
	outcome *reply     // nil until Wait has it
}

// CallProgressively begins a call whose arguments come in chunks, by sending
// the first of them. All options are those of the call as a whole (PCI-5), but
// for Kwargs and Payload, which belong to the first chunk. Errors are those of
// Call; wamp.ErrFeatureNotSupported where the router, or the callee, knows
// no such calls.
func (s *Session) CallProgressively(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (*ProgressiveCall, error) {
	c := &ProgressiveCall{session: s, procedure: procedure}
	if opts != nil {
		c.opts = *opts
	}
	err := s.checkFeature(wamp.RoleDealer, wamp.FeatureProgressiveCallInvocations)
	if err == nil {
		c.id, c.request, err = s.beginCall(ctx, procedure, args, &c.opts, true)
	}
	if err != nil {
		return nil, fmt.Errorf("client: call %s: %w", procedure, err)
	}
	return c, nil
}

// Send sends a further chunk. It waits for room in the connection's queue, not
// for the callee. It fails with ErrCallOver once the call has ended, else with
// the errors of Call; one that was too large (*SizeError) may be sent in
// smaller pieces.
func (c *ProgressiveCall) Send(ctx context.Context, args []any, kwargs any) error {
	return c.explain(c.send(ctx, Chunk{Args: args, Kwargs: kwargs}, false))
}

// SendChunk is Send for everything that a Chunk can hold.
func (c *ProgressiveCall) SendChunk(ctx context.Context, chunk Chunk) error {
	return c.explain(c.send(ctx, chunk, false))
}

// Finish sends the last chunk, which may be empty. Errors are those of Send.
func (c *ProgressiveCall) Finish(ctx context.Context, args []any, kwargs any) error {
	return c.explain(c.send(ctx, Chunk{Args: args, Kwargs: kwargs}, true))
}

// Chunk is a part of the arguments of a ProgressiveCall.
type Chunk struct {
	Args    []any
	Kwargs  any          // nil, a map with string keys or a struct
	Payload wamp.Payload // instead of values, as in CallOptions
}

func (c *ProgressiveCall) explain(err error) error {
	if err != nil {
		return fmt.Errorf("client: chunk for %s: %w", c.procedure, err)
	}
	return nil
}

// send sends a CALL with the ID of the first one. What that one said need not
// be repeated (PCI-5).
func (c *ProgressiveCall) send(ctx context.Context, chunk Chunk, last bool) error {
	s := c.session
	about := passthru.Context{Kind: passthru.KindCall, URI: c.procedure}
	if a := c.request.attributes; a != nil {
		about.KeyID = a.PPTKeyID // that of the first chunk holds for all
	}
	payload, _, err := s.content(wamp.RoleDealer, about, values{chunk.Args, chunk.Kwargs, chunk.Payload, nil})
	if err != nil {
		return err
	}
	room := headRoom + len(payload.Bytes)
	if err := s.out.reserve(ctx, room); err != nil {
		return err
	}
	m := &wamp.Call{Request: c.id, Procedure: c.procedure, Progress: !last, Payload: payload}
	s.mu.Lock()
	err = c.sendLocked(m, room)
	s.mu.Unlock()
	s.out.flush()
	return err
}

func (c *ProgressiveCall) sendLocked(m *wamp.Call, room int) error {
	s := c.session
	var err error
	switch {
	case s.over != nil:
		err = s.over
	case s.requests[c.id] != c.request:
		err = ErrCallOver
	case c.finished:
		err = errFinished
	}
	if err != nil {
		s.out.release(room)
		return err
	}
	if err := s.out.append(m, room); err != nil {
		return err
	}
	c.finished = !m.Progress
	return nil
}

// Wait waits for the result, whether or not the last chunk was sent. If ctx
// ends first, the call is cancelled. Progressive results go to
// CallOptions.OnProgress, called by the goroutine that called Wait; those that
// come before wait for it, as said there. Errors are those of Call, or
// context.Canceled after Cancel. Further calls return the same.
func (c *ProgressiveCall) Wait(ctx context.Context) (Result, error) {
	c.waiting.Lock()
	defer c.waiting.Unlock()
	if c.outcome == nil {
		res, err := c.session.awaitResult(ctx, c.id, c.request, &c.opts)
		if err != nil {
			err = fmt.Errorf("client: call %s: %w", c.procedure, err)
		}
		c.outcome = &reply{result: res, err: err}
	}
	return c.outcome.result, c.outcome.err
}

// Cancel cancels the call, as CallOptions.Cancel says. It does nothing if the
// call has ended.
func (c *ProgressiveCall) Cancel() {
	s := c.session
	s.mu.Lock()
	if s.requests[c.id] == c.request {
		s.dropCallLocked(c.id, c.opts.Cancel)
		c.request.reply <- reply{err: context.Canceled}
	}
	s.mu.Unlock()
	s.out.flush()
}
