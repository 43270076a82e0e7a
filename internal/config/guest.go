package config

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Guest is a worker of type guest: a program of the operating system.
type Guest struct {
	Executable string // a path, or a name to be looked up on PATH
	Arguments  []string
}

// GuestOptions are the further options of a guest.
type GuestOptions struct {
	Workdir   string // joined to the node directory
	Env       GuestEnv
	Stdin     GuestStdin
	Stdout    GuestOutput
	Stderr    GuestOutput
	Watch     *GuestWatch // nil: nothing is watched
	Restart   Restart
	StopGrace time.Duration
	After     []string    // ids of other guests
	Connect   GuestRouter // its router, defaults filled in
	Ready     *GuestReady // nil: it is ready once it is started
}

// GuestEnv is the environment of a guest.
type GuestEnv struct {
	Place
	Inherit Inherit
	Vars    map[string]string
}

// Inherit says which variables of the node's environment a guest gets: all, or
// those in Names.
type Inherit struct {
	All   bool
	Names []string
}

// GuestStdin is what a guest reads on its standard input.
type GuestStdin struct {
	Place
	Value json.RawMessage // nil: nothing
	Close bool            // after Value
}

// GuestOutput says what becomes of what a guest writes.
type GuestOutput string

// What can become of it.
const (
	OutputLog   GuestOutput = "log"
	OutputDrop  GuestOutput = "drop"
	OutputClose GuestOutput = "close"
)

// GuestWatch says on the change of which files a guest is restarted.
type GuestWatch struct {
	Place
	Directories []string // joined to the node directory
	Debounce    time.Duration
	Interval    time.Duration
	Ignore      []string // nil means the usual patterns
}

// GuestRouter names the router of this node that a guest is told of. All are
// empty where there is none.
type GuestRouter struct {
	Place
	Router    string // id of the worker
	Transport string // id within it
	Realm     wamp.URI

	// With a Role, each start of the guest gets a ticket for one login.
	Role          string // "" for none
	AuthID        string // as whom; only with Role
	TicketTimeout time.Duration
}

// GuestReady is how to see that a guest can do its work: one of AuthID and
// Procedure is set.
type GuestReady struct {
	Place
	AuthID    string
	Procedure wamp.URI
	Timeout   time.Duration
}

var guestObject = object[Worker]{
	name:  "guest",
	title: "Guest worker",
	begin: func(w *Worker) { w.Guest = new(Guest) },
	fields: append(
		[]field[Worker]{
			{
				key: "id", is: into(anyText, func(w *Worker) *string { return &w.ID }),
				absent: "`worker001` …", doc: "Names the worker in logs.",
			},
			typeIs("guest", func(w *Worker) *string { return &w.Type }),
			{
				key: "options", is: into(guestOptionsObject.form(), func(w *Worker) *WorkerOptions { return &w.Options }),
				def: "{}",
			},
		},
		nested(
			func(w *Worker) *Guest { return w.Guest },
			field[Guest]{
				key: "executable", required: true,
				is:  into(anyText, func(g *Guest) *string { return &g.Executable }),
				doc: "The program: a path, relative to `workdir`, or a name that is looked up in `workdir` and then on `PATH`.",
			},
			field[Guest]{
				key: "arguments", is: into(listOf(maybeEmpty), func(g *Guest) *[]string { return &g.Arguments }),
				def: "[]", doc: "Its arguments. No shell reads them.",
			},
		)...,
	),
}

var guestOptionsObject = object[WorkerOptions]{
	name:  "guestOptions",
	title: "Guest options",
	begin: func(o *WorkerOptions) { o.Guest = new(GuestOptions) },
	fields: append(
		[]field[WorkerOptions]{{
			key: "disabled", added: true, def: "false",
			is:  into(disabledForm, func(o *WorkerOptions) *bool { return &o.Disabled }),
			doc: "Do not start this worker; as for other workers.",
		}},
		nested(func(o *WorkerOptions) *GuestOptions { return o.Guest }, guestOptionFields...)...,
	),
}

