package session

import "github.com/junctorio/junctor/wamp"

// joinerTable is section 2.7 in the client's view.
var joinerTable = table{
	StateClosed: {
		wamp.CodeAbort: to(End, StateClosed),
	},
	StateEstablishing: {
		wamp.CodeWelcome:   to(Joined, StateEstablished),
		wamp.CodeChallenge: to(Answer, StateChallenging), // also a second factor
		wamp.CodeAbort:     to(End, StateClosed),
	},
	StateChallenging: {
		wamp.CodeAbort: to(End, StateClosed),
	},
	StateEstablished: {
		wamp.CodePublished:    to(Route, StateEstablished),
		wamp.CodeSubscribed:   to(Route, StateEstablished),
		wamp.CodeUnsubscribed: to(Route, StateEstablished),
		wamp.CodeEvent:        to(Route, StateEstablished),
		wamp.CodeResult:       to(Route, StateEstablished),
		wamp.CodeRegistered:   to(Route, StateEstablished),
		wamp.CodeUnregistered: to(Route, StateEstablished),
		wamp.CodeInvocation:   to(Route, StateEstablished),
		wamp.CodeInterrupt:    to(Route, StateEstablished),
		wamp.CodeError:        to(Route, StateEstablished),
		wamp.CodeGoodbye:      to(EchoGoodbye, StateClosed),
		wamp.CodeAbort:        to(End, StateClosed), // PV-5
	},
	// As in acceptorTable.
	StateShuttingDown: row{
		wamp.CodeGoodbye: to(End, StateClosed),
		wamp.CodeAbort:   to(End, StateClosed),
	}.orIgnore(StateShuttingDown),
	StateFailed: row{}.orIgnore(StateFailed),
}

// Joiner is the client's side of a session. The zero Joiner is ready for use.
type Joiner struct {
	state State
}

// NewJoiner returns a Joiner that has not sent HELLO yet.
func NewJoiner() Joiner { return Joiner{} }

// State returns where the session stands.
func (j *Joiner) State() State { return j.state }

// Established reports whether the session is established and neither side has
// said GOODBYE.
func (j *Joiner) Established() bool { return j.state == StateEstablished }

// Receive decides on a message of the router. An error means: send it as
// ABORT and close the connection; the state is then failed (section 2.8).
// Answers to requests that were never made are the shell's to judge (PV-4).
func (j *Joiner) Receive(m wamp.Message) (Verdict, *wamp.ProtocolError) {
	step := joinerTable.at(j.state, m.Code())
	if err := j.check(step, m); err != nil {
		j.state = StateFailed
		return Ignore, err
	}
	j.state = step.next
	return step.verdict, nil
}

func (j *Joiner) check(s step, m wamp.Message) *wamp.ProtocolError {
	if !s.legal {
		return outOfPlace(j.state, m.Code(), fromClient)
	}
	if s.verdict == Ignore {
		return nil
	}
	switch m := m.(type) {
	case *wamp.Welcome:
		if !m.Roles.IsRouter() { // SES-1
			return wamp.Violation("WELCOME announces none of the roles broker, dealer")
		}
	case *wamp.Error:
		if !answersRequest(m.RequestType) {
			return wamp.Violation("ERROR from a router refers to %v, which is no request of a client", m.RequestType)
		}
	}
	return nil
}

// answersRequest reports whether a router may refuse messages of that type
// with ERROR (section 2.2). That of type INVOCATION refuses a callee's answer
// (PPT-4).
func answersRequest(c wamp.Code) bool {
	switch c {
	case wamp.CodePublish, wamp.CodeSubscribe, wamp.CodeUnsubscribe,
		wamp.CodeCall, wamp.CodeRegister, wamp.CodeUnregister, wamp.CodeInvocation:
		return true
	}
	return false
}

// HelloSent says that HELLO was sent. It has an effect while closed.
func (j *Joiner) HelloSent() { j.move(StateClosed, StateEstablishing) }

// AuthenticateSent says that AUTHENTICATE was sent. It has an effect while
// challenging.
func (j *Joiner) AuthenticateSent() { j.move(StateChallenging, StateEstablishing) }

// Goodbye says that GOODBYE was sent before one was received. It has an effect
// while established.
func (j *Joiner) Goodbye() { j.move(StateEstablished, StateShuttingDown) }

// Ended says that the shell ended the session, for instance with an ABORT of
// its own. A failed session stays failed.
func (j *Joiner) Ended() {
	if j.state != StateFailed {
		j.state = StateClosed
	}
}

func (j *Joiner) move(from, to State) {
	if j.state == from {
		j.state = to
	}
}
