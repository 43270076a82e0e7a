// Package session is WAMP's session state machine (section 2.7): Acceptor for
// the router's side of a session, Joiner for the client's. Both are tables of
// state and message; they send nothing themselves but say what the shell that
// owns the connection has to do. They are not safe for concurrent use.
package session
