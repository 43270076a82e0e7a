package client

import (
	"crypto/tls"
	"errors"

	"github.com/junctorio/junctor/wamp"
)

// refusedLogins are the reasons of an ABORT that say that the credentials are
// no good. The last two are what older routers send.
var refusedLogins = []wamp.ErrorURI{
	wamp.ErrNotAuthorized,
	wamp.ErrAuthenticationDenied,
	wamp.ErrAuthenticationRequired,
	wamp.ErrNoMatchingAuthMethod,
	wamp.ErrNoSuchRole,
	"wamp.error.no_such_principal",
	"wamp.error.no_auth_method",
}

// mistakes are what a router says to something that it will refuse for ever,
// unless its own configuration is not complete yet.
var mistakes = []wamp.ErrorURI{
	wamp.ErrNoSuchRealm,
	wamp.ErrAuthenticationFailed, // a technical failure, but to some routers a wrong password
	wamp.ErrProtocolViolation,
	wamp.ErrNotAuthorized,
	"wamp.error.authorization_denied", // see ErrNotAuthorized in the rules, section 8
	wamp.ErrInvalidURI,
	wamp.ErrInvalidArgument,
	wamp.ErrOptionNotAllowed,
	wamp.ErrDiscloseMeNotAllowed,
	wamp.ErrFeatureNotSupported,
	wamp.ErrPayloadSizeExceeded,
}

// permanent decides whether to give up because of err; worked says whether the
// same thing has succeeded before. See Supervision.Permanent.
func (c *Client) permanent(err error, worked bool) bool {
	verdict := refusedLogin(err) || !worked && mistaken(err)
	if c.supervision.Permanent != nil {
		return c.supervision.Permanent(err, verdict)
	}
	return verdict
}

func refusedLogin(err error) bool {
	var abort *wamp.Abort
	return errors.As(err, &abort) && isAny(abort, refusedLogins)
}

func mistaken(err error) bool {
	var abort *wamp.Abort
	var refusal *wamp.Error
	var certificate *tls.CertificateVerificationError
	var login *LoginError
	switch {
	case errors.As(err, &abort):
		return isAny(abort, mistakes)
	case errors.As(err, &refusal):
		return isAny(refusal, mistakes)
	}
	return errors.As(err, &certificate) || errors.As(err, &login) && login.mistaken || refusedTransport(err)
}

func isAny(err error, uris []wamp.ErrorURI) bool {
	for _, uri := range uris {
		if errors.Is(err, uri) {
			return true
		}
	}
	return false
}
