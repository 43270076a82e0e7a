package core

import "github.com/junctorio/junctor/wamp"

// forwarderBytes is about what an entry of forward_for takes besides its words.
const forwarderBytes = 64

// AttributesSize is about how many octets attributes take, which may be nil,
// for whoever keeps them and bounds what it keeps.
func AttributesSize(a *wamp.Attributes) int {
	if a == nil {
		return 0
	}
	n := len(a.PPTScheme) + len(a.PPTSerializer) + len(a.PPTCipher) + len(a.PPTKeyID) +
		len(a.EncAlgo) + len(a.EncKey) + len(a.EncSerializer) + len(a.TransactionHash)
	for _, f := range a.ForwardFor {
		n += forwarderBytes + len(f.AuthID) + len(f.AuthRole)
	}
	return n
}
