package wamp

// Match is how a URI of a registration, a subscription or a permission is
// compared with the URI of a call or publication (section 3.8).
type Match uint8

// The matching policies. The zero Match is exact.
const (
	MatchExact    Match = iota // same code points
	MatchPrefix                // string prefix, not aligned to components (PREG-1)
	MatchWildcard              // empty components match any one component (PREG-2)
)

var matchNames = [...]string{"exact", "prefix", "wildcard"}

// String returns the word used on the wire.
func (m Match) String() string { return matchNames[m] }

// ParseMatch returns the Match with the given wire word.
func ParseMatch(s string) (Match, bool) {
	i, ok := indexOf(matchNames[:], s)
	return Match(i), ok
}

// Invoke is how a shared registration picks a callee (SHR-1).
type Invoke uint8

// The invocation policies. The zero Invoke is single.
const (
	InvokeSingle Invoke = iota
	InvokeRoundRobin
	InvokeRandom
	InvokeFirst
	InvokeLast
	InvokeLeastPending // an addition of junctor: who has the fewest calls to answer
)

var invokeNames = [...]string{"single", "roundrobin", "random", "first", "last", "leastpending"}

// String returns the word used on the wire.
func (i Invoke) String() string { return invokeNames[i] }

// ParseInvoke returns the Invoke with the given wire word.
func ParseInvoke(s string) (Invoke, bool) {
	i, ok := indexOf(invokeNames[:], s)
	return Invoke(i), ok
}

// CancelMode is what a CANCEL asks for (section 3.4).
type CancelMode uint8

// The cancel modes. CancelDefault is a missing mode, which CAN-2 reads as
// killnowait.
const (
	CancelDefault CancelMode = iota
	CancelSkip
	CancelKill
	CancelKillNoWait
)

var cancelModeNames = [...]string{"", "skip", "kill", "killnowait"}

// String returns the word used on the wire, empty for CancelDefault.
func (m CancelMode) String() string { return cancelModeNames[m] }

// ParseCancelMode returns the CancelMode with the given wire word.
func ParseCancelMode(s string) (CancelMode, bool) {
	i, ok := indexOf(cancelModeNames[1:], s)
	return CancelMode(i + 1), ok
}

func indexOf(names []string, s string) (int, bool) {
	for i, n := range names {
		if n == s {
			return i, true
		}
	}
	return 0, false
}
