package auth_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/wamp"
)

func craAccounts(t *testing.T) *auth.Accounts {
	t.Helper()
	plain, err := auth.NewCRASecret("plain secret", "", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	salted, err := auth.NewCRASecret("salted secret", "c2FsdHNhbHRzYWx0c2FsdA==", 100, 32)
	if err != nil {
		t.Fatal(err)
	}
	accounts, err := auth.NewAccounts(
		&auth.Account{AuthID: "peter", Role: "user", CRA: plain},
		&auth.Account{AuthID: "salome", Role: "admin", CRA: salted, Realm: "realm2", Extra: wamp.Dict{"x": int64(1)}, Expires: time.Unix(9e9, 0)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

// attempt plays a client that answers a WAMP-CRA challenge.
func attempt(t *testing.T, a auth.Authenticator, authid, secret string) (challenge *wamp.Challenge, g *auth.Grant, err error) {
	t.Helper()
	step, err := a.Begin(context.Background(), &auth.Request{
		Hello: &wamp.Hello{Realm: "realm1", AuthMethods: []string{auth.MethodWAMPCRA}, AuthID: authid}, Session: 4711,
	})
	if err != nil {
		return nil, nil, err
	}
	c := step.Challenge
	if c == nil || c.Method != auth.MethodWAMPCRA {
		t.Fatalf("got %+v, want a challenge", step)
	}
	key := []byte(secret)
	if salt, ok := c.Extra["salt"].(string); ok {
		var err error
		if key, err = auth.DeriveCRAKey(secret, salt, int(c.Extra["iterations"].(int64)), int(c.Extra["keylen"].(int64))); err != nil {
			t.Fatal(err)
		}
	}
	step, err = step.Exchange.Authenticate(context.Background(), &wamp.Authenticate{
		Signature: auth.CRASignature(key, c.Extra["challenge"].(string)),
	})
	return c, step.Grant, err
}

func TestCRAAdmitsWhoKnowsTheSecret(t *testing.T) {
	t.Parallel()
	cra := auth.CRA{Directory: craAccounts(t)}
	_, g, err := attempt(t, cra, "peter", "plain secret")
	if err != nil {
		t.Fatal(err)
	}
	want := &auth.Grant{Principal: wamp.Principal{AuthID: "peter", AuthRole: "user", AuthMethod: "wampcra", AuthProvider: "static"}}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Error(diff)
	}
	_, g, err = attempt(t, cra, "salome", "salted secret")
	if err != nil {
		t.Fatal(err)
	}
	want = &auth.Grant{
		Principal: wamp.Principal{AuthID: "salome", AuthRole: "admin", AuthMethod: "wampcra", AuthProvider: "static"},
		Realm:     "realm2", Extra: wamp.Dict{"x": int64(1)}, Expires: time.Unix(9e9, 0),
	}
	if diff := cmp.Diff(want, g); diff != "" {
		t.Error(diff)
	}
}

// CRA-1, CRA-4, AUTH-6.
func TestCRAChallenge(t *testing.T) {
	t.Parallel()
	cra := auth.CRA{Directory: craAccounts(t)}
	seen := map[string]bool{}
	for range 3 {
		c, _, _ := attempt(t, cra, "peter", "wrong")
		var got struct {
			AuthID, AuthRole, AuthMethod, AuthProvider, Nonce, Timestamp string
			Session                                                      uint64
		}
		if err := json.Unmarshal([]byte(c.Extra["challenge"].(string)), &got); err != nil {
			t.Fatal(err)
		}
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", got.Timestamp); err != nil {
			t.Error(err)
		}
		if seen[got.Nonce] || len(got.Nonce) < 16 {
			t.Errorf("nonce %q is not fresh", got.Nonce)
		}
		seen[got.Nonce] = true
		got.Nonce, got.Timestamp = "", ""
		if s := fmt.Sprintf("%+v", got); s != "{AuthID:peter AuthRole:user AuthMethod:wampcra AuthProvider:static Nonce: Timestamp: Session:4711}" {
			t.Errorf("got %s", s)
		}
	}
}

// AUTH-5: a client cannot tell an unknown principal from a wrong secret.
func TestCRAUnknownPrincipalLooksLikeAWrongSecret(t *testing.T) {
	t.Parallel()
	cra := auth.CRA{Directory: craAccounts(t)}
	shapes := map[string]bool{}
	var texts []string
	for _, authid := range []string{"peter", "salome", "nobody", "somebody", "mallory", "peter2", "", "x"} {
		c, g, err := attempt(t, cra, authid, "wrong")
		again, _, _ := attempt(t, cra, authid, "wrong")
		if g != nil || !errors.Is(err, wamp.ErrAuthenticationDenied) {
			t.Fatalf("%q: got %+v, %v, want a denial", authid, g, err)
		}
		var abort *wamp.Abort
		errors.As(err, &abort)
		texts = append(texts, abort.Error())
		delete(c.Extra, "challenge")
		delete(again.Extra, "challenge")
		if diff := cmp.Diff(c.Extra, again.Extra); diff != "" {
			t.Errorf("%q gets another challenge the second time:\n%s", authid, diff)
		}
		salt, _ := c.Extra["salt"].(string)
		shapes[fmt.Sprintf("%v %v %d", c.Extra["iterations"], c.Extra["keylen"], len(salt))] = true
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("got %q and %q, want the same for all", text, texts[0])
		}
	}
	if len(shapes) > 2 {
		t.Errorf("got %v, want no shapes but those of the two principals", shapes)
	}
}

// CRA-4: one attempt per challenge.
func TestCRAChallengeIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	step, err := auth.CRA{Directory: craAccounts(t)}.Begin(t.Context(), &auth.Request{Hello: &wamp.Hello{AuthID: "peter"}})
	if err != nil {
		t.Fatal(err)
	}
	answer := &wamp.Authenticate{Signature: auth.CRASignature([]byte("plain secret"), step.Challenge.Extra["challenge"].(string))}
	if _, err := step.Exchange.Authenticate(t.Context(), &wamp.Authenticate{Signature: "guess"}); !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("got %v, want a denial", err)
	}
	if got, err := step.Exchange.Authenticate(t.Context(), answer); err == nil {
		t.Errorf("got %+v, want an error", got)
	}
}
