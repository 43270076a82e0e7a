package broker

// Remains counts what a Broker still remembers of anybody.
func Remains(b *Broker) int { return len(b.sessions) + len(b.byID) + b.topics.Len() }
