package link_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/builtin/link"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/wamp"
)

const bothWays = `"topics": [{"uri": "com.", "match": "prefix", "direction": "both"}]`

func TestEventsGoTheirWays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		topics string
		up     []string // what arrives upstream of the local events
		down   []string // what arrives locally of the upstream events
	}{
		{"up", `{"uri": "com.a", "direction": "up"}`, []string{"com.a"}, nil},
		{"down", `{"uri": "com.a", "direction": "down"}`, nil, []string{"com.a"}},
		{"both", `{"uri": "com.a", "direction": "both"}`, []string{"com.a"}, []string{"com.a"}},
		{"a prefix", `{"uri": "com.b", "match": "prefix", "direction": "up"}`, []string{"com.b", "com.b.c"}, nil},
		{"a wildcard", `{"uri": "com..c", "match": "wildcard", "direction": "down"}`, nil, []string{"com.b.c"}},
		{
			"entries that overlap, once",
			`{"uri": "com.b.c", "direction": "up"}, {"uri": "com.b", "match": "prefix", "direction": "both"}, {"uri": "com..c", "match": "wildcard", "direction": "both"}`,
			[]string{"com.b", "com.b.c"},
			[]string{"com.b", "com.b.c"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
				join(t, local, upstream, `"topics": [`+tt.topics+`]`)
				synctest.Wait()
				here, there := local.Connect(t), upstream.Connect(t)
				atHere, atThere := listen(t, here), listen(t, there)
				for _, topic := range []wamp.URI{"com.a", "com.b", "com.b.c"} {
					publish(t, here, topic)
					publish(t, there, topic)
					synctest.Wait()
				}
				if diff := cmp.Diff(tt.up, topics(atThere)); diff != "" {
					t.Errorf("upstream (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(tt.down, topics(atHere)); diff != "" {
					t.Errorf("locally (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func topics(in *inbox) (topics []string) {
	for _, ev := range in.take() {
		topics = append(topics, string(ev.Topic))
	}
	return topics
}

func TestEventsArriveAsTheyWere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		join(t, local, upstream, bothWays)
		synctest.Wait()
		here := local.Connect(t)
		there := listen(t, upstream.Connect(t))
		_, err := here.Publish(t.Context(), "com.a", client.Args{"text", 1, []byte{0, 255}}, &client.PublishOptions{
			Kwargs:     client.Dict{"k": 2.5},
			DiscloseMe: true,
			Attributes: &wamp.Attributes{TransactionHash: "7"},
		})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		events := there.take()
		if len(events) != 1 {
			t.Fatalf("got %d events, want 1", len(events))
		}
		ev := events[0]
		args, kwargs, err := ev.Values()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{"text", int64(1), []byte{0, 255}}, args); diff != "" {
			t.Errorf("args (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wamp.Dict{"k": 2.5}, kwargs); diff != "" {
			t.Errorf("kwargs (-want +got):\n%s", diff)
		}
		if ev.Attributes == nil || ev.Attributes.TransactionHash != "7" {
			t.Errorf("got attributes %+v, want transaction_hash 7", ev.Attributes)
		}
		if ev.Publisher != 0 {
			t.Errorf("got publisher %d, want none: the link asks for no disclosure", ev.Publisher)
		}
	})
}

func TestEventsKeepTheirOrder(t *testing.T) {
	t.Parallel()
	for _, acknowledge := range []bool{false, true} {
		t.Run(fmt.Sprint("acknowledge ", acknowledge), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
				join(t, local, upstream, fmt.Sprintf(`"topics": [{"uri": "com.", "match": "prefix", "direction": "up", "acknowledge": %v}]`, acknowledge))
				synctest.Wait()
				here := local.Connect(t)
				there := listen(t, upstream.Connect(t))
				var want []string
				for i := range 500 {
					text := fmt.Sprint(i)
					want = append(want, text)
					publish(t, here, wamp.URI(fmt.Sprint("com.", i%3)), text)
				}
				synctest.Wait()
				if diff := cmp.Diff(want, there.texts(t)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestEventsAreDroppedWhileTheUpstreamRealmIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		l := join(t, local, upstream, bothWays)
		here := local.Connect(t)
		upstream.Kill()
		synctest.Wait()
		publish(t, here, "com.a", "first")
		publish(t, here, "com.a", "second")
		upstream.Start()
		there := listen(t, upstream.Connect(t))
		time.Sleep(2 * time.Second) // of the bubble's clock: the link reconnects after one
		publish(t, here, "com.a", "third")
		synctest.Wait()
		if diff := cmp.Diff([]string{"third"}, there.texts(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := l.log.lines("link drops events", "direction=up", "upstream realm is away"); len(got) != 1 {
			t.Errorf("got %q, want one record of the first lost event", got)
		}
		if got := l.log.lines("link has dropped events", "dropped=2"); len(got) != 1 {
			t.Errorf("got %q, want one record of both lost events", got)
		}
	})
}

func TestEventsAreKeptWhileTheUpstreamRealmIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		l := join(t, local, upstream, `"keep": true, "queue": 3, `+bothWays)
		here := local.Connect(t)
		upstream.Kill()
		synctest.Wait()
		publish(t, here, "com.a", "in hand")
		synctest.Wait() // until it waits for the realm, and no longer in the queue
		for _, text := range []string{"first", "second", "third", "too many"} {
			publish(t, here, "com.a", text)
		}
		synctest.Wait()
		upstream.Start()
		there := listen(t, upstream.Connect(t))
		time.Sleep(2 * time.Second) // of the bubble's clock: the link reconnects after one
		publish(t, here, "com.a", "fourth")
		synctest.Wait()
		if diff := cmp.Diff([]string{"in hand", "first", "second", "third", "fourth"}, there.texts(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := l.log.lines("link has dropped events", "dropped=1"); len(got) != 1 {
			t.Errorf("got %q, want one record of the lost event", got)
		}
	})
}

func TestQueueIsBoundedByOctets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		join(t, local, upstream, `"keep": true, "queue_bytes": 1000, `+bothWays)
		here := local.Connect(t)
		upstream.Kill()
		synctest.Wait()
		for _, name := range []string{"a", "b", "c", "d"} {
			publish(t, here, "com.a", name+strings.Repeat(".", 600))
			synctest.Wait()
		}
		publish(t, here, "com.a", "e")
		upstream.Start()
		there := listen(t, upstream.Connect(t))
		time.Sleep(2 * time.Second) // of the bubble's clock: the link reconnects after one
		var got []string
		for _, text := range there.texts(t) {
			got = append(got, text[:1])
		}
		// The first is taken from the queue at once, and waits for the realm.
		if diff := cmp.Diff([]string{"a", "b", "e"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestRefusedEventsAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouterOf(t, junctortest.Config{
			Realms: []router.RealmConfig{{Name: junctortest.Realm}}, // where nobody may do anything
		})
		l := join(t, local, upstream, `"topics": [{"uri": "com.a", "direction": "up", "acknowledge": true}]`)
		synctest.Wait()
		publish(t, local.Connect(t), "com.a", "text")
		synctest.Wait()
		if got := l.log.lines("link drops events", string(wamp.ErrNotAuthorized)); len(got) != 1 {
			t.Errorf("got %q, want one record of the refusal", got)
		}
	})
}

// Also where a router hands them to patterns that match everything.
func TestMetaAPIIsNotPassedOn(t *testing.T) {
	t.Parallel()
	for uri, want := range map[wamp.URI]bool{"wamp.session.on_join": false, "wamp": false, "wampum": true, "com.a": true} {
		if got := link.TakesEvent(t.Context(), uri); got != want {
			t.Errorf("event of %s: got %v, want %v", uri, got, want)
		}
		if got := link.TakesCall(uri); got != want {
			t.Errorf("call of %s: got %v, want %v", uri, got, want)
		}
	}
}

func TestEventsThatWaitAtTheEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		answer  bool // does the upstream realm, in time
		arrive  int
		dropped string
		take    time.Duration
	}{
		{"are passed on if the upstream realm takes them", true, 4, "", 0},
		{"are given up after a while if it does not", false, 1, "dropped=4", 4 * time.Second}, // 3 to drain, then GOODBYE
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
				l := join(t, local, upstream, `"topics": [{"uri": "com.a", "direction": "up", "acknowledge": true}]`)
				synctest.Wait()
				here, there := local.Connect(t), listen(t, upstream.Connect(t))
				l.path.Cut(junctortest.ToClient)
				for range 4 {
					publish(t, here, "com.a", "text")
				}
				synctest.Wait()
				began := time.Now()
				stopped := make(chan error)
				go func() { stopped <- l.stop() }()
				synctest.Wait()
				if tt.answer {
					l.path.Heal()
				} else {
					time.AfterFunc(4*time.Second, l.path.Heal) // for GOODBYE
				}
				if err := <-stopped; !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want %v", err, context.Canceled)
				}
				if got := time.Since(began); got != tt.take {
					t.Errorf("it took %v, want %v", got, tt.take)
				}
				synctest.Wait()
				if got := len(there.take()); got != tt.arrive {
					t.Errorf("got %d events, want %d", got, tt.arrive)
				}
				if got := l.log.lines("dropped="); (len(got) == 1) != (tt.dropped != "") || len(l.log.lines(tt.dropped)) == 0 {
					t.Errorf("got %q, want %q", got, tt.dropped)
				}
			})
		})
	}
}

func TestEventsThatAreKeptAreCountedAtTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		upstream.Kill()
		l := join(t, local, upstream, `"keep": true, `+bothWays)
		here := local.Connect(t)
		for range 3 {
			publish(t, here, "com.a", "text")
		}
		synctest.Wait()
		began := time.Now()
		_ = l.stop()
		if got := time.Since(began); got != 0 {
			t.Errorf("it took %v, though there is nobody to pass events on to", got)
		}
		if got := l.log.lines("link has dropped events", "dropped=3"); len(got) != 1 {
			t.Errorf("got %q, want one record of the lost events", got)
		}
	})
}

func TestAcknowledgedEventsThatAreKeptSurviveTheLossOfTheirAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouter(t)
		l := join(t, local, upstream, `"keep": true, "topics": [{"uri": "com.a", "direction": "up", "acknowledge": true}]`)
		synctest.Wait()
		l.path.Cut(junctortest.ToClient)
		publish(t, local.Connect(t), "com.a", "text")
		synctest.Wait()
		l.path.Drop()
		l.path.Heal()
		there := listen(t, upstream.Connect(t))
		time.Sleep(2 * time.Second) // of the bubble's clock: the link reconnects after one
		if diff := cmp.Diff([]string{"text"}, there.texts(t)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestLinkKeepsTryingWhatRefusesIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		local, upstream := junctortest.NewRouter(t), junctortest.NewRouterOf(t, junctortest.Config{
			Realms: []router.RealmConfig{{Name: "com.example.other"}},
		})
		l := join(t, local, upstream, bothWays)
		time.Sleep(10 * time.Second) // of the bubble's clock: a try each second
		if got := l.log.lines("client will connect again", string(wamp.ErrNoSuchRealm)); len(got) < 9 {
			t.Errorf("got %d tries in ten seconds, want one each second", len(got))
		}
		if err := l.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("the component ended with %v, want it to run until %v", err, context.Canceled)
		}
	})
}
