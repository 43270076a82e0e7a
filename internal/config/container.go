package config

// Container is a worker of type container.
type Container struct {
	Components []Component // unique by ID
}

// ContainerOptions are the further options of a container.
type ContainerOptions struct {
	Shutdown ContainerShutdown
	Restart  Restart // of its components
}

// ContainerShutdown says when a container ends by itself.
type ContainerShutdown string

// The shutdown modes of containers.
const (
	ShutdownManual        ContainerShutdown = "shutdown-manual" // never
	ShutdownOnLastStopped ContainerShutdown = "shutdown-on-last-component-stopped"
	ShutdownOnAnyStopped  ContainerShutdown = "shutdown-on-any-component-stopped"
	ShutdownOnAnyFailed   ContainerShutdown = "shutdown-on-any-component-failed"
)

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
	finish: func(c *checker, v *value, _ *Worker) {
		if components := v.get("components"); components == nil || components.kind == isList && len(components.items) == 0 {
			c.warn(MissingKey, v.position(), "", "the container has no components: there is nothing for it to do")
		}
	},
}

// containerOptionsObject has what the options of native workers have, and more.
var containerOptionsObject = object[WorkerOptions]{
	name:  "containerOptions",
	title: "Container options",
	begin: func(o *WorkerOptions) { o.Container = new(ContainerOptions) },
	fields: append(
		nested(func(o *WorkerOptions) *ContainerOptions { return o.Container }, containerOptionFields...),
		workerOptionsObject.fields...,
	),
	finish: func(c *checker, v *value, o *WorkerOptions) { c.checkModes(v, o.Container) },
}

var containerOptionFields = append(
	[]field[ContainerOptions]{{
		key: "shutdown", def: `"shutdown-manual"`,
		is: into(oneOf(
			word[ContainerShutdown]{string(ShutdownManual), ShutdownManual},
			word[ContainerShutdown]{string(ShutdownOnLastStopped), ShutdownOnLastStopped},
			word[ContainerShutdown]{string(ShutdownOnAnyStopped), ShutdownOnAnyStopped},
			word[ContainerShutdown]{string(ShutdownOnAnyFailed), ShutdownOnAnyFailed},
		), func(o *ContainerOptions) *ContainerShutdown { return &o.Shutdown }),
		doc: "When the container ends by itself: never; when all its components have ended; when one has ended; when one has failed. " +
			"A component has ended when nothing follows by `restart`. One that has lost its router has not: it connects again.",
		note: "a lost connection ends the component.",
	}},
	nested(func(o *ContainerOptions) *Restart { return &o.Restart },
		restartFields(false, "never restarts on failure, and `restart-always` is one attempt at once.")...)...,
)

// checkModes refuses what Crossbar.io refuses: a container that would both end
// and restart its components.
func (c *checker) checkModes(v *value, o *ContainerOptions) {
	policy, mode := o.Restart.Policy, o.Shutdown
	if policy == RestartAlways && mode != ShutdownManual && mode != "" ||
		policy == RestartOnFailed && mode == ShutdownOnAnyFailed {
		c.fail(Conflict, v.get("restart").position(), "choose another of the two", "%q does not go with %q", policy, mode)
	}
}
