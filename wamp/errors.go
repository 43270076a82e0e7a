package wamp

import (
	"errors"
	"fmt"
)

// ErrorURI is the URI of an ERROR or the reason of an ABORT. The constants
// below work with errors.Is on what client calls return.
type ErrorURI string

// Error returns the URI.
func (u ErrorURI) Error() string { return string(u) }

// The predefined error URIs (sections 6.1, 6.3, 6.4).
const (
	ErrInvalidURI             ErrorURI = "wamp.error.invalid_uri"
	ErrNoSuchProcedure        ErrorURI = "wamp.error.no_such_procedure"
	ErrProcedureAlreadyExists ErrorURI = "wamp.error.procedure_already_exists"
	ErrNoSuchRegistration     ErrorURI = "wamp.error.no_such_registration"
	ErrNoSuchSubscription     ErrorURI = "wamp.error.no_such_subscription"
	ErrInvalidArgument        ErrorURI = "wamp.error.invalid_argument"
	ErrCanceled               ErrorURI = "wamp.error.canceled"
	ErrPayloadSizeExceeded    ErrorURI = "wamp.error.payload_size_exceeded"
	ErrProtocolViolation      ErrorURI = "wamp.error.protocol_violation"
	ErrNotAuthorized          ErrorURI = "wamp.error.not_authorized"
	ErrAuthorizationFailed    ErrorURI = "wamp.error.authorization_failed"
	ErrNoSuchRealm            ErrorURI = "wamp.error.no_such_realm"
	ErrNoSuchRole             ErrorURI = "wamp.error.no_such_role"
	ErrNoSuchSession          ErrorURI = "wamp.error.no_such_session"
	ErrNoMatchingAuthMethod   ErrorURI = "wamp.error.no_matching_auth_method"
	ErrAuthenticationDenied   ErrorURI = "wamp.error.authentication_denied"
	ErrAuthenticationFailed   ErrorURI = "wamp.error.authentication_failed"
	ErrAuthenticationRequired ErrorURI = "wamp.error.authentication_required"
	ErrTimeout                ErrorURI = "wamp.error.timeout"
	ErrOptionNotAllowed       ErrorURI = "wamp.error.option_not_allowed"
	ErrDiscloseMeNotAllowed   ErrorURI = "wamp.error.option_disallowed.disclose_me"
	ErrNetworkFailure         ErrorURI = "wamp.error.network_failure"
	ErrUnavailable            ErrorURI = "wamp.error.unavailable"
	ErrNoAvailableCallee      ErrorURI = "wamp.error.no_available_callee"
	ErrFeatureNotSupported    ErrorURI = "wamp.error.feature_not_supported"
	ErrNoPayloadCodec         ErrorURI = "wamp.error.no_payload_codec"            // not in the RFC; what Autobahn says where it has no key for an encrypted payload
	ErrDecryption             ErrorURI = "wamp.error.encryption.decrypt_error"    // not in the RFC; what Autobahn says to a payload that it cannot decrypt
	ErrRuntimeError           ErrorURI = "wamp.error.runtime_error"               // not in the RFC; what Autobahn sends for an uncaught exception
	ErrMaxConcurrencyReached  ErrorURI = "crossbar.error.max_concurrency_reached" // not in the RFC; what Crossbar.io sends when REGISTER's concurrency is exhausted
	ErrLimitExceeded          ErrorURI = "junctor.error.limit_exceeded"           // not in the RFC; a session asks for more than a router's limit admits
	ErrSystemShutdown         ErrorURI = "wamp.close.system_shutdown"             // as the reason of an ABORT before WELCOME
)

// The reasons of a GOODBYE (SES-13).
const (
	CloseSystemShutdown URI = "wamp.close.system_shutdown"
	CloseRealm          URI = "wamp.close.close_realm"
	CloseGoodbyeAndOut  URI = "wamp.close.goodbye_and_out"
	CloseKilled         URI = "wamp.close.killed"
	CloseNormal         URI = "wamp.close.normal"                    // what Autobahn and Crossbar.io send
	CloseExpired        URI = "junctor.close.authentication_expired" // not in the RFC; what the session was granted has expired
)

// Error describes e with its URI and, where the first argument is a string,
// that string.
func (e *Error) Error() string {
	var args []any
	if err := e.Payload.Decode(&args, nil); err == nil && len(args) > 0 {
		if s, ok := args[0].(string); ok {
			return fmt.Sprintf("%s: %s", e.URI, s)
		}
	}
	return string(e.URI)
}

// Is reports whether target is e's URI.
func (e *Error) Is(target error) bool {
	u, ok := target.(ErrorURI)
	return ok && u == e.URI
}

// Error describes the ABORT that ended or refused a session.
func (a *Abort) Error() string {
	if a.Message != "" {
		return fmt.Sprintf("aborted: %s: %s", a.Reason, a.Message)
	}
	return "aborted: " + string(a.Reason)
}

// Is reports whether target is a's reason.
func (a *Abort) Is(target error) bool {
	u, ok := target.(ErrorURI)
	return ok && u == a.Reason
}

// ProtocolError says that the other peer broke the protocol. Whoever meets it
// sends ABORT with Reason and Message and ends the session (section 2.8).
type ProtocolError struct {
	Reason  ErrorURI // ErrProtocolViolation unless a rule names another
	Message string   // what was wrong, naming the message and the element
}

// Violation returns a ProtocolError with reason wamp.error.protocol_violation.
func Violation(format string, args ...any) *ProtocolError {
	return &ProtocolError{Reason: ErrProtocolViolation, Message: fmt.Sprintf(format, args...)}
}

// Error describes the violation.
func (e *ProtocolError) Error() string { return string(e.Reason) + ": " + e.Message }

// Is reports whether target is e's reason.
func (e *ProtocolError) Is(target error) bool {
	u, ok := target.(ErrorURI)
	return ok && u == e.Reason
}

// Abort returns the message to send to the peer that caused e.
func (e *ProtocolError) Abort() *Abort { return &Abort{Reason: e.Reason, Message: e.Message} }

// AsProtocolError returns the ProtocolError in err's chain, or nil.
func AsProtocolError(err error) *ProtocolError {
	var pe *ProtocolError
	if errors.As(err, &pe) {
		return pe
	}
	return nil
}
