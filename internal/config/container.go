package config

import "github.com/junctorio/junctor/wamp"

// Container is a worker of type container.
type Container struct {
	Components []Component
}

// Component is what a container connects to a router.
type Component struct {
	Place
	ID        string // "" if not configured
	Type      string // "class" or "function"
	Realm     wamp.URI
	Transport ConnectTransport
	ClassName string // of a component of type class
}

// containerObject is a worker of type container.
var containerObject = object[Worker]{
	name:  "container",
	title: "Container worker",
	begin: func(w *Worker) { w.Container = new(Container) },
	fields: append(
		[]field[Worker]{
			{
				key: "id", is: into(anyText, func(w *Worker) *string { return &w.ID }),
				absent: "`worker001` …", doc: "Names the worker in logs.",
			},
			typeIs("container", func(w *Worker) *string { return &w.Type }),
			{
				key: "options", is: into(containerOptionsObject.form(), func(w *Worker) *WorkerOptions { return &w.Options }),
				def: "{}",
			},
			{key: "connections", is: ignored[Worker]("neither junctor nor Crossbar.io does anything with it")},
			{key: "manhole", is: ignored[Worker]("junctor has no shell into the running process")},
		},
		nested(
			func(w *Worker) *Container { return w.Container },
			field[Container]{
				key: "components", is: into(listOf(componentVariants.form()), func(o *Container) *[]Component { return &o.Components }),
				def: "[]", doc: "What the container connects to routers.",
			},
		)...,
	),
}

// containerOptionsObject has what the options of all workers have, and more.
var containerOptionsObject = object[WorkerOptions]{
	name:  "containerOptions",
	title: "Container options",
	fields: append(
		[]field[WorkerOptions]{
			{key: "shutdown", is: silent[WorkerOptions](), doc: "When the container ends; not yet supported."},
			{key: "restart", is: silent[WorkerOptions](), doc: "When components start again; not yet supported."},
		},
		workerOptionsObject.fields...,
	),
}

var componentVariants = variants[Component]{
	name:  "component",
	title: "Component",
	noun:  "component",
	objects: []variant[Component]{
		{name: "class", object: &classObject}, {name: "function", object: &functionObject},
	},
	hints: map[string]string{"wamplet": `old documentation has it; use "class"`},
}

var classObject = object[Component]{
	name:      "componentClass",
	title:     "Component of type class",
	strangers: map[string]string{"role": "the role comes from authentication at the router"},
	fields: append(
		componentFields("class"),
		field[Component]{
			key: "classname", required: true,
			is:  into(anyText, func(o *Component) *string { return &o.ClassName }),
			doc: "The name of the component.",
		},
	),
}

var functionObject = object[Component]{
	name:      "componentFunction",
	title:     "Component of type function",
	strangers: map[string]string{"role": "the role comes from authentication at the router"},
	fields: append(
		componentFields("function"),
		field[Component]{key: "auth", is: ignored[Component]("Crossbar.io demands it and does nothing with it")},
		field[Component]{key: "callbacks", is: silent[Component](), doc: "Functions for join, leave, connect and disconnect; not yet supported."},
	),
}

// componentFields are the keys that components of both types have.
func componentFields(name string) []field[Component] {
	return []field[Component]{
		{key: "id", is: into(anyText, func(o *Component) *string { return &o.ID }), absent: "none", doc: "Names the component in logs."},
		typeIs(name, func(o *Component) *string { return &o.Type }),
		{
			key: "realm", required: true,
			is:  into(realmName, func(o *Component) *wamp.URI { return &o.Realm }),
			doc: "The realm to join.",
		},
		{
			key: "transport", required: true,
			is:  into(connectTransportVariants.form(), func(o *Component) *ConnectTransport { return &o.Transport }),
			doc: "How to reach the router.",
		},
		{key: "extra", is: silent[Component](), doc: "Configuration for the component itself."},
	}
}
