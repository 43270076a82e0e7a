package config

// Node is a whole configuration.
type Node struct {
	Place
	Dir        string // the node directory; relative paths have been joined to it
	Version    int    // of the format: 2
	Controller Controller
	Workers    []Worker // in the order of the file, disabled ones included
}

// Controller is what concerns the node as a whole.
type Controller struct {
	Place
	ID      string // "" if not configured
	Options ControllerOptions
}

// ControllerOptions are the options of a Controller.
type ControllerOptions struct {
	Place
	Shutdown []ShutdownRule // when the node ends by itself; nil if not configured
}

// ShutdownRule is a condition on which a node ends.
type ShutdownRule string

// The shutdown rules.
const (
	ShutdownOnRequest             ShutdownRule = "shutdown_on_shutdown_requested"
	ShutdownOnWorkerExit          ShutdownRule = "shutdown_on_worker_exit"
	ShutdownOnWorkerExitWithError ShutdownRule = "shutdown_on_worker_exit_with_error"
	ShutdownOnLastWorkerExit      ShutdownRule = "shutdown_on_last_worker_exit"
)

var nodeObject = object[Node]{
	name:  "node",
	title: "Top level",
	fields: []field[Node]{
		{
			key: "$schema", is: silent[Node](),
			doc: "For editors.",
		},
		{
			key: "version", is: into(formatVersion, func(n *Node) *int { return &n.Version }),
			absent: "`2`, with a warning",
			doc:    "The version of the format.",
			note:   "refuses a file without it.",
		},
		{
			key: "controller", is: into(controllerObject.form(), func(n *Node) *Controller { return &n.Controller }),
			def: "{}", doc: "The node as a whole.",
		},
		{
			key: "workers", is: into(listOf(workerForm), func(n *Node) *[]Worker { return &n.Workers }),
			def: "[]", doc: "What the node runs.",
		},
	},
	finish: func(c *checker, v *value, n *Node) {
		if v.get("version") == nil {
			n.Version = 2
			c.warn(Portability, v.position(), `add "version": 2`, `the key "version" is missing; Crossbar.io refuses the file without it`)
		}
	},
}

// formatVersion is 2: version 1 wrote permissions in another way.
var formatVersion = form[int]{
	words:  "the number 2",
	schema: schema{"const": 2},
	read: func(c *checker, v *value) (int, bool) {
		switch {
		case v.kind != isInteger:
			c.wrongType(v, "the number 2", "")
		case v.integer == 1:
			c.fail(NotSupported, v.position(),
				"write version 2: a permission is {uri, match, allow: {call, register, publish, subscribe}, disclose, cache}",
				"version 1 is an old format; junctor reads version 2")
		case v.integer != 2:
			c.fail(BadValue, v.position(), "", "must be the number 2, is %d", v.integer)
		default:
			return 2, true
		}
		return 0, false
	},
}

var controllerObject = object[Controller]{
	name:  "controller",
	title: "Controller",
	fields: []field[Controller]{
		{
			key: "id", is: into(itemID, func(o *Controller) *string { return &o.ID }),
			absent: "none", doc: "Names the node.",
		},
		{
			key: "options", is: into(controllerOptionsObject.form(), func(o *Controller) *ControllerOptions { return &o.Options }),
			def: "{}",
		},
		{key: "manhole", is: ignored[Controller]("junctor has no shell into the running process")},
		{key: "keyring", is: ignored[Controller]("junctor has no node keys yet, and Crossbar.io does not use it either")},
		{key: "connections", is: ignored[Controller]("neither junctor nor Crossbar.io does anything with it")},
	},
}

var controllerOptionsObject = object[ControllerOptions]{
	name:  "controllerOptions",
	title: "Controller options",
	fields: []field[ControllerOptions]{
		{key: "title", is: ignored[ControllerOptions]("junctor does not rename its process")},
		{
			key: "shutdown", is: into(shutdownRules, func(o *ControllerOptions) *[]ShutdownRule { return &o.Shutdown }),
			absent: "`[\"shutdown_on_worker_exit\"]`, but not for guests",
			doc: "When the node ends by itself: never; when a worker has ended; when one has failed; when the last one has ended. " +
				"A router has ended when one of its transports has failed, a container as its `shutdown` says, a guest when nothing follows by its `restart`. Without the key the end of a guest does not end the node.",
			note: "the rules do not see guests; the single word `shutdown_on_worker_exit_with_error` also ends the node when a worker ends without error; a list with that word does not.",
		},
		{
			key: "enable_parallel_worker_start",
			is:  ignored[ControllerOptions]("junctor's workers start within milliseconds, one after the other"),
		},
	},
}

var shutdownRuleList = listOf(oneOf(
	word[ShutdownRule]{string(ShutdownOnRequest), ShutdownOnRequest},
	word[ShutdownRule]{string(ShutdownOnWorkerExit), ShutdownOnWorkerExit},
	word[ShutdownRule]{string(ShutdownOnWorkerExitWithError), ShutdownOnWorkerExitWithError},
	word[ShutdownRule]{string(ShutdownOnLastWorkerExit), ShutdownOnLastWorkerExit},
))

// shutdownRules is one shutdown rule or a list of them.
var shutdownRules = form[[]ShutdownRule]{
	words:  "a shutdown rule or a list of them",
	link:   "a shutdown rule, or a list of them: `shutdown_on_shutdown_requested`, `shutdown_on_worker_exit`, `shutdown_on_worker_exit_with_error`, `shutdown_on_last_worker_exit`",
	schema: schema{"anyOf": []schema{shutdownRuleList.schema, shutdownRuleList.schema["items"].(schema)}},
	read: func(c *checker, v *value) ([]ShutdownRule, bool) {
		switch v.kind {
		case isList:
			return shutdownRuleList.read(c, v)
		case isText:
		default:
			c.wrongType(v, "a shutdown rule or a list of them", "")
			return nil, false
		}
		if v.text == string(ShutdownOnWorkerExitWithError) {
			c.warn(Portability, v.position(), "put the word into a list, for both to understand the same",
				"Crossbar.io also ends the node when a worker ends without error")
		}
		return shutdownRuleList.read(c, v.inList())
	},
}
