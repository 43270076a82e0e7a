package link_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/wamp"
)

// everything links all topics and procedures below com. both ways. Any number
// of links may register the procedures in one realm.
const everything = `
	"topics": [{"uri": "com.", "match": "prefix", "direction": "both"}],
	"procedures": [{"uri": "com.", "match": "prefix", "direction": "both", "invoke": "roundrobin"}]`

// arrivals publishes an event in the first realm and counts what arrives in
// each once nothing moves any more.
func arrivals(t *testing.T, realms ...*junctortest.Router) []int {
	t.Helper()
	synctest.Wait()
	inboxes := make([]*inbox, len(realms))
	for i, r := range realms {
		inboxes[i] = listen(t, r.Connect(t))
	}
	publish(t, realms[0].Connect(t), "com.a", "text")
	synctest.Wait()
	counts := make([]int, len(realms))
	for i, in := range inboxes {
		counts[i] = len(in.take())
	}
	return counts
}

func TestEventsPassAsManyLinksAsAllowed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		hops  string
		shape func(t *testing.T, extra string) []*junctortest.Router
		want  []int
	}{
		{"a chain, one link by default", ``, chain, []int{1, 1, 0}},
		{"a chain, two links", `, "max_hops": 2`, chain, []int{1, 1, 1}},
		{"a ring, once each by default", ``, ring, []int{1, 1, 1}},
		// Both ways around, and back to where it came from, by both ways too:
		// but nothing goes round for ever.
		{"a ring, round and back", `, "max_hops": 16`, ring, []int{3, 2, 2}},
		{"parallel links, once for each of them", ``, parallel, []int{1, 2}},
		// Each link brings back what the other one brought there.
		{"parallel links, there and back", `, "max_hops": 16`, parallel, []int{3, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				realms := tt.shape(t, everything+tt.hops)
				if diff := cmp.Diff(tt.want, arrivals(t, realms...)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// chain links three realms in a row.
func chain(t *testing.T, extra string) []*junctortest.Router {
	a, b, c := junctortest.NewRouter(t), junctortest.NewRouter(t), junctortest.NewRouter(t)
	join(t, a, b, extra)
	join(t, b, c, extra)
	return []*junctortest.Router{a, b, c}
}

// ring links three realms in a circle.
func ring(t *testing.T, extra string) []*junctortest.Router {
	realms := chain(t, extra)
	join(t, realms[2], realms[0], extra)
	return realms
}

// parallel links two realms twice.
func parallel(t *testing.T, extra string) []*junctortest.Router {
	a, b := junctortest.NewRouter(t), junctortest.NewRouter(t)
	join(t, a, b, extra)
	join(t, a, b, extra)
	return []*junctortest.Router{a, b}
}

func TestCallsFindTheirCalleeAndNeverGoInCircles(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		direction string
		shape     func(*testing.T, string) []*junctortest.Router
		links     int // to the callee in the last realm
	}{
		{"a chain", "up", chain, 2},
		{"a ring", "up", ring, 2},
		{"parallel links", "up", parallel, 1},
		{"parallel links, both ways", "both", parallel, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				realms := tt.shape(t, `"procedures": [{"uri": "com.", "match": "prefix", "direction": "`+tt.direction+`", "invoke": "roundrobin"}]`)
				synctest.Wait()
				caller := realms[0].Connect(t)
				var calls atomic.Int32
				register(t, realms[len(realms)-1].Connect(t), "com.found", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
					calls.Add(1)
					return client.Return(len(inv.Attributes.ForwardFor)), nil
				})
				links, err := client.Call[int](t.Context(), caller, "com.found", nil, nil)
				if links != tt.links || calls.Load() != 1 {
					t.Errorf("got %d calls, after %d links (%v), want one call after %d", calls.Load(), links, err, tt.links)
				}
				if _, err := caller.Call(t.Context(), "com.nowhere", nil, nil); !errors.Is(err, wamp.ErrNoSuchProcedure) {
					t.Errorf("got %v, want %v", err, wamp.ErrNoSuchProcedure)
				}
			})
		})
	}
}

func TestCallsPassSixteenLinksAndNoMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		register(t, there, "com.up.where", answer("there"))
		trace := make([]wamp.Forwarder, 16)
		for i := range trace {
			trace[i].Session = wamp.ID(i + 1)
		}
		for n, want := range map[int]error{15: nil, 16: wamp.ErrNoSuchProcedure} {
			_, err := here.Call(t.Context(), "com.up.where", nil, &client.CallOptions{Attributes: &wamp.Attributes{ForwardFor: trace[:n]}})
			if !errors.Is(err, want) {
				t.Errorf("after %d links: got %v, want %v", n, err, want)
			}
		}
	})
}

func TestNothingPassesTheSameLinkTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, _, here, there := pair(t)
		last := func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
			trace := inv.Attributes.ForwardFor
			return client.Return(trace[len(trace)-1].Session), nil
		}
		register(t, there, "com.up.last", last)
		register(t, here, "com.down.last", last)
		for _, ask := range []struct {
			from      *client.Session
			procedure wamp.URI
		}{{here, "com.up.last"}, {there, "com.down.last"}} {
			session, err := client.Call[wamp.ID](t.Context(), ask.from, ask.procedure, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				session wamp.ID // that the call has passed already
				want    error
			}{{session, wamp.ErrNoSuchProcedure}, {session%wamp.MaxID + 1, nil}} {
				trace := &wamp.Attributes{ForwardFor: []wamp.Forwarder{{Session: 1}, {Session: tt.session}, {AuthID: "no session"}}}
				for procedure, from := range map[wamp.URI]*client.Session{"com.up.last": here, "com.down.last": there} {
					if _, err := from.Call(t.Context(), procedure, nil, &client.CallOptions{Attributes: trace}); !errors.Is(err, tt.want) {
						t.Errorf("%s after session %d: got %v, want %v", procedure, tt.session, err, tt.want)
					}
				}
			}
		}
	})
}

func TestTraceNamesTheSessionsOfTheLinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		realms := chain(t, everything+`, "max_hops": 2`)
		synctest.Wait()
		in := listen(t, realms[2].Connect(t))
		_, err := realms[0].Connect(t).Publish(t.Context(), "com.a", nil, &client.PublishOptions{
			Attributes: &wamp.Attributes{ForwardFor: []wamp.Forwarder{}},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		events := in.take()
		if len(events) != 1 || events[0].Attributes == nil {
			t.Fatalf("got %v, want one event with a trace", events)
		}
		trace := events[0].Attributes.ForwardFor
		if len(trace) != 2 || trace[0].Session == trace[1].Session {
			t.Fatalf("got trace %+v, want two sessions", trace)
		}
		for _, f := range trace {
			if !f.Session.Valid() || f.AuthID == "" || f.AuthRole != "anonymous" {
				t.Errorf("got %+v, want the link's session, authid and authrole", f)
			}
		}
	})
}
