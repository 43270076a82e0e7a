package router

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
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
// except for those that ask to be anonymous. Of the attempts that may still
// fail, no more are under way at a time: the others wait for them, so that many
// connections at once get no more of them than one after the other.
//
// Connections without an address (Unix sockets, in memory) are not counted. IPv6
// addresses count by /64, the least that a client gets. It is safe for
// concurrent use.
type Attempts struct {
	interval time.Duration // one failure is forgotten in it
	window   time.Duration // interval × failures; 0: no bound

	mu      sync.Mutex // guards the field below
	sources map[netip.Addr]*source
}

// source is what is remembered of an address.
type source struct {
	free     time.Time // when all failures will be forgotten
	underway int
	waiting  []chan struct{} // closed when it is their turn, or when there is no room any more
}

// NewAttempts bounds failures to so many within the window, which slides: they
// are forgotten one after the other. Zero failures mean no bound.
func NewAttempts(failures int, window time.Duration) *Attempts {
	a := &Attempts{sources: make(map[netip.Addr]*source)}
	if failures > 0 && window > 0 {
		a.interval = window / time.Duration(failures)
		a.window = window
	}
	return a
}

// begin waits until a client of the address may try. It returns
// errTooManyAttempts if it may not, and ctx's error if that ends first. If it
// returns nil, end must follow.
func (a *Attempts) begin(ctx context.Context, addr netip.Addr) error {
	if a.window == 0 {
		return nil
	}
	for {
		turn, err := a.tryBegin(addr, time.Now())
		if turn == nil {
			return err
		}
		select {
		case <-turn:
		case <-ctx.Done():
			a.withdraw(addr, turn)
			return ctx.Err()
		}
	}
}

// tryBegin returns what to wait for, if it is neither an attempt nor refused.
func (a *Attempts) tryBegin(addr netip.Addr, now time.Time) (turn chan struct{}, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	src := a.sourceLocked(addr, now)
	switch room := a.roomLocked(src, now); {
	case room == 0:
		return nil, errTooManyAttempts
	case src.underway < room:
		src.underway++
		return nil, nil
	}
	turn = make(chan struct{})
	src.waiting = append(src.waiting, turn)
	return turn, nil
}

// withdraw takes back that somebody waits. If it was its turn, it is the next one's.
func (a *Attempts) withdraw(addr netip.Addr, turn chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	src := a.sources[addr]
	if src == nil {
		return
	}
	src.waiting = slices.DeleteFunc(src.waiting, func(c chan struct{}) bool { return c == turn })
	a.wakeLocked(src, time.Now())
}

// end counts what became of an attempt, and reports whether it was the last
// failure that is allowed.
func (a *Attempts) end(addr netip.Addr, failed bool, now time.Time) (last bool) {
	if a.window == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	src := a.sources[addr] // which stays while attempts are under way
	src.underway--
	if failed {
		last = a.failedLocked(src, now)
	}
	a.wakeLocked(src, now)
	if src.idle() && !src.free.After(now) {
		delete(a.sources, addr)
	}
	return last
}

// allowed reports whether a client of the address may try what cannot be guessed.
func (a *Attempts) allowed(addr netip.Addr, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	src := a.sources[addr]
	return src == nil || a.window == 0 || a.roomLocked(src, now) > 0
}

// fail counts a failure for which there was no begin, like end.
func (a *Attempts) fail(addr netip.Addr, now time.Time) (last bool) {
	if a.window == 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	src := a.sourceLocked(addr, now)
	last = a.failedLocked(src, now)
	a.wakeLocked(src, now)
	return last
}

// failedLocked counts a failure, and reports whether it was the last that is allowed.
func (a *Attempts) failedLocked(src *source, now time.Time) (last bool) {
	before := a.roomLocked(src, now)
	if src.free.Before(now) {
		src.free = now
	}
	if before > 0 {
		src.free = src.free.Add(a.interval)
	}
	return before > 0 && a.roomLocked(src, now) == 0
}

// roomLocked returns how many attempts may still fail.
func (a *Attempts) roomLocked(src *source, now time.Time) int {
	owed := max(0, src.free.Sub(now))
	return max(0, int((a.window-owed)/a.interval))
}

// wakeLocked has those try again whose turn it is: all, to be refused, if there is no
// room.
func (a *Attempts) wakeLocked(src *source, now time.Time) {
	room := a.roomLocked(src, now)
	n := min(len(src.waiting), max(0, room-src.underway))
	if room == 0 {
		n = len(src.waiting)
	}
	for _, turn := range src.waiting[:n] {
		close(turn)
	}
	if src.waiting = src.waiting[n:]; len(src.waiting) == 0 {
		src.waiting = nil
	}
}

func (src *source) idle() bool { return src.underway == 0 && len(src.waiting) == 0 }

// sourceLocked returns what is remembered of an address. Addresses with
// attempts under way are as many as there are connections; of the others at
// most maxAddresses are kept.
func (a *Attempts) sourceLocked(addr netip.Addr, now time.Time) *source {
	src := a.sources[addr]
	if src != nil {
		return src
	}
	if len(a.sources) >= maxAddresses {
		a.forgetLocked(now)
	}
	src = new(source)
	a.sources[addr] = src
	return src
}

// forgetLocked makes room for an address. Among a few taken at random it drops
// those that are over, or else the one that would be next.
func (a *Attempts) forgetLocked(now time.Time) {
	const few = 32
	var next netip.Addr
	dropped, seen := false, 0
	for addr, src := range a.sources {
		if seen++; seen > few {
			break
		}
		switch {
		case !src.idle():
		case !src.free.After(now):
			delete(a.sources, addr)
			dropped = true
		case !next.IsValid() || src.free.Before(a.sources[next].free):
			next = addr
		}
	}
	if !dropped {
		delete(a.sources, next)
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

// attempt has an authenticator judge the client, and counts a denial. Who asks
// to be anonymous shows nothing that could be guessed. Nor does a HELLO, for
// which nobody waits: an authenticator that is slow would keep all others of the
// address from being challenged.
func (s *session) attempt(judge func(context.Context) (auth.Step, error)) (auth.Step, error) {
	j := s.joining.Load()
	addr, ok := addressOf(s.conn.Info().RemoteAddr)
	if !ok || j.method == auth.MethodAnonymous {
		return judge(j.ctx)
	}
	a := s.attempts()
	var step auth.Step
	var err error
	var last bool
	if j.exchange == nil {
		if !a.allowed(addr, time.Now()) {
			return step, errTooManyAttempts
		}
		step, err = judge(j.ctx)
		last = isDenial(err) && a.fail(addr, time.Now())
	} else {
		if err := a.begin(j.ctx, addr); err != nil {
			return step, err
		}
		step, err = judge(j.ctx)
		last = a.end(addr, isDenial(err), time.Now())
	}
	if last {
		s.connLog().Warn("too many failed attempts to authenticate from this address: refused for now")
	}
	return step, err
}

func isDenial(err error) bool {
	var denied *auth.Denial
	return errors.As(err, &denied)
}
