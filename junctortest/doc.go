// Package junctortest is a WAMP router for the tests of applications: one
// line starts it, inside the test's process and without a socket, and it is
// gone when the test is over.
//
//	r := junctortest.NewRouter(t)
//	s := r.Connect(t) // a *client.Session, joined
//
// # Faults
//
// Clients reach the router over a Path, which can be made to fail as networks
// do: Drop breaks its connections, Delay makes them slow, Cut holds back what
// is sent without anybody noticing, HalfOpen ends one side while the other
// goes on believing in the connection. A Router is itself the Path that Connect
// and Client use; NewPath makes further ones, so that the fault of one client
// is not that of another. Stop, Kill and Start are the faults of the router.
//
// # Time
//
// Everything but URL works inside a bubble of testing/synctest, where delays
// and time-outs take no time at all: make the Router inside the bubble.
//
// A Router and a Path are safe for concurrent use.
package junctortest
