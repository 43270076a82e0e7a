package router

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of NewAttempts: 20 failures at once, then one each 3 seconds.
const (
	DefaultAttempts       = 20
	DefaultAttemptsWindow = time.Minute
)

// maxAddresses bounds how many addresses Attempts remembers.
const maxAddresses = 1 << 16

// errTooManyAttempts says nothing of the principal: no credentials were looked
// at. The reason lets well-behaved clients try again.
var errTooManyAttempts = &wamp.Abort{
	Reason:  wamp.ErrAuthenticationFailed,
	Message: "too many failed attempts to authenticate from this address; try again later",
}

// Attempts bounds how often clients of one address may fail to authenticate.
// Above the bound they are refused before their credentials are looked at,
// except for those that ask to be anonymous. Connections without an address
// (Unix sockets, in memory) are not counted. IPv6 addresses count by /64, the
// least that a client gets. It is safe for concurrent use.
type Attempts struct {
	interval time.Duration // one failure is forgotten in it
	window   time.Duration // interval × failures; 0: no bound

	mu     sync.Mutex
	failed map[netip.Addr]time.Time // when all failures will be forgotten
}

// NewAttempts bounds failures to so many within the window, which slides: they
// are forgotten one after the other. Zero failures mean no bound.
func NewAttempts(failures int, window time.Duration) *Attempts {
	a := &Attempts{failed: make(map[netip.Addr]time.Time)}
	if failures > 0 && window > 0 {
		a.interval = window / time.Duration(failures)
		a.window = window
	}
	return a
}

// allowed reports whether a client of the address may try.
func (a *Attempts) allowed(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.window == 0 || a.failed[addr].Sub(now) <= a.window-a.interval
}

// fail counts a failure. It reports whether that one was allowed, and whether it
// was the last. Of one that was not, the client must not learn that it failed:
// any number of clients can try at the same time.
func (a *Attempts) fail(addr netip.Addr, now time.Time) (allowed, last bool) {
	if a.window == 0 {
		return true, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	free, known := a.failed[addr]
	if !known && len(a.failed) >= maxAddresses {
		a.forgetLocked(now)
	}
	if free.Before(now) {
		free = now
	}
	least := now.Add(a.window - a.interval) // beyond, there is no room for a failure
	if free.After(least) {
		return false, false
	}
	free = free.Add(a.interval)
	a.failed[addr] = free
	return true, free.After(least)
}

// forgetLocked makes room for an address. Among a few taken at random it drops
// those that are over, or else the one that would be next.
func (a *Attempts) forgetLocked(now time.Time) {
	const few = 32
	var next netip.Addr
	dropped, seen := false, 0
	for addr, free := range a.failed {
		if seen++; seen > few {
			break
		}
		if !free.After(now) {
			delete(a.failed, addr)
			dropped = true
		} else if !next.IsValid() || free.Before(a.failed[next]) {
			next = addr
		}
	}
	if !dropped {
		delete(a.failed, next)
	}
}

// addressOf returns what failures from addr are counted under.
func addressOf(addr net.Addr) (netip.Addr, bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}, false
	}
	ip := tcp.AddrPort().Addr().Unmap().WithZone("")
	if ip.Is6() {
		prefix, err := ip.Prefix(64)
		if err != nil {
			return netip.Addr{}, false
		}
		ip = prefix.Addr()
	}
	return ip, true
}

func (s *session) attempts() *Attempts {
	if s.access.Attempts != nil {
		return s.access.Attempts
	}
	return s.router.attempts
}

// mayAttempt reports whether the client may try the method.
func (s *session) mayAttempt(method string) bool {
	if method == auth.MethodAnonymous {
		return true
	}
	addr, ok := addressOf(s.conn.Info().RemoteAddr)
	return !ok || s.attempts().allowed(addr, time.Now())
}

// failedAttempt counts a denial, and reports whether the client may know of it.
func (s *session) failedAttempt() bool {
	addr, ok := addressOf(s.conn.Info().RemoteAddr)
	if !ok {
		return true
	}
	allowed, last := s.attempts().fail(addr, time.Now())
	if last {
		s.connLog().Warn("too many failed attempts to authenticate from this address: refused for now")
	}
	return allowed
}
