// Package node brings a configuration to life: it turns a config.Node into
// routers with realms and listening transports, runs them, and ends them in
// order.
//
// Open builds everything and takes the addresses, so that nothing can fail
// later that could have failed at once; what is wrong comes back as findings
// with their places in the file. Check does the same and lets go of it again.
// Run serves until it is told to stop.
//
// Start order: for each worker its router with realms and roles, then its
// transports; nothing is accepted before everything is there. The end goes the
// other way round. A Node belongs to the goroutine that runs it; Endpoints may
// be called from anywhere.
package node
