package config

import (
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Dynamic is an authenticator: a procedure that knows who clients are.
type Dynamic struct {
	Place
	Authenticator wamp.URI
	Realm         wamp.URI      // where it is registered; "" is the one that the client asks for
	Role          string        // of the session that calls it
	DefaultRole   string        // of clients for which it names none; "" refuses them
	Timeout       time.Duration // for its answer
}

// dynamicFields are the keys of all methods of type dynamic.
func dynamicFields[T any](at func(*T) *Dynamic) []field[T] {
	return append([]field[T]{typeOnly[T]("dynamic")}, nested(at,
		field[Dynamic]{
			key: "authenticator", required: true,
			is:  into(procedureName, func(d *Dynamic) *wamp.URI { return &d.Authenticator }),
			doc: "The procedure that is called with realm, authid and details of the client, and answers with its role, or with an object of its properties. See [dynamic authenticators](security.md#dynamic-authenticators).",
		},
		field[Dynamic]{
			key: "authenticator-realm", is: into(realmName, func(d *Dynamic) *wamp.URI { return &d.Realm }),
			absent: "the realm that the client asks for", doc: "The realm that the procedure is registered in.",
		},
		field[Dynamic]{
			key: "authenticator-role", def: `"` + TrustedRole + `"`,
			is:  into(anyText, func(d *Dynamic) *string { return &d.Role }),
			doc: "The role with which the router calls the procedure.",
		},
		field[Dynamic]{
			key: "default-role", is: into(clientRole, func(d *Dynamic) *string { return &d.DefaultRole }),
			absent: "they are refused", doc: "The role of clients for which the procedure names none.", note: "has it undocumented.",
		},
		field[Dynamic]{
			key: "timeout", added: true, def: "5",
			is:   into(duration(1, 600, time.Second, "seconds"), func(d *Dynamic) *time.Duration { return &d.Timeout }),
			doc:  "How long the procedure may take. The client is refused then; `hello_timeout` bounds it too.",
			note: "waits for ever.",
		},
	)...)
}

// beginDynamic makes room for what dynamicFields fill.
func beginDynamic[T any](at func(*T) **Dynamic) func(*T) {
	return func(t *T) { *at(t) = new(Dynamic) }
}

// finishDynamic notes where the method stands.
func finishDynamic[T any](at func(*T) *Dynamic) func(*checker, *value, *T) {
	return func(_ *checker, v *value, t *T) { at(t).setPlace(v) }
}

// procedureName is a URI without patterns.
var procedureName = form[wamp.URI]{
	words:  "the URI of a procedure",
	schema: anyText.schema,
	read: func(c *checker, v *value) (wamp.URI, bool) {
		name, ok := anyText.read(c, v)
		if ok && !wamp.URI(name).Valid(wamp.URILoose) {
			c.fail(BadValue, v.position(), "such as com.example.authenticate", "%s is no valid URI", v)
			return "", false
		}
		return wamp.URI(name), ok
	},
}

// pythonHint says what to do about authenticators of type function.
const pythonHint = `Crossbar.io would run Python code within the router, which junctor cannot; use "dynamic" with a procedure that does the same, in any language`

// principals is an object with an authid as each key, and what the form reads
// as each value. The list is in the order of the file.
func principals[P any](f form[P], name func(p *P, authid string)) form[[]P] {
	return form[[]P]{
		words:  "an object of authids",
		link:   "object: authid to " + f.describe(),
		schema: schema{"type": "object", "additionalProperties": f.schema},
		defs:   f.defs,
		read: func(c *checker, v *value) ([]P, bool) {
			if v.kind != isObject {
				c.wrongType(v, "an object with an authid as each key", "")
				return nil, false
			}
			if len(v.items) == 0 && !v.fromTable && (v.parent == nil || v.parent.get("others") == nil) {
				c.warn(BadValue, v.position(), "add somebody", "without anybody, nobody can log in by this method")
			}
			var list []P
			for _, item := range v.items {
				switch {
				case v.get(item.key) != item:
					c.warnDuplicate(v, item)
				case item.key == "":
					c.fail(BadValue, item.keyPosition(), "", "an authid must not be empty")
				default:
					if p, ok := f.read(c, item); ok {
						name(&p, item.key)
						list = append(list, p)
					}
				}
			}
			return list, true
		},
	}
}

// roleField is the role of a principal. Where it is missing, default-role counts.
func roleField[P any](at func(*P) *string) field[P] {
	return field[P]{
		key: "role", is: into(clientRole, at), absent: "`default-role`",
		doc: "The role that the principal gets. The realm must have it, or the principal cannot join.",
	}
}

func defaultRoleField[T any](at func(*T) *string) field[T] {
	return field[T]{
		key: "default-role", is: into(clientRole, at), absent: "none",
		doc: "The role of principals for which none is given.", note: "has it undocumented.",
	}
}

// completeRole gives a principal without a role the default one.
func (c *checker) completeRole(at Place, role *string, other string) {
	if *role == "" {
		*role = other
	}
	if *role == "" && at.v.get("role") == nil {
		c.warn(MissingKey, at.At(), `add "role"`, "the principal has no role: it cannot join (in Crossbar.io neither)")
	}
}
