package dealer_test

import (
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func TestKeptCalls(t *testing.T) {
	play(t, []dialogue{
		{
			name:    "a progressive call is refused when too much is kept",
			options: dealer.Options{MaxKeptBytes: 1000},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", Progress: true}, to(bob, &wamp.Invocation{Request: 1, Registration: id, Progress: true}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Progress: true}, failed(alice, 2, wamp.ErrLimitExceeded))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Progress: true})
			},
		},
		{
			name: "a chunk that does not reach the callee ends the call, and stops the callee",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				for range 2 {
					r.send(alice, &wamp.Call{Request: 1, Procedure: "p", Progress: true}, to(bob, &wamp.Invocation{Request: 1, Registration: id, Progress: true}))
				}
				r.dealer.Undelivered(bob, 1, wamp.ErrPayloadSizeExceeded, &r.out)
				r.check("undelivered", []sent{
					to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: wamp.URI(wamp.ErrPayloadSizeExceeded)}),
					failed(alice, 1, wamp.ErrPayloadSizeExceeded),
				})
			},
		},
		{
			name:    "PCI-7: of very many calls that ended early, the latest are remembered",
			options: dealer.Options{StrictRequestIDs: true},
			play: func(r *realm) {
				alice := r.join("alice")
				for request := wamp.ID(1); request <= 65; request++ {
					r.send(alice, &wamp.Call{Request: request, Procedure: "p", Progress: true}, failed(alice, request, wamp.ErrNoSuchProcedure))
				}
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"})
				r.violate(alice, &wamp.Call{Request: 2, Procedure: "p"})     // its last chunk was there
				r.violate(alice, &wamp.Call{Request: 3, Procedure: "other"}) // not what was called
				r.violate(alice, &wamp.Call{Request: 1, Procedure: "p"})     // forgotten
			},
		},
		{
			name: "TRL-1: every chunk has the trust level of the first, for a callee that understands it",
			play: func(r *realm) {
				alice, bob, simple := r.join("alice"), r.join("bob", all...), r.join("simple")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				other := r.serve(simple, &wamp.Register{Request: 1, Procedure: "q"})
				level := new(3)
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", Progress: true, TrustLevel: level},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, Progress: true, TrustLevel: level}))
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", TrustLevel: new(9)},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, TrustLevel: level}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "q", TrustLevel: level}, to(simple, &wamp.Invocation{Request: 1, Registration: other}))
			},
		},
		{
			name:    "RER-4: a call whose payload there was no room for is not handed on",
			options: dealer.Options{MaxKeptBytes: 1500},
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob", all...), r.join("carol", all...)
				m := &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeFirst}
				id := r.serve(bob, m)
				r.serve(carol, m)
				big := wamp.Payload{Bytes: make([]byte, 1000), Elements: 1}
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", Payload: big}, to(bob, &wamp.Invocation{Request: 1, Registration: id, Payload: big}))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: wamp.ErrUnavailable}, failed(alice, 1, wamp.ErrNoAvailableCallee))
			},
		},
		{
			name: "RPC-1: a chunk that is not let through ends the call that it belongs to",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				chunk := &wamp.Call{Request: 1, Procedure: "p", Progress: true}
				r.send(alice, chunk, to(bob, &wamp.Invocation{Request: 1, Registration: id, Progress: true}))
				r.dealer.Refuse(alice, chunk, wamp.ErrNotAuthorized, "", &r.out)
				r.check("refused", []sent{
					to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: wamp.URI(wamp.ErrNotAuthorized)}),
					failed(alice, 1, wamp.ErrNotAuthorized),
				})
				r.dealer.Refuse(alice, chunk, wamp.ErrNotAuthorized, "", &r.out)
				r.check("refused again", nil)
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				if violation := r.dealer.Refuse(alice, &wamp.Call{Request: 2, Procedure: "p"}, wamp.ErrNotAuthorized, "", &r.out); violation == nil {
					r.t.Error("the ID of a pending call is refused as if it was new")
				}
				r.check("refused with the ID of another call", nil)
			},
		},
		{
			name: "RER-4: the timeout goes on, or begins where so far a callee kept it",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob", all...), r.join("carol", wamp.FeatureCallReroute)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeRoundRobin, ForwardTimeout: true})
				r.serve(carol, &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeRoundRobin})
				unavailable := &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: wamp.ErrUnavailable}
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", TimeoutMillis: 1000}, to(bob, &wamp.Invocation{Request: 1, Registration: id, TimeoutMillis: 1000}))
				r.deadline(0)
				r.send(bob, unavailable, to(carol, &wamp.Invocation{Request: 1, Registration: id}))
				r.deadline(time.Second)
				r.send(carol, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.serve(bob, &wamp.Register{Request: 2, Procedure: "q", Invoke: wamp.InvokeLast, ForwardTimeout: true})
				id = r.serve(carol, &wamp.Register{Request: 2, Procedure: "q", Invoke: wamp.InvokeLast})
				r.send(alice, &wamp.Call{Request: 2, Procedure: "q", TimeoutMillis: 1000}, to(carol, &wamp.Invocation{Request: 2, Registration: id}))
				r.pass(time.Second / 2)
				unavailable.Request = 2
				r.send(carol, unavailable, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.deadline(time.Second / 2)
			},
		},
	})
}
