package auth

import (
	"context"
	"errors"
	"fmt"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ErrRouterUnproven says that a router did not prove who it is, though the
// method demands it: somebody else may have taken its place.
var ErrRouterUnproven = errors.New("the router did not prove its identity")

// AnonymousSigner joins without proof. It is a Signer for clients that offer
// this beside other methods; a client without any Signer does the same.
type AnonymousSigner struct {
	AuthID string // to ask for; routers need not grant it
}

// Method returns MethodAnonymous.
func (AnonymousSigner) Method() string { return MethodAnonymous }

// Begin asks for the authid.
func (s AnonymousSigner) Begin(hello *wamp.Hello, _ *transport.Info) (Attempt, error) {
	if s.AuthID != "" && hello.AuthID == "" {
		hello.AuthID = s.AuthID
	}
	return unchallenged{MethodAnonymous}, nil
}

// unchallenged is an attempt by a method that has no challenge.
type unchallenged struct{ method string }

func (u unchallenged) Sign(context.Context, *wamp.Challenge) (*wamp.Authenticate, error) {
	return nil, fmt.Errorf("a challenge, which the method %s does not have", u.method)
}

func (unchallenged) Check(*wamp.Welcome) error { return nil }

// oneWay is the part of attempts that do not authenticate the router.
type oneWay struct{}

func (oneWay) Check(*wamp.Welcome) error { return nil }

// identify puts a signer's authid into hello. Methods that need one have none
// in the HELLO only if the client gave none at all.
func identify(hello *wamp.Hello, authID string) error {
	switch {
	case authID == "" && hello.AuthID == "":
		return errors.New("no authid; say who signs in")
	case authID == "":
	case hello.AuthID == "":
		hello.AuthID = authID
	case hello.AuthID != authID:
		return fmt.Errorf("these credentials are those of %q, but the client asks to be %q", authID, hello.AuthID)
	}
	return nil
}

// keyBinding is the key of authextra for the kind of channel binding, for all
// methods that have one.
const keyBinding = "channel_binding"

// bind puts the kind of channel binding into hello, unless it is empty. A
// HELLO has room for one kind, whatever the number of methods.
func bind(hello *wamp.Hello, kind string) error {
	if other := binding(hello); kind != "" && other != "" && other != kind {
		return fmt.Errorf("channel binding %s beside %s, which another method of this client uses", kind, other)
	}
	if kind != "" {
		setExtra(hello, keyBinding, kind)
	}
	return nil
}

// binding returns the kind of channel binding that hello asks for; empty: none.
func binding(hello *wamp.Hello) string {
	kind, _ := hello.AuthExtra[keyBinding].(string)
	return kind
}

// setExtra sets a value in HELLO.Details.authextra.
func setExtra(hello *wamp.Hello, key, value string) {
	if hello.AuthExtra == nil {
		hello.AuthExtra = make(wamp.Dict)
	}
	hello.AuthExtra[key] = value
}

// text returns a string of a challenge; absent and null are empty.
func text(extra wamp.Dict, key string) (string, error) {
	switch v := extra[key].(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", fmt.Errorf("the challenge's %s is a %T; want a string", key, v)
	}
}

// number returns a number of a challenge, or byDefault if it is absent or null.
func number(extra wamp.Dict, key string, byDefault int) (int, error) {
	switch v := extra[key].(type) {
	case nil:
		return byDefault, nil
	case int64:
		if int64(int(v)) == v {
			return int(v), nil
		}
	}
	return 0, fmt.Errorf("the challenge's %s is %.40v; want a whole number", key, fmt.Sprint(extra[key]))
}
