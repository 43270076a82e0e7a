package transport

import (
	"fmt"
	"strings"
	"time"
)

// KeepAlive says when to send a PING, and when to give up on a peer that does
// not answer (RS-26). A zero field means its default.
//
// It concerns transports that have PINGs, such as RawSocket. On others, within
// the process for example, it has no effect.
type KeepAlive struct {
	Mode KeepAliveMode

	// Interval is how long nothing may come from the peer before it is sent a
	// PING. It is looked at once per Interval, so that a PING goes out after
	// one to two of them. Default DefaultPingInterval.
	Interval time.Duration

	// Timeout is how long to wait, after each PING, for any sign of life.
	// Default DefaultPingTimeout.
	Timeout time.Duration

	// Attempts is how many PINGs in a row may stay unanswered; then the
	// connection is closed. Default DefaultPingAttempts.
	Attempts int
}

// Defaults of KeepAlive: a connection that died without a word is closed after
// 40 to 60 seconds.
const (
	DefaultPingInterval = 20 * time.Second
	DefaultPingTimeout  = 10 * time.Second
	DefaultPingAttempts = 2
)

// KeepAliveMode says which peers to send PINGs to.
type KeepAliveMode uint8

// The modes. KeepAliveAuto, the default, spares the peers that break when they
// receive a PING (all of Autobahn|Python's, Crossbar.io with them): only a peer
// that has itself sent one gets some, or one whose agent is known to cope.
const (
	KeepAliveAuto KeepAliveMode = iota
	KeepAliveAlways
	KeepAliveNever
)

func (m KeepAliveMode) String() string {
	switch m {
	case KeepAliveAuto:
		return "auto"
	case KeepAliveAlways:
		return "always"
	case KeepAliveNever:
		return "never"
	}
	return fmt.Sprintf("KeepAliveMode(%d)", uint8(m))
}

// Complete returns k with the defaults filled in, or an error that names what
// is wrong with it.
func (k KeepAlive) Complete() (KeepAlive, error) {
	switch {
	case k.Mode > KeepAliveNever:
		return k, fmt.Errorf("keep-alive: there is no %s", k.Mode)
	case k.Interval < 0 || k.Timeout < 0 || k.Attempts < 0:
		return k, fmt.Errorf("keep-alive: interval %v, timeout %v and attempts %d must not be negative; 0 means the default",
			k.Interval, k.Timeout, k.Attempts)
	}
	if k.Interval == 0 {
		k.Interval = DefaultPingInterval
	}
	if k.Timeout == 0 {
		k.Timeout = DefaultPingTimeout
	}
	if k.Attempts == 0 {
		k.Attempts = DefaultPingAttempts
	}
	return k, nil
}

// Pings reports whether to send PINGs to a peer. It copes with them if it has
// sent one itself, or by CopesWithPing.
func (k KeepAlive) Pings(copes bool) bool {
	return k.Mode == KeepAliveAlways || k.Mode == KeepAliveAuto && copes
}

// Silence is for how long, at least, nothing has come from a peer that is
// given up on. The defaults must be filled in.
func (k KeepAlive) Silence() time.Duration {
	return k.Interval + time.Duration(k.Attempts)*k.Timeout
}

// CopesWithPing reports whether the peer whose HELLO or WELCOME names this
// agent is known to answer a PING.
func CopesWithPing(agent string) bool { return strings.HasPrefix(agent, "junctor") }
