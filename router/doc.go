// Package router is a WAMP router to embed: a Router has Realms, and Attach
// runs the session of one connection on it.
//
// The package is a shell: internal/core decides what is sent to whom, this
// package owns sockets' outboxes, locks, time and goroutines. Router and Realm
// are safe for concurrent use.
//
// # The way of a message
//
// Attach → session.run reads batches of messages (session.go); receive decodes
// and checks one; carryOut authorizes it and asks the broker or dealer under
// the realm's lock (route.go, publish.go); deliver pushes what they decided
// into the recipients' outboxes before the lock is released (deliver.go,
// outbox.go); at the end of the batch every touched outbox is flushed with a
// write that never blocks (flush.go). What must not be done under a lock waits
// for worker.settle.
//
// # Files
//
// Joining: join.go has a client authenticated and lets it in, attempts.go says
// how often an address may fail. member.go is how sessions enter and leave a
// realm.
//
// Authorization: permission.go decides by a role's permissions, explain.go says
// why. Where a role has an Authorizer instead (authorizer.go), a message waits
// in the session's gate (gate.go) until that has decided on what the session
// intends (intent.go); decisions.go keeps what may be kept. authorize.go makes
// one verdict of all this, refuse.go words what it denies.
//
// The meta API (meta*.go, testament.go) is served by the realm's service, a
// callee and publisher that gets messages instead of octets: its calls are
// answered, and what it has to tell is published, once the realm's locks are
// released. history.go hands events to an EventStore.
//
// # Goroutines
//
//   - A session's reader is the caller of Attach. It waits for all others of
//     its session.
//   - An outbox has a flusher only while its socket is full (outbox.flushers).
//   - A gate has a goroutine only while messages wait in it (gate.passing).
//   - A history has one only while events wait to be stored; Shutdown and Close
//     wait for it (history.storeAlls).
//   - Timers: the realm's next deadline of a call, only while calls with a
//     timeout are pending; of sessions the time to join, the expiry of their
//     authentication, PINGs, and, at their end, the moment that the client has
//     for the last word. That one may outlast Attach, and finds nothing to do.
//
// # Locks and their order
//
// Each line may be held while those below it are taken, not the other way round;
// those of one line are never held together.
//
//	news.telling                       while meta events are published
//	Realm.pubsub, Realm.rpc            the broker; the dealer
//	Realm.membership                   alone, but for news.mu
//	news.mu, history.mu, outbox.mu, gate.mu, Router.mu, decisions.mu, Attempts.mu
//
// The last ones are innermost: nothing is called with them held but what is
// theirs. history.append is taken with nothing else held, and is held around
// EventStore.Append. Authenticators, Authorizers, event stores, loggers and
// sockets are called without any of the others but news.telling, under which
// outboxes may be flushed and closed.
package router
