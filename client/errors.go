package client

import (
	"errors"
	"fmt"
	"net"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// ErrClosed is why a session ended that its own program closed. It wraps
// net.ErrClosed, as does every error that says that a session has ended.
var ErrClosed error = closedError("session closed")

// errHungUp is why a session ended whose router closed the connection.
var errHungUp error = closedError("the router closed the connection")

// ErrSilent is why a session ended whose router left all PINGs unanswered (see
// Options.KeepAlive): the connection was broken, though nothing said so.
var ErrSilent error = closedError("nothing heard from the router, not even a PONG")

// closedError is an error that wraps net.ErrClosed and has a better text.
type closedError string

func (e closedError) Error() string { return string(e) }
func (closedError) Unwrap() error   { return net.ErrClosed }

// InFlightError is what a call, publication or other request fails with that
// was on its way when the session ended: whether the router or the callee has
// acted on it is unknown. Only repeat it if doing it twice does no harm.
//
// A request that fails with net.ErrClosed and without an *InFlightError was
// certainly not acted on.
type InFlightError struct {
	Cause error // why the session ended; wraps net.ErrClosed
}

// Error names the cause, and says what it means.
func (e *InFlightError) Error() string {
	return e.Cause.Error() + " before the answer came; it is unknown whether the request was carried out"
}

// Unwrap returns Cause.
func (e *InFlightError) Unwrap() error { return e.Cause }

// ErrSlowProgress ends a call whose progressive results came faster than
// CallOptions.OnProgress took them.
var ErrSlowProgress = errors.New("progressive results came faster than they were taken")

// ErrCallOver refuses a chunk for a ProgressiveCall that has ended already,
// which the callee may do before it has all of them (PCI-9).
// ProgressiveCall.Wait tells how it ended.
var ErrCallOver = errors.New("the call has ended already")

// SizeError refuses a message that is larger than the router accepts (RS-13).
// Nothing of it was sent. errors.Is(err, wamp.ErrPayloadSizeExceeded) holds.
type SizeError struct {
	Size  int // octets of the message, without framing
	Limit int // the largest message that the router accepts
}

// Error names both sizes.
func (e *SizeError) Error() string {
	return fmt.Sprintf("message of %d octets is larger than the %d that the router accepts", e.Size, e.Limit)
}

// Is reports whether target is wamp.ErrPayloadSizeExceeded.
func (e *SizeError) Is(target error) bool { return target == wamp.ErrPayloadSizeExceeded }

// GoodbyeError is why a session ended that the router closed in order.
type GoodbyeError struct {
	Reason  wamp.URI // such as wamp.CloseSystemShutdown
	Message string   // for humans, may be empty
}

// Error describes the router's GOODBYE.
func (e *GoodbyeError) Error() string {
	if e.Message != "" {
		return fmt.Sprintf("router said goodbye: %s: %s", e.Reason, e.Message)
	}
	return "router said goodbye: " + string(e.Reason)
}

// Is reports whether target is the reason as a wamp.ErrorURI.
func (e *GoodbyeError) Is(target error) bool {
	u, ok := target.(wamp.ErrorURI)
	return ok && string(u) == string(e.Reason)
}

// RevokedError is why a registration or a subscription ended that the router
// took back (REV-3, REV-5).
type RevokedError struct {
	Reason string // the router's, may be empty
}

// Error tells the reason, if there is one.
func (e *RevokedError) Error() string {
	if e.Reason != "" {
		return "revoked by the router: " + e.Reason
	}
	return "revoked by the router"
}

var (
	errPanicked = errors.New("the handler panicked")
	errAnswered = errors.New("the call has been answered already")
	errFinished = errors.New("the last chunk has been sent already")
)

// endError is what everything fails with that needs a session which has ended.
type endError struct{ cause error }

func (e *endError) Error() string { return "session ended: " + e.cause.Error() }

func (e *endError) Unwrap() []error { return []error{e.cause, net.ErrClosed} }

// NewError returns an error for a handler to return, which reaches the caller
// as an ERROR with this URI and these values. Args may be nil; kwargs may be
// nil, a map with string keys or a struct. Values that cannot be encoded give
// an error that says so, which a handler may return all the same.
func NewError(uri wamp.ErrorURI, args []any, kwargs any) error {
	p, err := encode(serializer.MsgPack, args, kwargs)
	if err != nil {
		return fmt.Errorf("%s: %w", uri, err)
	}
	return &wamp.Error{URI: uri, Payload: p}
}
