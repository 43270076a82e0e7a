package config

import (
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Role is what the sessions with this authrole may do on a realm: what the
// Authorizer says, if there is one, else what a permission that matches the URI
// allows, else AllowByDefault.
type Role struct {
	Place
	ID             string // generated (role001 …) where the file has none
	Name           string
	Permissions    []Permission // in the order of the file; of two for the same URI and Match the last one counts
	AllowByDefault bool
	TrustLevel     *int // nil: none is said

	Authorizer        wamp.URI // the procedure that decides; "" if the permissions do
	AuthorizerTimeout time.Duration
	CacheTime         time.Duration // of decisions that the authorizer wants kept
}

// Permission is a static rule for URIs.
type Permission struct {
	Place
	URI      wamp.URI   // a valid pattern for Match: stars are resolved
	Match    wamp.Match // never absent: the starred form is resolved
	Allow    Allow
	Disclose Disclose
	Cache    bool

	TrustLevel *int // nil: that of the role

	understood bool // URI and Match are what the file says
	void       bool // no URI matches
}

// Allow is what a permission allows. All false means: forbidden.
type Allow struct {
	Place
	Call      bool
	Register  bool
	Publish   bool
	Subscribe bool
}

// Disclose is whose identity a permission discloses to the other side.
type Disclose struct {
	Place
	Caller    bool
	Publisher bool
}

// TrustedRole is the name of the role that the router itself has, and that
// components within it may have: it may do anything, and no client can have it.
const TrustedRole = "trusted"

var roleObject = object[Role]{
	name:    "role",
	title:   "Role",
	lenient: true,
	fields: []field[Role]{
		{key: "id", is: into(anyText, func(r *Role) *string { return &r.ID }), absent: "`role001` …"},
		{
			key: "name", required: true,
			is:   into(roleName, func(r *Role) *string { return &r.Name }),
			doc:  "The role that authentication gives to clients.",
			note: "looks at it only when it starts.",
		},
		{
			key: "permissions", is: into(listOf(permissionObject.form()), func(r *Role) *[]Permission { return &r.Permissions }),
			def: "[]", doc: "What the role may do. What no permission matches is denied.",
		},
		{
			key: "authorizer", is: into(procedureName, func(r *Role) *wamp.URI { return &r.Authorizer }),
			absent: "the permissions decide",
			doc:    "A procedure of the realm that decides instead of permissions. It is called with the session, the URI, the action and the options, and answers `true`, `false`, or an object with `allow`, `disclose` and `cache`. See [dynamic authorizers](security.md#dynamic-authorizers).",
		},
		{
			key: "authorizer_timeout", added: true, def: "5",
			is:   into(duration(1, 600, time.Second, "seconds"), func(r *Role) *time.Duration { return &r.AuthorizerTimeout }),
			doc:  "How long the authorizer may take for a decision. The request is refused then with `wamp.error.authorization_failed`.",
			note: "waits for ever.",
		},
		{
			key: "authorizer_cache_time", added: true, def: "60",
			is:   into(duration(1, 86400, time.Second, "seconds"), func(r *Role) *time.Duration { return &r.CacheTime }),
			doc:  "How long a decision counts that the authorizer answers with `cache`. `true` keeps it for the session that asked, `\"role\"` for all sessions of the role; registering the authorizer again forgets all.",
			note: "keeps decisions for ever, and for all sessions of the role.",
		},
		{
			key: "allow-by-default", is: into(boolean, func(r *Role) *bool { return &r.AllowByDefault }),
			def: "false", doc: "Allow what no permission matches.", note: "has it undocumented.",
		},
		{
			key: "trustlevel", added: true, is: into(trustLevel, func(r *Role) **int { return &r.TrustLevel }),
			absent: "none is told",
			doc:    "How far the calls and events of these clients are to be trusted, told to callees and subscribers that understand it. 0 is the lowest.",
		},
	},
	finish: func(c *checker, v *value, r *Role) {
		r.Permissions = slices.DeleteFunc(r.Permissions, func(p Permission) bool { return p.void })
		permissions, authorizer := v.get("permissions"), v.get("authorizer")
		switch {
		case permissions != nil && authorizer != nil:
			c.fail(Conflict, authorizer.keyPosition(), "remove one of the two", "a role has permissions or an authorizer, not both")
		case permissions == nil && authorizer == nil && !r.AllowByDefault:
			c.warn(MissingKey, v.position(), "", "a role without permissions may do nothing")
		}
		c.checkAuthorizer(v, r)
	},
}

// checkAuthorizer warns of keys that mean nothing with an authorizer, or without.
func (c *checker) checkAuthorizer(v *value, r *Role) {
	idle, why := []string{"authorizer_timeout", "authorizer_cache_time"}, "the role has no authorizer"
	if v.get("authorizer") != nil {
		idle, why = []string{"allow-by-default"}, "the authorizer decides on everything"
	}
	for _, key := range idle {
		if member := v.get(key); member != nil {
			c.warn(Ignored, member.keyPosition(), "", "ignored: %s", why)
		}
	}
}

var roleName = anyText.then(func(c *checker, v *value, name string) (string, bool) {
	if name == TrustedRole {
		c.fail(BadValue, v.position(), "choose another name", "the role %q is the router's own: it may do anything and cannot be defined", name)
	}
	return name, name != TrustedRole
})

var permissionObject = object[Permission]{
	name:  "permission",
	title: "Permission",
	strangers: map[string]string{
		"call": inAllow, "register": inAllow, "publish": inAllow, "subscribe": inAllow,
		"caller": `put it into "disclose"`, "publisher": `put it into "disclose"`,
	},
	fields: []field[Permission]{
		{
			key: "uri", required: true,
			is:  into(uriPattern, func(p *Permission) *wamp.URI { return &p.URI }),
			doc: "Which URIs the permission is for.",
		},
		{
			key: "match", is: into(matchWord, func(p *Permission) *wamp.Match { return &p.Match }),
			absent: "by the stars in `uri`",
			doc:    "`exact`: this URI; `prefix`: URIs that begin so; `wildcard`: empty parts stand for any one part. Without it a `*` at the end of `uri` means prefix, other stars mean wildcard.",
		},
		{
			key: "allow", is: into(allowObject.form(), func(p *Permission) *Allow { return &p.Allow }),
			def: "{}", doc: "What is allowed; the rest is denied.",
		},
		{
			key: "disclose", is: into(discloseObject.form(), func(p *Permission) *Disclose { return &p.Disclose }),
			def: "{}", doc: "Whose identity the other side is told.",
		},
		{
			key: "cache", is: into(boolean, func(p *Permission) *bool { return &p.Cache }),
			def: "false", doc: "Whether the decision may be remembered. What static permissions decide is remembered in any case.",
		},
		{
			key: "trustlevel", added: true, is: into(trustLevel, func(p *Permission) **int { return &p.TrustLevel }),
			absent: "that of the role",
			doc:    "How far calls to these procedures and events on these topics are to be trusted. 0 is the lowest.",
		},
		{key: "validate", is: later[Permission]("validation of payloads against schemas")},
	},
	finish: resolveStars,
}

// trustLevel is a number of which nil is none.
var trustLevel = func() form[*int] {
	level := integer(0, 1<<31-1, "")
	return form[*int]{
		words: level.words, schema: level.schema,
		read: func(c *checker, v *value) (*int, bool) {
			n, ok := level.read(c, v)
			return &n, ok
		},
	}
}()

const inAllow = `put it into "allow"; only version 1 of the format had it here`

var matchWord = oneOf(
	word[wamp.Match]{"exact", wamp.MatchExact},
	word[wamp.Match]{"prefix", wamp.MatchPrefix},
	word[wamp.Match]{"wildcard", wamp.MatchWildcard},
)

// uriPattern is a URI that may have empty parts and stars; whether they make
// sense depends on the key match.
var uriPattern = form[wamp.URI]{
	words:  "a URI or a pattern of URIs",
	schema: schema{"type": "string"},
	read: func(c *checker, v *value) (wamp.URI, bool) {
		if v.kind != isText {
			c.wrongType(v, "a string", "")
			return "", false
		}
		uri := wamp.URI(v.text)
		if !uri.ValidPattern(wamp.MatchWildcard, wamp.URILoose) {
			c.fail(BadValue, v.position(), "", "%s is no URI: there must be no white space and no #", v)
			return "", false
		}
		return uri, true
	},
}

// resolveStars turns the starred form of a permission without match into a
// pattern with match, and looks whether the pattern can match anything.
func resolveStars(c *checker, v *value, p *Permission) {
	at := v.get("uri")
	if at == nil || at.kind != isText || string(p.URI) != at.text {
		return // reported already
	}
	p.understood = true
	if v.get("match") == nil {
		p.URI, p.Match = unstar(p.URI)
		c.checkStars(at, p)
	} else if strings.Contains(string(p.URI), "*") {
		c.warn(BadValue, at.position(), "leave match out for stars to stand for anything", "with match, a star stands for itself")
	}
	if !p.URI.ValidPattern(p.Match, wamp.URILoose) {
		p.void = true
		c.warn(Ignored, at.position(), "", "ignored: matches nothing, since no URI is empty or has empty parts")
	}
}

// unstar resolves the starred form: one star, at the end, means prefix; other
// stars mean wildcard.
func unstar(uri wamp.URI) (wamp.URI, wamp.Match) {
	s := string(uri)
	stars := strings.Count(s, "*")
	switch {
	case stars == 0:
		return uri, wamp.MatchExact
	case stars == 1 && s[len(s)-1] == '*':
		return uri[:len(uri)-1], wamp.MatchPrefix
	}
	return wamp.URI(strings.ReplaceAll(s, "*", "")), wamp.MatchWildcard
}

// checkStars warns where stars do not say what they seem to say.
func (c *checker) checkStars(at *value, p *Permission) {
	if p.Match != wamp.MatchWildcard {
		return
	}
	for part := range strings.SplitSeq(at.text, ".") {
		if part != "*" && strings.Contains(part, "*") {
			c.warn(BadValue, at.position(), "", "the star in %s is dropped: a star stands for a whole part, or for any end", quote(part))
			return
		}
	}
}

var allowObject = object[Allow]{
	name:  "allow",
	title: "Allow",
	fields: []field[Allow]{
		{key: "call", is: into(boolean, func(a *Allow) *bool { return &a.Call }), def: "false"},
		{key: "register", is: into(boolean, func(a *Allow) *bool { return &a.Register }), def: "false"},
		{key: "publish", is: into(boolean, func(a *Allow) *bool { return &a.Publish }), def: "false"},
		{key: "subscribe", is: into(boolean, func(a *Allow) *bool { return &a.Subscribe }), def: "false"},
	},
}

var discloseObject = object[Disclose]{
	name:  "disclose",
	title: "Disclose",
	fields: []field[Disclose]{
		{
			key: "caller", is: into(boolean, func(d *Disclose) *bool { return &d.Caller }),
			def: "false", doc: "Tell callees who calls.",
		},
		{
			key: "publisher", is: into(boolean, func(d *Disclose) *bool { return &d.Publisher }),
			def: "false", doc: "Tell subscribers who publishes.",
		},
	},
}
