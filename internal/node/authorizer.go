package node

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

// authorizer is a procedure that decides what the sessions of a role may do. It
// has the signature that Crossbar.io's authorizers have (AZ-2): called with
// session, URI, action and options, it answers with a bool, or with an object.
type authorizer struct {
	procedure wamp.URI
	call      func(ctx context.Context, realm wamp.URI, role string, procedure wamp.URI, args []any) (any, error)

	brief atomic.Bool // it takes no options
}

// Authorize asks the procedure.
func (a *authorizer) Authorize(ctx context.Context, in *router.Intent) (router.Decision, error) {
	answer, err := a.ask(ctx, in)
	if err != nil {
		return router.Decision{}, a.failure(err)
	}
	d, err := decision(answer)
	if err != nil {
		return router.Decision{}, fmt.Errorf("answer of authorizer %s: %w", a.procedure, err)
	}
	return d, nil
}

// ask calls the procedure; one that does not take the options is called
// without them, as Crossbar.io does, until there is one that wants them.
func (a *authorizer) ask(ctx context.Context, in *router.Intent) (any, error) {
	args := []any{sessionDetails(in), string(in.URI), in.Action.String(), options(in)}
	brief := a.brief.Load()
	answer, err := a.asked(ctx, in, args, brief)
	if takesOthers(err) {
		answer, err = a.asked(ctx, in, args, !brief)
		if err == nil {
			a.brief.Store(!brief)
		}
	}
	return answer, err
}

func (a *authorizer) asked(ctx context.Context, in *router.Intent, args []any, brief bool) (any, error) {
	if brief {
		args = args[:len(args)-1]
	}
	return a.call(ctx, in.Realm, config.TrustedRole, a.procedure, args)
}

// takesOthers reports whether a procedure in Python refused an argument, or
// missed one.
func takesOthers(err error) bool {
	var e *wamp.Error
	return errors.As(err, &e) && e.URI == wamp.ErrRuntimeError && strings.Contains(e.Error(), "positional argument")
}

func (a *authorizer) failure(err error) error {
	if errors.Is(err, wamp.ErrNoSuchProcedure) {
		return fmt.Errorf("authorizer %s is not registered: %w", a.procedure, err)
	}
	return fmt.Errorf("authorizer %s: %w", a.procedure, err)
}

// sessionDetails is the first argument of an authorizer.
func sessionDetails(in *router.Intent) wamp.Dict {
	p := in.Principal
	d := wamp.Dict{
		"session":      int64(in.Session),
		"realm":        string(in.Realm),
		"authid":       p.AuthID,
		"authrole":     p.AuthRole,
		"authmethod":   p.AuthMethod,
		"authprovider": p.AuthProvider,
		"authextra":    nil,
		"transport":    auth.TransportDetails(in.Transport),
	}
	if in.AuthExtra != nil {
		d["authextra"] = in.AuthExtra
	}
	return d
}

// options is the last argument of an authorizer, never nil.
func options(in *router.Intent) wamp.Dict {
	if in.Options == nil {
		return wamp.Dict{}
	}
	return in.Options
}

// decision reads an authorizer's answer. What it cannot read is no decision:
// nothing is allowed on a guess.
func decision(answer any) (d router.Decision, err error) {
	var object wamp.Dict
	switch answer := answer.(type) {
	case bool:
		return router.Decision{Allow: answer}, nil
	case wamp.Dict:
		object = answer
	default:
		return d, fmt.Errorf("want a bool or an object, got %T", answer)
	}
	if _, ok := object["allow"]; !ok {
		return d, errors.New("the object has no allow")
	}
	for key, value := range object {
		if err := decide(&d, key, value); err != nil {
			return router.Decision{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	return d, nil
}

func decide(d *router.Decision, key string, value any) error {
	is, isBool := value.(bool)
	switch {
	case key == "validate" && empty(value):
		return nil
	case key == "validate":
		return errors.New("junctor does not validate payloads against schemas")
	case key == "cache" && value == "role":
		d.Keep = router.KeepRole
		return nil
	case key != "allow" && key != "disclose" && key != "cache":
		return errors.New("unknown key, want allow, disclose or cache")
	case !isBool:
		return fmt.Errorf("want true or false, got %T", value)
	case key == "allow":
		d.Allow = is
	case key == "disclose":
		d.Disclose = is
	case is: // cache
		d.Keep = router.KeepSession
	}
	return nil
}

func empty(value any) bool {
	object, ok := value.(wamp.Dict)
	return value == nil || ok && len(object) == 0
}

// authorizers are the procedures that decide on something, by realm.
type authorizers map[wamp.URI]map[wamp.URI]bool

// add returns what has a role's authorizer decide.
func (as authorizers) add(realm wamp.URI, a *authorizer) router.Authorizer {
	if as[realm] == nil {
		as[realm] = make(map[wamp.URI]bool)
	}
	as[realm][a.procedure] = true
	return a
}

// registered has decisions forgotten when an authorizer was registered, which
// may decide otherwise than its predecessor.
func (as authorizers) registered(r *router.Router, realm, procedure wamp.URI) {
	if as[realm][procedure] {
		r.Realm(realm).ForgetDecisions()
	}
}
