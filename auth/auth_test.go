package auth_test

import (
	"errors"
	"regexp"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

func begin(t *testing.T, set auth.Set, methods ...string) (auth.Step, error) {
	t.Helper()
	hello := &wamp.Hello{AuthMethods: methods, AuthID: "mallory"}
	method, err := set.Pick(hello, nil)
	if err != nil {
		return auth.Step{}, err
	}
	return method.Begin(t.Context(), &auth.Request{Hello: hello})
}

func TestSetPicksTheMethod(t *testing.T) {
	t.Parallel()
	anonymous := auth.Set{auth.Anonymous{Role: "guest"}}
	tests := []struct {
		name    string
		set     auth.Set
		methods []string
		want    error
	}{
		{"no methods offered means anonymous", anonymous, nil, nil},
		{"anonymous offered after an unknown method", anonymous, []string{"ticket", "anonymous"}, nil},
		{"anonymous not configured", auth.Set{}, nil, wamp.ErrAuthenticationRequired},
		{"nothing in common", anonymous, []string{"ticket"}, wamp.ErrNoMatchingAuthMethod},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			step, err := begin(t, tt.set, tt.methods...)
			if !errors.Is(err, tt.want) {
				t.Fatalf("got error %v, want %v", err, tt.want)
			}
			if tt.want == nil && (step.Grant == nil || step.Grant.Principal.AuthRole != "guest") {
				t.Errorf("got %+v, want a grant of role guest", step)
			}
		})
	}
}

func TestAnonymousIgnoresTheClientsAuthID(t *testing.T) {
	t.Parallel()
	step, err := begin(t, auth.Set{auth.Anonymous{}})
	if err != nil {
		t.Fatal(err)
	}
	p := step.Grant.Principal
	if !regexp.MustCompile(`^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$`).MatchString(p.AuthID) {
		t.Errorf("got authid %q, want six groups of four characters", p.AuthID)
	}
	if p.AuthRole != auth.DefaultRole || p.AuthMethod != "anonymous" || p.AuthProvider != "static" {
		t.Errorf("got %+v", p)
	}
}
