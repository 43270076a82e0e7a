package rawsocket

import "github.com/junctorio/junctor/wamp"

// The upgrade is an extension that lets two peers exchange messages above
// 16 MiB (section 1.8). When both sides of the handshake have said 16 MiB, the
// client sends two octets, upgradeMagic and its limit; the router answers in
// the same form with the smaller of both limits, and from then on frame
// headers have five octets.
//
// A peer without the extension takes the two octets for the start of a broken
// frame, closes, or waits for the rest of it. So nothing of it happens by
// itself: a client offers it only when it is configured for at least 32 MiB
// (the smallest limit that the octets can express), and a connection that was
// not answered is given up and made anew without the offer (dial.go). A router
// looks for it only when it is itself configured for that much; no frame
// begins with upgradeMagic, so other clients are not affected.
const (
	upgradeMagic = 0x3f
	upgradeSize  = 2
	minUpgrade   = 1 << 25
	maxUpgrade   = 1 << 30
)

// appendUpgrade appends an offer or an answer for limit, at least minUpgrade.
func appendUpgrade(dst []byte, limit int) []byte {
	return append(dst, upgradeMagic, byte(exponent(limit)-25)<<4)
}

// parseUpgrade reads an offer or an answer and returns the limit in it.
func parseUpgrade(b [upgradeSize]byte) (int, error) {
	if b[0] != upgradeMagic || b[1]&0x0f != 0 {
		return 0, wamp.Violation("rawsocket: octets %x are no upgrade to larger frames", b)
	}
	return 1 << min(25+int(b[1]>>4), exponent(maxUpgrade)), nil
}

// agreedLimit is the limit of two peers that say own and theirs.
func agreedLimit(own, theirs int) int { return min(1<<exponent(own), theirs) }
