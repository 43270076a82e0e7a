package serializer

import "hash/maphash"

// interner remembers the strings that it made from octets, so that those which
// come again and again, such as URIs, cost no allocation. It forgets a string
// when another one needs its place.
type interner struct {
	slots *[internSlots]string // allocated by the first string
}

const (
	internSlots  = 16
	internLength = 128 // octets of the longest string remembered
)

var internSeed = maphash.MakeSeed()

func (in *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internLength {
		return string(b)
	}
	if in.slots == nil {
		in.slots = new([internSlots]string)
	}
	slot := &in.slots[maphash.Bytes(internSeed, b)%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
