package session_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/wamp"
)

func TestJoinerAnswersEveryChallenge(t *testing.T) { // section 2.7, second factor
	t.Parallel()
	j := session.NewJoiner()
	j.HelloSent()
	for range 2 {
		if v, err := j.Receive(&wamp.Challenge{}); v != session.Answer || err != nil {
			t.Fatalf("CHALLENGE: got %v, %v, want answer", v, err)
		}
		j.AuthenticateSent()
	}
	if v, err := j.Receive(welcome()); v != session.Joined || err != nil {
		t.Errorf("WELCOME: got %v, %v, want joined", v, err)
	}
}

func TestWelcomeWithoutRouterRoleIsAViolation(t *testing.T) { // SES-1
	t.Parallel()
	for _, r := range []wamp.Role{wamp.RoleBroker, wamp.RoleDealer} {
		j := joinerIn(session.StateEstablishing)
		if _, err := j.Receive(&wamp.Welcome{Session: 1, Roles: wamp.Roles{}.With(r)}); err != nil {
			t.Errorf("%v alone: %v", r, err)
		}
	}
	j := joinerIn(session.StateEstablishing)
	if v, err := j.Receive(&wamp.Welcome{Session: 1}); err == nil {
		t.Errorf("no role: got %v, want a violation", v)
	}
}

func TestErrorFromARouterMustReferToARequest(t *testing.T) { // section 2.2
	t.Parallel()
	legal := map[wamp.Code]bool{16: true, 32: true, 34: true, 48: true, 64: true, 66: true, 68: true} // 68: PPT-4
	for code := range wamp.Code(80) {
		j := joinerIn(session.StateEstablished)
		_, err := j.Receive(&wamp.Error{Request: 1, RequestType: code})
		if (err == nil) != legal[code] {
			t.Errorf("ERROR for %v: got error %v, want legal = %v", code, err, legal[code])
		}
	}
}

func TestJoinerStepsThatDoNotFitHaveNoEffect(t *testing.T) {
	t.Parallel()
	steps := map[string]struct {
		do   func(*session.Joiner)
		from session.State // the only state in which the step has an effect
	}{
		"HelloSent":        {(*session.Joiner).HelloSent, session.StateClosed},
		"AuthenticateSent": {(*session.Joiner).AuthenticateSent, session.StateChallenging},
		"Goodbye":          {(*session.Joiner).Goodbye, session.StateEstablished},
	}
	for name, step := range steps {
		for _, s := range stateOf {
			j := joinerIn(s).(*session.Joiner)
			step.do(j)
			if changed := j.State() != s; changed != (s == step.from) {
				t.Errorf("%s while %v: state is now %v", name, s, j.State())
			}
		}
	}
}

func TestEndedClosesEverySessionThatHasNotFailed(t *testing.T) {
	t.Parallel()
	for _, s := range stateOf {
		for _, m := range []machine{acceptorIn(s), joinerIn(s)} {
			m.Ended()
			want := session.StateClosed
			if s == session.StateFailed {
				want = session.StateFailed
			}
			if m.State() != want {
				t.Errorf("%T while %v: state is %v, want %v", m, s, m.State(), want)
			}
		}
	}
}

func TestNamesOfStatesAndVerdicts(t *testing.T) {
	t.Parallel()
	for word, v := range verdictOf {
		if word != "." && v.String()[:3] != word[:3] {
			t.Errorf("verdict %d is called %q, want %q", v, v, word)
		}
	}
	if got := session.StateShuttingDown.String(); got != "shutting down" {
		t.Errorf("got %q, want %q", got, "shutting down")
	}
}
