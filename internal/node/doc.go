// Package node brings a configuration to life: it turns a config.Node into
// routers with realms and listening transports, hosted components and guests,
// runs them, and ends them in order.
//
// Open builds everything and takes the addresses, so that nothing can fail
// later that could have failed at once; what is wrong comes back as findings
// with their places in the file. Check does the same and lets go of it again.
// Run serves until it is told to stop.
//
// Start order: routers with realms and roles, the components within them,
// transports, containers, guests (see Run). The end goes the other way round.
// A Node belongs to the goroutine that runs it; Endpoints may be called from
// anywhere.
//
// # Supervision
//
// Nothing that is away takes the node down. A component whose router is away
// joins once that is there, and again whenever its session was lost (by way of
// client.Client); one that crashes or is refused is restarted by its policy
// (hosted); so is a guest (package guest). What has ended for good is an exit,
// which ends the node only if the configuration's rules say so.
//
// # Goroutines
//
// Run owns all: one for each listening transport, component, container and
// guest; within a router one more for each connection in memory, which is the
// reader of its session: those of components, and those by which the router asks
// authenticators and authorizers (callers).
package node
