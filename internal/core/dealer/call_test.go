package dealer_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func TestCall(t *testing.T) {
	payload := wamp.Payload{Bytes: []byte("[1]"), Elements: 1}
	attributes := &wamp.Attributes{PPTScheme: "x_mine"}
	play(t, []dialogue{
		{
			name: "RPC-1: a call is handed to the callee and its result to the caller",
			play: func(r *realm) {
				alice, bob := r.join("alice", wamp.FeaturePayloadPassthruMode), r.join("bob", wamp.FeaturePayloadPassthruMode)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", Payload: payload, Attributes: attributes},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, Payload: payload, Attributes: attributes}))
				r.send(bob, &wamp.Yield{Request: 1, Payload: payload, Attributes: attributes},
					to(alice, &wamp.Result{Request: 7, Payload: payload, Attributes: attributes}))
			},
		},
		{
			name: "RPC-5: an error is handed to the caller as it is",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "com.oops", Payload: payload, Attributes: attributes},
					to(alice, &wamp.Error{RequestType: wamp.CodeCall, Request: 7, URI: "com.oops", Payload: payload, Attributes: attributes}))
			},
		},
		{
			name: "an error with an invalid URI reaches the caller as invalid_uri",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "not a URI", Payload: payload},
					to(alice, &wamp.Error{RequestType: wamp.CodeCall, Request: 7, URI: wamp.ErrInvalidURI, Payload: payload}))
			},
		},
		{
			name: "a procedure that nobody registered does not exist",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, failed(alice, 1, wamp.ErrNoSuchProcedure))
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Unregister{Request: 2, Registration: id}, to(bob, &wamp.Unregistered{Request: 2}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, failed(alice, 2, wamp.ErrNoSuchProcedure))
			},
		},
		{
			name: "an invalid URI is refused",
			play: func(r *realm) {
				alice := r.join("alice")
				r.send(alice, &wamp.Call{Request: 1, Procedure: "a b"}, failed(alice, 1, wamp.ErrInvalidURI))
				r.send(alice, &wamp.Call{Request: 2, Procedure: ""}, failed(alice, 2, wamp.ErrInvalidURI))
			},
		},
		{
			name:    "URI-1: the strict rule refuses what the loose one admits",
			options: dealer.Options{URIRule: wamp.URIStrict},
			play: func(r *realm) {
				alice := r.join("alice")
				r.send(alice, &wamp.Call{Request: 1, Procedure: "com.A"}, failed(alice, 1, wamp.ErrInvalidURI))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "com.a"}, failed(alice, 2, wamp.ErrNoSuchProcedure))
			},
		},
		{
			name: "an invalid URI is refused although a pattern matches it",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "", Match: wamp.MatchPrefix})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "a b"}, failed(alice, 1, wamp.ErrInvalidURI))
			},
		},
		{
			name: "ID-3: each callee has its own sequence of invocations",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				b := r.serve(bob, &wamp.Register{Request: 1, Procedure: "b"})
				c := r.serve(carol, &wamp.Register{Request: 1, Procedure: "c"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "b"}, to(bob, &wamp.Invocation{Request: 1, Registration: b}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "c"}, to(carol, &wamp.Invocation{Request: 1, Registration: c}))
				r.send(alice, &wamp.Call{Request: 3, Procedure: "b"}, to(bob, &wamp.Invocation{Request: 2, Registration: b}))
			},
		},
		{
			name: "ORD-5: calls may be answered in any order",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 2}, to(alice, &wamp.Result{Request: 2}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
		{
			name: "RPC-6: a session may call its own procedure",
			play: func(r *realm) {
				bob := r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(bob, &wamp.Result{Request: 2}))
			},
		},
		{
			name: "RPC-6: a session that leaves while it calls itself gets nothing",
			play: func(r *realm) {
				bob := r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.leave(bob)
			},
		},
		{
			name: "RPC-7: an invocation that is under way is answered after UNREGISTER",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Unregister{Request: 2, Registration: id}, to(bob, &wamp.Unregistered{Request: 2}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
		{
			name: "ID-4: request IDs need not be sequential, and may return once the call is over",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 789, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 123, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 789}))
				r.send(alice, &wamp.Call{Request: 789, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 3, Registration: id}))
			},
		},
		{
			name: "PV-1: the request ID of a call that is pending must not be used again",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.violate(alice, &wamp.Call{Request: 1, Procedure: "p"})
				// The violation itself ends no call.
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
		{
			name: "two callers may use the same request ID",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(carol, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 2}, to(carol, &wamp.Result{Request: 1}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
		{
			name:    "calls beyond the limit are refused, until one is answered",
			options: dealer.Options{MaxPending: 2},
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p"}, failed(alice, 3, wamp.ErrLimitExceeded))
				r.send(carol, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 3, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.send(alice, &wamp.Call{Request: 4, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 4, Registration: id}))
			},
		},
	})
}

