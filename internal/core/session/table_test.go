package session_test

import (
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/wamp"
)

// The cells say verdict>state; "FAIL" is a protocol violation, "." is ignored
// and changes nothing. The columns are the states before the message, cl:
// closed, es: establishing, ch: challenging, up: established, sd: shutting
// down, fa: failed.

const acceptorCells = `
                cl       es       ch         up        sd       fa
HELLO           join>es  FAIL     FAIL       FAIL      .        .
WELCOME         FAIL     FAIL     FAIL       FAIL      .        .
ABORT           end>cl   end>cl   end>cl     end>cl    end>cl   .
CHALLENGE       FAIL     FAIL     FAIL       FAIL      .        .
AUTHENTICATE    FAIL     FAIL     verify>es  FAIL      .        .
GOODBYE         FAIL     FAIL     FAIL       echo>cl   end>cl   .
ERROR           FAIL     FAIL     FAIL       route>up  .        .
PUBLISH         FAIL     FAIL     FAIL       route>up  .        .
PUBLISHED       FAIL     FAIL     FAIL       FAIL      .        .
SUBSCRIBE       FAIL     FAIL     FAIL       route>up  .        .
SUBSCRIBED      FAIL     FAIL     FAIL       FAIL      .        .
UNSUBSCRIBE     FAIL     FAIL     FAIL       route>up  .        .
UNSUBSCRIBED    FAIL     FAIL     FAIL       FAIL      .        .
EVENT           FAIL     FAIL     FAIL       FAIL      .        .
EVENT_RECEIVED  FAIL     FAIL     FAIL       .         .        .
CALL            FAIL     FAIL     FAIL       route>up  .        .
CANCEL          FAIL     FAIL     FAIL       route>up  .        .
RESULT          FAIL     FAIL     FAIL       FAIL      .        .
REGISTER        FAIL     FAIL     FAIL       route>up  .        .
REGISTERED      FAIL     FAIL     FAIL       FAIL      .        .
UNREGISTER      FAIL     FAIL     FAIL       route>up  .        .
UNREGISTERED    FAIL     FAIL     FAIL       FAIL      .        .
INVOCATION      FAIL     FAIL     FAIL       FAIL      .        .
INTERRUPT       FAIL     FAIL     FAIL       FAIL      .        .
YIELD           FAIL     FAIL     FAIL       route>up  .        .
UNKNOWN         FAIL     FAIL     FAIL       FAIL      FAIL     FAIL
`

const joinerCells = `
                cl       es         ch       up        sd       fa
HELLO           FAIL     FAIL       FAIL     FAIL      .        .
WELCOME         FAIL     joined>up  FAIL     FAIL      .        .
ABORT           end>cl   end>cl     end>cl   end>cl    end>cl   .
CHALLENGE       FAIL     answer>ch  FAIL     FAIL      .        .
AUTHENTICATE    FAIL     FAIL       FAIL     FAIL      .        .
GOODBYE         FAIL     FAIL       FAIL     echo>cl   end>cl   .
ERROR           FAIL     FAIL       FAIL     route>up  .        .
PUBLISH         FAIL     FAIL       FAIL     FAIL      .        .
PUBLISHED       FAIL     FAIL       FAIL     route>up  .        .
SUBSCRIBE       FAIL     FAIL       FAIL     FAIL      .        .
SUBSCRIBED      FAIL     FAIL       FAIL     route>up  .        .
UNSUBSCRIBE     FAIL     FAIL       FAIL     FAIL      .        .
UNSUBSCRIBED    FAIL     FAIL       FAIL     route>up  .        .
EVENT           FAIL     FAIL       FAIL     route>up  .        .
EVENT_RECEIVED  FAIL     FAIL       FAIL     FAIL      .        .
CALL            FAIL     FAIL       FAIL     FAIL      .        .
CANCEL          FAIL     FAIL       FAIL     FAIL      .        .
RESULT          FAIL     FAIL       FAIL     route>up  .        .
REGISTER        FAIL     FAIL       FAIL     FAIL      .        .
REGISTERED      FAIL     FAIL       FAIL     route>up  .        .
UNREGISTER      FAIL     FAIL       FAIL     FAIL      .        .
UNREGISTERED    FAIL     FAIL       FAIL     route>up  .        .
INVOCATION      FAIL     FAIL       FAIL     route>up  .        .
INTERRUPT       FAIL     FAIL       FAIL     route>up  .        .
YIELD           FAIL     FAIL       FAIL     FAIL      .        .
UNKNOWN         FAIL     FAIL       FAIL     FAIL      FAIL     FAIL
`

// unknown is a message of no known type; a decoder refuses such messages, the
// tables must not stumble over one.
type unknown struct{}

func (unknown) Code() wamp.Code { return 1000 }

