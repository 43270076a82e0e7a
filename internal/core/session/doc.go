// Package session is WAMP's session state machine (section 2.7): Acceptor for
// the router's side of a session, Joiner for the client's. Both are tables of
// state and message; they send nothing themselves but say what the shell that
// owns the connection has to do. They are not safe for concurrent use.
//
// Every message that arrives goes through Receive, in order; every step that
// the shell takes on its own (WELCOME sent, GOODBYE sent …) is told with the
// method named for it. A step that does not fit the state has no effect, so a
// decision that comes late (an authenticator answering after the peer was
// aborted) cannot revive a session.
package session
