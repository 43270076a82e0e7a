// Package exec is the built-in component junctor.Exec: procedures and handlers
// of topics that are served by commands, in any language, which read and write
// JSON, one value a line. docs/components.md describes the configuration and
// the protocol of the lines; message.go reads and writes them.
//
// A command is run in one of two ways. Mode per-call (call.go) starts a
// process for each call or event, which gets one request on its standard input
// and answers on its standard output. Mode long-lived (worker.go, process.go)
// starts one process that gets all requests, each with an id, and is started
// again with back-off when it ends.
//
// # Ownership
//
// A Component owns its long-lived processes from its first Join until Close:
// they outlive sessions. Per worker one goroutine starts processes and waits
// for them; per long-lived process one writes its standard input and, inside
// os/exec, two read its output. Processes per call belong to the handler that
// started them. Whatever ends a process ends its process group.
package exec