var guestOptionFields = append(
	[]field[GuestOptions]{
		{
			key: "workdir", is: into(filePath, func(o *GuestOptions) *string { return &o.Workdir }),
			def: `"."`, doc: "The directory that it runs in.",
		},
		{
			key: "env", is: into(guestEnvObject.form(), func(o *GuestOptions) *GuestEnv { return &o.Env }),
			def: "{}", doc: "Its environment. `JUNCTOR_URL` and `JUNCTOR_REALM` are set as `connect` says; `PYTHONUNBUFFERED` is `1` unless set.",
		},
		{
			key: "stdin", is: into(guestStdin, func(o *GuestOptions) *GuestStdin { return &o.Stdin }),
			def: `"close"`, doc: "What it reads: nothing, or one line of JSON.",
		},
		{
			key: "stdout", is: into(guestOutput, func(o *GuestOptions) *GuestOutput { return &o.Stdout }),
			def: `"log"`, doc: "What becomes of what it writes: it is logged line by line, thrown away, or refused.", note: "logs it also for `drop`.",
		},
		{
			key: "stderr", is: into(guestOutput, func(o *GuestOptions) *GuestOutput { return &o.Stderr }),
			def: `"log"`, doc: "The same for what it writes to standard error.", note: "logs it also for `drop`.",
		},
		{
			key: "watch", is: into(pointer(guestWatchObject.form()), func(o *GuestOptions) **GuestWatch { return &o.Watch }),
			absent: "nothing is watched", note: "ends the guest on a change and fails to start it again.",
		},
	},
	append(
		nested(func(o *GuestOptions) *Restart { return &o.Restart }, restartFields(true, "never restarts it.")...),
		field[GuestOptions]{
			key: "stop_grace", added: true, def: "10",
			is:  into(seconds(10*time.Millisecond, time.Hour), func(o *GuestOptions) *time.Duration { return &o.StopGrace }),
			doc: "How long it may take to end after SIGTERM; then it is killed, with all the processes of its group.", note: "waits for about 20 seconds.",
		},
		field[GuestOptions]{
			key: "after", added: true, def: "[]",
			is:  into(listOf(anyText), func(o *GuestOptions) *[]string { return &o.After }),
			doc: "The ids of guests that must be ready before this one is started.",
		},
		field[GuestOptions]{
			key: "connect", added: true, def: "{}",
			is: into(guestRouterObject.form(), func(o *GuestOptions) *GuestRouter { return &o.Connect }),
		},
		field[GuestOptions]{
			key: "ready", added: true, absent: "ready once it is started",
			is: into(pointer(guestReadyObject.form()), func(o *GuestOptions) **GuestReady { return &o.Ready }),
		},
	)...,
)

var guestOutput = oneOf(
	word[GuestOutput]{string(OutputClose), OutputClose},
	word[GuestOutput]{string(OutputLog), OutputLog},
	word[GuestOutput]{string(OutputDrop), OutputDrop},
)

var guestEnvObject = object[GuestEnv]{
	name:  "guestEnv",
	title: "Environment of a guest",
	fields: []field[GuestEnv]{
		{
			key: "inherit", is: into(inherit, func(e *GuestEnv) *Inherit { return &e.Inherit }),
			def: "true", doc: "Whether it gets the node's environment, or the names of the variables that it gets.",
		},
		{
			key: "vars", is: into(variables, func(e *GuestEnv) *map[string]string { return &e.Vars }),
			def: "{}", doc: "Further variables.",
		},
	},
}

var inheritNames = listOf(variableName)

