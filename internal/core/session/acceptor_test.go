package session_test

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/wamp"
)

func established(t *testing.T, opts session.AcceptorOptions, roles wamp.Roles) *session.Acceptor {
	t.Helper()
	a := session.NewAcceptor(opts)
	if v, err := a.Receive(&wamp.Hello{Realm: "realm1", Roles: roles}); v != session.Join || err != nil {
		t.Fatalf("HELLO: got %v, %v, want join", v, err)
	}
	a.Welcomed()
	return &a
}

func TestAcceptorIsSmall(t *testing.T) {
	t.Parallel()
	if got := unsafe.Sizeof(session.Acceptor{}); got > 16 {
		t.Errorf("an Acceptor takes %d octets, want at most 16", got)
	}
}

func TestHelloWithoutClientRoleIsAViolation(t *testing.T) { // SES-4
	t.Parallel()
	for name, roles := range map[string]wamp.Roles{
		"no roles at all":   {},
		"router roles only": wamp.Roles{}.With(wamp.RoleBroker).With(wamp.RoleDealer),
	} {
		a := session.NewAcceptor(session.AcceptorOptions{})
		if v, err := a.Receive(&wamp.Hello{Realm: "realm1", Roles: roles}); err == nil {
			t.Errorf("%s: got %v, want a violation", name, v)
		}
	}
}

func TestEachClientRoleAloneJoins(t *testing.T) { // SES-1
	t.Parallel()
	for _, r := range []wamp.Role{wamp.RolePublisher, wamp.RoleSubscriber, wamp.RoleCaller, wamp.RoleCallee} {
		established(t, session.AcceptorOptions{}, wamp.Roles{}.With(r))
	}
}

func TestSecondFactorIsChallengedAgain(t *testing.T) { // section 2.7
	t.Parallel()
	a := session.NewAcceptor(session.AcceptorOptions{})
	a.Receive(hello())
	for range 2 {
		a.Challenged()
		if v, err := a.Receive(&wamp.Authenticate{}); v != session.Verify || err != nil {
			t.Fatalf("AUTHENTICATE: got %v, %v, want verify", v, err)
		}
	}
	a.Welcomed()
	if !a.Established() {
		t.Errorf("state is %v after WELCOME, want established", a.State())
	}
}

func TestAnotherSessionMayFollowOnTheSameTransport(t *testing.T) { // PV-2
	t.Parallel()
	ends := map[string]func(*session.Acceptor){
		"client said GOODBYE": func(a *session.Acceptor) { a.Receive(&wamp.Goodbye{}) },
		"router said GOODBYE": func(a *session.Acceptor) { a.Goodbye(); a.Receive(&wamp.Goodbye{}) },
		"echo never came":     func(a *session.Acceptor) { a.Goodbye(); a.Ended() },
	}
	for name, end := range ends {
		a := established(t, session.AcceptorOptions{StrictRequestIDs: true}, hello().Roles)
		a.Receive(&wamp.Call{Request: 1})
		end(a)
		if v, err := a.Receive(hello()); v != session.Join || err != nil {
			t.Errorf("%s: HELLO: got %v, %v, want join", name, v, err)
			continue
		}
		a.Welcomed()
		if _, err := a.Receive(&wamp.Call{Request: 1}); err != nil {
			t.Errorf("%s: the new session does not count requests from 1: %v", name, err)
		}
	}
}

func TestLateDecisionsDoNotReviveASession(t *testing.T) {
	t.Parallel()
	steps := map[string]func(*session.Acceptor){
		"Welcomed": (*session.Acceptor).Welcomed, "Challenged": (*session.Acceptor).Challenged,
		"Goodbye": (*session.Acceptor).Goodbye, "Ended": (*session.Acceptor).Ended,
	}
	for name, step := range steps {
		a := session.NewAcceptor(session.AcceptorOptions{})
		a.Receive(hello())
		a.Receive(&wamp.Publish{}) // a violation while the router authenticates
		step(&a)
		if a.State() != session.StateFailed {
			t.Errorf("%s after a violation: state is %v, want failed", name, a.State())
		}
	}
}

