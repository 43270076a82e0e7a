package auth

import (
	"errors"

	"github.com/junctorio/junctor/wamp"
)

// errWrongProof is the cause of a Denial where the principal exists.
var errWrongProof = errors.New("the proof is wrong")

// errAnswered says that an answer came although there was one already.
var errAnswered = errors.New("the challenge was answered before")

// rejection is an ErrUnknown with another reason, for the log.
type rejection struct{ cause error }

func (r *rejection) Error() string        { return r.cause.Error() }
func (r *rejection) Unwrap() error        { return r.cause }
func (r *rejection) Is(target error) bool { return target == ErrUnknown }

// Denial refuses a client that did not prove who it is. The client is told the
// same in all cases (AUTH-5); Cause is for the log and holds no secret. A
// Denial unwraps to the *wamp.Abort that the client gets.
type Denial struct {
	Cause error
	SCRAM string // Abort.SCRAM; says nothing of who is known either
}

// Deny returns the refusal of a client. What every method returns for an unknown
// principal and for a wrong proof alike is Deny(cause).
func Deny(cause error) error { return &Denial{Cause: cause} }

// Error describes the cause.
func (d *Denial) Error() string { return "authentication denied: " + d.Cause.Error() }

// Unwrap returns the ABORT for the client, and the cause.
func (d *Denial) Unwrap() []error {
	return []error{&wamp.Abort{Reason: wamp.ErrAuthenticationDenied, Message: "authentication denied", SCRAM: d.SCRAM}, d.Cause}
}
