package config

import (
	"regexp"
	"slices"
	"strings"
)

// Worker is one of the things that a node runs. One of the pointers is set,
// according to Type; none for a disabled worker of a type that junctor does not
// have yet.
type Worker struct {
	Place
	ID        string // generated (worker001 …) where the file has none; unique
	Type      string // "router", "container" or "guest"
	Options   WorkerOptions
	Router    *Router
	Container *Container
	Guest     *Guest
}

// WorkerOptions are the options of a worker: those that all have, and what the
// pointer of its type, if there is one, holds.
type WorkerOptions struct {
	Place
	Disabled  bool // do not start this worker
	Container *ContainerOptions
	Guest     *GuestOptions
}

// Router is a worker of type router.
type Router struct {
	Realms     []Realm     // unique by Name and by ID
	Components []Component // unique by ID
	Transports []Transport // unique by ID
}

var workerVariants = variants[Worker]{
	name:  "worker",
	title: "Worker",
	noun:  "worker",
	objects: []variant[Worker]{
		{name: "router", object: &routerObject}, {name: "container", object: &containerObject}, {name: "guest", object: &guestObject},
	},
	later: []string{"proxy", "websocket-testee", "hostmonitor", "xbrmm"},
	unwanted: func(c *checker, v *value) bool {
		disabled := v.get("options").get("disabled")
		if disabled == nil {
			return false
		}
		silence := &checker{options: c.options}
		off, _ := disabledForm.read(silence, disabled)
		return off
	},
}

// workerForm keeps of a worker of a type that is not supported, and disabled,
// what little there is to know.
var workerForm = workerVariants.form().then(func(_ *checker, v *value, w Worker) (Worker, bool) {
	if w.Type == "" {
		w.Type, w.Options.Disabled = v.get("type").text, true
		if id := v.get("id"); id != nil {
			w.ID = id.text
		}
	}
	return w, true
})

// routerObject is a worker of type router.
var routerObject = object[Worker]{
	name:  "router",
	title: "Router worker",
	begin: func(w *Worker) { w.Router = new(Router) },
	fields: append(
		[]field[Worker]{
			{
				key: "id", is: into(itemID, func(w *Worker) *string { return &w.ID }),
				absent: "`worker001` …", doc: "Names the worker in logs.",
			},
			typeIs("router", func(w *Worker) *string { return &w.Type }),
			{
				key: "options", is: into(workerOptionsObject.form(), func(w *Worker) *WorkerOptions { return &w.Options }),
				def: "{}",
			},
			{key: "connections", is: ignored[Worker]("neither junctor nor Crossbar.io does anything with it")},
			{key: "manhole", is: ignored[Worker]("junctor has no shell into the running process")},
		},
		nested(
			func(w *Worker) *Router { return w.Router },
			field[Router]{
				key: "realms", is: into(listOf(realmObject.form()), func(r *Router) *[]Realm { return &r.Realms }),
				def: "[]", doc: "The realms that clients can join.",
			},
			field[Router]{
				key: "components", is: into(listOf(embeddedVariants.form()), func(r *Router) *[]Component { return &r.Components }),
				def: "[]", doc: "What runs within the router; it is there before the router's transports accept clients.",
			},
			field[Router]{
				key: "transports", is: into(listOf(transportVariants.form()), func(r *Router) *[]Transport { return &r.Transports }),
				def: "[]", doc: "Where the router listens.",
			},
		)...,
	),
}

const noProcess = "junctor's workers are no processes of their own"

var workerOptionsObject = object[WorkerOptions]{
	name:  "workerOptions",
	title: "Worker options",
	fields: []field[WorkerOptions]{
		{
			key: "disabled", is: into(disabledForm, func(o *WorkerOptions) *bool { return &o.Disabled }),
			def: "false",
			doc: "Do not start this worker. `\"${NAME}\"` disables it if that environment variable is set and not empty, whatever it says.",
		},
		{key: "title", is: ignored[WorkerOptions](noProcess)},
		{key: "python", is: ignored[WorkerOptions](noPython)},
		{key: "pythonpath", is: ignored[WorkerOptions](noPython)},
		{key: "cpu_affinity", is: ignored[WorkerOptions](noProcess + ", and a realm uses all cores")},
		{key: "env", is: ignored[WorkerOptions](noProcess + "; set the variables for junctor itself")},
		{key: "extra", is: ignored[WorkerOptions]("nothing in junctor reads it")},
		{key: "expose_controller", is: ignored[WorkerOptions]("components have no management session")},
		{key: "expose_shared", is: ignored[WorkerOptions]("components have no shared object")},
		{key: "reactor", is: ignored[WorkerOptions](noPython), note: "documented, but refused."},
	},
}

const noPython = "junctor is no Python program"

var wholeVariable = regexp.MustCompile(`^\$\{([a-zA-Z_][a-zA-Z0-9_]*)\}$`)

// disabledForm is a boolean, or a string that names an environment variable.
var disabledForm = form[bool]{
	words:  `true, false or "${NAME}"`,
	schema: schema{"type": []string{"boolean", "string"}, "pattern": wholeVariable.String()},
	read: func(c *checker, v *value) (bool, bool) {
		if v.kind == isBool {
			return v.boolean, true
		}
		name := wholeVariable.FindStringSubmatch(v.text)
		if v.kind != isText || name == nil {
			c.wrongType(v, `true, false or "${NAME}"`, "")
			return false, false
		}
		setting, ok := c.lookupEnv(name[1])
		if lower := strings.ToLower(setting); ok && slices.Contains([]string{"0", "false", "no", "off"}, lower) {
			c.warn(BadValue, v.position(), "unset the variable to enable the worker",
				"the environment variable %s is %s, which disables the worker as any text does", name[1], quote(setting))
		}
		return ok, true
	},
}