func TestRefusedHelloLeavesTheAcceptorClosed(t *testing.T) {
	t.Parallel()
	a := session.NewAcceptor(session.AcceptorOptions{})
	a.Receive(hello())
	a.Ended()
	if a.State() != session.StateClosed {
		t.Errorf("state is %v, want closed", a.State())
	}
}

func TestErrorFromAClientMustReferToAnInvocation(t *testing.T) { // section 2.2
	t.Parallel()
	for code := range wamp.Code(80) {
		a := established(t, session.AcceptorOptions{}, hello().Roles)
		_, err := a.Receive(&wamp.Error{Request: 1, RequestType: code})
		if legal := code == wamp.CodeInvocation; (err == nil) != legal {
			t.Errorf("ERROR for %v: got error %v, want legal = %v", code, err, legal)
		}
	}
}

// requests are the messages that share one sequence of IDs (ID-2).
func requests(id wamp.ID) []wamp.Message {
	return []wamp.Message{
		&wamp.Subscribe{Request: id}, &wamp.Unsubscribe{Request: id}, &wamp.Publish{Request: id},
		&wamp.Register{Request: id}, &wamp.Unregister{Request: id}, &wamp.Call{Request: id},
	}
}

func TestRequestIDs(t *testing.T) { // ID-4
	t.Parallel()
	tests := []struct {
		name   string
		ids    []wamp.ID
		strict bool // legal when IDs are checked strictly
	}{
		{"one after the other from 1", []wamp.ID{1, 2, 3}, true},
		{"starting above 1", []wamp.ID{123}, false},
		{"starting at 0", []wamp.ID{0}, false},
		{"with a gap", []wamp.ID{1, 3}, false},
		{"repeated", []wamp.ID{1, 1}, false},
		{"backwards", []wamp.ID{1, 2, 1}, false},
	}
	for _, tt := range tests {
		for kind := range requests(1) {
			for _, strict := range []bool{false, true} {
				a := established(t, session.AcceptorOptions{StrictRequestIDs: strict}, hello().Roles)
				var err *wamp.ProtocolError
				for _, id := range tt.ids {
					_, err = a.Receive(requests(id)[kind])
				}
				if legal := !strict || tt.strict; (err == nil) != legal {
					t.Errorf("%v, %s, strict = %v: got error %v, want legal = %v",
						requests(1)[kind].Code(), tt.name, strict, err, legal)
				}
			}
		}
	}
}

func TestRequestsOfAllTypesShareOneSequence(t *testing.T) { // ID-2, ID-5
	t.Parallel()
	a := established(t, session.AcceptorOptions{StrictRequestIDs: true}, hello().Roles)
	id := wamp.ID(0)
	for range 2 {
		for kind := range requests(1) {
			id++
			if _, err := a.Receive(requests(id)[kind]); err != nil {
				t.Fatalf("%v with ID %d: %v", requests(1)[kind].Code(), id, err)
			}
			// These mirror an ID and have none of their own.
			for _, m := range []wamp.Message{
				&wamp.Cancel{Request: 7}, &wamp.Yield{Request: 7},
				&wamp.Error{Request: 7, RequestType: wamp.CodeInvocation},
			} {
				if _, err := a.Receive(m); err != nil {
					t.Fatalf("%v: %v", m.Code(), err)
				}
			}
		}
	}
}

func TestContinuationsOfACallMayRepeatItsRequestID(t *testing.T) { // ID-4, PCI-1
	t.Parallel()
	caller := wamp.Roles{}.With(wamp.RoleCaller, wamp.FeatureProgressiveCallInvocations)
	dealer := wamp.Roles{}.With(wamp.RoleDealer, wamp.FeatureProgressiveCallInvocations)
	opts := session.AcceptorOptions{StrictRequestIDs: true, Roles: dealer}

	a := established(t, opts, caller)
	for _, m := range []wamp.Message{
		&wamp.Call{Request: 1, Progress: true}, &wamp.Subscribe{Request: 2},
		&wamp.Call{Request: 1, Progress: true}, &wamp.Call{Request: 1}, &wamp.Call{Request: 3},
	} {
		if _, err := a.Receive(m); err != nil {
			t.Errorf("%v: %v", m.Code(), err)
		}
	}
	if _, err := a.Receive(&wamp.Call{Request: 5}); err == nil {
		t.Error("a call beyond the next request ID was accepted")
	}
}