// inherit is a boolean, or a list of names.
var inherit = form[Inherit]{
	words:  "true, false or a list of names",
	schema: schema{"anyOf": []schema{boolean.schema, inheritNames.schema}},
	read: func(c *checker, v *value) (Inherit, bool) {
		switch v.kind {
		case isBool:
			return Inherit{All: v.boolean}, true
		case isList:
			names, ok := inheritNames.read(c, v)
			return Inherit{Names: names}, ok
		}
		c.wrongType(v, "true, false or a list of names", "")
		return Inherit{}, false
	},
}

var variablePattern = regexp.MustCompile(`^[^=\x00]+$`)

// variableName is the name of an environment variable.
var variableName = text("the name of an environment variable", variablePattern)

// variables are environment variables with their values.
var variables = form[map[string]string]{
	words:  "an object of strings",
	schema: schema{"type": "object", "additionalProperties": schema{"type": "string"}},
	read: func(c *checker, v *value) (map[string]string, bool) {
		if v.kind != isObject {
			c.wrongType(v, "an object of strings", "")
			return nil, false
		}
		vars, all := map[string]string{}, true
		for _, item := range v.items {
			if v.get(item.key) != item {
				c.warnDuplicate(v, item)
				continue
			}
			if !variablePattern.MatchString(item.key) {
				c.fail(BadValue, item.keyPosition(), "", "%s is no name of an environment variable", quote(item.key))
				all = false
			}
			s, ok := maybeEmpty.read(c, item)
			vars[item.key], all = s, all && ok
		}
		return vars, all
	},
}

var guestStdinObject = object[GuestStdin]{
	name:  "guestStdin",
	title: "Standard input of a guest",
	fields: []field[GuestStdin]{
		{
			key: "type", required: true,
			is:  fixed[GuestStdin]("json"),
			doc: "How `value` is written.",
		},
		{
			key: "value", is: into(anything, func(i *GuestStdin) *json.RawMessage { return &i.Value }),
			absent: "nothing", doc: "What to write when the guest has started.",
		},
		{
			key: "close", is: into(boolean, func(i *GuestStdin) *bool { return &i.Close }),
			def: "true", doc: "Whether the input ends after that.",
		},
	},
}

// guestStdin is the word close, or an object.
var guestStdin = form[GuestStdin]{
	words:  `"close" or an object`,
	link:   `"close" or ` + linkTo(guestStdinObject.title),
	schema: schema{"anyOf": []schema{{"const": "close"}, {"$ref": "#/$defs/" + guestStdinObject.name}}},
	defs:   []definition{&guestStdinObject},
	read: func(c *checker, v *value) (GuestStdin, bool) {
		switch {
		case v.kind == isObject:
			return guestStdinObject.form().read(c, v)
		case v.kind != isText:
			c.wrongType(v, `"close" or an object`, "")
		case v.text != "close":
			c.fail(BadValue, v.position(), `such as {"type": "json", "value": {}}`, `must be "close" or an object, is %s`, v)
		default:
			return GuestStdin{Close: true}, true
		}
		return GuestStdin{}, false
	},
}

var guestWatchObject = object[GuestWatch]{
	name:    "guestWatch",
	title:   "Watching files of a guest",
	lenient: true,
	fields: []field[GuestWatch]{
		{
			key: "directories", required: true,
			is:  into(listOf(filePath), func(w *GuestWatch) *[]string { return &w.Directories }),
			doc: "The guest is restarted when a file in them, or below, appears, changes or goes.",
		},
		{
			key: "action", is: fixed[GuestWatch]("restart"),
			def: `"restart"`,
		},
		{
			key: "timeout", is: into(seconds(10*time.Millisecond, time.Hour), func(w *GuestWatch) *time.Duration { return &w.Debounce }),
			def: "1", doc: "How long files must have stayed the same after a change.",
		},
		{
			key: "interval", added: true, def: "1",
			is:  into(seconds(10*time.Millisecond, time.Hour), func(w *GuestWatch) *time.Duration { return &w.Interval }),
			doc: "The time between two looks at the files.",
		},
		{
			key: "ignore", added: true, absent: "hidden files, `__pycache__`, `*.pyc`, `node_modules` and what editors leave behind",
			is:  into(listOf(anyText), func(w *GuestWatch) *[]string { return &w.Ignore }),
			doc: "Patterns of names of files and directories that do not count.",
		},
	},
}

