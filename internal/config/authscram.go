package config

import (
	"encoding/hex"
	"fmt"
)

// SCRAM is WAMP-SCRAM, and Autobahn's dialect of it. Either the Principals of the
// file may log in, or Dynamic knows them.
type SCRAM struct {
	Place
	Principals []SCRAMPrincipal
	Dynamic    *Dynamic

	defaultRole string
}

// SCRAMPrincipal is who may log in with a password. The password is not there,
// only what was made of it.
type SCRAMPrincipal struct {
	Place
	AuthID     string
	Role       string // "" cannot join
	KDF        string // "pbkdf2", "argon2id13", or "argon2id-13" of Autobahn
	Iterations int
	Memory     int // KiB; 0 for pbkdf2
	Salt       []byte
	StoredKey  []byte // 32 octets
	ServerKey  []byte // 32 octets
}

var scramVariants = variants[SCRAM]{
	name:    "scram",
	title:   "SCRAM authentication",
	noun:    "authentication",
	objects: []variant[SCRAM]{{name: "static", object: &scramStatic}, {name: "dynamic", object: &scramDynamic}},
	hints:   map[string]string{"function": pythonHint},
}

var scramStatic = object[SCRAM]{
	name:    "scramStatic",
	title:   "Static SCRAM authentication",
	lenient: true,
	fields: []field[SCRAM]{
		typeOnly[SCRAM]("static"),
		{
			key: "principals", required: true,
			is:  into(principals(scramPrincipal.form(), func(p *SCRAMPrincipal, authid string) { p.AuthID = authid }), func(a *SCRAM) *[]SCRAMPrincipal { return &a.Principals }),
			doc: "Who may log in.",
		},
		defaultRoleField(func(a *SCRAM) *string { return &a.defaultRole }),
	},
	finish: func(c *checker, _ *value, a *SCRAM) {
		for i := range a.Principals {
			c.completeRole(a.Principals[i].Place, &a.Principals[i].Role, a.defaultRole)
		}
	},
}

var scramDynamic = object[SCRAM]{
	name:    "scramDynamic",
	title:   "Dynamic SCRAM authentication",
	lenient: true,
	begin:   beginDynamic(func(a *SCRAM) **Dynamic { return &a.Dynamic }),
	fields:  dynamicFields(func(a *SCRAM) *Dynamic { return a.Dynamic }),
	finish:  finishDynamic(func(a *SCRAM) *Dynamic { return a.Dynamic }),
}

var scramPrincipal = object[SCRAMPrincipal]{
	name:    "scramPrincipal",
	title:   "SCRAM principal",
	lenient: true,
	strangers: map[string]string{
		"password": `"junctor keygen" makes stored-key and server-key of it`,
		"secret":   `"junctor keygen" makes stored-key and server-key of the password`,
	},
	fields: []field[SCRAMPrincipal]{
		{
			key: "kdf", required: true,
			is: into(scramKDF, func(p *SCRAMPrincipal) *string { return &p.KDF }),
			doc: "What made the keys of the password. `argon2id13` is that of the specification and of the method `wamp-scram`, `argon2id-13` that of Autobahn and Crossbar.io " +
				"and of their method `scram`; `pbkdf2` is good for both methods, but Autobahn fails with it.",
			note: "does not know `argon2id13`.",
		},
		{
			key: "iterations", required: true, doc: "How often that was done.",
			is: into(integer(1, 10_000_000, ""), func(p *SCRAMPrincipal) *int { return &p.Iterations }),
		},
		{
			key: "memory", is: into(integer(0, 4<<20, "KiB"), func(p *SCRAMPrincipal) *int { return &p.Memory }),
			absent: "required unless `pbkdf2`", doc: "With how much memory.", note: "also wants it with `pbkdf2`.",
		},
		{
			key: "salt", required: true, doc: "With which salt.",
			is: into(octets(1, 1024), func(p *SCRAMPrincipal) *[]byte { return &p.Salt }),
		},
		{
			key: "stored-key", required: true, doc: "What the client's proof is checked with.",
			is: into(octets(32, 32), func(p *SCRAMPrincipal) *[]byte { return &p.StoredKey }),
		},
		{
			key: "server-key", required: true, doc: "What the router proves itself with.",
			is: into(octets(32, 32), func(p *SCRAMPrincipal) *[]byte { return &p.ServerKey }),
		},
		roleField(func(p *SCRAMPrincipal) *string { return &p.Role }),
	},
	finish: func(c *checker, v *value, p *SCRAMPrincipal) { c.checkMemory(v, p) },
}

const pbkdf2 = "pbkdf2"

var scramKDF = oneOf(
	word[string]{"argon2id-13", "argon2id-13"}, word[string]{"argon2id13", "argon2id13"}, word[string]{pbkdf2, pbkdf2},
)

// checkMemory brings the memory and the key derivation together.
func (c *checker) checkMemory(v *value, p *SCRAMPrincipal) {
	switch memory := v.get("memory"); {
	case p.KDF == pbkdf2:
		p.Memory = 0
	case p.KDF != "" && memory == nil:
		c.fail(MissingKey, v.position(), "", "the key \"memory\" is missing, which %s needs", p.KDF)
	case p.KDF != "" && memory.kind == isInteger && p.Memory < 8:
		c.fail(BadValue, memory.position(), "", "must be at least 8 (KiB) for %s, is %d", p.KDF, p.Memory)
	}
}

// octets is so many octets, as hex digits. The message does not quote them.
func octets(low, high int) form[[]byte] {
	words := fmt.Sprintf("%d to %d hex digits, two for each octet", 2*low, 2*high)
	if low == high {
		words = fmt.Sprintf("%d hex digits", 2*low)
	}
	return form[[]byte]{
		words:  words,
		schema: schema{"type": "string", "pattern": "^([0-9a-fA-F]{2})*$", "minLength": 2 * low, "maxLength": 2 * high},
		read: func(c *checker, v *value) ([]byte, bool) {
			if v.kind != isText {
				c.fail(WrongType, v.position(), "write it in quotes", "must be %s, is %s", words, v.kind)
				return nil, false
			}
			b, err := hex.DecodeString(v.text)
			switch {
			case err != nil:
				c.fail(BadValue, v.position(), "", "must be %s; not all of its %d characters are", words, len(v.text))
			case len(b) < low || len(b) > high:
				c.fail(BadValue, v.position(), "", "must be %s, has %d", words, len(v.text))
			default:
				return b, true
			}
			return nil, false
		},
	}
}
