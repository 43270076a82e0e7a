package serializer

import "hash/maphash"

// interner remembers the strings that it made from octets, so that those which
// come again and again, such as URIs, cost no allocation. It forgets a string
// when newer ones need its place.
type interner struct {
	slots *[internSlots]string // pairs, newer first; allocated by the first string
}

const (
	internSlots  = 32
	internLength = 128 // octets of the longest string remembered
)

var internSeed = maphash.MakeSeed()

// get returns b as a string. A nil interner remembers nothing.
func (in *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if in == nil || len(b) > internLength {
		return string(b)
	}
	if in.slots == nil {
		in.slots = new([internSlots]string)
	}
	i := maphash.Bytes(internSeed, b) % internSlots &^ 1
	newer, older := &in.slots[i], &in.slots[i+1]
	switch string(b) {
	case *newer:
	case *older:
		*newer, *older = *older, *newer
	default:
		*newer, *older = string(b), *newer
	}
	return *newer
}
