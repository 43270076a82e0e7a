package config

import "github.com/junctorio/junctor/wamp"

// grantee is somebody who may log in, as the file has it.
type grantee struct {
	place Place
	role  string
	realm wamp.URI // "" for all
}

// grantees are all who stand in the file.
func (a *Auth) grantees() []grantee {
	var all []grantee
	if a.Ticket != nil {
		for _, p := range a.Ticket.Principals {
			all = append(all, grantee{p.Place, p.Role, ""})
		}
	}
	if a.WAMPCRA != nil {
		for _, p := range a.WAMPCRA.Users {
			all = append(all, grantee{p.Place, p.Role, ""})
		}
	}
	if a.SCRAM != nil {
		for _, p := range a.SCRAM.Principals {
			all = append(all, grantee{p.Place, p.Role, ""})
		}
	}
	if a.Cryptosign != nil {
		for _, p := range a.Cryptosign.Principals {
			all = append(all, grantee{p.Place, p.Role, p.Realm})
		}
	}
	if a.TLS != nil {
		for _, p := range a.TLS.Principals {
			all = append(all, grantee{p.Place, p.Role, ""})
		}
	}
	if a.PeerCred != nil {
		for _, p := range a.PeerCred.Rules {
			all = append(all, grantee{p.Place, p.Role, ""})
		}
	}
	return all
}

// authenticators are the procedures that decide.
func (a *Auth) authenticators() []*Dynamic {
	var all []*Dynamic
	add := func(d *Dynamic) {
		if d != nil {
			all = append(all, d)
		}
	}
	if a.Anonymous != nil {
		add(a.Anonymous.Dynamic)
	}
	if a.Ticket != nil {
		add(a.Ticket.Dynamic)
	}
	if a.WAMPCRA != nil {
		add(a.WAMPCRA.Dynamic)
	}
	if a.SCRAM != nil {
		add(a.SCRAM.Dynamic)
	}
	if a.Cryptosign != nil {
		add(a.Cryptosign.Dynamic)
	}
	if a.TLS != nil {
		add(a.TLS.Dynamic)
	}
	if a.PeerCred != nil {
		add(a.PeerCred.Dynamic)
	}
	return all
}

// checkLogins finds who can log in and not join, authenticators that cannot be
// called, and tickets that others can read.
func (c *checker) checkLogins(r *Router, t *Transport) {
	if t.RawSocket == nil || len(r.Realms) == 0 {
		return
	}
	a := &t.RawSocket.Auth
	for _, l := range a.grantees() {
		c.checkRealmAndRole(r, l)
	}
	for _, d := range a.authenticators() {
		c.checkAuthenticator(r, d)
	}
	if a.Ticket != nil {
		c.checkCleartext(t, a.Ticket)
		if tokens := a.Ticket.Tokens; tokens != nil {
			c.checkRealmAndRole(r, grantee{tokens.Place, tokens.Role, ""})
		}
	}
}

// realm returns the realm with the name, or nil.
func (r *Router) realm(name wamp.URI) *Realm {
	for i := range r.Realms {
		if r.Realms[i].Name == name {
			return &r.Realms[i]
		}
	}
	return nil
}

func (c *checker) checkRealmAndRole(r *Router, l grantee) {
	realm := r.realm(l.realm)
	switch {
	case l.realm != "" && realm == nil:
		c.warn(Unresolved, l.place.At("realm"), "add the realm", "this router has no realm %q: the principal cannot join", l.realm)
	case l.role == "": // reported already
	case realm != nil && !realm.hasRole(l.role):
		c.warn(Unresolved, l.place.At("role"), "add the role to the realm", "the realm %q has no role %q: %s", l.realm, l.role, withoutRole(l.role))
	case realm == nil && !r.hasRole(l.role):
		c.warn(Unresolved, l.place.At("role"), "add the role to a realm", "no realm of this router has the role %q: %s", l.role, withoutRole(l.role))
	}
}

func (c *checker) checkAuthenticator(r *Router, d *Dynamic) {
	realm := r.realm(d.Realm)
	switch {
	case d.Realm != "" && realm == nil:
		c.fail(Unresolved, d.At("authenticator-realm"), "name a realm of this router", "this router has no realm %q, in which the authenticator would be called", d.Realm)
	case d.Role == TrustedRole || d.Role == "":
	case realm != nil && !realm.hasRole(d.Role), !r.hasRole(d.Role):
		c.fail(Unresolved, d.At("authenticator-role"), "add the role, or leave the key out", "there is no role %q with which the authenticator would be called", d.Role)
	}
	if d.DefaultRole != "" && !r.hasRole(d.DefaultRole) {
		c.warn(Unresolved, d.At("default-role"), "add the role to a realm", "no realm of this router has the role %q: %s", d.DefaultRole, withoutRole(d.DefaultRole))
	}
}

func (c *checker) checkCleartext(t *Transport, ticket *Ticket) {
	if t.Endpoint.TCP == nil || t.Endpoint.TCP.TLS != nil || !t.Endpoint.isPublic() {
		return
	}
	if ticket.Cleartext {
		c.warn(BadValue, ticket.At("allow_cleartext"), `add "tls" to the endpoint, or use wampcra, scram or cryptosign`,
			"tickets go over the network in clear: everybody on the way can read and use them")
		return
	}
	c.warn(Portability, ticket.At(), `add "tls" to the endpoint, or use wampcra, scram or cryptosign`,
		"without TLS tickets are only taken from this machine; Crossbar.io takes them from everywhere, readable for everybody on the way")
}
