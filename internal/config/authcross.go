package config

import (
	"runtime"

	"github.com/junctorio/junctor/transport"
)

// checkMethods finds methods that cannot work over the transport's endpoint, and
// roles that are granted but not there.
func (c *checker) checkMethods(r *Router, t *Transport) {
	a := &t.RawSocket.Auth
	if a.TLS != nil {
		c.checkClientCertificates(a.At("tls"), &t.Endpoint)
	}
	if a.PeerCred != nil {
		c.checkPeers(a.At("peercred"), &t.Endpoint)
	}
	for _, g := range a.granted() {
		if g.role != "" && !r.hasRole(g.role) {
			c.warn(Unresolved, g.at.At("role"), "add the role to a realm", "no realm of this router has the role %q: clients cannot join", g.role)
		}
	}
}

func (c *checker) checkClientCertificates(at Position, e *ListenEndpoint) {
	switch {
	case e.Unix != nil:
		c.warn(Conflict, at, `use "peercred", or an endpoint with TLS`, "a Unix socket has no client certificates: nobody can log in by this method")
	case e.TCP != nil && e.TCP.TLS == nil:
		c.warn(Conflict, at, `add "tls" with "ca_certificates" to the endpoint`, "the endpoint is without TLS: nobody can log in by this method")
	case e.TCP != nil && e.TCP.TLS.CACertificates == nil:
		c.warn(Conflict, at, `add "ca_certificates" to the TLS of the endpoint`, "clients are not asked for a certificate: nobody can log in by this method")
	}
}

func (c *checker) checkPeers(at Position, e *ListenEndpoint) {
	switch {
	case e.TCP != nil:
		c.fail(Conflict, at, `use it with an endpoint of type "unix"`, "TCP does not tell which process is at the other end")
	case !transport.KnowsProcesses:
		c.fail(NotSupported, at, "use another method", "%s does not tell which process is at the other end of a Unix socket", runtime.GOOS)
	}
}

// grant is a role that the file gives to a principal.
type grant struct {
	at   Place
	role string
}

// granted returns the roles of those who are named one by one.
func (a *Auth) granted() []grant {
	var list []grant
	if a.SCRAM != nil {
		for _, p := range a.SCRAM.Principals {
			list = append(list, grant{p.Place, p.Role})
		}
	}
	if a.Cryptosign != nil {
		for _, p := range a.Cryptosign.Principals {
			list = append(list, grant{p.Place, p.Role})
		}
	}
	if a.TLS != nil {
		for _, p := range a.TLS.Principals {
			list = append(list, grant{p.Place, p.Role})
		}
		if o := a.TLS.Others; o != nil {
			list = append(list, grant{o.Place, o.Role})
		}
	}
	if a.PeerCred != nil {
		for _, r := range a.PeerCred.Rules {
			list = append(list, grant{r.Place, r.Role})
		}
	}
	return list
}
