package dealer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

// exchange is a caller, a callee and the messages of a call between them.
type exchange struct {
	dealer         *dealer.Dealer
	caller, callee *core.Peer
	call           wamp.Call
	yield          wamp.Yield
	now            time.Time
	out            core.Deliveries
}

func newExchange(m wamp.Register, call wamp.Call) *exchange {
	x := &exchange{
		dealer: dealer.New(dealer.Options{IDs: &sequence{}}),
		caller: &core.Peer{ID: 1, Roles: wamp.Roles{}.With(wamp.RoleCaller)},
		callee: &core.Peer{ID: 2, Roles: wamp.Roles{}.With(wamp.RoleCallee, all...)},
		call:   call,
		now:    time.Unix(1000, 0),
	}
	m.Request = 1
	x.dealer.Register(x.callee, &m, x.now, &x.out)
	x.out.Reset()
	return x
}

// ask makes a call, answer answers the oldest invocation that has none.
func (x *exchange) ask() {
	x.call.Request++
	x.dealer.Call(x.caller, &x.call, x.now, &x.out)
	x.out.Reset()
}

func (x *exchange) answer() {
	x.yield.Request++
	x.dealer.Yield(x.callee, &x.yield, x.now, &x.out)
	x.out.Reset()
}

// warm reaches the size that a window of pending calls needs.
func (x *exchange) warm(window int) {
	for range window {
		x.ask()
	}
}

// exchanges are the kinds of calls whose cost matters.
func exchanges() map[string]*exchange {
	const uri = "com.example.service.procedure"
	return map[string]*exchange{
		"exact":      newExchange(wamp.Register{Procedure: uri}, wamp.Call{Procedure: uri}),
		"prefix":     newExchange(wamp.Register{Procedure: "com.example", Match: wamp.MatchPrefix}, wamp.Call{Procedure: uri}),
		"wildcard":   newExchange(wamp.Register{Procedure: "com..service.", Match: wamp.MatchWildcard}, wamp.Call{Procedure: uri}),
		"roundrobin": newExchange(wamp.Register{Procedure: uri, Invoke: wamp.InvokeRoundRobin}, wamp.Call{Procedure: uri}),
		"random":     newExchange(wamp.Register{Procedure: uri, Invoke: wamp.InvokeRandom, Concurrency: 1000}, wamp.Call{Procedure: uri}),
		"timeout":    newExchange(wamp.Register{Procedure: uri}, wamp.Call{Procedure: uri, TimeoutMillis: 1000}),
		"disclosed":  newExchange(wamp.Register{Procedure: uri, DiscloseCaller: true}, wamp.Call{Procedure: uri}),
	}
}

// A warm CALL, INVOCATION, YIELD, RESULT allocates nothing.
func TestCallAllocatesNothing(t *testing.T) {
	for name, x := range exchanges() {
		x.warm(64)
		if allocs := testing.AllocsPerRun(1000, func() { x.ask(); x.answer() }); allocs != 0 {
			t.Errorf("%s: %v allocations per call", name, allocs)
		}
	}
}

func TestProgressiveResultAllocatesNothing(t *testing.T) {
	x := newExchange(wamp.Register{Procedure: "p"}, wamp.Call{Procedure: "p", ReceiveProgress: true, TimeoutMillis: 1000})
	x.ask()
	chunk := &wamp.Yield{Request: 1, Progress: true}
	if allocs := testing.AllocsPerRun(1000, func() {
		x.dealer.Yield(x.callee, chunk, x.now, &x.out)
		x.out.Reset()
	}); allocs != 0 {
		t.Errorf("%v allocations per progressive result", allocs)
	}
}

func BenchmarkCall(b *testing.B) {
	for name, x := range exchanges() {
		for _, window := range []int{1, 64, 512} {
			x.warm(window - int(x.call.Request-x.yield.Request) - 1)
			b.Run(fmt.Sprintf("%s/%d", name, window), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					x.ask()
					x.answer()
				}
			})
		}
	}
}

// BenchmarkTable compares the table of pending calls with a Go map: a window
// of IDs that come and go in sequence.
func BenchmarkTable(b *testing.B) {
	for _, window := range []wamp.ID{1, 64, 512} {
		b.Run(fmt.Sprintf("table/%d", window), func(b *testing.B) {
			dealer.MeasureTable(b, window)
		})
		b.Run(fmt.Sprintf("map/%d", window), func(b *testing.B) {
			dealer.MeasureMap(b, window)
		})
	}
}

func TestChunkAllocatesNothing(t *testing.T) {
	x := newExchange(wamp.Register{Procedure: "p"}, wamp.Call{Procedure: "p", Progress: true, TimeoutMillis: 1000})
	x.ask()
	if allocs := testing.AllocsPerRun(1000, func() {
		x.dealer.Call(x.caller, &x.call, x.now, &x.out)
		x.out.Reset()
	}); allocs != 0 {
		t.Errorf("%v allocations per chunk", allocs)
	}
}
