package auth

import (
	"errors"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// MethodTLS is the name of the method by which a TLS client certificate says
// who connects.
const MethodTLS = "tls"

// CertificateSigner signs in by the certificate that the client showed when it
// connected over TLS; see client.Options.TLS for that (section 4.6).
type CertificateSigner struct {
	AuthID string // empty: the client's, or if that has none the router's choice
}

// Method returns MethodTLS.
func (CertificateSigner) Method() string { return MethodTLS }

// Begin adds the authid.
func (s CertificateSigner) Begin(hello *wamp.Hello, conn *transport.Info) (Attempt, error) {
	if conn.TLS == nil {
		return nil, errors.New("a client certificate needs TLS, which this connection does not use")
	}
	if s.AuthID != "" {
		if err := identify(hello, s.AuthID); err != nil {
			return nil, err
		}
	}
	return unchallenged{MethodTLS}, nil
}
