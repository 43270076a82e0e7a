package session

import "github.com/junctorio/junctor/wamp"

// acceptorTable is section 2.7 in the router's view.
var acceptorTable = table{
	StateClosed: {
		wamp.CodeHello: to(Join, StateEstablishing),
		wamp.CodeAbort: to(End, StateClosed),
	},
	StateEstablishing: {
		wamp.CodeAbort: to(End, StateClosed),
	},
	StateChallenging: {
		wamp.CodeAuthenticate: to(Verify, StateEstablishing),
		wamp.CodeAbort:        to(End, StateClosed),
	},
	StateEstablished: {
		wamp.CodePublish:     to(Route, StateEstablished),
		wamp.CodeSubscribe:   to(Route, StateEstablished),
		wamp.CodeUnsubscribe: to(Route, StateEstablished),
		wamp.CodeCall:        to(Route, StateEstablished),
		wamp.CodeCancel:      to(Route, StateEstablished),
		wamp.CodeRegister:    to(Route, StateEstablished),
		wamp.CodeUnregister:  to(Route, StateEstablished),
		wamp.CodeYield:       to(Route, StateEstablished),
		wamp.CodeError:       to(Route, StateEstablished),
		eventReceived:        to(Ignore, StateEstablished), // section 3.21
		wamp.CodeGoodbye:     to(EchoGoodbye, StateClosed),
		wamp.CodeAbort:       to(End, StateClosed), // PV-5
	},
	// SES-11: all but the echo is ignored. ABORT ends the session as well,
	// since whoever aborted will not echo.
	StateShuttingDown: row{
		wamp.CodeGoodbye: to(End, StateClosed), // SES-12: also when both sides began
		wamp.CodeAbort:   to(End, StateClosed),
	}.orIgnore(StateShuttingDown),
	// Section 2.8: nothing more from that peer is processed.
	StateFailed: row{}.orIgnore(StateFailed),
}

// AcceptorOptions are the same for all sessions of a realm or transport.
type AcceptorOptions struct {
	// StrictRequestIDs makes a request ID that does not follow its predecessor
	// a protocol violation (ID-4). Off by default: many clients break the rule.
	StrictRequestIDs bool

	// Roles is what the router announces in WELCOME. Progressive invocations
	// and payload passthru mode are violations unless both sides announced
	// them (SES-2).
	Roles wamp.Roles
}

// Acceptor is the router's side of a session. It is a small value: an idle
// session pays for it.
type Acceptor struct {
	state    State
	strict   bool
	offered  usable  // what the router announces
	agreed   usable  // what router and client announced
	since    uint32  // how many requests there were after the last CALL, if not more than can be counted
	previous wamp.ID // the last request ID, zero before the first (ID-2)
}

// NewAcceptor returns an Acceptor that waits for HELLO.
func NewAcceptor(opts AcceptorOptions) Acceptor {
	return Acceptor{strict: opts.StrictRequestIDs, offered: offeredBy(&opts.Roles)}
}

// State returns where the session stands.
func (a *Acceptor) State() State { return a.state }

// Established reports whether the session is established and neither side has
// said GOODBYE.
func (a *Acceptor) Established() bool { return a.state == StateEstablished }

// Receive decides on a message of the client. An error means: send it as
// ABORT, drop the session and all that belongs to it, close the connection;
// the state is then failed (section 2.8).
//
// After End and EchoGoodbye the Acceptor is ready for another HELLO (PV-2);
// whether the connection is kept for it is the shell's choice (SES-14).
func (a *Acceptor) Receive(m wamp.Message) (Verdict, *wamp.ProtocolError) {
	code := m.Code()
	step := acceptorTable.at(a.state, code)
	err := a.check(step, m)
	if err != nil {
		a.state = StateFailed
		return Ignore, err
	}
	a.state = step.next
	return step.verdict, nil
}

// check finds what is wrong with a message beyond its place in the table.
func (a *Acceptor) check(s step, m wamp.Message) *wamp.ProtocolError {
	switch {
	case !s.legal:
		return outOfPlace(a.state, m.Code(), fromRouter)
	case s.verdict == Join:
		return a.hello(m.(*wamp.Hello))
	case s.verdict == Route:
		return a.request(m)
	}
	return nil
}

// hello checks SES-4 and notes what both sides can do.
func (a *Acceptor) hello(m *wamp.Hello) *wamp.ProtocolError {
	if !m.Roles.IsClient() {
		return wamp.Violation("HELLO announces none of the roles publisher, subscriber, caller, callee")
	}
	a.agreed = a.offered & announcedBy(&m.Roles)
	a.previous, a.since = 0, 0
	return nil
}

// Welcomed says that WELCOME was sent. It has an effect while establishing.
func (a *Acceptor) Welcomed() { a.move(StateEstablishing, StateEstablished) }

// Challenged says that CHALLENGE was sent. It has an effect while establishing.
func (a *Acceptor) Challenged() { a.move(StateEstablishing, StateChallenging) }

// Goodbye says that GOODBYE was sent before one was received. It has an effect
// while established; earlier, the router sends ABORT and calls Ended.
func (a *Acceptor) Goodbye() { a.move(StateEstablished, StateShuttingDown) }

// Ended says that the shell ended the session: it refused the client, timed
// out, or lost patience waiting for an echo. A failed session stays failed.
func (a *Acceptor) Ended() {
	if a.state != StateFailed {
		a.state = StateClosed
	}
}

func (a *Acceptor) move(from, to State) {
	if a.state == from {
		a.state = to
	}
}
