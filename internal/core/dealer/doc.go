// Package dealer routes calls: it keeps the registrations of one realm, picks a
// callee for each CALL, and remembers the calls that wait for an answer.
//
// A [Dealer] is the whole of it. Its operations take a message that a session
// sent and append what must be sent in consequence to a [core.Deliveries]. A
// refused request is itself a delivery, an ERROR to its sender; an operation
// that can meet a breach of the protocol returns a [wamp.ProtocolError], after
// which the shell aborts the session and calls Leave.
//
// The invariant that everything here serves is RPC-1: a CALL that was accepted
// ends in exactly one final RESULT or ERROR, unless its caller left.
//
// Payloads and attributes are handed on by value, without copying: a delivery
// that carries one is valid as long as the message it came from. The exceptions
// are calls that wait for a callee, and calls that may have to be handed to
// another one (kept.go): of their payloads the dealer keeps copies.
//
// No method may run concurrently with another one of the same Dealer.
package dealer
