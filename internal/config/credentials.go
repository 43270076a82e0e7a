package config

import (
	"net/netip"
	"regexp"
	"strings"
)

// ConnectAuth is who a connecting transport wants to be. The router chooses
// among the methods that are set; without any it is anonymous.
type ConnectAuth struct {
	Place
	Anonymous  *AnonymousIdentity
	Ticket     *TicketCredentials
	WAMPCRA    *CRACredentials
	SCRAM      *SCRAMCredentials
	Cryptosign *CryptosignCredentials
	TLS        *TLSCredentials
	PeerCred   *ProcessCredentials
}

// AnonymousIdentity asks for no identity, or for a name that nothing proves.
type AnonymousIdentity struct {
	Place
	AuthID string // "" leaves it to the router
}

// TicketCredentials log in with a ticket, a password in clear.
type TicketCredentials struct {
	Place
	AuthID string
	Ticket Secret // that of a file is read at each login
}

// CRACredentials log in by challenge and response.
type CRACredentials struct {
	Place
	AuthID string
	Secret Secret
}

// SCRAMCredentials log in with a password that is never sent.
type SCRAMCredentials struct {
	Place
	AuthID         string
	Password       Secret
	ChannelBinding string // "" for none
}

// CryptosignCredentials log in with an Ed25519 key.
type CryptosignCredentials struct {
	Place
	AuthID          string // "" leaves it to the router, which knows the key
	Key             Secret // of a form that auth.ParsePrivateKey reads
	ChannelBinding  string // "" for none
	BindingOptional bool   // go on with a router that does not bind
	RouterKey       string // 64 hex digits; "" takes any router
}

// TLSCredentials log in with the client certificate of the endpoint.
type TLSCredentials struct {
	Place
	AuthID string // "" leaves it to the router, which knows the certificate
}

// ProcessCredentials log in over a Unix socket as the process that one is.
type ProcessCredentials struct {
	Place
	AuthID string // "" leaves it to the router, which knows the process
}

var connectAuthObject = object[ConnectAuth]{
	name:  "connectAuth",
	title: "Credentials",
	fields: []field[ConnectAuth]{
		{
			key: "tls", added: true, absent: "not offered",
			is:  into(pointer(tlsCredentialsObject.form()), func(a *ConnectAuth) **TLSCredentials { return &a.TLS }),
			doc: "Log in with the `certificate` of the endpoint's `tls`.",
		},
		{
			key: "peercred", added: true, absent: "not offered",
			is:  into(pointer(processCredentialsObject.form()), func(a *ConnectAuth) **ProcessCredentials { return &a.PeerCred }),
			doc: "Log in over a Unix socket as the process that one is. Routers of junctor know the method.",
		},
		{
			key: "cryptosign", added: true, absent: "not offered",
			is:  into(pointer(cryptosignObject.form()), func(a *ConnectAuth) **CryptosignCredentials { return &a.Cryptosign }),
			doc: "Log in with an Ed25519 key.",
		},
		{
			key: "scram", added: true, absent: "not offered",
			is:  into(pointer(scramObject.form()), func(a *ConnectAuth) **SCRAMCredentials { return &a.SCRAM }),
			doc: "Log in with a password that the router does not get to see, and that it has to know something of (WAMP-SCRAM, `wamp-scram`).",
		},
		{
			key: "wampcra", added: true, absent: "not offered",
			is:  into(pointer(craObject.form()), func(a *ConnectAuth) **CRACredentials { return &a.WAMPCRA }),
			doc: "Log in by signing a challenge with a secret that both sides know.",
		},
		{
			key: "ticket", added: true, absent: "not offered",
			is:  into(pointer(ticketObject.form()), func(a *ConnectAuth) **TicketCredentials { return &a.Ticket }),
			doc: "Log in with a ticket, which is a password or a token. The router gets to see it.",
		},
		{
			key: "anonymous", added: true, absent: "offered if nothing else is",
			is:  into(pointer(anonymousIdentityObject.form()), func(a *ConnectAuth) **AnonymousIdentity { return &a.Anonymous }),
			doc: "Join without credentials.",
		},
	},
	finish: func(c *checker, _ *value, a *ConnectAuth) {
		c.checkOneIdentity(a)
		c.checkOneBinding(a)
	},
}

