package dealer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func TestQueue(t *testing.T) {
	one := wamp.Payload{Bytes: []byte("[1]"), Elements: 1}
	two := wamp.Payload{Bytes: []byte("[2]"), Elements: 1}
	play(t, []dialogue{
		{
			name:    "calls wait for a busy callee and get their turn in order, with their own payload",
			options: dealer.Options{MaxQueued: 2},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				borrowed := wamp.Payload{Bytes: []byte("[1]"), Elements: 1}
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Payload: borrowed})
				copy(borrowed.Bytes, "???") // the frame is read over
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p", Payload: two})
				r.send(alice, &wamp.Call{Request: 4, Procedure: "p"}, failed(alice, 4, wamp.ErrMaxConcurrencyReached))
				r.send(bob, &wamp.Yield{Request: 1},
					to(alice, &wamp.Result{Request: 1}), to(bob, &wamp.Invocation{Request: 2, Registration: id, Payload: one}))
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 2, URI: "com.oops"},
					failed(alice, 2, "com.oops"), to(bob, &wamp.Invocation{Request: 3, Registration: id, Payload: two}))
			},
		},
		{
			name:    "a callee that joins takes who waits, after REGISTERED",
			options: dealer.Options{MaxQueued: 2},
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				m := &wamp.Register{Request: 1, Procedure: "p", Invoke: wamp.InvokeRoundRobin, Concurrency: 1}
				id := r.serve(bob, m)
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p"})
				r.send(carol, m, to(carol, &wamp.Registered{Request: 1, Registration: id}), to(carol, &wamp.Invocation{Request: 1, Registration: id}))
			},
		},
		{
			name:    "a call that waits can be canceled, in any mode, and times out",
			options: dealer.Options{MaxQueued: 4},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1, ForwardTimeout: true})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				for i, mode := range []wamp.CancelMode{wamp.CancelSkip, wamp.CancelKill, wamp.CancelKillNoWait} {
					request := wamp.ID(i + 2)
					r.send(alice, &wamp.Call{Request: request, Procedure: "p"})
					r.send(alice, &wamp.Cancel{Request: request, Mode: mode}, failed(alice, request, wamp.ErrCanceled))
				}
				r.send(alice, &wamp.Call{Request: 5, Procedure: "p", TimeoutMillis: 1000})
				r.send(alice, &wamp.Call{Request: 6, Procedure: "p", TimeoutMillis: 3000})
				r.pass(time.Second, failed(alice, 5, wamp.ErrTimeout))
				// The dealer goes on with the time that it has begun to keep.
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}), to(bob, &wamp.Invocation{Request: 2, Registration: id}))
				r.deadline(2 * time.Second)
			},
		},
		{
			name:    "a caller that leaves takes its calls along, and the last callee cancels those of others",
			options: dealer.Options{MaxQueued: 4},
			play: func(r *realm) {
				alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1})
				r.send(bob, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"})
				r.send(bob, &wamp.Call{Request: 2, Procedure: "p"})
				r.send(carol, &wamp.Call{Request: 1, Procedure: "p"})
				r.leave(alice)
				r.leave(bob, failed(carol, 1, wamp.ErrCanceled))
			},
		},
		{
			name:    "all chunks of a progressive call that waits are sent when its turn comes",
			options: dealer.Options{MaxQueued: 1},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Progress: true, Payload: one})
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Payload: two})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}),
					to(bob, &wamp.Invocation{Request: 2, Registration: id, Progress: true, Payload: one}),
					to(bob, &wamp.Invocation{Request: 2, Registration: id, Payload: two}))
			},
		},
		{
			name:    "a call that waits for somebody who turns out not to understand it is refused",
			options: dealer.Options{MaxQueued: 2},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1})
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Progress: true})
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p"})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}),
					failed(alice, 2, wamp.ErrFeatureNotSupported), to(bob, &wamp.Invocation{Request: 2, Registration: id}))
			},
		},
		{
			name: "how many may wait is said by procedure, the most specific pattern first",
			options: dealer.Options{MaxQueued: 1, Queues: []dealer.Queue{
				{URI: "com.", Match: wamp.MatchPrefix, Limit: 2}, {URI: "com.none", Limit: 0}, {URI: "com.a", Match: wamp.MatchPrefix, Limit: 3},
			}},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				request := wamp.ID(0)
				for _, c := range []struct {
					uri   wamp.URI
					match wamp.Match
					limit int
				}{
					{"org", wamp.MatchExact, 1}, {"com.x", wamp.MatchExact, 2}, {"com.none", wamp.MatchExact, 0},
					{"com.a", wamp.MatchPrefix, 3}, {"com.none.", wamp.MatchWildcard, 2},
				} {
					r.serve(bob, &wamp.Register{Request: 1, Procedure: c.uri, Match: c.match, Concurrency: 1})
					procedure := strings.TrimSuffix(string(c.uri), ".")
					if c.match == wamp.MatchWildcard {
						procedure += ".y"
					}
					for n := range c.limit + 2 {
						request++
						r.dealer.Call(alice, &wamp.Call{Request: request, Procedure: wamp.URI(procedure)}, r.now, &r.out)
						if refused := n > c.limit; refused != (len(r.out.All()) == 1 && r.out.All()[0].To == alice) {
							r.t.Errorf("call %d of %s, of which %d may wait: got %v", n+1, procedure, c.limit, r.out.All())
						}
						r.out.Reset()
					}
				}
			},
		},
		{
			name:    "calls do not wait, and chunks end their call, when too much is kept",
			options: dealer.Options{MaxQueued: 10, MaxKeptBytes: 2000},
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", Concurrency: 1})
				big := wamp.Payload{Bytes: make([]byte, 1500), Elements: 1}
				r.send(alice, &wamp.Call{Request: 1, Procedure: "p"}, to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.send(alice, &wamp.Call{Request: 2, Procedure: "p", Payload: big}, failed(alice, 2, wamp.ErrMaxConcurrencyReached))
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p", Progress: true})
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p", Payload: big, Progress: true}, failed(alice, 3, wamp.ErrMaxConcurrencyReached))
				r.send(alice, &wamp.Call{Request: 3, Procedure: "p"}) // late
				r.send(alice, &wamp.Call{Request: 4, Procedure: "p", Payload: wamp.Payload{Bytes: make([]byte, 900), Elements: 1}})
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 1}),
					to(bob, &wamp.Invocation{Request: 2, Registration: id, Payload: wamp.Payload{Bytes: make([]byte, 900), Elements: 1}}))
			},
		},
	})
}
