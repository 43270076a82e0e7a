package dealer_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// share registers "p" for all of the peers.
func (r *realm) share(invoke wamp.Invoke, concurrency uint64, callees ...*core.Peer) {
	r.t.Helper()
	var ids []wamp.ID
	for _, p := range callees {
		ids = append(ids, r.serve(p, &wamp.Register{Request: 1, Procedure: "p", Invoke: invoke, Concurrency: concurrency}))
	}
	if slices.Min(ids) != slices.Max(ids) { // SHR-2
		r.t.Errorf("registration IDs of one shared registration: %v", ids)
	}
}

// invoked calls "p" the given number of times, and returns who was invoked, or
// the error.
func (r *realm) invoked(caller *core.Peer, times int) []string {
	r.t.Helper()
	var names []string
	for range times {
		r.request++
		r.apply(caller, &wamp.Call{Request: r.request, Procedure: "p"})
		switch m := r.out.All()[0].Msg.(type) {
		case *wamp.Invocation:
			names = append(names, r.out.All()[0].To.Principal.AuthID)
		case *wamp.Error:
			names = append(names, string(m.URI))
		}
		r.out.Reset()
	}
	return names
}

// expect compares who was invoked.
func (r *realm) expect(got []string, want ...string) {
	r.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Errorf("invoked (-want +got):\n%s", diff)
	}
}

func TestSharedRegistration(t *testing.T) {
	play(t, []dialogue{
		{
			name: "SHR-1: single is not shared, whatever the second callee asks for",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				for i, invoke := range []wamp.Invoke{wamp.InvokeSingle, wamp.InvokeRoundRobin} {
					r.send(alice, &wamp.Register{Request: wamp.ID(i), Procedure: "p", Invoke: invoke},
						refused(alice, wamp.CodeRegister, wamp.ID(i), wamp.ErrProcedureAlreadyExists))
				}
			},
		},
		{
			name: "SHR-1: the first callee decides on the policy",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.share(wamp.InvokeFirst, 0, bob)
				for i, invoke := range []wamp.Invoke{wamp.InvokeSingle, wamp.InvokeRoundRobin, wamp.InvokeRandom, wamp.InvokeLast} {
					r.send(alice, &wamp.Register{Request: wamp.ID(i), Procedure: "p", Invoke: invoke},
						refused(alice, wamp.CodeRegister, wamp.ID(i), wamp.ErrProcedureAlreadyExists))
				}
			},
		},
		{
			name: "SHR-3: registering again is accepted where shared, and takes no second turn",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				r.share(wamp.InvokeRoundRobin, 0, bob, carol, bob)
				r.expect(r.invoked(alice, 4), "bob", "carol", "bob", "carol")
				id := r.serve(bob, &wamp.Register{Request: 9, Procedure: "p", Invoke: wamp.InvokeRoundRobin})
				r.send(bob, &wamp.Unregister{Request: 10, Registration: id}, to(bob, &wamp.Unregistered{Request: 10}))
				r.expect(r.invoked(alice, 2), "carol", "carol")
			},
		},
		{
			name: "SHR-3: registering again is refused where single",
			play: func(r *realm) {
				bob := r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Register{Request: 2, Procedure: "p"},
					refused(bob, wamp.CodeRegister, 2, wamp.ErrProcedureAlreadyExists))
			},
		},
		{
			name: "SHR-2: first invokes the oldest, last the newest",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeFirst, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 2), "bob", "bob")
				r.leave(bob, failed(alice, 1, wamp.ErrCanceled), failed(alice, 2, wamp.ErrCanceled))
				r.expect(r.invoked(alice, 1), "carol")
			},
		},
		{
			name: "SHR-2: last invokes the newest",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeLast, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 1), "dave")
				r.leave(dave, failed(alice, 1, wamp.ErrCanceled))
				r.expect(r.invoked(alice, 1), "carol")
			},
		},
		{
			name: "SHR-2: roundrobin invokes one after the other",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRoundRobin, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 7), "bob", "carol", "dave", "bob", "carol", "dave", "bob")
			},
		},
		{
			name: "SHR-4: the turn of the others is kept when the callee before them leaves",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRoundRobin, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 1), "bob")
				r.leave(bob, failed(alice, 1, wamp.ErrCanceled))
				r.expect(r.invoked(alice, 3), "carol", "dave", "carol")
			},
		},
		{
			name: "SHR-4: the turn of the others is kept when the next callee leaves",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRoundRobin, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 1), "bob")
				r.leave(carol)
				r.expect(r.invoked(alice, 3), "dave", "bob", "dave")
			},
		},
		{
			name: "SHR-4: a callee that joins after the last turn is next",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRoundRobin, 0, bob, carol)
				r.expect(r.invoked(alice, 2), "bob", "carol")
				r.share(wamp.InvokeRoundRobin, 0, dave)
				r.expect(r.invoked(alice, 3), "dave", "bob", "carol")
			},
		},
		{
			name:    "SHR-2: random invokes whom the source of randomness says",
			options: dealer.Options{IDs: &script{ids: []wamp.ID{1, 0, 5, 1}}}, // the first is the seed
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRandom, 0, bob, carol, dave)
				r.expect(r.invoked(alice, 3), "bob", "dave", "carol")
			},
		},
		{
			name: "REGISTERED again after all callees are gone is a new registration with a new policy",
			play: func(r *realm) {
				bob := r.join("bob")
				r.share(wamp.InvokeRoundRobin, 0, bob)
				r.send(bob, &wamp.Unregister{Request: 2, Registration: 1}, to(bob, &wamp.Unregistered{Request: 2}))
				r.send(bob, &wamp.Register{Request: 3, Procedure: "p"}, to(bob, &wamp.Registered{Request: 3, Registration: 2}))
			},
		},
		{
			name: "each callee's own wish for disclosure counts",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeRoundRobin, DiscloseCaller: true})
				r.serve(carol, &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeRoundRobin})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{
					Request: 1, Registration: 1, Caller: alice.ID, CallerAuthID: "alice", CallerAuthRole: "role of alice",
				}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(carol, &wamp.Invocation{Request: 1, Registration: 1}))
			},
		},
	})
}

