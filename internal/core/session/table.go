package session

import "github.com/junctorio/junctor/wamp"

// State is where a session stands. Both sides use the same states: while
// establishing it is the router's turn to speak, while challenging the
// client's.
type State uint8

// The states. The zero State is closed.
const (
	StateClosed       State = iota // no session: before HELLO, or after its end
	StateEstablishing              // HELLO or AUTHENTICATE is with the router
	StateChallenging               // CHALLENGE is with the client
	StateEstablished               // from WELCOME on
	StateShuttingDown              // this side sent GOODBYE and awaits the echo
	StateFailed                    // the peer broke the protocol; nothing of it counts any more
	numStates
)

var stateNames = [numStates]string{
	"closed", "establishing", "challenging", "established", "shutting down", "failed",
}

// String returns the state's name in lower case.
func (s State) String() string { return stateNames[s] }

// Verdict is what the shell has to do with a message that was received.
type Verdict uint8

// The verdicts.
const (
	Route       Verdict = iota // established: hand it to broker or dealer (Acceptor), to the application (Joiner)
	Join                       // Acceptor: HELLO; authenticate, then call Welcomed, Challenged or Ended
	Verify                     // Acceptor: AUTHENTICATE; likewise
	Answer                     // Joiner: CHALLENGE; sign, send AUTHENTICATE, call AuthenticateSent
	Joined                     // Joiner: WELCOME; the session is established
	Ignore                     // drop silently
	EchoGoodbye                // the peer said GOODBYE: send GOODBYE wamp.close.goodbye_and_out; the session is over
	End                        // the session is over, nothing is to be sent: our GOODBYE was echoed, or ABORT came
	numVerdicts
)

var verdictNames = [numVerdicts]string{
	"route", "join", "verify", "answer", "joined", "ignore", "echo goodbye", "end",
}

// String returns the verdict's name in lower case.
func (v Verdict) String() string { return verdictNames[v] }

// step is one cell of a table: what to do and where the session then stands.
type step struct {
	verdict Verdict
	next    State
	legal   bool // false, the zero cell: a protocol violation
}

func to(v Verdict, next State) step { return step{v, next, true} }

// columns is the number of columns of a table: one for each message code up
// to the largest of the specification. Column 0, a code that no message has,
// stands for EVENT_RECEIVED, whose code is far above the others.
const columns = int(wamp.CodeYield) + 1

const eventReceived = wamp.Code(0)

// row is what may happen in one state, by message code.
type row [columns]step

// table is a state machine.
type table [numStates]row

// at returns the cell for a message. Codes beyond the table are violations.
func (t *table) at(s State, c wamp.Code) step {
	if c == wamp.CodeEventReceived {
		c = eventReceived
	}
	if int(c) >= columns {
		return step{}
	}
	return t[s][c]
}

// orIgnore returns the row with every violation turned into silence.
func (r row) orIgnore(s State) row {
	for c := range r {
		if !r[c].legal {
			r[c] = to(Ignore, s)
		}
	}
	return r
}
