package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/bench"
	"github.com/junctorio/junctor/wamp"
)

// Exit codes. Scripts and service units depend on them; docs/cli.md lists them.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitRefused     = 3   // an ERROR message answered the request
	ExitTimeout     = 4   // no answer in time
	ExitDenied      = 5   // not admitted or not authorized
	ExitUnavailable = 69  // no router there, or the connection broke
	ExitConfig      = 78  // the configuration has errors
	ExitInterrupted = 130 // ended by a signal before it was done
)

// exitCodes is the table printed by the documentation.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{ExitOK, "done; also the ordered end of `start`, `dev`, `subscribe` and `register` by a signal"},
	{ExitFailure, "failed for a reason that has no code of its own"},
	{ExitUsage, "wrong arguments or flags"},
	{ExitRefused, "the router or the callee answered with an ERROR"},
	{ExitTimeout, "no answer in time"},
	{ExitDenied, "not admitted to the realm, or not authorized"},
	{ExitUnavailable, "no router at the URL, or the connection broke"},
	{ExitConfig, "the configuration has errors (a service manager need not restart)"},
	{ExitInterrupted, "interrupted by a signal before it was done"},
}

// Interrupted is the cause with which Run's context is cancelled by a signal.
type Interrupted struct{ Signal os.Signal }

// Error names the signal.
func (i Interrupted) Error() string { return fmt.Sprintf("interrupted (%v)", i.Signal) }

// usageError is the user's mistake on the command line.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, args ...any) error {
	return &usageError{fmt.Sprintf(format, args...)}
}

// exitError ends a command with a code. A nil err prints nothing more: the
// command has already said what is wrong.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// denied are the URIs of refusals to admit the client, or to let it do what it
// asked for.
var denied = []wamp.ErrorURI{
	wamp.ErrNotAuthorized, wamp.ErrAuthorizationFailed, wamp.ErrNoSuchRole, wamp.ErrNoSuchRealm,
	wamp.ErrNoMatchingAuthMethod, wamp.ErrAuthenticationDenied,
	wamp.ErrAuthenticationFailed, wamp.ErrAuthenticationRequired,
}

// exitCode returns the code that a command ends with for err, which may be nil.
func exitCode(ctx context.Context, err error) int {
	var (
		usage       *usageError
		impossible  *bench.OptionError
		exit        *exitError
		interrupted Interrupted
		refused     *wamp.Error
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage), errors.As(err, &impossible):
		return ExitUsage
	case errors.As(err, &interrupted), errors.Is(err, context.Canceled) && errors.As(context.Cause(ctx), &interrupted):
		return ExitInterrupted
	case isDenied(err):
		return ExitDenied
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, wamp.ErrTimeout):
		return ExitTimeout
	case errors.As(err, &refused):
		return ExitRefused
	case errors.Is(err, net.ErrClosed):
		return ExitUnavailable
	}
	return ExitFailure
}

func isDenied(err error) bool {
	for _, uri := range denied {
		if errors.Is(err, uri) {
			return true
		}
	}
	var login *client.LoginError
	return errors.As(err, &login)
}
