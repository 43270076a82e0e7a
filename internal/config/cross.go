package config

import (
	"net/netip"
	"slices"

	"github.com/junctorio/junctor/wamp"
)

// crossCheck looks at what only several items together can get wrong.
func (c *checker) crossCheck(n *Node) {
	workers := &unique{c: c, what: "worker id"}
	addresses := &addressBook{c: c}
	for i := range n.Workers {
		w := &n.Workers[i]
		workers.add(w.ID, w.At("id"))
		switch {
		case w.Container != nil:
			c.checkComponents(w.Container.Components)
		case w.Router != nil:
			c.checkRouter(w)
			if !w.Options.Disabled {
				addresses.addAll(w.Router.Transports)
			}
		}
	}
	c.checkGuests(n)
}

func (c *checker) checkRouter(w *Worker) {
	realmIDs := &unique{c: c, what: "realm id"}
	realmNames := &unique{c: c, what: "realm name"}
	for i := range w.Router.Realms {
		realm := &w.Router.Realms[i]
		realmIDs.add(realm.ID, realm.At("id"))
		realmNames.add(string(realm.Name), realm.At("name"))
		c.checkRoles(realm)
	}
	c.checkEmbedded(w.Router)
	transports := &unique{c: c, what: "transport id"}
	for i := range w.Router.Transports {
		t := &w.Router.Transports[i]
		transports.add(t.ID, t.At("id"))
		c.checkAnonymous(w.Router, t)
		c.checkLogins(w.Router, t)
		c.checkMethods(w.Router, t)
	}
	if len(w.Router.Transports) > 0 && len(w.Router.Realms) == 0 {
		c.warn(MissingKey, w.At("realms"), "add a realm", "the router has transports but no realm: nobody can join")
	}
}

func (c *checker) checkRoles(realm *Realm) {
	names := &unique{c: c, what: "role name"}
	for i := range realm.Roles {
		role := &realm.Roles[i]
		names.add(role.Name, role.At("name"))
		c.checkPermissions(role)
	}
}

// checkPermissions warns of permissions that another one for the same URIs
// makes void.
func (c *checker) checkPermissions(role *Role) {
	type rule struct {
		uri   wamp.URI
		match wamp.Match
	}
	last := map[rule]int{}
	for i, p := range role.Permissions {
		if p.understood {
			last[rule{p.URI, p.Match}] = i
		}
	}
	for i, p := range role.Permissions {
		if winner := last[rule{p.URI, p.Match}]; p.understood && winner != i {
			c.warn(Duplicate, p.At("uri"), "remove one of the two",
				"without effect: the permission in line %d is for the same URIs, and the last one counts", role.Permissions[winner].At().Line)
		}
	}
}

// checkAnonymous warns when a transport gives its clients a role that they can
// join no realm with, and when it admits everybody without saying so.
func (c *checker) checkAnonymous(r *Router, t *Transport) {
	if t.RawSocket == nil || t.RawSocket.Auth.Anonymous == nil || len(r.Realms) == 0 {
		return
	}
	role, said := t.RawSocket.Auth.Anonymous.Role, t.v.get("auth") != nil
	switch {
	case role == "": // reported already
	case r.hasRole(role) && !said && t.Endpoint.isPublic():
		c.warn(MissingKey, t.At(), `add "auth": {"anonymous": {"type": "static"}} if that is meant, or "interface": "127.0.0.1" to the endpoint`,
			"without auth everybody who can reach the port joins as %q", role)
	case r.hasRole(role):
	case said:
		c.warn(Unresolved, t.RawSocket.Auth.Anonymous.At("role"), "add the role to a realm",
			"no realm of this router has the role %q: %s", role, withoutRole(role))
	default:
		c.warn(Unresolved, t.At(), "add the role to a realm, or auth to the transport",
			"without auth clients get the role %q, which no realm of this router has: %s", role, withoutRole(role))
	}
}

// withoutRole says what becomes of clients whose role is not defined.
func withoutRole(role string) string {
	if role == defaultRole {
		return "clients may join and do nothing"
	}
	return "clients cannot join"
}

func (r *Router) hasRole(name string) bool {
	return slices.ContainsFunc(r.Realms, func(realm Realm) bool { return realm.hasRole(name) })
}

// isPublic reports whether other machines can reach the endpoint without a
// certificate.
func (e *ListenEndpoint) isPublic() bool {
	if e.TCP == nil || e.TCP.TLS != nil && e.TCP.TLS.CACertificates != nil && !e.TCP.TLS.OptionalClients {
		return false
	}
	address, err := netip.ParseAddr(e.TCP.Interface)
	return e.TCP.Interface != "localhost" && (err != nil || !address.IsLoopback())
}

// unique finds names that are given twice.
type unique struct {
	c    *checker
	what string
	seen map[string]Position
}

func (u *unique) add(name string, at Position) {
	if name == "" {
		return
	}
	if first, ok := u.seen[name]; ok {
		u.c.fail(Duplicate, at, "", "the %s %q is taken by %s in line %d", u.what, name, first.Path, first.Line)
		return
	}
	if u.seen == nil {
		u.seen = map[string]Position{}
	}
	u.seen[name] = at
}

// addressBook finds endpoints that cannot both listen.
type addressBook struct {
	c    *checker
	tcp  []tcpAddress
	unix unique
}

type tcpAddress struct {
	endpoint *TCPListen
	at       Position
}

func (b *addressBook) addAll(transports []Transport) {
	b.unix.c, b.unix.what = b.c, "socket path"
	for i := range transports {
		e := &transports[i].Endpoint
		if e.Unix != nil {
			b.unix.add(e.Unix.Path, e.At("path"))
		}
		if e.TCP != nil && e.TCP.PortRange.High == 0 && e.TCP.Port != 0 {
			b.addTCP(tcpAddress{e.TCP, e.At("port")})
		}
	}
}

func (b *addressBook) addTCP(a tcpAddress) {
	for _, other := range b.tcp {
		if a.endpoint.clashes(other.endpoint) {
			b.c.fail(Duplicate, a.at, `choose another port, another interface, or "shared": true for both`,
				"port %d is taken by %s in line %d", a.endpoint.Port, other.at.Path, other.at.Line)
			return
		}
	}
	b.tcp = append(b.tcp, a)
}

// clashes reports whether e and other cannot listen at the same time.
func (e *TCPListen) clashes(other *TCPListen) bool {
	if e.Port != other.Port || e.Version != other.Version || e.Shared && other.Shared {
		return false
	}
	return isAny(e.Interface) || isAny(other.Interface) || e.Interface == other.Interface
}

// isAny reports whether an interface stands for all addresses.
func isAny(address string) bool {
	return slices.Contains([]string{"", "0.0.0.0", "::"}, address)
}
