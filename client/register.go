package client

import (
	"context"

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

	// MaxHandlers bounds how many handlers of this registration run at once;
	// further invocations wait in order. With 1 they run one after the other.
	// The default is DefaultMaxHandlers. A handler that calls its own
	// procedure needs one more.
	MaxHandlers int
}

// Invocation is a call as the callee sees it. It is the handler's to keep.
type Invocation struct {
	wamp.Payload // what the caller passed; use Decode or Values

	Procedure       wamp.URI // as called
	Caller          wamp.ID  // zero unless disclosed (CID-1)
	CallerAuthID    string   // empty unless disclosed
	CallerAuthRole  string   // empty unless disclosed
	ReceiveProgress bool     // the caller takes progressive results
}

// Progress sends a progressive result. It does nothing where the caller did
// not ask for them. It may wait for room in the connection's queue, and fails
// with a *SizeError if the result is too large for the router, with the
// context's error, or if the session has ended. It must not be called after
// the handler has returned.
func (inv *Invocation) Progress(ctx context.Context, args []any, kwargs any) error {
	return errSkeleton
}

// Reply is what a handler returns to the caller. The zero Reply is empty.
type Reply struct {
	Args   []any
	Kwargs any // nil, a map with string keys or a struct
}

// Return makes a Reply of positional values.
func Return(args ...any) Reply { return Reply{Args: args} }

// InvocationHandler answers invocations; handlers of one registration run
// concurrently, up to RegisterOptions.MaxHandlers. Its context ends when the
// call is cancelled, times out, or the session ends.
//
// An error becomes the caller's ERROR: a *wamp.Error in its chain (see
// NewError) with its URI and values; else a wamp.ErrorURI in its chain with the
// error's text; else wamp.ErrCanceled or wamp.ErrTimeout if the context has
// ended for such a reason; else wamp.ErrRuntimeError with the error's text. So
// does a panic, whose stack is logged. A reply or error that is larger than the
// router accepts becomes wamp.ErrPayloadSizeExceeded.
//
// Invocations that wait for a handler take up to Options.ReceiveBytes; further
// ones are refused with wamp.ErrUnavailable.
type InvocationHandler func(ctx context.Context, inv *Invocation) (Reply, error)

// Registration is a procedure with its handler.
type Registration struct {
}

// Register offers a procedure, or a pattern of procedures, and waits until the
// router has confirmed it. Errors are those of Call; in particular
// wamp.ErrProcedureAlreadyExists if it is taken, also by this session. If the
// context ends first, the registration is withdrawn as soon as the router
// confirms it.
func (s *Session) Register(ctx context.Context, procedure wamp.URI, h InvocationHandler, opts *RegisterOptions) (*Registration, error) {
	return nil, errSkeleton
}

// Procedure returns the procedure or pattern that was registered.
func (r *Registration) Procedure() wamp.URI { return "" }

// Done is closed when no further invocation will come: after Unregister, when
// the router revoked the registration, or when the session has ended.
func (r *Registration) Done() <-chan struct{} { return nil }

// Unregister withdraws the procedure and waits for the router's confirmation.
// Invocations that came before it are still answered. It may be called from
// the handler and more than once. Errors are those of Call.
func (r *Registration) Unregister(ctx context.Context) error { return errSkeleton }
