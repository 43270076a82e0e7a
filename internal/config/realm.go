package config

import (
	"regexp"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Realm is a realm of a router.
type Realm struct {
	Place
	ID      string // generated (realm001 …) where the file has none
	Name    wamp.URI
	Options RealmOptions
	Roles   []Role // unique by Name
	Store   *Store // nil: no event history
}

// RealmOptions are the options of a Realm.
type RealmOptions struct {
	Place
	URICheck wamp.URIRule
	MetaAPI  bool // procedures and events below "wamp."

	StrictRequestIDs bool
	RefuseDisclosure bool
	QueuedBytes      int           // octets that wait for one session whose socket is full
	DisconnectSlow   bool          // instead of dropping events
	CallTimeout      time.Duration // of calls that name none; 0: none
	MaxCallTimeout   time.Duration // 0: none
	QueuedCalls      int           // that wait for the callees of one registration
	KeptCallBytes    int           // of those and others that the router keeps
	RetainedEvents   int
	RetainedBytes    int

	MaxTestaments     int // of one session
	MaxTestamentBytes int // of one session
}

var realmObject = object[Realm]{
	name:    "realm",
	title:   "Realm",
	lenient: true,
	fields: []field[Realm]{
		{
			key: "id", is: into(anyText, func(r *Realm) *string { return &r.ID }),
			absent: "`realm001` …", doc: "Names the realm in management.",
		},
		{
			key: "name", required: true,
			is:   into(realmName, func(r *Realm) *wamp.URI { return &r.Name }),
			doc:  "The name that clients say in HELLO.",
			note: "looks at it only when it starts.",
		},
		{
			key: "options", is: into(realmOptionsObject.form(), func(r *Realm) *RealmOptions { return &r.Options }),
			def: "{}",
		},
		{
			key: "roles", is: into(listOf(roleObject.form()), func(r *Realm) *[]Role { return &r.Roles }),
			def: "[]", doc: "What the clients may do, by the role that authentication gave them. A client whose role is not here cannot join, except as `anonymous`, and may then do nothing.",
		},
		{
			key: "store", is: into(pointer(storeObject.form()), func(r *Realm) **Store { return &r.Store }),
			absent: "no event history", doc: "Where events are kept for clients that ask for them later.",
		},
		{key: "rlinks", is: later[Realm]("links between routers")},
		{key: "inventory", is: ignored[Realm]("junctor does not validate payloads against schemas yet")},
		{key: "stats", is: ignored[Realm]("junctor does not publish wamp.session.on_stats")},
	},
	finish: func(c *checker, v *value, r *Realm) {
		if r.Store != nil && len(r.Store.Events) > 0 && !r.Options.MetaAPI {
			c.fail(Conflict, v.get("store").keyPosition(), "remove enable_meta_api",
				"an event history is asked for by the meta API, which is disabled")
		}
	},
}

var realmNamePattern = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_\-@.]{2,254}|0x[0-9a-fA-F]{40})$`)

// realmText is a name that Crossbar.io starts a realm with.
var realmText = text("a realm name: 3 to 255 of letters, digits, _, -, @ and ., beginning with a letter", realmNamePattern)

// realmName is the same as a URI, whose parts must not be empty (URI-1).
var realmName = form[wamp.URI]{
	words:  realmText.words,
	schema: realmText.schema,
	read: func(c *checker, v *value) (wamp.URI, bool) {
		name, ok := realmText.read(c, v)
		if ok && !wamp.URI(name).Valid(wamp.URILoose) {
			c.fail(BadValue, v.position(), "", "%s has an empty part between its dots", v)
			return "", false
		}
		return wamp.URI(name), ok
	},
}

var realmOptionsObject = object[RealmOptions]{
	name:  "realmOptions",
	title: "Realm options",
	fields: []field[RealmOptions]{
		{
			key: "uri_check", is: into(uriCheck, func(o *RealmOptions) *wamp.URIRule { return &o.URICheck }),
			def:  `"loose"`,
			doc:  "How strictly the URIs that clients use are checked. `loose`: parts without white space, `.` and `#`; `strict`: parts of a-z, 0-9 and _.",
			note: "takes any other value for `loose`; its documentation says that `strict` is the default.",
		},
		{
			key: "enable_meta_api", is: into(boolean, func(o *RealmOptions) *bool { return &o.MetaAPI }),
			def: "true", doc: "Whether there are procedures and events about sessions, registrations and subscriptions, and testaments. Who may use them, the roles' permissions say; those that act on others (`wamp.session.kill…`, `wamp.registration.remove_callee`, `wamp.subscription.remove_subscriber`) need one whose `uri` begins with `wamp.`.",
			note: "lets whoever may call everything end others' sessions.",
		},
		{
			key: "strict_request_ids", added: true, def: "false",
			is:  into(boolean, func(o *RealmOptions) *bool { return &o.StrictRequestIDs }),
			doc: "Whether a client whose request IDs do not follow 1, 2, 3 … is disconnected, as the specification has it. Many clients break the rule.",
		},
		{
			key: "refuse_disclosure", added: true, def: "false",
			is:  into(boolean, func(o *RealmOptions) *bool { return &o.RefuseDisclosure }),
			doc: "Whether calls and publications that ask to disclose who sends them are refused. The `disclose` of permissions has no effect then.",
		},
		{
			key: "max_queued_bytes", added: true, def: "16777216",
			is:   into(integer(1, 1<<31-1, "bytes"), func(o *RealmOptions) *int { return &o.QueuedBytes }),
			doc:  "How many bytes may wait for one client that does not read, give or take a message. Below it nothing is lost; what becomes of an event above it `slow_consumers` says, a call to the client fails at once with `wamp.error.network_failure`, a call that sends it progressive results faster than it reads ends with that error at seven eighths of this, and any other reply that does not fit disconnects it.",
			note: "queues without limit.",
		},
		{
			key: "slow_consumers", added: true, def: `"drop"`,
			is: into(oneOf(word[bool]{"drop", false}, word[bool]{"disconnect", true}),
				func(o *RealmOptions) *bool { return &o.DisconnectSlow }),
			doc: "What becomes of an event for a client for which too much is queued: it is dropped and counted, or the client is disconnected.",
		},
		{
			key: "call_timeout", added: true, def: "0",
			is:  into(callTimeout, func(o *RealmOptions) *time.Duration { return &o.CallTimeout }),
			doc: "The timeout of calls whose caller names none. 0: none.",
		},
		{
			key: "max_call_timeout", added: true, def: "0",
			is:  into(callTimeout, func(o *RealmOptions) *time.Duration { return &o.MaxCallTimeout }),
			doc: "The longest timeout that a call may have; longer ones are shortened, and calls without timeout get this one. 0: no such limit.",
		},
		{
			key: "max_queued_calls", added: true, def: "0",
			is:   into(integer(0, 1<<20, "calls"), func(o *RealmOptions) *int { return &o.QueuedCalls }),
			doc:  "How many calls may wait for a procedure whose callees all have as many as their `concurrency` allows. Their timeouts run. 0: they do not wait but fail with `crossbar.error.max_concurrency_reached`.",
			note: "queues without limit once the realm has a store.",
		},
		{
			key: "max_kept_call_bytes", added: true, def: "67108864",
			is:  into(integer(1, 1<<40, "bytes"), func(o *RealmOptions) *int { return &o.KeptCallBytes }),
			doc: "How many bytes may be kept for calls that wait, that are progressive, or that another callee may have to be asked for, with 512 for each. Beyond it calls do not wait, are refused, and are not handed on.",
		},
		{
			key: "max_retained_events", added: true, def: "100000",
			is:   into(integer(1, 1<<31-1, "events"), func(o *RealmOptions) *int { return &o.RetainedEvents }),
			doc:  "How many events are kept for those who subscribe later, of all that were published with `retain`. The oldest ones are given up for a new one, and counted.",
			note: "keeps them without limit.",
		},
		{
			key: "max_retained_bytes", added: true, def: "16777216",
			is:   into(integer(1, 1<<40, "bytes"), func(o *RealmOptions) *int { return &o.RetainedBytes }),
			doc:  "How many bytes the retained events may take, with topics, lists and 512 for each. Who asks for more than `max_queued_bytes` of them at once loses the rest, or is disconnected, by `slow_consumers`.",
			note: "keeps them without limit.",
		},
		{
			key: "max_testaments", added: true, def: "128",
			is:   into(integer(1, 1<<31-1, "testaments"), func(o *RealmOptions) *int { return &o.MaxTestaments }),
			doc:  "How many publications a client may have published when its session ends (`wamp.session.add_testament`).",
			note: "keeps them without limit.",
		},
		{
			key: "max_testament_bytes", added: true, def: "131072",
			is:   into(integer(1, 1<<31-1, "bytes"), func(o *RealmOptions) *int { return &o.MaxTestamentBytes }),
			doc:  "How many bytes they may take together, topics and options included.",
			note: "keeps them without limit.",
		},
		{key: "bridge_meta_api", is: ignored[RealmOptions]("there is no management realm to bridge to")},
		{key: "event_dispatching_chunk_size", is: ignored[RealmOptions]("junctor delivers events without chunks")},
	},
}

var callTimeout = duration(0, 1<<31-1, time.Millisecond, "milliseconds")

// uriCheck takes words that Crossbar.io does not know as Crossbar.io does.
var uriCheck = form[wamp.URIRule]{
	words:  `"loose" or "strict"`,
	schema: schema{"enum": []string{"loose", "strict"}},
	read: func(c *checker, v *value) (wamp.URIRule, bool) {
		switch {
		case v.kind == isText && v.text == "strict":
			return wamp.URIStrict, true
		case v.kind != isText || v.text != "loose":
			c.warn(BadValue, v.position(), suggest(v.text, []string{"loose", "strict"}), "%s means loose, as in Crossbar.io", v)
		}
		return wamp.URILoose, true
	},
}
