// Package client is WAMP for Go programs: it calls and offers procedures,
// publishes and subscribes to topics, over any transport that junctor speaks.
//
// Connect dials a router and joins a realm; Join does so over a connection
// that exists already. Both give a Session, which lives and dies with its
// connection: it never reconnects by itself, and when it ends, everything that
// waits on it gets an error. A Client keeps a session alive: made by New and
// run by Client.Run, it joins again whenever the connection was lost, and has
// everything that was declared by Client.Register and Client.Subscribe
// registered and subscribed anew.
//
// # Who a client is
//
// Options.Signers are credentials, from package auth: tickets, WAMP-CRA,
// WAMP-SCRAM, cryptosign and TLS client certificates. A client answers no
// challenge of a method that it did not offer, and leaves a router that should
// have proved itself and did not. A Client signs in again with the same
// credentials whenever it reconnects, and gives up where they are refused.
//
// # Concurrency
//
// A Session is safe for concurrent use. It owns one goroutine that reads from
// the connection, one per subscription and several per registration while
// there is something for handlers to do, and one that writes while the
// connection takes less than it is given. Handlers may use the session,
// Close included.
//
// So is a Client. It runs in the goroutine that calls Run, which has the
// sessions, one after the other, and returns when all handlers have.
//
// # Arguments in chunks, secrets
//
// Session.CallProgressively sends the arguments of a call chunk by chunk, and
// Invocation.Chunks takes them, where RegisterOptions.TakeChunks says so; results
// come in parts through CallOptions.OnProgress and Invocation.Progress.
// With Options.Keyring (package passthru) values are encrypted from end to end.
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
//
// A request that was under way when its session ended fails with an
// *InFlightError, since nobody knows whether it was carried out. A Client
// sends nothing twice: what has not been sent waits for the next session, what
// may have been sent fails. Its Publish always asks for the acknowledgement.
// Events published while a client is down are missed.
package client
