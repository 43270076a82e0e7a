package config

// ConnectAuth is who a connecting transport wants to be. The router chooses
// among the methods that are set; without any it is anonymous.
type ConnectAuth struct {
	Place
	Anonymous *AnonymousIdentity

	// Not yet supported: the check refuses them.
	Ticket     *TicketCredentials
	WAMPCRA    *CRACredentials
	SCRAM      *SCRAMCredentials
	Cryptosign *CryptosignCredentials
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
	Ticket string
}

// CRACredentials log in by challenge and response.
type CRACredentials struct {
	Place
	AuthID string
	Secret string
}

// SCRAMCredentials log in with a password that is never sent.
type SCRAMCredentials struct {
	Place
	AuthID   string
	Password string
}

// CryptosignCredentials log in with an Ed25519 key.
type CryptosignCredentials struct {
	Place
	AuthID string // "" leaves it to the router, which knows the key
	Key    string // file with the private key, joined to the node directory
}

var connectAuthObject = object[ConnectAuth]{
	name:  "connectAuth",
	title: "Credentials",
	fields: []field[ConnectAuth]{
		{
			key: "anonymous", added: true, absent: "offered if nothing else is",
			is:  into(pointer(anonymousIdentityObject.form()), func(a *ConnectAuth) **AnonymousIdentity { return &a.Anonymous }),
			doc: "Join without credentials.",
		},
		{
			key: "ticket", added: true, absent: "not offered", doc: notYet,
			is: into(laterCredentials(&ticketObject), func(a *ConnectAuth) **TicketCredentials { return &a.Ticket }),
		},
		{
			key: "wampcra", added: true, absent: "not offered", doc: notYet,
			is: into(laterCredentials(&craObject), func(a *ConnectAuth) **CRACredentials { return &a.WAMPCRA }),
		},
		{
			key: "scram", added: true, absent: "not offered", doc: notYet,
			is: into(laterCredentials(&scramObject), func(a *ConnectAuth) **SCRAMCredentials { return &a.SCRAM }),
		},
		{
			key: "cryptosign", added: true, absent: "not offered", doc: notYet,
			is: into(laterCredentials(&cryptosignObject), func(a *ConnectAuth) **CryptosignCredentials { return &a.Cryptosign }),
		},
	},
}

const notYet = "Not yet supported."

// laterCredentials are checked, and refused: a component that was meant to log
// in does not join as somebody else.
func laterCredentials[T any](o *object[T]) form[*T] {
	f := pointer(o.form())
	read := f.read
	f.read = func(c *checker, v *value) (*T, bool) {
		read(c, v)
		c.fail(NotSupported, v.keyPosition(), "supported: anonymous", "the authentication method %q is not yet supported by junctor", v.key)
		return nil, false
	}
	return f
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
		secretField("ticket", "The ticket.", func(a *TicketCredentials) *string { return &a.Ticket }),
	},
}

var craObject = object[CRACredentials]{
	name:  "connectWAMPCRA",
	title: "WAMP-CRA credentials",
	fields: []field[CRACredentials]{
		authIDField(func(a *CRACredentials) *string { return &a.AuthID }),
		secretField("secret", "The secret, which is salted if the router says so.", func(a *CRACredentials) *string { return &a.Secret }),
	},
}

var scramObject = object[SCRAMCredentials]{
	name:  "connectSCRAM",
	title: "WAMP-SCRAM credentials",
	fields: []field[SCRAMCredentials]{
		authIDField(func(a *SCRAMCredentials) *string { return &a.AuthID }),
		secretField("password", "The password.", func(a *SCRAMCredentials) *string { return &a.Password }),
	},
}

var cryptosignObject = object[CryptosignCredentials]{
	name:  "connectCryptosign",
	title: "WAMP-cryptosign credentials",
	fields: []field[CryptosignCredentials]{
		{
			key: "authid", added: true, absent: "the router knows whose key it is",
			is: into(anyText, func(a *CryptosignCredentials) *string { return &a.AuthID }), doc: "Whom to log in as.",
		},
		{
			key: "key", required: true, added: true,
			is: into(filePath, func(a *CryptosignCredentials) *string { return &a.Key }), doc: "File with the private key (Ed25519).",
		},
	},
}

func authIDField[T any](at func(*T) *string) field[T] {
	return field[T]{key: "authid", required: true, added: true, is: into(anyText, at), doc: "Whom to log in as."}
}

func secretField[T any](key, doc string, at func(*T) *string) field[T] {
	return field[T]{
		key: key, required: true, added: true, is: into(secret, at),
		doc: doc + " `\"${NAME}\"` takes it from an environment variable.",
	}
}

// secret is a string, or an environment variable that holds it. What it is
// stands in no finding.
var secret = form[string]{
	words:  "a string",
	schema: schema{"type": "string", "minLength": 1},
	read: func(c *checker, v *value) (string, bool) {
		if v.kind != isText || v.text == "" {
			c.fail(WrongType, v.position(), "", "must be a string that is not empty")
			return "", false
		}
		name := wholeVariable.FindStringSubmatch(v.text)
		if name == nil {
			return v.text, true
		}
		setting, ok := c.lookupEnv(name[1])
		if !ok {
			c.fail(Unresolved, v.position(), "set it", "the environment variable %s is not set", name[1])
		}
		return setting, ok
	},
}