// script is an IDSource that tells a given sequence.
type script struct{ ids []wamp.ID }

func (s *script) RandomID() wamp.ID {
	id := s.ids[0]
	s.ids = s.ids[1:]
	return id
}

func TestConcurrency(t *testing.T) {
	const full = "crossbar.error.max_concurrency_reached"
	play(t, []dialogue{
		{
			name: "a callee gets no more calls at a time than it wants",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.share(wamp.InvokeSingle, 2, bob)
				r.expect(r.invoked(alice, 3), "bob", "bob", full)
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.expect(r.invoked(alice, 2), "bob", full)
			},
		},
		{
			name: "each ending of a call makes room",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.share(wamp.InvokeSingle, 1, bob)
				r.expect(r.invoked(alice, 2), "bob", full)
				r.send(alice, &wamp.Cancel{Request: 1}, failed(alice, 1, wamp.ErrCanceled))
				r.expect(r.invoked(alice, 2), "bob", full)
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 2, URI: "e"}, failed(alice, 3, "e"))
				r.expect(r.invoked(alice, 1), "bob")
				r.leave(alice)
				r.expect(r.invoked(r.join("carol"), 2), "bob", full)
			},
		},
		{
			name: "first and last pass over those that are busy",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				r.share(wamp.InvokeFirst, 1, bob, carol)
				r.expect(r.invoked(alice, 3), "bob", "carol", full)
			},
		},
		{
			name: "last passes over those that are busy",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				r.share(wamp.InvokeLast, 1, bob, carol)
				r.expect(r.invoked(alice, 3), "carol", "bob", full)
			},
		},
		{
			name: "roundrobin passes over those that are busy",
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRoundRobin, 1, bob, carol)
				r.share(wamp.InvokeRoundRobin, 0, dave)
				r.expect(r.invoked(alice, 5), "bob", "carol", "dave", "dave", "dave")
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.expect(r.invoked(alice, 2), "bob", "dave")
			},
		},
		{
			name:    "random passes over those that are busy",
			options: dealer.Options{IDs: &script{ids: []wamp.ID{1, 3, 3, 1, 2, 7, 1}}},
			play: func(r *realm) {
				alice, bob, carol, dave := r.join("alice"), r.join("bob"), r.join("carol"), r.join("dave")
				r.share(wamp.InvokeRandom, 1, bob, carol, dave)
				// Of three, number 3%3 is bob. Then bob is busy, and of the other two
				// number 1%2 is dave. Then dave is busy, and carol is left.
				r.expect(r.invoked(alice, 4), "bob", "dave", "carol", full)
			},
		},
	})
}
