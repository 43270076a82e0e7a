package dealer_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func TestRegister(t *testing.T) {
	play(t, []dialogue{
		{
			name: "a procedure is registered and unregistered",
			play: func(r *realm) {
				bob := r.join("bob")
				r.send(bob, &wamp.Register{Request: 1, Procedure: "com.add"},
					to(bob, &wamp.Registered{Request: 1, Registration: 1}))
				r.send(bob, &wamp.Unregister{Request: 2, Registration: 1},
					to(bob, &wamp.Unregistered{Request: 2}))
			},
		},
		{
			name: "registration IDs are small and not used again",
			play: func(r *realm) {
				bob := r.join("bob")
				r.send(bob, &wamp.Register{Request: 1, Procedure: "a"}, to(bob, &wamp.Registered{Request: 1, Registration: 1}))
				r.send(bob, &wamp.Register{Request: 2, Procedure: "b"}, to(bob, &wamp.Registered{Request: 2, Registration: 2}))
				r.send(bob, &wamp.Unregister{Request: 3, Registration: 2}, to(bob, &wamp.Unregistered{Request: 3}))
				r.send(bob, &wamp.Register{Request: 4, Procedure: "b"}, to(bob, &wamp.Registered{Request: 4, Registration: 3}))
			},
		},
		{
			name: "a procedure that another session has registered exists already",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Register{Request: 1, Procedure: "p"},
					refused(alice, wamp.CodeRegister, 1, wamp.ErrProcedureAlreadyExists))
			},
		},
		{
			name: "a procedure is free again once its callee left",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.leave(bob)
				r.send(alice, &wamp.Register{Request: 1, Procedure: "p"},
					to(alice, &wamp.Registered{Request: 1, Registration: 2}))
			},
		},
		{
			name: "a registration that does not exist cannot be unregistered",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.send(alice, &wamp.Unregister{Request: 1, Registration: 7},
					refused(alice, wamp.CodeUnregister, 1, wamp.ErrNoSuchRegistration))
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Unregister{Request: 2, Registration: 7},
					refused(bob, wamp.CodeUnregister, 2, wamp.ErrNoSuchRegistration))
			},
		},
		{
			name: "a registration of another session cannot be unregistered",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.serve(alice, &wamp.Register{Request: 1, Procedure: "q"})
				r.send(alice, &wamp.Unregister{Request: 2, Registration: id},
					refused(alice, wamp.CodeUnregister, 2, wamp.ErrNoSuchRegistration))
			},
		},
		{
			name: "a registration cannot be unregistered twice",
			play: func(r *realm) {
				bob := r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Unregister{Request: 2, Registration: id}, to(bob, &wamp.Unregistered{Request: 2}))
				r.send(bob, &wamp.Unregister{Request: 3, Registration: id},
					refused(bob, wamp.CodeUnregister, 3, wamp.ErrNoSuchRegistration))
			},
		},
		{
			name:    "registrations beyond the limit are refused, until one is given back",
			options: dealer.Options{MaxRegistrations: 2},
			play: func(r *realm) {
				bob := r.join("bob")
				id := r.serve(bob,
					&wamp.Register{Request: 1, Procedure: "a"},
					&wamp.Register{Request: 2, Procedure: "b", Invoke: wamp.InvokeFirst})
				r.send(bob, &wamp.Register{Request: 3, Procedure: "c"},
					refused(bob, wamp.CodeRegister, 3, wamp.ErrLimitExceeded))
				r.send(bob, &wamp.Register{Request: 4, Procedure: "b", Invoke: wamp.InvokeFirst},
					to(bob, &wamp.Registered{Request: 4, Registration: id}))
				r.send(bob, &wamp.Unregister{Request: 5, Registration: id}, to(bob, &wamp.Unregistered{Request: 5}))
				r.serve(bob, &wamp.Register{Request: 6, Procedure: "c"})
			},
		},
	})
}

