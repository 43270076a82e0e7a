package config

import (
	"time"

	"github.com/junctorio/junctor/auth"
)

// Ticket is authentication by a ticket that the client shows. One of
// Principals, Dynamic and Tokens decides.
type Ticket struct {
	Place
	Principals []TicketPrincipal
	Dynamic    *Dynamic
	Tokens     *Tokens
	Cleartext  bool // also over connections that others can read

	defaultRole string
}

// TicketPrincipal is who may log in with a ticket: Ticket, or the one that Hash
// is of.
type TicketPrincipal struct {
	Place
	AuthID string
	Role   string // "" cannot join
	Ticket Secret
	Hash   auth.TicketHash
}

// Tokens are JSON Web Tokens instead of tickets.
type Tokens struct {
	Place
	KeyFile     string // joined to the node directory
	Issuer      string
	Audience    string
	Algorithms  []string
	Leeway      time.Duration
	AuthIDClaim string
	RoleClaim   string // "" if none
	Roles       map[string]string
	Role        string // "" if none
	RealmClaim  string // "" if none
}

var ticketVariants = variants[Ticket]{
	name:  "ticket",
	title: "Ticket authentication",
	noun:  "authentication",
	objects: []variant[Ticket]{
		{name: "static", object: &ticketStatic}, {name: "dynamic", object: &ticketDynamic}, {name: "jwt", object: &ticketTokens},
	},
	hints: map[string]string{"function": pythonHint},
}

var cleartextField = field[Ticket]{
	key: "allow_cleartext", added: true, def: "false",
	is:   into(boolean, func(t *Ticket) *bool { return &t.Cleartext }),
	doc:  "Whether tickets are also taken over TCP without TLS from other machines, where everybody on the way can read them.",
	note: "takes them everywhere.",
}

var ticketStatic = object[Ticket]{
	name:    "ticketStatic",
	title:   "Static ticket authentication",
	lenient: true,
	fields: []field[Ticket]{
		typeOnly[Ticket]("static"),
		{
			key: "principals", required: true,
			is: into(principals(ticketPrincipal.form(), func(p *TicketPrincipal, authid string) { p.AuthID = authid }),
				func(t *Ticket) *[]TicketPrincipal { return &t.Principals }),
			doc: "Who may log in.",
		},
		defaultRoleField(func(t *Ticket) *string { return &t.defaultRole }),
		cleartextField,
	},
	finish: func(c *checker, _ *value, t *Ticket) {
		for i := range t.Principals {
			c.completeRole(t.Principals[i].Place, &t.Principals[i].Role, t.defaultRole)
		}
	},
}

var ticketPrincipal = object[TicketPrincipal]{
	name:    "ticketPrincipal",
	title:   "Ticket principal",
	lenient: true,
	fields: []field[TicketPrincipal]{
		{
			key: "ticket", is: into(secretSource, func(p *TicketPrincipal) *Secret { return &p.Ticket }),
			absent: "see `ticket_hash`", doc: "The ticket." + secretDoc,
		},
		{
			key: "ticket_hash", added: true, is: into(ticketHash, func(p *TicketPrincipal) *auth.TicketHash { return &p.Hash }),
			absent: "see `ticket`", doc: "What the ticket is checked with instead, so that the file does not hold it. `junctor keygen` makes it.",
		},
		roleField(func(p *TicketPrincipal) *string { return &p.Role }),
	},
	finish: func(c *checker, v *value, _ *TicketPrincipal) {
		switch ticket, hash := v.get("ticket"), v.get("ticket_hash"); {
		case ticket == nil && hash == nil:
			c.fail(MissingKey, v.position(), `add one of them; "junctor keygen ticket" makes both`, `the keys "ticket" and "ticket_hash" are missing`)
		case ticket != nil && hash != nil:
			c.fail(Conflict, hash.keyPosition(), "keep one of the two", "there is a ticket as well")
		}
	},
}

// ticketHash is a hash in text form. It stands in no finding.
var ticketHash = form[auth.TicketHash]{
	words:  "the hash of a ticket",
	schema: schema{"type": "string", "minLength": 1},
	read: func(c *checker, v *value) (hash auth.TicketHash, ok bool) {
		text, ok := secret.read(c, v)
		if !ok {
			return hash, false
		}
		hash, err := auth.ParseTicketHash(text)
		if err != nil {
			c.fail(BadValue, v.position(), "", "%v", err)
		}
		return hash, err == nil
	},
}

