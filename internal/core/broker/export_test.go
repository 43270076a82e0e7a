package broker

// Remains counts what a Broker still remembers of anybody, but for what is
// retained.
func Remains(b *Broker) int { return len(b.sessions) + len(b.byID) + b.topics.Len() }

// MaxRestricted is how many events with lists a topic retains.
const MaxRestricted = maxRestricted

// RetainedTopics counts the topics that retain something, and the events in the
// order of storage.
func RetainedTopics(b *Broker) (topics, events int) {
	for e := b.retained.oldest; e != nil; e = e.next {
		events++
	}
	return b.retained.topics.Len(), events
}