func TestFeaturesThatMustBeAnnouncedByBothSides(t *testing.T) { // SES-2, PCI-2, PPT-3
	t.Parallel()
	ppt := &wamp.Attributes{PPTScheme: "x_custom"}
	passthru, progress := wamp.FeaturePayloadPassthruMode, wamp.FeatureProgressiveCallInvocations
	tests := []struct {
		name    string
		m       wamp.Message
		client  wamp.Role
		router  wamp.Role
		feature wamp.Feature
	}{
		{"progressive CALL", &wamp.Call{Request: 1, Progress: true}, wamp.RoleCaller, wamp.RoleDealer, progress},
		{"passthru CALL", &wamp.Call{Request: 1, Attributes: ppt}, wamp.RoleCaller, wamp.RoleDealer, passthru},
		{"passthru PUBLISH", &wamp.Publish{Request: 1, Attributes: ppt}, wamp.RolePublisher, wamp.RoleBroker, passthru},
		{"passthru YIELD", &wamp.Yield{Request: 1, Attributes: ppt}, wamp.RoleCallee, wamp.RoleDealer, passthru},
		{
			"passthru ERROR", &wamp.Error{Request: 1, RequestType: wamp.CodeInvocation, Attributes: ppt},
			wamp.RoleCallee, wamp.RoleDealer, passthru,
		},
	}
	for _, tt := range tests {
		for _, announced := range []struct{ client, router bool }{{}, {true, false}, {false, true}, {true, true}} {
			client, router := wamp.Roles{}.With(tt.client), wamp.Roles{}.With(tt.router)
			if announced.client {
				client = client.With(tt.client, tt.feature)
			}
			if announced.router {
				router = router.With(tt.router, tt.feature)
			}
			a := established(t, session.AcceptorOptions{Roles: router}, client)
			_, err := a.Receive(tt.m)
			if legal := announced.client && announced.router; (err == nil) != legal {
				t.Errorf("%s, announced by %+v: got error %v, want legal = %v", tt.name, announced, err, legal)
			}
		}
	}
}

func TestAttributesOtherThanPassthruNeedNoAnnouncement(t *testing.T) {
	t.Parallel()
	a := established(t, session.AcceptorOptions{}, hello().Roles)
	if _, err := a.Receive(&wamp.Publish{Request: 1, Attributes: &wamp.Attributes{EncAlgo: "cryptobox"}}); err != nil {
		t.Error(err)
	}
}

func TestViolationsNameWhatWasWrong(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		m    machine
		got  wamp.Message
		want []string
	}{
		{"out of state", acceptorIn(session.StateClosed), &wamp.Subscribe{}, []string{"SUBSCRIBE", "closed"}},
		{"wrong direction to a router", acceptorIn(session.StateEstablished), &wamp.Event{}, []string{"EVENT", "only routers"}},
		{"wrong direction to a client", joinerIn(session.StateEstablished), &wamp.Publish{}, []string{"PUBLISH", "only clients"}},
		{"second HELLO", acceptorIn(session.StateEstablished), hello(), []string{"HELLO", "established"}},
	}
	for _, tt := range tests {
		_, err := tt.m.Receive(tt.got)
		for _, want := range tt.want {
			if err == nil || !strings.Contains(err.Message, want) {
				t.Errorf("%s: got %v, want it to name %q", tt.name, err, want)
			}
		}
	}
}

func TestReceivingAllocatesNothing(t *testing.T) {
	a := established(t, session.AcceptorOptions{StrictRequestIDs: true}, hello().Roles)
	m := &wamp.Publish{}
	allocs := testing.AllocsPerRun(100, func() {
		m.Request++
		if v, err := a.Receive(m); v != session.Route || err != nil {
			t.Fatal(v, err)
		}
	})
	if allocs != 0 {
		t.Errorf("Receive allocates %v times, want 0", allocs)
	}
}
