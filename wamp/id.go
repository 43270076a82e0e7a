package wamp

// ID is a WAMP identifier (ID-1): an integer from 1 to MaxID. The zero ID
// stands for "none"; on the wire it appears only as the request of a
// revocation (UNREGISTERED, UNSUBSCRIBED).
type ID uint64

// MaxID is the largest valid ID, 2^53 (ID-1).
const MaxID ID = 1 << 53

// Valid reports whether id is in 1..MaxID (ID-1).
func (id ID) Valid() bool { return id >= 1 && id <= MaxID }

// Next returns the ID that follows id in a session-scoped sequence: 1 after
// the zero ID, and 1 again after MaxID (section "IDs" of the specification).
func (id ID) Next() ID {
	if id >= MaxID {
		return 1
	}
	return id + 1
}
