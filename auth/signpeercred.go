package auth

import (
	"errors"
	"net"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ProcessSigner signs in over a Unix socket as the process that runs, for which
// the system vouches; see PeerCred.
type ProcessSigner struct {
	AuthID string // empty: the client's, or if that has none the router's choice
}

// Method returns MethodPeerCred.
func (ProcessSigner) Method() string { return MethodPeerCred }

// Begin adds the authid.
func (s ProcessSigner) Begin(hello *wamp.Hello, conn *transport.Info) (Attempt, error) {
	if _, ok := conn.RemoteAddr.(*net.UnixAddr); !ok {
		return nil, errors.New("signing in as a process needs a Unix socket, which this connection does not use")
	}
	if s.AuthID != "" {
		if err := identify(hello, s.AuthID); err != nil {
			return nil, err
		}
	}
	return unchallenged{MethodPeerCred}, nil
}
