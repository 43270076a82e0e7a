package client

import (
	"context"
	"time"

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

	// Cancel says what becomes of the callee when the context ends before the
	// call does; the default is wamp.CancelKillNoWait, which interrupts it.
	Cancel wamp.CancelMode
}

// Result is what a call returned: Decode it into values of your own types, or
// take it as generic Values. The zero Result is empty.
type Result struct {
	wamp.Payload
}

// Call calls a procedure and waits for its result. Args may be nil.
//
// The error wraps a *wamp.Error if the router or the callee refused
// (errors.Is(err, wamp.ErrNoSuchProcedure)), a *SizeError if the message is
// too large for the router, the context's error once that has ended (the call
// is then cancelled), and net.ErrClosed if the session ends first.
func (s *Session) Call(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (Result, error) {
	return Result{}, errSkeleton
}

// Call calls a procedure that returns one value and decodes that. A result
// with more or fewer positional values is an error.
func Call[T any](ctx context.Context, s *Session, procedure wamp.URI, args []any, opts *CallOptions) (T, error) {
	var zero T
	return zero, errSkeleton
}
