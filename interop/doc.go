// Package interop runs other people's WAMP clients against junctor: a router
// started from a configuration file, and Autobahn|Python (on Twisted and on
// asyncio), Autobahn|JS and junctor's own Go client talking to each other
// through it, over TCP, TLS and Unix sockets, in every serializer that both
// know; and signing in by every method that they have, with good credentials
// and bad ones. The results are matrices; a cell that a client cannot fill by
// its nature says so with the reason. Further tests run programs written with
// these clients as guests of a node, among them an authenticator and authorizers
// as Crossbar.io wants them.
//
// The tests have the build tag interop. "make interop" installs the clients,
// runs the tests and prints the matrices.
package interop
