package config

import "github.com/junctorio/junctor/wamp"

// Realm is a realm of a router.
type Realm struct {
	Place
	ID      string // generated (realm001 …) where the file has none
	Name    wamp.URI
	Options RealmOptions
	Roles   []Role // unique by Name
}

// RealmOptions are the options of a Realm.
type RealmOptions struct {
	Place
	URICheck wamp.URIRule
	MetaAPI  bool // procedures and events below "wamp."
}

// Role is what the sessions with this authrole may do on a realm: what a
// permission that matches the URI allows, else AllowByDefault.
type Role struct {
	Place
	ID             string // generated (role001 …) where the file has none
	Name           string
	Permissions    []Permission // in the order of the file; of two for the same URI and Match the last one counts
	AllowByDefault bool
}

// Permission is a static rule for URIs.
type Permission struct {
	Place
	URI      wamp.URI   // the pattern as Match wants it: stars are resolved
	Match    wamp.Match // never absent: the starred form is resolved
	Allow    Allow
	Disclose Disclose
	Cache    bool
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