func TestRegisterChecksURIs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		uri     wamp.URI
		match   wamp.Match
		rule    wamp.URIRule
		trusted bool
		want    wamp.ErrorURI
	}{
		{name: "a loose URI may have letters of any script", uri: "com.Über.x-1"},
		{name: "an empty URI is invalid", uri: "", want: wamp.ErrInvalidURI},
		{name: "an empty component is invalid", uri: "a..b", want: wamp.ErrInvalidURI},
		{name: "white space is invalid", uri: "a b", want: wamp.ErrInvalidURI},
		{name: "URI-2: '#' is invalid", uri: "a.#", want: wamp.ErrInvalidURI},
		{name: "a strict URI has no capitals", uri: "com.A", rule: wamp.URIStrict, want: wamp.ErrInvalidURI},
		{name: "a strict URI has small letters", uri: "com.a_1", rule: wamp.URIStrict},
		{name: "URI-5: an empty prefix is valid", uri: "", match: wamp.MatchPrefix},
		{name: "a prefix may end in a dot", uri: "a.", match: wamp.MatchPrefix},
		{name: "a prefix has no empty component in its midst", uri: "a..b", match: wamp.MatchPrefix, want: wamp.ErrInvalidURI},
		{name: "a wildcard has empty components", uri: "a..b", match: wamp.MatchWildcard},
		{name: "white space is invalid in a wildcard", uri: "a.. b", match: wamp.MatchWildcard, want: wamp.ErrInvalidURI},
		{name: "URI-3: wamp is reserved", uri: "wamp", want: wamp.ErrInvalidURI},
		{name: "URI-3: what is below wamp is reserved", uri: "wamp.session.count", want: wamp.ErrInvalidURI},
		{name: "URI-3: so are prefixes below wamp", uri: "wamp.", match: wamp.MatchPrefix, want: wamp.ErrInvalidURI},
		{name: "URI-3: so are wildcards below wamp", uri: "wamp..count", match: wamp.MatchWildcard, want: wamp.ErrInvalidURI},
		{name: "URI-3: the router's own sessions may register below wamp", uri: "wamp.session.count", trusted: true},
		{name: "URI-3: wampum is not reserved", uri: "wampum.x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRealm(t, dealer.Options{URIRule: c.rule})
			bob := r.join("bob")
			bob.Trusted = c.trusted
			want := to(bob, &wamp.Registered{Request: 1, Registration: 1})
			if c.want != "" {
				want = refused(bob, wamp.CodeRegister, 1, c.want)
			}
			r.send(bob, &wamp.Register{Request: 1, Procedure: c.uri, Match: c.match}, want)
			r.everyoneLeaves()
		})
	}
}

func TestForceReregister(t *testing.T) {
	play(t, []dialogue{
		{
			name: "REV-1: those who lose a registration hear of it if they announced to understand that",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob", all...), r.join("carol")
				shared := wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeFirst}
				old := r.serve(bob, &shared)
				r.serve(carol, &shared)
				r.send(alice, &wamp.Register{Request: 1, Procedure: "p", ForceReregister: true},
					to(bob, &wamp.Unregistered{Registration: old, Reason: "wamp.error.unregistered"}),
					to(alice, &wamp.Registered{Request: 1, Registration: old + 1}))
				r.send(bob, &wamp.Unregister{Request: 2, Registration: old},
					refused(bob, wamp.CodeUnregister, 2, wamp.ErrNoSuchRegistration))
				r.send(carol, &wamp.Call{Request: 2, Procedure: "p"},
					to(alice, &wamp.Invocation{Request: 1, Registration: old + 1}))
			},
		},
		{
			name: "REV-3: an invocation that is under way is answered after the registration was lost",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				old := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: old}))
				r.send(alice, &wamp.Register{Request: 2, Procedure: "p", ForceReregister: true},
					to(bob, &wamp.Unregistered{Registration: old, Reason: "wamp.error.unregistered"}),
					to(alice, &wamp.Registered{Request: 2, Registration: old + 1}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
		{
			name: "it is an ordinary registration where there is nothing to take",
			play: func(r *realm) {
				bob := r.join("bob", all...)
				r.send(bob, &wamp.Register{Request: 1, Procedure: "p", ForceReregister: true},
					to(bob, &wamp.Registered{Request: 1, Registration: 1}))
			},
		},
		{
			name: "a session may take a registration from itself",
			play: func(r *realm) {
				bob := r.join("bob", all...)
				old := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Register{Request: 2, Procedure: "p", ForceReregister: true},
					to(bob, &wamp.Unregistered{Registration: old, Reason: "wamp.error.unregistered"}),
					to(bob, &wamp.Registered{Request: 2, Registration: old + 1}))
			},
		},
		{
			name: "URI-3: what is reserved cannot be taken",
			play: func(r *realm) {
				bob, router := r.join("bob"), r.join("router")
				router.Trusted = true
				r.serve(router, &wamp.Register{Request: 1, Procedure: "wamp.session.count"})
				r.send(bob, &wamp.Register{Request: 1, Procedure: "wamp.session.count", ForceReregister: true},
					refused(bob, wamp.CodeRegister, 1, wamp.ErrInvalidURI))
			},
		},
	})
}
