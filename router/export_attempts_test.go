package router

import (
	"net/netip"
	"time"
)

// FailFromMany counts a failure from each of n addresses, and returns how many
// addresses are remembered then.
func FailFromMany(a *Attempts, n int) int {
	now := time.Now()
	for i := range n {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		a.fail(addr, now)
	}
	return len(a.sources)
}