var guestRouterObject = object[GuestRouter]{
	name:  "guestConnect",
	title: "Router of a guest",
	fields: []field[GuestRouter]{
		{
			key: "router", added: true, absent: "the first router of the node that has a transport",
			is:  into(anyText, func(r *GuestRouter) *string { return &r.Router }),
			doc: "The id of the router worker.",
		},
		{
			key: "transport", added: true, absent: "the router's first transport",
			is:  into(anyText, func(r *GuestRouter) *string { return &r.Transport }),
			doc: "The id of the transport whose URL the guest finds in `JUNCTOR_URL`.",
		},
		{
			key: "realm", added: true, absent: "the router's first realm",
			is:  into(realmName, func(r *GuestRouter) *wamp.URI { return &r.Realm }),
			doc: "The realm whose name the guest finds in `JUNCTOR_REALM`.",
		},
		{
			key: "role", added: true, absent: "no ticket",
			is:  into(clientRole, func(r *GuestRouter) *string { return &r.Role }),
			doc: "Each start of the guest gets a ticket in `JUNCTOR_TICKET`, with which it can log in once, over this transport, to this realm, in this role, as the authid in `JUNCTOR_AUTHID`. The transport need not offer tickets to others.",
		},
		{
			key: "authid", added: true, absent: "the guest's id",
			is:  into(anyText, func(r *GuestRouter) *string { return &r.AuthID }),
			doc: "As whom the guest logs in with its ticket.",
		},
		{
			key: "ticket_timeout", added: true, def: "60",
			is:  into(seconds(time.Second, time.Hour), func(r *GuestRouter) *time.Duration { return &r.TicketTimeout }),
			doc: "How long after the start the ticket is good.",
		},
	},
}

var guestReadyObject = object[GuestReady]{
	name:  "guestReady",
	title: "Readiness of a guest",
	fields: []field[GuestReady]{
		{
			key: "authid", added: true, absent: "none",
			is:  into(anyText, func(r *GuestReady) *string { return &r.AuthID }),
			doc: "The guest is ready once a session with this authid has joined the realm of `connect`.",
		},
		{
			key: "procedure", added: true, absent: "none",
			is:  into(procedureURI, func(r *GuestReady) *wamp.URI { return &r.Procedure }),
			doc: "The guest is ready once this procedure is registered in the realm of `connect`.",
		},
		{
			key: "timeout", added: true, def: "60",
			is:  into(seconds(10*time.Millisecond, longestDelay), func(r *GuestReady) *time.Duration { return &r.Timeout }),
			doc: "A guest that is not ready by then has failed.",
		},
	},
	finish: func(c *checker, v *value, r *GuestReady) {
		authID, procedure := v.get("authid"), v.get("procedure")
		switch {
		case authID == nil && procedure == nil:
			c.fail(MissingKey, v.position(), `name an "authid" or a "procedure"`, "nothing says when the guest is ready")
		case authID != nil && procedure != nil:
			c.fail(Conflict, procedure.keyPosition(), "remove one of the two", "a guest is ready by an authid or by a procedure, not both")
		}
	},
}

// procedureURI is a URI without empty parts.
var procedureURI = form[wamp.URI]{
	words:  "a URI",
	schema: anyText.schema,
	read: func(c *checker, v *value) (wamp.URI, bool) {
		s, ok := anyText.read(c, v)
		if ok && !wamp.URI(s).Valid(wamp.URILoose) {
			c.fail(BadValue, v.position(), "", "%s is not a valid URI", v)
			return "", false
		}
		return wamp.URI(s), ok
	},
}
