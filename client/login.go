package client

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// LoginError says why this side gave up signing in: a Signer could not do what
// was asked for, or the router asked for something that was not offered, or
// did not prove itself where it should have (auth.ErrRouterUnproven). What the
// router refuses is a *wamp.Abort instead.
type LoginError struct {
	Method string // of authentication
	Err    error

	mistaken bool // it will be no different the next time
}

// Error describes the cause.
func (e *LoginError) Error() string {
	return fmt.Sprintf("authentication by %.40s: %v", e.Method, e.Err)
}

// Unwrap returns Err.
func (e *LoginError) Unwrap() error { return e.Err }

// errNotOffered is what a router gets wrong that picks a method by itself (AUTH-7).
var errNotOffered = errors.New("the router chose it, but it was not offered")

// login is the credentials that a session offers, while it joins. It is empty
// for a session that joins as anonymous.
type login []*attempt

// attempt is one of them.
type attempt struct {
	auth.Attempt

	method     string
	challenged bool // the router has chosen it
}

// checkSigners refuses what no HELLO can say.
func checkSigners(signers []auth.Signer) error {
	for i, signer := range signers {
		if signer == nil {
			return fmt.Errorf("the one at %d is nil", i)
		}
		same := func(other auth.Signer) bool { return other.Method() == signer.Method() }
		if slices.ContainsFunc(signers[:i], same) {
			return fmt.Errorf("two are of the method %s; the router could not tell which it chooses", signer.Method())
		}
	}
	return nil
}

// beginLogin has every Signer add to hello what it needs.
func beginLogin(signers []auth.Signer, hello *wamp.Hello, conn *transport.Info) (login, error) {
	if len(signers) == 0 {
		return nil, nil
	}
	hello.AuthMethods = nil
	var l login
	for _, signer := range signers {
		a, err := signer.Begin(hello, conn)
		if err != nil {
			return nil, &LoginError{signer.Method(), err, true}
		}
		l = append(l, &attempt{Attempt: a, method: signer.Method()})
		hello.AuthMethods = append(hello.AuthMethods, signer.Method())
	}
	return l, nil
}

// find returns the attempt by a method; nil: it was not offered (AUTH-7).
func (l login) find(method string) *attempt {
	i := slices.IndexFunc(l, func(a *attempt) bool { return a.method == method })
	if i < 0 {
		return nil
	}
	return l[i]
}

// sign answers a CHALLENGE.
func (l login) sign(ctx context.Context, m *wamp.Challenge) (*wamp.Authenticate, error) {
	a := l.find(m.Method)
	if a == nil {
		return nil, &LoginError{m.Method, errNotOffered, true}
	}
	a.challenged = true
	answer, err := a.Sign(ctx, m)
	if err == nil && answer == nil {
		err = errors.New("the signer gave no answer")
	}
	if err != nil {
		return nil, &LoginError{m.Method, err, errors.Is(err, auth.ErrRouterUnproven)}
	}
	return answer, nil
}

// check judges a WELCOME: by the method that it names and those of all
// challenges, and by all that were offered if there are none of either. A
// router cannot get around a method by not mentioning it.
func (l login) check(m *wamp.Welcome) error {
	if m.AuthMethod != "" && len(l) > 0 && l.find(m.AuthMethod) == nil {
		return &LoginError{m.AuthMethod, errNotOffered, true}
	}
	chosen := func(a *attempt) bool { return a.challenged || a.method == m.AuthMethod }
	anyhow := !slices.ContainsFunc(l, chosen)
	for _, a := range l {
		if !anyhow && !chosen(a) {
			continue
		}
		if err := a.Check(m); err != nil {
			return &LoginError{a.method, err, true}
		}
	}
	return nil
}

// challenged has the CHALLENGE answered by the Signer of its method. Without
// one, or if that fails, joining ends with an ABORT (AUTH-4).
func (s *Session) challenged(ctx context.Context, m *wamp.Challenge) error {
	answer, err := s.login.sign(ctx, m)
	if err != nil {
		return s.refuseLogin("the client cannot answer the challenge", err)
	}
	s.mu.Lock()
	s.joiner.AuthenticateSent()
	err = s.out.append(answer, 0)
	s.mu.Unlock()
	s.out.flush()
	return err
}

// refuseLogin leaves a router with which this client does not want to do
// anything further. The reason is for the program, not for the router.
func (s *Session) refuseLogin(message string, reason error) error {
	s.lastWords(&wamp.Abort{Reason: wamp.ErrAuthenticationFailed, Message: message}, reason)
	return reason
}
