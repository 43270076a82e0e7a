// Package router is a WAMP router to embed: a Router has Realms, and Attach
// runs the session of one connection on it.
//
// The package is a shell: internal/core decides what is sent to whom, this
// package owns sockets' outboxes, locks, time and goroutines.
//
// Paths through it: Attach → session.run reads batches of messages; receive
// (session.go) decodes and checks one; join.go has a client authenticated and
// lets it in, attempts.go says how often it may try; where an Authorizer decides, gate.go
// has it wait; route.go authorizes it and asks the broker or dealer under the
// realm's lock; deliver.go pushes what they decided
// into the recipients' outboxes before the lock is released; at the end of the
// batch every touched outbox is flushed with a write that never blocks
// (flush.go).
//
// The meta API (meta*.go) is served by the realm's service, a callee and
// publisher that gets messages instead of octets: its calls are answered, and
// what it has to tell is published, once the realm's locks are released
// (worker.settle). member.go is how sessions enter and leave a realm.
//
// Goroutines: Attach uses its caller's as the session's reader; an outbox has
// a flusher only while its socket is full; an event store has one while events
// wait to be stored; a session of a role with an
// Authorizer has one while messages wait for a decision; a realm's deadline timer runs while
// calls with a timeout are pending. All have ended when Shutdown or Close and
// all calls of Attach have returned.
//
// Router and Realm are safe for concurrent use.
package router
