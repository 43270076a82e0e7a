package dealer_test

import (
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
	"pgregory.net/rapid"
)

const second = time.Second

// timedCall joins alice, who has called bob with a timeout of two seconds.
func (r *realm) timedCall(calleeFeatures ...wamp.Feature) (alice, bob *core.Peer) {
	r.t.Helper()
	alice, bob = r.join("alice"), r.join("bob", calleeFeatures...)
	id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
	r.send(alice, &wamp.Call{Request: 7, Procedure: "p", TimeoutMillis: 2000},
		to(bob, &wamp.Invocation{Request: 1, Registration: id}))
	r.deadline(2 * second)
	return alice, bob
}

// timedOut is the INTERRUPT that a timeout leads to.
func timedOut(p *core.Peer, invocation wamp.ID) sent {
	return to(p, &wamp.Interrupt{Request: invocation, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.timeout"})
}

func TestTimeout(t *testing.T) {
	play(t, []dialogue{
		{
			name: "TMO-2: the callee is interrupted and the caller gets an error",
			play: func(r *realm) {
				alice, bob := r.timedCall(wamp.FeatureCallCanceling)
				r.pass(2*second - 1)
				r.pass(1, timedOut(bob, 1), failed(alice, 7, wamp.ErrTimeout))
				r.deadline(0)
				r.send(bob, &wamp.Yield{Request: 1})
			},
		},
		{
			name: "TMO-2: a callee that does not understand it is not interrupted",
			play: func(r *realm) {
				alice, _ := r.timedCall()
				r.pass(2*second, failed(alice, 7, wamp.ErrTimeout))
			},
		},
		{
			name: "TMO-1: the callee keeps the timeout that it announced and asked for",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", wamp.FeatureCallTimeout)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", ForwardTimeout: true})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", TimeoutMillis: 2000},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, TimeoutMillis: 2000}))
				r.deadline(0)
				r.pass(3 * second)
				r.send(bob, &wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: wamp.ErrTimeout},
					failed(alice, 7, wamp.ErrTimeout))
			},
		},
		{
			name: "TMO-5: the dealer keeps the timeout of a callee that did not announce to do so",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob")
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p", ForwardTimeout: true})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", TimeoutMillis: 2000},
					to(bob, &wamp.Invocation{Request: 1, Registration: id}))
				r.deadline(2 * second)
			},
		},
		{
			name: "TMO-1: the dealer keeps the timeout of a callee that did not ask for it",
			play: func(r *realm) { r.timedCall(wamp.FeatureCallTimeout) },
		},
		{
			name: "TMO-6: an answer ends the timeout",
			play: func(r *realm) {
				alice, bob := r.timedCall()
				r.send(bob, &wamp.Yield{Request: 1}, to(alice, &wamp.Result{Request: 7}))
				r.deadline(0)
				r.pass(3 * second)
			},
		},
		{
			name: "TMO-6: a cancel ends the timeout",
			play: func(r *realm) {
				alice, _ := r.timedCall()
				r.send(alice, &wamp.Cancel{Request: 7}, failed(alice, 7, wamp.ErrCanceled))
				r.deadline(0)
			},
		},
		{
			name: "TMO-6: the timeout ends when the caller leaves",
			play: func(r *realm) {
				alice, _ := r.timedCall()
				r.leave(alice)
				r.deadline(0)
			},
		},
		{
			name: "TMO-6: the timeout ends when the callee leaves",
			play: func(r *realm) {
				alice, bob := r.timedCall()
				r.leave(bob, failed(alice, 7, wamp.ErrCanceled))
				r.deadline(0)
			},
		},
		{
			name: "CAN-5: the timeout applies after kill",
			play: func(r *realm) {
				alice, bob := r.timedCall(wamp.FeatureCallCanceling)
				r.send(alice, &wamp.Cancel{Request: 7, Mode: wamp.CancelKill}, interrupted(bob, wamp.CancelKill))
				r.pass(2*second, timedOut(bob, 1), failed(alice, 7, wamp.ErrTimeout))
			},
		},
		{
			name: "PCR-8: each progressive result starts the timeout anew",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				r.send(alice, &wamp.Call{Request: 7, Procedure: "p", ReceiveProgress: true, TimeoutMillis: 2000},
					to(bob, &wamp.Invocation{Request: 1, Registration: id, ReceiveProgress: true}))
				r.pass(second)
				r.send(bob, &wamp.Yield{Request: 1, Progress: true}, to(alice, &wamp.Result{Request: 7, Progress: true}))
				r.deadline(2 * second)
				r.pass(2*second, timedOut(bob, 1), failed(alice, 7, wamp.ErrTimeout))
			},
		},
		{
			name: "PCR-8: a progressive result that is discarded does not start the timeout anew",
			play: func(r *realm) {
				_, bob := r.timedCall()
				r.pass(second)
				r.send(bob, &wamp.Yield{Request: 1, Progress: true})
				r.deadline(second)
			},
		},
		{
			name: "timeouts expire in the order of their deadlines",
			play: func(r *realm) {
				alice, bob := r.join("alice"), r.join("bob", all...)
				id := r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
				for i, millis := range []uint64{3000, 1000, 4000, 2000} {
					r.send(alice, &wamp.Call{Request: wamp.ID(i + 1), Procedure: "p", TimeoutMillis: millis},
						to(bob, &wamp.Invocation{Request: wamp.ID(i + 1), Registration: id}))
				}
				r.deadline(second)
				r.send(bob, &wamp.Yield{Request: 2}, to(alice, &wamp.Result{Request: 2}))
				r.deadline(2 * second)
				r.pass(3*second,
					timedOut(bob, 4), failed(alice, 4, wamp.ErrTimeout),
					timedOut(bob, 1), failed(alice, 1, wamp.ErrTimeout))
				r.deadline(second)
			},
		},
	})
}

func TestTimeoutBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		options   dealer.Options
		millis    uint64
		want      time.Duration // 0: none
		forwarded uint64        // what a callee that keeps timeouts gets
	}{
		{name: "a call without timeout has none"},
		{name: "the default applies to a call without", options: dealer.Options{DefaultTimeout: second}, want: second, forwarded: 1000},
		{name: "the default does not apply to a call with one", options: dealer.Options{DefaultTimeout: second}, millis: 5000, want: 5 * second, forwarded: 5000},
		{name: "the maximum shortens", options: dealer.Options{MaxTimeout: second}, millis: 5000, want: second, forwarded: 1000},
		{name: "the maximum does not lengthen", options: dealer.Options{MaxTimeout: second}, millis: 1, want: time.Millisecond, forwarded: 1},
		{name: "the maximum applies to a call without", options: dealer.Options{MaxTimeout: second}, want: second, forwarded: 1000},
		{name: "the maximum shortens the default", options: dealer.Options{MaxTimeout: second, DefaultTimeout: 5 * second}, want: second, forwarded: 1000},
		{name: "the default stays below the maximum", options: dealer.Options{MaxTimeout: 5 * second, DefaultTimeout: second}, want: second, forwarded: 1000},
		{name: "fractions of a millisecond are forwarded rounded up", options: dealer.Options{DefaultTimeout: 1500 * time.Microsecond}, want: 1500 * time.Microsecond, forwarded: 2},
		{name: "a timeout beyond what a clock can count is very long", millis: math.MaxUint64, want: math.MaxInt64 / time.Millisecond * time.Millisecond, forwarded: math.MaxInt64 / uint64(time.Millisecond)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := newRealm(t, c.options)
			alice, bob, carol := r.join("alice"), r.join("bob"), r.join("carol", wamp.FeatureCallTimeout)
			b := r.serve(bob, &wamp.Register{Request: 1, Procedure: "b"})
			k := r.serve(carol, &wamp.Register{Request: 1, Procedure: "c", ForwardTimeout: true})
			r.send(alice, &wamp.Call{Request: 1, Procedure: "b", TimeoutMillis: c.millis},
				to(bob, &wamp.Invocation{Request: 1, Registration: b}))
			r.deadline(c.want)
			r.send(alice, &wamp.Call{Request: 2, Procedure: "c", TimeoutMillis: c.millis},
				to(carol, &wamp.Invocation{Request: 1, Registration: k, TimeoutMillis: c.forwarded}))
			r.deadline(c.want)
			r.everyoneLeaves()
		})
	}
}

func TestDeadlinesOfManyCalls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := newRealm(t, dealer.Options{})
		alice, bob := r.join("alice"), r.join("bob", all...)
		r.serve(bob, &wamp.Register{Request: 1, Procedure: "p"})
		deadlines := map[wamp.ID]time.Time{} // by request, which is the invocation's too
		timeout := func(id wamp.ID) time.Duration { return time.Duration(id*7919%100+1) * time.Millisecond }
		const calls = 50
		for id := wamp.ID(1); id <= calls; id++ {
			r.apply(alice, &wamp.Call{Request: id, Procedure: "p", ReceiveProgress: true, TimeoutMillis: uint64(timeout(id) / time.Millisecond)})
			deadlines[id] = r.now.Add(timeout(id))
		}
		for range 100 {
			id := wamp.ID(rapid.IntRange(1, calls).Draw(rt, "call"))
			final := rapid.IntRange(0, 2).Draw(rt, "final") == 0
			r.now = r.now.Add(time.Millisecond / 2)
			r.dealer.Expire(r.now, &r.out)
			maps.DeleteFunc(deadlines, func(_ wamp.ID, at time.Time) bool { return !at.After(r.now) })
			r.apply(bob, &wamp.Yield{Request: id, Progress: !final})
			if _, pending := deadlines[id]; pending && final {
				delete(deadlines, id)
			} else if pending {
				deadlines[id] = r.now.Add(timeout(id))
			}
			next, ok := r.dealer.NextDeadline()
			if ok != (len(deadlines) > 0) {
				rt.Fatalf("next deadline: got %v, %d calls are pending", ok, len(deadlines))
			}
			if ok && !next.Equal(slices.MinFunc(slices.Collect(maps.Values(deadlines)), time.Time.Compare)) {
				rt.Fatalf("next deadline: got %v of %v", next, deadlines)
			}
			r.out.Reset()
		}
		r.everyoneLeaves()
	})
}
