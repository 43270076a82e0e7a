package rawsocket

import (
	"fmt"
	"math/bits"
)

// The limits on messages, in octets.
const (
	// DefaultListenLimit is what a listener accepts unless configured.
	DefaultListenLimit = 128 << 10
	// DefaultDialLimit is what a dialing client accepts unless configured.
	DefaultDialLimit = 16 << 20
	// MaxLimit is the largest limit that can be configured.
	MaxLimit = 64 << 20

	minAnnounced = 1 << 9  // the handshake cannot say less
	maxAnnounced = 1 << 24 // the handshake cannot say more
)

// exponent returns the e of the largest 2^e that is not above n, which is positive.
func exponent(n int) int { return bits.Len(uint(n)) - 1 }

// AnnouncedLimit is what the handshake says to a peer of a limit: the largest
// power of two that is not above it, but at least 512 and at most 16 MiB,
// which is all that it can express.
func AnnouncedLimit(limit int) int {
	return 1 << exponent(min(max(limit, minAnnounced), maxAnnounced))
}

// DescribeLimit explains in one sentence how peers see a limit that the
// handshake cannot express as it is. It is empty where there is nothing to
// explain.
func DescribeLimit(limit int) string {
	announced := AnnouncedLimit(limit)
	switch {
	case limit == announced:
		return ""
	case limit < minAnnounced:
		return fmt.Sprintf("RawSocket cannot announce less than %d bytes: peers are told %d, but messages above %d bytes end their connection",
			minAnnounced, announced, limit)
	case limit < minUpgrade:
		return fmt.Sprintf("RawSocket announces powers of two up to %d only: peers are told %d bytes, and messages up to %d bytes are accepted",
			maxAnnounced, announced, limit)
	}
	return fmt.Sprintf("RawSocket announces at most %d bytes: junctor peers that are configured for more agree on %d, others send up to %d bytes",
		maxAnnounced, 1<<exponent(limit), announced)
}

// sendLimit is the largest message to send to a peer that announced limit. A
// message of exactly 2^24 octets needs a header that most implementations
// misread, so it is sent on request only (RS-17).
func sendLimit(announced int, fullFrames bool) int {
	if announced == maxAnnounced && !fullFrames {
		return maxAnnounced - 1
	}
	return announced
}
