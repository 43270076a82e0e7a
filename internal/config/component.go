package config

import (
	"encoding/json"

	"github.com/junctorio/junctor/wamp"
)

// Component is application code that a container or a router hosts.
type Component struct {
	Place
	ID        string // generated (component001 …) where the file has none; unique within the worker
	Type      string // "class" or "function"
	Realm     wamp.URI
	ClassName string          // of type class: the name it was registered under
	Callbacks Callbacks       // of type function
	Extra     json.RawMessage // an object for the component to read; nil if there is none
	EndsNode  bool            // that it failed for good ends the node

	Transport *ConnectTransport // in a container
	Embedded  *Embedded         // in a router
}

// Callbacks are the names of functions; "" where there is none.
type Callbacks struct {
	Place
	Connect    string
	Join       string
	Leave      string
	Disconnect string
}

// Embedded is what only components within a router have.
type Embedded struct {
	Role    string // of its sessions
	Restart Restart
}

var componentVariants = variants[Component]{
	name:  "component",
	title: "Component",
	noun:  "component",
	objects: []variant[Component]{
		{name: "class", object: &classObject}, {name: "function", object: &functionObject},
	},
	hints: componentHints,
}

var embeddedVariants = variants[Component]{
	name:  "routerComponent",
	title: "Component within a router",
	noun:  "component",
	objects: []variant[Component]{
		{name: "class", object: &embeddedClassObject}, {name: "function", object: &embeddedFunctionObject},
	},
	hints: componentHints,
}

var componentHints = map[string]string{"wamplet": `old documentation has it; use "class"`}

var classObject = object[Component]{
	name:      "componentClass",
	title:     "Component of type class",
	strangers: hostedStrangers,
	fields:    append(hostedFields("class"), className),
}

var functionObject = object[Component]{
	name:      "componentFunction",
	title:     "Component of type function",
	strangers: hostedStrangers,
	fields: append(hostedFields("function"), callbacks,
		field[Component]{key: "auth", is: ignored[Component](`Crossbar.io demands it and does nothing with it; credentials go into the transport's "auth"`)}),
}

var embeddedClassObject = object[Component]{
	name:      "routerComponentClass",
	title:     "Component of type class within a router",
	strangers: embeddedStrangers,
	begin:     beginEmbedded,
	fields:    append(embeddedFields("class"), className),
}

var embeddedFunctionObject = object[Component]{
	name:      "routerComponentFunction",
	title:     "Component of type function within a router",
	strangers: embeddedStrangers,
	begin:     beginEmbedded,
	fields:    append(embeddedFields("function"), callbacks),
}

func beginEmbedded(o *Component) { o.Embedded = new(Embedded) }

var hostedStrangers = map[string]string{
	"role":    "the role comes from authentication at the router",
	"restart": "the container's options have it",
}

var embeddedStrangers = map[string]string{
	"transport": "a component within a router needs none",
	"auth":      `a component within a router needs no authentication; "role" says what it may do`,
}

var className = field[Component]{
	key: "classname", required: true,
	is:   into(anyText, func(o *Component) *string { return &o.ClassName }),
	doc:  "The name of a component that is part of junctor or compiled into the program.",
	note: "names a Python class, which can run as a guest.",
}

var callbacks = field[Component]{
	key: "callbacks", required: true,
	is: into(callbacksObject.form(), func(o *Component) *Callbacks { return &o.Callbacks }),
}

var callbacksObject = object[Callbacks]{
	name:  "callbacks",
	title: "Callbacks of a component",
	fields: []field[Callbacks]{
		{
			key: "connect", is: into(anyText, func(b *Callbacks) *string { return &b.Connect }),
			absent: "none", doc: "The function to call before `join`: a session that is connected has joined already.",
		},
		{
			key: "join", is: into(anyText, func(b *Callbacks) *string { return &b.Join }),
			absent: "none", doc: "The function to call each time the session has joined the realm.",
		},
		{
			key: "leave", is: into(anyText, func(b *Callbacks) *string { return &b.Leave }),
			absent: "none", doc: "The function to call when the session has ended.",
		},
		{
			key: "disconnect", is: into(anyText, func(b *Callbacks) *string { return &b.Disconnect }),
			absent: "none", doc: "The function to call after `leave`.",
		},
	},
	finish: func(c *checker, v *value, b *Callbacks) {
		if len(v.items) == 0 {
			c.fail(MissingKey, v.position(), "name at least one function", "the component would do nothing")
		}
	},
}

// componentFields are the keys that all components have.
func componentFields(name string) []field[Component] {
	return []field[Component]{
		{
			key: "id", is: into(anyText, func(o *Component) *string { return &o.ID }),
			absent: "`component001` …", doc: "Names the component in logs; unique within the worker.",
		},
		typeIs(name, func(o *Component) *string { return &o.Type }),
		{
			key: "realm", required: true,
			is:  into(realmName, func(o *Component) *wamp.URI { return &o.Realm }),
			doc: "The realm to join.",
		},
		{
			key: "extra", is: into(extra, func(o *Component) *json.RawMessage { return &o.Extra }),
			absent: "none", doc: "Configuration for the component itself, which says what may stand here.", note: "adds `cbdir`.",
		},
		{
			key: "on_failure", added: true, def: `"continue"`,
			is: into(oneOf(word[bool]{"continue", false}, word[bool]{"end-node", true}),
				func(o *Component) *bool { return &o.EndsNode }),
			doc:  "What the node does when the component has failed and is not started again: go on without it, or end.",
			note: "ends the node if the component fails while the node starts.",
		},
	}
}

// hostedFields are the keys of components in containers.
func hostedFields(name string) []field[Component] {
	return append(componentFields(name), field[Component]{
		key: "transport", required: true,
		is:  into(pointer(connectTransportVariants.form()), func(o *Component) **ConnectTransport { return &o.Transport }),
		doc: "How to reach the router.",
	})
}

// embeddedFields are the keys of components in routers.
func embeddedFields(name string) []field[Component] {
	at := func(o *Component) *Embedded { return o.Embedded }
	fields := append(componentFields(name), nested(at, field[Embedded]{
		key: "role", def: `"` + defaultRole + `"`,
		is:  into(anyText, func(e *Embedded) *string { return &e.Role }),
		doc: "The role of the component's sessions, which need no authentication. `" + TrustedRole + "` may do anything and is there without being defined.",
	})...)
	fields = append(fields, nested(at, nested(func(e *Embedded) *Restart { return &e.Restart }, restartFields(true, "never restarts it.")...)...)...)
	return append(fields, field[Component]{key: "references", is: later[Component]("references to connections")})
}
