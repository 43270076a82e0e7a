// Package link is the built-in component junctor.Link: it joins chosen topics
// and procedures of the realm that it is in, the local one, to a realm of
// another router, the upstream one, over a connection that it opens itself.
// docs/components.md describes its configuration and what users can rely on.
//
// Each session of the component gets a bridge (bridge.go) between two ends
// (end.go): the local session, and a client.Client that keeps one alive
// upstream. A bridge does two things:
//
//   - For a procedure it registers at the one end and calls at the other
//     (call.go).
//   - For a topic it subscribes at the one end and publishes at the other. What
//     goes one way is a lane (lane.go), with a queue (package backlog) and one
//     goroutine that empties it.
//
// Payloads are passed on as they are, undecoded. What keeps events and calls
// from going in circles is in trace.go.
//
// A bridge owns three goroutines, that of the client and one per lane. Join
// starts them, Leave ends them and waits for them.
package link