// messages has one message of every type that is legal in itself; ERROR refers
// to what the receiver may be answered with.
func messages(errorRefersTo wamp.Code) map[string]wamp.Message {
	all := []wamp.Message{
		hello(), welcome(), &wamp.Abort{}, &wamp.Challenge{}, &wamp.Authenticate{}, &wamp.Goodbye{},
		&wamp.Error{Request: 1, RequestType: errorRefersTo}, &wamp.Publish{Request: 1}, &wamp.Published{},
		&wamp.Subscribe{Request: 1}, &wamp.Subscribed{}, &wamp.Unsubscribe{Request: 1}, &wamp.Unsubscribed{},
		&wamp.Event{}, &wamp.EventReceived{}, &wamp.Call{Request: 1}, &wamp.Cancel{}, &wamp.Result{},
		&wamp.Register{Request: 1}, &wamp.Registered{}, &wamp.Unregister{Request: 1}, &wamp.Unregistered{},
		&wamp.Invocation{}, &wamp.Interrupt{}, &wamp.Yield{},
	}
	byName := map[string]wamp.Message{"UNKNOWN": unknown{}}
	for _, m := range all {
		byName[m.Code().String()] = m
	}
	return byName
}

func hello() *wamp.Hello {
	return &wamp.Hello{Realm: "realm1", Roles: wamp.Roles{}.With(wamp.RoleCaller)}
}

func welcome() *wamp.Welcome {
	return &wamp.Welcome{Session: 1, Roles: wamp.Roles{}.With(wamp.RoleBroker).With(wamp.RoleDealer)}
}

var stateOf = map[string]session.State{
	"cl": session.StateClosed, "es": session.StateEstablishing, "ch": session.StateChallenging,
	"up": session.StateEstablished, "sd": session.StateShuttingDown, "fa": session.StateFailed,
}

var verdictOf = map[string]session.Verdict{
	"route": session.Route, "join": session.Join, "verify": session.Verify, "answer": session.Answer,
	"joined": session.Joined, "echo": session.EchoGoodbye, "end": session.End, ".": session.Ignore,
}

// machine is what Acceptor and Joiner have in common.
type machine interface {
	Receive(wamp.Message) (session.Verdict, *wamp.ProtocolError)
	State() session.State
	Established() bool
	Goodbye()
	Ended()
}

func TestEveryMessageInEveryStateOfTheAcceptorDoesWhatTheTableSays(t *testing.T) {
	t.Parallel()
	checkCells(t, acceptorCells, messages(wamp.CodeInvocation), acceptorIn)
}

func TestEveryMessageInEveryStateOfTheJoinerDoesWhatTheTableSays(t *testing.T) {
	t.Parallel()
	checkCells(t, joinerCells, messages(wamp.CodeCall), joinerIn)
}

func acceptorIn(s session.State) machine {
	a := session.NewAcceptor(session.AcceptorOptions{})
	switch s {
	case session.StateClosed:
	case session.StateFailed:
		a.Receive(&wamp.Publish{})
	case session.StateEstablishing:
		a.Receive(hello())
	case session.StateChallenging:
		a.Receive(hello())
		a.Challenged()
	case session.StateEstablished, session.StateShuttingDown:
		a.Receive(hello())
		a.Welcomed()
		if s == session.StateShuttingDown {
			a.Goodbye()
		}
	}
	return &a
}

func joinerIn(s session.State) machine {
	j := session.NewJoiner()
	switch s {
	case session.StateClosed:
	case session.StateFailed:
		j.Receive(&wamp.Event{})
	case session.StateEstablishing:
		j.HelloSent()
	case session.StateChallenging:
		j.HelloSent()
		j.Receive(&wamp.Challenge{})
	case session.StateEstablished, session.StateShuttingDown:
		j.HelloSent()
		j.Receive(welcome())
		if s == session.StateShuttingDown {
			j.Goodbye()
		}
	}
	return &j
}

func checkCells(t *testing.T, cells string, messages map[string]wamp.Message, in func(session.State) machine) {
	lines := strings.Split(strings.TrimSpace(cells), "\n")
	columns := strings.Fields(lines[0])
	if len(lines)-1 != len(messages) {
		t.Fatalf("the table has %d messages, want %d", len(lines)-1, len(messages))
	}
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		for i, column := range columns {
			checkCell(t, stateOf[column], fields[0], messages[fields[0]], fields[i+1], in)
		}
	}
}

func checkCell(t *testing.T, before session.State, name string, m wamp.Message, cell string, in func(session.State) machine) {
	t.Helper()
	machine := in(before)
	if got := machine.State(); got != before {
		t.Fatalf("%v cannot be reached: state is %v", before, got)
	}
	verdict, err := machine.Receive(m)
	if cell == "FAIL" {
		if err == nil || err.Reason != wamp.ErrProtocolViolation {
			t.Errorf("%s while %v: got %v, %v, want a protocol violation", name, before, verdict, err)
		}
		checkState(t, machine, name, before, session.StateFailed)
		return
	}
	word, after, found := strings.Cut(cell, ">")
	want := before
	if found {
		want = stateOf[after]
	}
	if err != nil || verdict != verdictOf[word] {
		t.Errorf("%s while %v: got %v, %v, want %v", name, before, verdict, err, verdictOf[word])
	}
	checkState(t, machine, name, before, want)
}

func checkState(t *testing.T, m machine, name string, before, want session.State) {
	t.Helper()
	if got := m.State(); got != want {
		t.Errorf("%s while %v: state is %v, want %v", name, before, got, want)
	}
	if got := m.Established(); got != (want == session.StateEstablished) {
		t.Errorf("%s while %v: established is %v in state %v", name, before, got, want)
	}
}