var ticketDynamic = object[Ticket]{
	name:    "ticketDynamic",
	title:   "Dynamic ticket authentication",
	lenient: true,
	begin:   beginDynamic(func(t *Ticket) **Dynamic { return &t.Dynamic }),
	fields:  append(dynamicFields(func(t *Ticket) *Dynamic { return t.Dynamic }), cleartextField),
	finish:  finishDynamic(func(t *Ticket) *Dynamic { return t.Dynamic }),
}

var ticketTokens = object[Ticket]{
	name:  "ticketTokens",
	title: "Tokens as tickets",
	begin: func(t *Ticket) { t.Tokens = new(Tokens) },
	fields: append(append(
		[]field[Ticket]{typeOnly[Ticket]("jwt")},
		nested(func(t *Ticket) *Tokens { return t.Tokens }, tokenFields...)...), cleartextField),
	finish: func(c *checker, v *value, t *Ticket) {
		t.Tokens.setPlace(v)
		if v.get("role") == nil && v.get("role_claim") == nil {
			c.fail(MissingKey, v.position(), `add "role" or "role_claim"`, "nothing says which role the clients get")
		}
		if roles := v.get("roles"); roles != nil && v.get("role_claim") == nil {
			c.fail(Conflict, roles.keyPosition(), `add "role_claim", or remove it`, "no claim has a role")
		}
	},
}

var tokenFields = []field[Tokens]{
	{
		key: "jwks", required: true, added: true,
		is:  into(filePath, func(t *Tokens) *string { return &t.KeyFile }),
		doc: "The file with the public keys of the issuer, a JSON Web Key Set. It is read again when it changes.",
	},
	{
		key: "issuer", required: true, added: true,
		is:  into(anyText, func(t *Tokens) *string { return &t.Issuer }),
		doc: "Who must have issued a token: its claim `iss`.",
	},
	{
		key: "audience", required: true, added: true,
		is:  into(anyText, func(t *Tokens) *string { return &t.Audience }),
		doc: "Whom a token must be meant for: its claim `aud`, or one of those there.",
	},
	{
		key: "algorithms", added: true, is: into(listOf(tokenAlgorithm()), func(t *Tokens) *[]string { return &t.Algorithms }),
		absent: "all of them", doc: "How tokens may be signed.",
	},
	{
		key: "leeway", added: true, def: "30",
		is:  into(duration(0, 600, time.Second, "seconds"), func(t *Tokens) *time.Duration { return &t.Leeway }),
		doc: "By how much the issuer's clock may differ. A session ends that much after its token has expired.",
	},
	{
		key: "authid_claim", added: true, def: `"sub"`,
		is:  into(anyText, func(t *Tokens) *string { return &t.AuthIDClaim }),
		doc: "The claim that is the authid. A client that asks for an authid must have a token for that one.",
	},
	{
		key: "role_claim", added: true, is: into(anyText, func(t *Tokens) *string { return &t.RoleClaim }),
		absent: "none", doc: "The claim that is the role, or a list of which the first one counts that leads to a role.",
	},
	{
		key: "roles", added: true, is: into(rolesByWord, func(t *Tokens) *map[string]string { return &t.Roles }),
		absent: "the claim is the role itself", doc: "The role by what stands in `role_claim`.",
	},
	{
		key: "role", added: true, is: into(clientRole, func(t *Tokens) *string { return &t.Role }),
		absent: "such tokens are refused", doc: "The role where the claim leads to none.",
	},
	{
		key: "realm_claim", added: true, is: into(anyText, func(t *Tokens) *string { return &t.RealmClaim }),
		absent: "tokens are for all realms of the router", doc: "The claim that is the realm, or a list of realms, for which a token is good.",
	},
}

func tokenAlgorithm() form[string] {
	var words []word[string]
	for _, name := range auth.TokenAlgorithms() {
		words = append(words, word[string]{name, name})
	}
	return oneOf(words...)
}

// rolesByWord is an object whose values are roles of clients.
var rolesByWord = form[map[string]string]{
	words:  "an object of roles",
	schema: schema{"type": "object", "additionalProperties": schema{"type": "string"}},
	read: func(c *checker, v *value) (map[string]string, bool) {
		if v.kind != isObject {
			c.wrongType(v, "an object of roles", "")
			return nil, false
		}
		roles, all := map[string]string{}, true
		for _, item := range v.items {
			if v.get(item.key) != item {
				c.warnDuplicate(v, item)
				continue
			}
			role, ok := clientRole.read(c, item)
			roles[item.key], all = role, all && ok
		}
		return roles, all
	},
}