var anonymousIdentityObject = object[AnonymousIdentity]{
	name:  "connectAnonymous",
	title: "Joining anonymously",
	fields: []field[AnonymousIdentity]{{
		key: "authid", added: true, absent: "the router's choice",
		is:  into(anyText, func(a *AnonymousIdentity) *string { return &a.AuthID }),
		doc: "The authid to ask for. Routers need not grant it, and junctor does not.",
	}},
}

var ticketObject = object[TicketCredentials]{
	name:  "connectTicket",
	title: "Ticket credentials",
	fields: []field[TicketCredentials]{
		authIDField(func(a *TicketCredentials) *string { return &a.AuthID }),
		secretField("ticket", "The ticket. A file is read at each login, so that a token in it can be renewed.", func(a *TicketCredentials) *Secret { return &a.Ticket }),
	},
}

var craObject = object[CRACredentials]{
	name:  "connectWAMPCRA",
	title: "WAMP-CRA credentials",
	fields: []field[CRACredentials]{
		authIDField(func(a *CRACredentials) *string { return &a.AuthID }),
		secretField("secret", "The secret, which is salted if the router says so.", func(a *CRACredentials) *Secret { return &a.Secret }),
	},
}

var scramObject = object[SCRAMCredentials]{
	name:  "connectSCRAM",
	title: "WAMP-SCRAM credentials",
	fields: []field[SCRAMCredentials]{
		authIDField(func(a *SCRAMCredentials) *string { return &a.AuthID }),
		secretField("password", "The password.", func(a *SCRAMCredentials) *Secret { return &a.Password }),
		bindingField(func(a *SCRAMCredentials) *string { return &a.ChannelBinding }, "tls-exporter", "tls-server-end-point", "tls-unique"),
	},
}

var cryptosignObject = object[CryptosignCredentials]{
	name:  "connectCryptosign",
	title: "WAMP-cryptosign credentials",
	fields: []field[CryptosignCredentials]{
		knownAuthIDField("key", func(a *CryptosignCredentials) *string { return &a.AuthID }),
		{
			key: "key", required: true, added: true,
			is:  into(keySource, func(a *CryptosignCredentials) *Secret { return &a.Key }),
			doc: "File with the private key (Ed25519): as `junctor keygen`, a Crossbar.io node, `ssh-keygen` or `openssl` writes it, without a passphrase. `\"${NAME}\"` takes the key itself from an environment variable.",
		},
		bindingField(func(a *CryptosignCredentials) *string { return &a.ChannelBinding }, "tls-exporter", "tls-unique"),
		{
			key: "binding_optional", added: true, def: "false",
			is:  into(boolean, func(a *CryptosignCredentials) *bool { return &a.BindingOptional }),
			doc: "Whether to go on with a router that does not support `channel_binding`.",
		},
		{
			key: "router_key", added: true, absent: "any",
			is:  into(publicKey, func(a *CryptosignCredentials) *string { return &a.RouterKey }),
			doc: "The public key of the router, which must then prove that it has the private one.",
		},
	},
}

var tlsCredentialsObject = object[TLSCredentials]{
	name:   "connectTLS",
	title:  "TLS credentials",
	fields: []field[TLSCredentials]{knownAuthIDField("certificate", func(a *TLSCredentials) *string { return &a.AuthID })},
}

var processCredentialsObject = object[ProcessCredentials]{
	name:   "connectPeerCred",
	title:  "Process credentials",
	fields: []field[ProcessCredentials]{knownAuthIDField("process", func(a *ProcessCredentials) *string { return &a.AuthID })},
}

// publicKey is an Ed25519 public key.
var publicKey = text("a public key of 64 hexadecimal digits", regexp.MustCompile(`^[0-9a-fA-F]{64}$`))

func authIDField[T any](at func(*T) *string) field[T] {
	return field[T]{key: "authid", required: true, added: true, is: into(anyText, at), doc: "Whom to log in as."}
}

// knownAuthIDField is the authid for methods whose router knows it already.
func knownAuthIDField[T any](what string, at func(*T) *string) field[T] {
	return field[T]{
		key: "authid", added: true, absent: "the router knows whose " + what + " it is",
		is: into(anyText, at), doc: "Whom to log in as.",
	}
}

