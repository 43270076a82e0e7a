// Package guest runs programs of the operating system under supervision:
// the guest workers of a node.
//
// A Config says what to run and how; New checks it and returns a Guest, whose
// Run starts the process, follows it, logs its output, restarts it by policy
// with back-off, gives up on crash loops, and terminates it when its context
// ends. Status tells how it stands, at any time and from anywhere. Order sorts
// guests that wait for one another. The package knows neither configuration
// files nor WAMP: Hooks.Ready and Hooks.Environ are where a node comes in.
//
// # Process groups
//
// On Unix every guest leads a process group of its own. Whenever a process
// ends or is to end, the whole group is told to terminate (TERM) and, after a
// grace time, killed (KILL); the next process starts when nothing of the last
// one is left. A descendant that leaves the group on purpose (setsid, as
// daemons do) is out of reach. Elsewhere only the process itself is ended, by
// force. On Linux the process also gets a TERM when this program dies without
// the chance to stop it.
//
// # Goroutines
//
// Run owns all of them and returns after they ended: per process one that waits for
// it, one that writes its standard input, two for each logged stream, and one
// for Hooks.Ready; per guest one that watches directories.
package guest
