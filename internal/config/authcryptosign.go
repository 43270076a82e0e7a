package config

import (
	"crypto/ed25519"

	"github.com/junctorio/junctor/wamp"
)

// Cryptosign is authentication by Ed25519 keys. Either the Principals of the file
// may log in, or Dynamic knows them.
type Cryptosign struct {
	Place
	Principals []CryptosignPrincipal
	Dynamic    *Dynamic
	RouterKey  string // file with the private key that the router proves itself with; "" for none

	defaultRole string
}

// CryptosignPrincipal is who may log in with one of some keys.
type CryptosignPrincipal struct {
	Place
	AuthID string
	Role   string              // "" cannot join
	Realm  wamp.URI            // the realm to join instead of the one asked for; "" for that one
	Keys   []ed25519.PublicKey // not empty
}

var cryptosignVariants = variants[Cryptosign]{
	name:    "cryptosign",
	title:   "Cryptosign authentication",
	noun:    "authentication",
	objects: []variant[Cryptosign]{{name: "static", object: &cryptosignStatic}, {name: "dynamic", object: &cryptosignDynamic}},
	hints:   map[string]string{"function": pythonHint},
}

var cryptosignStatic = object[Cryptosign]{
	name:    "cryptosignStatic",
	title:   "Static cryptosign authentication",
	lenient: true,
	fields: []field[Cryptosign]{
		typeOnly[Cryptosign]("static"),
		{
			key: "principals", required: true,
			is: into(principals(cryptosignPrincipal.form(), func(p *CryptosignPrincipal, authid string) { p.AuthID = authid }),
				func(a *Cryptosign) *[]CryptosignPrincipal { return &a.Principals }),
			doc: "Who may log in. A client that does not say who it is, is known by its key, if that is the key of one principal alone.",
		},
		{
			key: "trustroots", is: refusal[Cryptosign]("not supported: certificates with Ethereum trust roots",
				`name the keys in "principals"`, "certificates with Ethereum trust roots are not supported, and not planned"),
		},
		defaultRoleField(func(a *Cryptosign) *string { return &a.defaultRole }),
		routerKeyField,
	},
	finish: func(c *checker, _ *value, a *Cryptosign) {
		for i := range a.Principals {
			c.completeRole(a.Principals[i].Place, &a.Principals[i].Role, a.defaultRole)
		}
		c.checkSharedKeys(a.Principals)
	},
}

// checkSharedKeys warns of keys by which clients are not known.
func (c *checker) checkSharedKeys(principals []CryptosignPrincipal) {
	holders := make(map[string]string)
	for _, p := range principals {
		for _, key := range p.Keys {
			other, taken := holders[string(key)]
			if taken && other != p.AuthID {
				c.warn(Conflict, p.At("authorized_keys"), "give each a key of its own, or have clients name their authid",
					"%q has one of these keys too: a client with it that does not say who it is cannot log in", other)
			}
			holders[string(key)] = p.AuthID
		}
	}
}

var cryptosignDynamic = object[Cryptosign]{
	name:    "cryptosignDynamic",
	title:   "Dynamic cryptosign authentication",
	lenient: true,
	begin:   beginDynamic(func(a *Cryptosign) **Dynamic { return &a.Dynamic }),
	fields:  append(dynamicFields(func(a *Cryptosign) *Dynamic { return a.Dynamic }), routerKeyField),
	finish:  finishDynamic(func(a *Cryptosign) *Dynamic { return a.Dynamic }),
}

var routerKeyField = field[Cryptosign]{
	key: "router_key", added: true, absent: "clients that ask for a proof are refused",
	is: into(filePath, func(a *Cryptosign) *string { return &a.RouterKey }),
	doc: "File with the private key (Ed25519) by which the router proves itself to clients that ask for it. `junctor keygen` makes it. " +
		"It should log in nowhere: the router signs what clients send.",
	note: "uses the node's key.",
}

var cryptosignPrincipal = object[CryptosignPrincipal]{
	name:      "cryptosignPrincipal",
	title:     "Cryptosign principal",
	lenient:   true,
	strangers: map[string]string{"authorized-keys": `it is called "authorized_keys"`, "pubkey": `it is called "authorized_keys", a list`},
	fields: []field[CryptosignPrincipal]{
		{
			key: "authorized_keys", required: true,
			is:  into(authorizedKeys, func(p *CryptosignPrincipal) *[]ed25519.PublicKey { return &p.Keys }),
			doc: "The principal's public keys (Ed25519), any of which will do.",
		},
		roleField(func(p *CryptosignPrincipal) *string { return &p.Role }),
		{
			key: "realm", is: into(realmName, func(p *CryptosignPrincipal) *wamp.URI { return &p.Realm }),
			absent: "the one that it asks for", doc: "The realm that the principal joins, whichever it asks for.",
		},
	},
}

var authorizedKeys = listOf(authorizedKey).then(func(c *checker, v *value, keys []ed25519.PublicKey) ([]ed25519.PublicKey, bool) {
	if len(keys) == 0 {
		c.warn(BadValue, v.position(), "add a key, or remove the principal", "without a key, the principal cannot log in")
	}
	return keys, true
})

// authorizedKey is an Ed25519 key.
var authorizedKey = form[ed25519.PublicKey]{
	words:  "a public key of 64 hex digits",
	schema: octets(ed25519.PublicKeySize, ed25519.PublicKeySize).schema,
	read: func(c *checker, v *value) (ed25519.PublicKey, bool) {
		b, ok := octets(ed25519.PublicKeySize, ed25519.PublicKeySize).read(c, v)
		return b, ok
	},
}

// refusal is a key that junctor does not and will not support.
func refusal[T any](link, hint, format string, args ...any) binding[T] {
	return binding[T]{
		link: link, schema: schema{"not": schema{}},
		read: func(c *checker, v *value, _ *T) { c.fail(NotSupported, v.keyPosition(), hint, format, args...) },
	}
}
