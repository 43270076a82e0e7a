// Package bench is the load generator behind "junctor bench": it offers
// operations to a router, in a closed loop or at a fixed rate, and says how
// many it did and how long they took.
//
// At a fixed rate an operation's latency counts from when it was due, not from
// when the generator got round to it. A router that stalls therefore shows in
// the percentiles with everything that was due meanwhile (no coordinated
// omission). In a closed loop the next operation starts when one has ended; the
// latency is then only that of an operation under this very load.
//
// Run offers the load; RPC and PubSub are what is offered.
package bench
