package config

// Auth is how the clients of a transport may authenticate. Methods that are
// nil are not offered; without any nobody can join.
type Auth struct {
	Place
	Anonymous  *Anonymous // set by default when the file has no auth at all
	Ticket     *Ticket
	WAMPCRA    *CRA
	SCRAM      *SCRAM
	Cryptosign *Cryptosign
	TLS        *TLSAuth
	PeerCred   *PeerCred
}

// Anonymous admits everybody with one role.
type Anonymous struct {
	Place
	Role   string
	AuthID string // "" means a random one for each session

	Dynamic *Dynamic // decides instead; nil if none does
}

var authObject = object[Auth]{
	name:  "auth",
	title: "Authentication",
	fields: []field[Auth]{
		{
			key: "anonymous", is: into(pointer(anonymousVariants.form()), func(a *Auth) **Anonymous { return &a.Anonymous }),
			absent: "not offered", doc: "Admit everybody. Without `auth` at all, this is what is offered.",
		},
		{
			key: "ticket", is: into(pointer(ticketVariants.form()), func(a *Auth) **Ticket { return &a.Ticket }),
			absent: "not offered", doc: "Log in by showing a ticket.",
		},
		{
			key: "wampcra", is: into(pointer(craVariants.form()), func(a *Auth) **CRA { return &a.WAMPCRA }),
			absent: "not offered", doc: "Log in by signing a challenge with a secret that both sides know.",
		},
		{
			key: "scram", is: into(pointer(scramVariants.form()), func(a *Auth) **SCRAM { return &a.SCRAM }),
			absent: "not offered", doc: "Log in with a password that neither goes over the wire nor is in the file, and verify the router in turn. Clients know it as `wamp-scram`, and Autobahn's dialect of it as `scram`.",
			note: "only speaks the dialect.",
		},
		{
			key: "cryptosign", is: into(pointer(cryptosignVariants.form()), func(a *Auth) **Cryptosign { return &a.Cryptosign }),
			absent: "not offered", doc: "Log in with an Ed25519 key, bound to the TLS connection if the client asks for that.",
		},
		{
			key: "tls", is: into(pointer(tlsAuthVariants.form()), func(a *Auth) **TLSAuth { return &a.TLS }),
			absent: "not offered", doc: "Log in with a client certificate, for which the endpoint needs `ca_certificates`.",
			note: "cannot do that over RawSocket.",
		},
		{
			key: "peercred", added: true, is: into(pointer(peerCredVariants.form()), func(a *Auth) **PeerCred { return &a.PeerCred }),
			absent: "not offered", doc: "Log in over a Unix socket as the process that one is, for which the system vouches.",
		},
		refusedMethod("wamp-scram", "called `scram` here", UnknownKey, "the method %q is configured as \"scram\""),
		refusedMethod("cookie", "RawSocket has no cookies", NotSupported, "the authentication method %q is for WebSocket: RawSocket has no cookies"),
		unsafeMethod("anonymous-proxy"),
		unsafeMethod("cryptosign-proxy"),
	},
	finish: func(c *checker, v *value, a *Auth) {
		if len(v.items) == 0 {
			c.warn(MissingKey, v.position(), `remove auth to admit everybody, or name a method`, "no method is offered, so that nobody can join")
		}
	},
}

// unsafeMethod is a method that lets peers claim any identity.
func unsafeMethod(name string) field[Auth] {
	return refusedMethod(name, "refused", NotSupported, "the authentication method %q is not supported: it believes whatever identity a peer claims")
}

func refusedMethod(name, link string, kind Kind, format string) field[Auth] {
	return field[Auth]{key: name, is: binding[Auth]{
		link: link, schema: schema{"not": schema{}},
		read: func(c *checker, v *value, _ *Auth) {
			c.fail(kind, v.keyPosition(), "supported: anonymous, ticket, wampcra, scram, cryptosign, tls, peercred", format, name)
		},
	}}
}

var anonymousVariants = variants[Anonymous]{
	name:    "anonymous",
	title:   "Anonymous authentication",
	noun:    "authentication",
	objects: []variant[Anonymous]{{name: "static", object: &anonymousObject}, {name: "dynamic", object: &anonymousDynamic}},
	hints:   map[string]string{"function": pythonHint},
}

// defaultRole is the role of anonymous clients unless configured.
const defaultRole = "anonymous"

var anonymousObject = object[Anonymous]{
	name:  "anonymousStatic",
	title: "Static anonymous authentication",
	fields: []field[Anonymous]{
		typeOnly[Anonymous]("static"),
		{
			key: "role", is: into(clientRole, func(a *Anonymous) *string { return &a.Role }),
			def: `"` + defaultRole + `"`, doc: "The role of all clients. The realm must have it, or they cannot join (as `anonymous` they can, and may do nothing).",
		},
		{
			key: "authid", is: into(anyText, func(a *Anonymous) *string { return &a.AuthID }),
			absent: "random for each client", doc: "The authid of all clients.",
		},
		{key: "realm", is: ignored[Anonymous]("a client joins the realm that it asks for (in Crossbar.io too)")},
	},
}

var anonymousDynamic = object[Anonymous]{
	name:    "anonymousDynamic",
	title:   "Dynamic anonymous authentication",
	lenient: true,
	begin:   beginDynamic(func(a *Anonymous) **Dynamic { return &a.Dynamic }),
	fields:  dynamicFields(func(a *Anonymous) *Dynamic { return a.Dynamic }),
	finish:  finishDynamic(func(a *Anonymous) *Dynamic { return a.Dynamic }),
}

// clientRole is a role that a client may get.
var clientRole = anyText.then(func(c *checker, v *value, name string) (string, bool) {
	if name == TrustedRole {
		c.fail(BadValue, v.position(), "define a role with the permissions that clients need",
			"clients cannot have the role %q: it is the router's own and may do anything", name)
	}
	return name, name != TrustedRole
})
