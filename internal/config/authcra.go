package config

import "github.com/junctorio/junctor/auth"

// CRA is WAMP challenge-response authentication. Either the Users of the file
// may log in, or Dynamic knows them.
type CRA struct {
	Place
	Users   []CRAUser
	Dynamic *Dynamic

	defaultRole string
}

// CRAUser is who may log in with a secret.
type CRAUser struct {
	Place
	AuthID     string
	Role       string // "" cannot join
	Secret     Secret
	Derived    *bool  // Secret is the base64 text of what PBKDF2 made of the password; nil: if it looks so
	Salt       string // "" for none
	Iterations int
	KeyLen     int // octets
}

var craVariants = variants[CRA]{
	name:    "wampcra",
	title:   "WAMP-CRA authentication",
	noun:    "authentication",
	objects: []variant[CRA]{{name: "static", object: &craStatic}, {name: "dynamic", object: &craDynamic}},
	hints:   map[string]string{"function": pythonHint},
}

var craStatic = object[CRA]{
	name:    "wampcraStatic",
	title:   "Static WAMP-CRA authentication",
	lenient: true,
	fields: []field[CRA]{
		typeOnly[CRA]("static"),
		{
			key: "users", required: true,
			is:  into(principals(craUser.form(), func(u *CRAUser, authid string) { u.AuthID = authid }), func(a *CRA) *[]CRAUser { return &a.Users }),
			doc: "Who may log in.",
		},
		defaultRoleField(func(a *CRA) *string { return &a.defaultRole }),
	},
	finish: func(c *checker, _ *value, a *CRA) {
		for i := range a.Users {
			c.completeRole(a.Users[i].Place, &a.Users[i].Role, a.defaultRole)
		}
	},
}

var craDynamic = object[CRA]{
	name:    "wampcraDynamic",
	title:   "Dynamic WAMP-CRA authentication",
	lenient: true,
	begin:   beginDynamic(func(a *CRA) **Dynamic { return &a.Dynamic }),
	fields:  dynamicFields(func(a *CRA) *Dynamic { return a.Dynamic }),
	finish:  finishDynamic(func(a *CRA) *Dynamic { return a.Dynamic }),
}

var craUser = object[CRAUser]{
	name:    "wampcraUser",
	title:   "WAMP-CRA user",
	lenient: true,
	fields: []field[CRAUser]{
		{
			key: "secret", required: true, is: into(secretSource, func(u *CRAUser) *Secret { return &u.Secret }),
			doc: "The password, or the key that was derived from it (see `derived`)." + secretDoc,
		},
		roleField(func(u *CRAUser) *string { return &u.Role }),
		{
			key: "salt", is: into(anyText, func(u *CRAUser) *string { return &u.Salt }),
			absent: "none", doc: "What the client derives the key with, besides the password.",
		},
		{
			key: "iterations", is: into(integer(1, auth.MaxCRAIterations, ""), func(u *CRAUser) *int { return &u.Iterations }),
			def: "1000", doc: "How often the password is hashed, if there is a salt.", note: "since 25.12 does not salt unless `salt`, `iterations` and `keylen` are all there.",
		},
		{
			key: "keylen", is: into(integer(auth.MinCRAKeyLen, auth.MaxCRAKeyLen, "octets"), func(u *CRAUser) *int { return &u.KeyLen }),
			def: "32", doc: "The length of the derived key before it is written as base64, if there is a salt.",
		},
		{
			key: "derived", added: true, absent: "`true` if there is a salt and the secret is base64 of `keylen` octets",
			is:   into(pointer(boolean), func(u *CRAUser) **bool { return &u.Derived }),
			doc:  "Whether `secret` is the derived key, so that the file does not hold the password. `junctor keygen` makes it.",
			note: "took salted secrets for derived keys up to 23.1, and takes them for passwords since 25.12.",
		},
	},
	finish: func(c *checker, v *value, u *CRAUser) { c.checkDerived(v, u) },
}

// checkDerived says which of Crossbar.io's two readings of a salted secret is
// taken.
func (c *checker) checkDerived(v *value, u *CRAUser) {
	looks := auth.LooksDerived(u.Secret.Text, u.KeyLen)
	switch {
	case u.Salt == "" && u.Derived != nil && *u.Derived:
		c.fail(Conflict, v.get("derived").position(), `add "salt", or remove it`, "a key is derived with a salt, and there is none")
	case u.Salt == "" || u.Secret.Text == "":
	case u.Derived != nil && *u.Derived && !looks:
		c.fail(BadValue, v.get("secret").position(), `see "junctor keygen"`, "the derived key must be the base64 text of %d octets (keylen)", u.KeyLen)
	case u.Derived == nil && looks:
		c.warn(Portability, v.get("secret").position(), `add "derived": true, or false if it is the password`,
			"taken for the key derived from the password, since it is base64 of %d octets; Crossbar.io since 25.12 takes it for the password", u.KeyLen)
	}
}
