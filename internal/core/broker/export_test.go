package broker

// Remains counts what a Broker still remembers of anybody, but for what is
// retained.
func Remains(b *Broker) int { return len(b.sessions) + len(b.byID) + b.topics.Len() }

// MaxRestricted is how many events with lists a topic retains.
const MaxRestricted = maxRestricted
