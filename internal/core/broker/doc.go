// Package broker distributes events: it keeps the subscriptions of one realm
// and finds who receives a publication.
//
// A [Broker] is the whole of it. Its operations take a message that a session
// sent and append what must be sent in consequence to a [core.Deliveries]; a
// refused request is itself a delivery, an ERROR to its sender.
//
// A subscription, (topic, match), is shared by all its subscribers (PS-2): they
// have one ID, and a publication makes one EVENT for it, which consecutive
// deliveries carry to each of them, so that the shell encodes it once.
//
// Payloads and attributes are handed on by value, without copying: a delivery
// that carries one is valid as long as the publication it came from. Only a
// publication to be retained must be the broker's to keep.
//
// Publish (of what is not to be retained), Features, Stats, and what answers the
// meta API (query.go) only read a Broker: any number of goroutines may call them
// at the same time. All other methods, and Publish of what is to be retained,
// exclude each other and these.
package broker
