package dealer

import (
	"fmt"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// refusal is why a request is refused: the URI of the ERROR, and words for
// humans.
type refusal struct {
	uri wamp.ErrorURI
	why string
}

// What follows words refusals. It is off the path of requests that succeed.

func noSuchProcedure(u wamp.URI) *refusal {
	return &refusal{wamp.ErrNoSuchProcedure, "no callee has registered procedure " + core.Quote(u)}
}

func invalidURI(what string, u wamp.URI, rule wamp.URIRule) *refusal {
	return &refusal{wamp.ErrInvalidURI, core.InvalidURI(what, u, rule)}
}

func tooMany(what string, limit int) *refusal {
	return &refusal{wamp.ErrLimitExceeded, fmt.Sprintf("a session may have %d %s, no more", limit, what)}
}

func notSupported(u wamp.URI, features string) *refusal {
	return &refusal{
		wamp.ErrFeatureNotSupported,
		fmt.Sprintf("the callee of procedure %s did not announce %s", core.Quote(u), features),
	}
}

func tookTooLong(timeout time.Duration) string {
	return fmt.Sprintf("there was no answer within %v", timeout)
}

const calleeLeft = "the callee left before it answered"