func secretField[T any](key, doc string, at func(*T) *Secret) field[T] {
	return field[T]{key: key, required: true, added: true, is: into(secretSource, at), doc: doc + secretDoc}
}

func bindingField[T any](at func(*T) *string, kinds ...string) field[T] {
	words := make([]word[string], len(kinds))
	for i, kind := range kinds {
		words[i] = word[string]{kind, kind}
	}
	return field[T]{
		key: "channel_binding", added: true, absent: "none", is: into(oneOf(words...), at),
		doc: "Ties the login to this TLS connection, so that nobody in between can use it for another. `tls-unique` exists up to TLS 1.2. A router that does not support it refuses the login.",
	}
}

// login is what the methods have in common, for checks.
type login struct {
	method, authID, binding string
}

func (a *ConnectAuth) logins() []login {
	var all []login
	if t := a.TLS; t != nil {
		all = append(all, login{method: "tls", authID: t.AuthID})
	}
	if p := a.PeerCred; p != nil {
		all = append(all, login{method: "peercred", authID: p.AuthID})
	}
	if s := a.Cryptosign; s != nil {
		all = append(all, login{"cryptosign", s.AuthID, s.ChannelBinding})
	}
	if s := a.SCRAM; s != nil {
		all = append(all, login{"scram", s.AuthID, s.ChannelBinding})
	}
	if s := a.WAMPCRA; s != nil {
		all = append(all, login{method: "wampcra", authID: s.AuthID})
	}
	if t := a.Ticket; t != nil {
		all = append(all, login{method: "ticket", authID: t.AuthID})
	}
	return all
}

// checkOneIdentity refuses methods for different identities: all are offered
// together, for one.
func (c *checker) checkOneIdentity(a *ConnectAuth) {
	var first login
	for _, l := range a.logins() {
		switch {
		case l.authID == "":
		case first.authID == "":
			first = l
		case l.authID != first.authID:
			c.fail(Conflict, a.At(l.method, "authid"), "one component is one identity",
				"the authid is %s here and %s for %s", quote(l.authID), quote(first.authID), first.method)
		}
	}
}

// checkOneBinding refuses methods with different channel bindings: a HELLO has
// room for one.
func (c *checker) checkOneBinding(a *ConnectAuth) {
	if a.Cryptosign == nil || a.SCRAM == nil {
		return
	}
	one, other := a.Cryptosign.ChannelBinding, a.SCRAM.ChannelBinding
	if one != "" && other != "" && one != other {
		c.fail(Conflict, a.SCRAM.At("channel_binding"), "use "+one+" for both", "cryptosign asks for another channel binding, %s", one)
	}
}

// checkCredentials judges credentials by the endpoint that they are used on.
func (c *checker) checkCredentials(t *ConnectTransport) {
	a := &t.RawSocket.Auth
	var secured *TLSConnect
	if t.Endpoint.TCP != nil {
		secured = t.Endpoint.TCP.TLS
	}
	if a.TLS != nil && (secured == nil || secured.Certificate == "") {
		c.fail(MissingKey, a.At("tls"), `give the endpoint's "tls" a "certificate" and its "key"`, "the endpoint has no client certificate to log in with")
	}
	if a.PeerCred != nil && t.Endpoint.TCP != nil {
		c.fail(Conflict, a.At("peercred"), `use it with an endpoint of type "unix"`, "TCP does not tell the router which process connects")
	}
	for _, l := range a.logins() {
		if l.binding != "" && secured == nil {
			c.fail(MissingKey, a.At(l.method, "channel_binding"), `add "tls" to the endpoint, or remove it`, "channel binding needs TLS")
		}
	}
	if a.Ticket != nil && secured == nil && t.Endpoint.TCP != nil && !onThisMachine(t.Endpoint.TCP.Host) {
		c.warn(BadValue, a.At("ticket"), `add "tls" to the endpoint, or use a method that does not show its secret`,
			"the ticket is sent in clear: everybody on the way to %s can read it", t.Endpoint.TCP.Host)
	}
}

// onThisMachine reports whether a host is certainly this one.
func onThisMachine(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