func TestLeave(t *testing.T) {
	play(t, []dialogue{
		{
			name: "RPC-3: the caller leaves, and the callee that understands it is interrupted",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.leave(alice,
					to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.canceled"}),
					to(bob, &wamp.Interrupt{Request: 2, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.canceled"}))
				r.send(bob, &wamp.Yield{Request: 1})
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 2, URI: wamp.ErrCanceled})
			},
		},
		{
			name: "RPC-3: the caller leaves, and the callee that does not understand it hears nothing",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", wamp.FeatureProgressiveCallResults)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.leave(alice)
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "RPC-3: the caller leaves after a kill, and the callee hears that it need not answer",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Cancel{Request: 1, Mode: wamp.CancelKill},
					to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKill, Reason: "wamp.error.canceled"}))
				r.leave(alice, to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.canceled"}))
			},
		},
		{
			name: "RPC-4: the callee leaves, and its callers get an error each",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(carol, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 3, Registration: id}))
				r.leave(bob,
					failed(alice, 1, wamp.ErrCanceled),
					failed(carol, 1, wamp.ErrCanceled),
					failed(alice, 2, wamp.ErrCanceled))
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p"}, failed(alice, 3, wamp.ErrNoSuchProcedure))
			},
		},
		{
			name: "a session that never called nor registered leaves without a trace, even twice",
			play: func(r *realm) {
				alice := r.join("alice")
				r.leave(alice)
				r.leave(alice)
			},
		},
	})
}

func TestViolations(t *testing.T) {
	play(t, []dialogue{
		{
			name: "PV-1: a session that never registered has nothing to answer",
			play: func(r *realm) {
				alice := r.join("alice")
				r.violate(alice, &wamp.Yield{Request: 1})
				r.violate(alice, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "e"})
			},
		},
		{
			name: "PV-3: an answer to an invocation that is over is discarded, one to none at all is a violation",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.violate(bob, &wamp.Yield{Request: 1})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.send(bob, &wamp.Yield{Request: 1})
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "e"})
				if late := r.dealer.Stats().Late; late != 3 {
					r.t.Errorf("late answers: got %d, want 3", late)
				}
				r.violate(bob, &wamp.Yield{Request: 2})
				r.violate(bob, &wamp.Yield{Request: 0})
				r.violate(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 2, URI: "e"})
			},
		},
		{
			name: "PV-3: the sequence of a callee outlives its registrations",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.send(bob, &wamp.Unregister{Request: 2, Registration: id}, to(bob, &wamp.Unregistered{Request: 2}))
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "PV-1: a client may only send errors for invocations",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.violate(bob, &wamp.Error{RequestType: wamp.CodeCall, Request: 1, URI: "e"})
				r.violate(bob, &wamp.Error{RequestType: wamp.CodeInterrupt, Request: 1, URI: "e"})
			},
		},
		{
			name: "an answer to another callee's invocation ends nothing",
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.serve(carol, &wamp.Register{Request: 1, Procedure: "q"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.violate(carol, &wamp.Yield{Request: 1})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
			},
		},
	})
}

