package dealer_test

import (
	"testing"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// pendingCall joins alice, who has called bob.
func (r *realm) pendingCall(calleeFeatures ...wamp.Feature) (alice, bob *core.Peer) {
	r.t.Helper()
	alice, bob = r.join("alice"), r.join("bob", calleeFeatures...)
	id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
	r.send(alice, &wamp.Call{Request: 7, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
	return alice, bob
}

// interrupted is the INTERRUPT for the invocation of pendingCall.
func interrupted(p *core.Peer, mode wamp.CancelMode) sent {
	return to(p, &wamp.Interrupt{Request: 1, Mode: mode, Reason: "wamp.error.canceled"})
}

func TestCancel(t *testing.T) {
	canceled := wamp.ErrCanceled
	play(t, []dialogue{
		{
			name: "skip answers the caller and leaves the callee alone",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelSkip}, failed(alice, 7, canceled))
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "killnowait interrupts the callee and answers the caller",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKillNoWait},
					interrupted(bob, wamp.CancelKillNoWait), failed(alice, 7, canceled))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: canceled})
			},
		},
		{
			name: "CAN-2: no mode means killnowait",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7},
					interrupted(bob, wamp.CancelKillNoWait), failed(alice, 7, canceled))
			},
		},
		{
			name: "CAN-5: kill waits for the callee's error and hands it on",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "com.stopped"},
					failed(alice, 7, "com.stopped"))
			},
		},
		{
			name: "CAN-5: kill hands on the result of a callee that finishes",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
			},
		},
		{
			name: "CAN-5: kill ends in canceled when the callee leaves",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.leave(bob, failed(alice, 7, canceled))
			},
		},
		{
			name: "CAN-1: kill is skip for a callee that does not understand it",
			play: func(r *realm) {
				alice, bob := r.pendingCall()
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, failed(alice, 7, canceled))
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "CAN-1: killnowait is skip for a callee that does not understand it",
			play: func(r *realm) {
				alice, _ := r.pendingCall()
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKillNoWait}, failed(alice, 7, canceled))
			},
		},
		{
			name: "CAN-3: a call that is unknown, another's or over is not canceled",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				carol := r.join("carol")
				r.send(carol, &wamp.Cancel{Request: 7})
				r.send(alice, &wamp.Cancel{Request: 8})
				r.send(bob, &wamp.Cancel{Request: 1})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
				r.send(alice, &wamp.Cancel{Request: 7})
			},
		},
		{
			name: "CAN-4: a second kill is ignored",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
			},
		},
		{
			name: "CAN-4: killnowait after kill answers the caller",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKillNoWait},
					interrupted(bob, wamp.CancelKillNoWait), failed(alice, 7, canceled))
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "CAN-4: skip after kill answers the caller",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelSkip}, failed(alice, 7, canceled))
			},
		},
		{
			name: "CAN-8: progressive results pass after kill",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 7, Progress: true}))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: canceled}, failed(alice, 7, canceled))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
			},
		},
	})
}

func TestProgressiveResults(t *testing.T) {
	play(t, []dialogue{
		{
			name: "PCR-2, PCR-3: each progressive result is handed on at once, and the final one ends the call",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 7, Progress: true}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 7, Progress: true}))
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
			},
		},
		{
			name: "a callee that announced progressive results but no canceling is asked for them",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", wamp.FeatureProgressiveCallResults)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
			},
		},
		{
			name: "PCR-1: a callee that did not announce progressive results is not asked for them",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", wamp.FeatureCallCanceling)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id}))
			},
		},
		{
			name: "PCR-6: progressive results that the caller did not ask for are discarded and counted",
			play: func(r *realm) {
				alice, bob := r.pendingCall(all...)
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
				if unasked := r.dealer.Stats().Unasked; unasked != 1 {
					r.t.Errorf("unasked results: got %d, want 1", unasked)
				}
			},
		},
		{
			name: "PCR-7: the callee leaves after a progressive result",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 7, Progress: true}))
				r.leave(bob, failed(alice, 7, wamp.ErrCanceled))
			},
		},
	})
}
