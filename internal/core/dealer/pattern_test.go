package dealer_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func TestPatternRegistration(t *testing.T) {
	t.Parallel()
	r := newRealm(t, dealer.Options{})
	alice, bob := r.join("alice"), r.join("bob")
	for i, p := range []struct { // the example of the specification
		uri   wamp.URI
		match wamp.Match
	}{
		{"a1.b2.c3.d4.e55", wamp.MatchExact},
		{"a1.b2.c3", wamp.MatchPrefix},
		{"a1.b2.c3.d4", wamp.MatchPrefix},
		{"a1.b2..d4.e5", wamp.MatchWildcard},
		{"a1.b2.c33..e5", wamp.MatchWildcard},
		{"a1.b2..d4.e5..g7", wamp.MatchWildcard},
		{"a1.b2..d4..f6.g7", wamp.MatchWildcard},
	} {
		r.send(bob, &wamp.Register{Request: 1, Procedure: p.uri, Match: p.match},
			to(bob, &wamp.Registered{Request: 1, Registration: wamp.ID(i + 1)}))
	}
	for i, c := range []struct {
		uri  wamp.URI
		want wamp.ID // 0: no such procedure
	}{
		{"a1.b2.c3.d4.e55", 1},
		{"a1.b2.c3.d98.e74", 2},
		{"a1.b2.c3.d4.e325", 3},
		{"a1.b2.c55.d4.e5", 4},
		// The specification says 5 here, forgetting that "a1.b2.c3" is a string
		// prefix of this URI (PREG-1), and that a prefix beats every wildcard.
		{"a1.b2.c33.d4.e5", 2},
		{"a1.b2.c88.d4.e5.f6.g7", 6},
		{"a2.b2.c2.d2.e2", 0},
	} {
		request := wamp.ID(i + 1)
		inv := &wamp.Invocation{Request: request, Registration: c.want, Procedure: c.uri} // PREG-6
		if c.want == 1 {
			inv.Procedure = ""
		}
		want := to(bob, inv)
		if c.want == 0 {
			want = failed(alice, request, wamp.ErrNoSuchProcedure)
		}
		r.send(alice, &wamp.Call{Request: request, Procedure: c.uri}, want)
	}
	r.everyoneLeaves()
}

func TestPatternsAndReservedURIs(t *testing.T) {
	play(t, []dialogue{
		{
			name: "PREG-7: one URI with three policies is three registrations",
			play: func(r *realm) {
				bob := r.join("bob")
				for i, m := range []wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard} {
					id := wamp.ID(i + 1)
					r.send(bob, &wamp.Register{Request: id, Procedure: "p", Match: m},
						to(bob, &wamp.Registered{Request: id, Registration: id}))
				}
			},
		},
		{
			name: "URI-3: an application's pattern is not called for what is reserved",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob,
					&wamp.Register{Request: 1, Procedure: "", Match: wamp.MatchPrefix},
					&wamp.Register{Request: 2, Procedure: ".session.kill", Match: wamp.MatchWildcard})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "wamp.session.kill"},
					failed(alice, 1, wamp.ErrNoSuchProcedure))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "wampum"},
					to(bob, &wamp.Invocation{Request: 1, Registration: 1, Procedure: "wampum"}))
			},
		},
		{
			name: "URI-3: the router's own patterns are",
			play: func(r *realm) {
				alice, router := r.join("alice"), r.join("router")
				router.Trusted = true
				r.serve(router, &wamp.Register{Request: 1, Procedure: "wamp.", Match: wamp.MatchPrefix})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "wamp.x"},
					to(router, &wamp.Invocation{Request: 1, Registration: 1, Procedure: "wamp.x"}))
			},
		},
	})
}