func TestDisclosure(t *testing.T) {
	play(t, []dialogue{
		{
			name: "CID-1: the caller asks to be disclosed",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", DiscloseMe: true}, to(bob, &wamp.Invocation{
					Request: 1, Registration: id, Caller: alice.ID, CallerAuthID: "alice", CallerAuthRole: "role of alice",
				}))
			},
		},
		{
			name: "CID-1: the callee asks to have callers disclosed, CID-2: otherwise they are not",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				p := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", DiscloseCaller: true})
				q := r.serve(bob, &wamp.Register{Request: 2, Procedure: "q"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{
					Request: 1, Registration: p, Caller: alice.ID, CallerAuthID: "alice", CallerAuthRole: "role of alice",
				}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "q"}, to(bob, &wamp.Invocation{Request: 2, Registration: q}))
			},
		},
		{
			name:    "CID-3: disclosure is refused by policy",
			options: dealer.Options{RefuseDisclosure: true},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", DiscloseMe: true},
					failed(alice, 1, wamp.ErrDiscloseMeNotAllowed))
				r.send(bob, &wamp.Register{Request: 2, Procedure: "q", DiscloseCaller: true},
					refused(bob, wamp.CodeRegister, 2, wamp.ErrDiscloseMeNotAllowed))
			},
		},
	})
}

func TestUndelivered(t *testing.T) {
	tooLarge := wamp.ErrPayloadSizeExceeded
	play(t, []dialogue{
		{
			name: "RS-20: an invocation too large for the callee fails the call",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.dealer.Undelivered(bob, 1, tooLarge, &r.out)
				r.check("undelivered", []sent{failed(alice, 1, tooLarge)})
				r.dealer.Undelivered(bob, 1, tooLarge, &r.out)
				r.check("undelivered again", nil)
			},
		},
		{
			name: "an invocation undelivered to a callee that left meanwhile changes nothing",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.leave(bob, failed(alice, 1, wamp.ErrCanceled))
				r.dealer.Undelivered(bob, 1, tooLarge, &r.out)
				r.check("undelivered", nil)
			},
		},
		{
			name: "RS-20: a final result too large for the caller becomes an error",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.dealer.ResultUndelivered(alice, &wamp.Result{Request: 1}, tooLarge, &r.out)
				r.check("undelivered", []sent{failed(alice, 1, tooLarge)})
			},
		},
		{
			name: "PCR-10: a progressive result that cannot be delivered ends the call",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 1, Progress: true}))
				r.dealer.ResultUndelivered(alice, &wamp.Result{Request: 1, Progress: true}, wamp.ErrNetworkFailure, &r.out)
				r.check("undelivered", []sent{
					to(bob, &wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.network_failure"}),
					failed(alice, 1, wamp.ErrNetworkFailure),
				})
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "RPC-1: a progressive result found too large after the final one changes nothing",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 1, Progress: true}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.dealer.ResultUndelivered(alice, &wamp.Result{Request: 1, Progress: true}, tooLarge, &r.out)
				r.check("undelivered", nil)
			},
		},
		{
			name: "a result undelivered to a caller that left meanwhile changes nothing",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}))
				r.leave(alice)
				r.dealer.ResultUndelivered(alice, &wamp.Result{Request: 1}, tooLarge, &r.out)
				r.check("undelivered", nil)
			},
		},
	})
}

func TestPayloadIsNotCopied(t *testing.T) {
	t.Parallel()
	r := newRealm(t, dealer.Options{})
	alice, bob := r.join("alice"), r.join("bob")
	r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
	payload := wamp.Payload{Bytes: []byte("[1]"), Elements: 1}
	r.apply(alice, &wamp.Call{Request: 1, Procedure: "p", Payload: payload})
	r.apply(bob, &wamp.Yield{Request: 1, Payload: payload})
	all := r.out.All()
	if got := all[0].Msg.(*wamp.Invocation).Payload.Bytes; &got[0] != &payload.Bytes[0] {
		t.Error("the payload of the INVOCATION is a copy of the CALL's")
	}
	if got := all[1].Msg.(*wamp.Result).Payload.Bytes; &got[0] != &payload.Bytes[0] {
		t.Error("the payload of the RESULT is a copy of the YIELD's")
	}
}
