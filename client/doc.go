// Package client is WAMP for Go programs: it calls and offers procedures,
// publishes and subscribes to topics, over any transport that junctor speaks.
//
// Connect dials a router and joins a realm; Join does so over a connection
// that exists already. Both give a Session, which lives and dies with its
// connection: it never reconnects by itself, and when it ends, everything that
// waits on it gets an error.
//
// # Concurrency
//
// A Session is safe for concurrent use. It owns one goroutine that reads from
// the connection, one per subscription and several per registration while
// there is something for handlers to do, and one that writes while the
// connection takes less than it is given. Handlers may use the session,
// Close included.
//
// # What may be lost
//
// Nothing is lost silently. A Call ends in a result or an error; a request on
// a session that has ended, and a message that is larger than the router
// accepts, fail before anything is sent. An unacknowledged Publish that
// returns nil was queued for sending, no more; ask for an acknowledgement to
// know that the router has it. Events that arrive faster than their handler
// takes them wait in a bounded queue; when it is full they are dropped,
// counted, and the next event says how many are missing (Event.Lost).
package client
