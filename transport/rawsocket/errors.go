package rawsocket

import (
	"fmt"
	"net"
)

// RefusalCode is the reason for which a router refuses a handshake (section
// 1.2). It works as a target of errors.Is.
type RefusalCode uint8

// The reasons that are defined. Others may be read from a router.
const (
	ErrSerializerUnsupported RefusalCode = 1
	ErrLengthUnacceptable    RefusalCode = 2
	ErrReservedBits          RefusalCode = 3
	ErrTooManyConnections    RefusalCode = 4
)

func (c RefusalCode) text() string {
	switch c {
	case ErrSerializerUnsupported:
		return "serializer unsupported"
	case ErrLengthUnacceptable:
		return "maximum message length unacceptable"
	case ErrReservedBits:
		return "use of reserved bits"
	case ErrTooManyConnections:
		return "maximum connection count reached"
	}
	return fmt.Sprintf("unknown reason %d", uint8(c))
}

// Error describes the reason.
func (c RefusalCode) Error() string { return "rawsocket: handshake refused: " + c.text() }

// HandshakeError says that the peer answered the handshake with something
// else than success. errors.Is finds Code in it.
type HandshakeError struct {
	Code    RefusalCode // what the router replied; 0 if it broke the handshake instead
	Message string      // what was wrong, in words
}

// Error describes what was wrong.
func (e *HandshakeError) Error() string { return "rawsocket: handshake: " + e.Message }

// Is reports whether target is the code of the router's refusal.
func (e *HandshakeError) Is(target error) bool {
	code, ok := target.(RefusalCode)
	return ok && code == e.Code
}

// goneError is an error after which a connection is of no more use. It unwraps
// to net.ErrClosed as well as to its cause.
type goneError struct {
	op    string
	cause error
}

func (e *goneError) Error() string { return fmt.Sprintf("rawsocket: %s: %v", e.op, e.cause) }

func (e *goneError) Unwrap() []error { return []error{net.ErrClosed, e.cause} }
