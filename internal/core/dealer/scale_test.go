package dealer_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/wamp"
)

func BenchmarkCallAmong(b *testing.B) {
	for _, match := range []wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard} {
		for _, others := range []int{0, 1000, 10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%v/others=%d", match, others), func(b *testing.B) { callAmong(b, match, others) })
		}
	}
}

// callAmong calls, and answers for, one matching registration among others that
// do not match.
func callAmong(b *testing.B, match wamp.Match, others int) {
	const format = "com.example.%07d.procedure"
	x := &exchange{
		dealer: dealer.New(dealer.Options{IDs: &sequence{}, MaxRegistrations: others + 1}),
		caller: &core.Peer{ID: 1, Roles: wamp.Roles{}.With(wamp.RoleCaller)},
		callee: &core.Peer{ID: 2, Roles: wamp.Roles{}.With(wamp.RoleCallee, all...)},
		call:   wamp.Call{Procedure: wamp.URI(fmt.Sprintf(format, 0))},
	}
	for i := range others + 1 {
		procedure := wamp.URI(fmt.Sprintf(format, i))
		if match == wamp.MatchWildcard {
			procedure = wamp.URI(fmt.Sprintf("com..%07d.procedure", i))
		}
		x.dealer.Register(x.callee, &wamp.Register{Request: 1, Procedure: procedure, Match: match}, x.now, &x.out)
		x.out.Reset()
	}
	runtime.GC() // or it would work beside the benchmark
	b.ReportAllocs()
	for b.Loop() {
		x.ask()
		x.answer()
	}
}
