package broker_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/wamp"
)

// At a cost that grew with the square of the sessions, this would take minutes.
func TestAHundredThousandSessionsComeAndGoOnOneTopic(t *testing.T) {
	t.Parallel()
	b := broker.New(broker.Options{IDs: random{}})
	peers := make([]core.Peer, 100_000)
	var out core.Deliveries
	for i := range peers {
		peers[i].ID = wamp.ID(i + 1)
		b.Subscribe(&peers[i], &wamp.Subscribe{Request: 1, Topic: "topic"}, time.Time{}, &out)
	}
	out.Reset()
	for i := range peers {
		if i%2 == 0 {
			b.Leave(&peers[i], &out)
		} else {
			b.Unsubscribe(&peers[i], &wamp.Unsubscribe{Request: 1, Subscription: 1}, &out)
		}
	}
	if left := broker.Remains(b); left != 0 {
		t.Errorf("%d entries remain after everyone left", left)
	}
}

func TestASubscriptionTakesLittleMemory(t *testing.T) {
	const n = 100_000
	var out core.Deliveries
	b := broker.New(broker.Options{IDs: random{}})
	peers := make([]core.Peer, 8)
	before := heap()
	for i := range n {
		topic := wamp.URI(fmt.Sprintf("com.example.sensor.%07d.temperature", i))
		b.Subscribe(&peers[i%len(peers)], &wamp.Subscribe{Request: 1, Topic: topic}, time.Time{}, &out)
		out.Reset()
	}
	per := (heap() - before) / n
	if per > 400 {
		t.Errorf("a subscription takes %d octets, want at most 400", per)
	}
	t.Logf("%d octets a subscription", per)
	runtime.KeepAlive(b)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPublish(b *testing.B) {
	for _, match := range []wamp.Match{wamp.MatchExact, wamp.MatchPrefix, wamp.MatchWildcard} {
		for _, others := range []int{0, 1000, 10_000, 100_000, 1_000_000} {
			b.Run(fmt.Sprintf("%v/others=%d", match, others), func(b *testing.B) { publishAmong(b, match, others) })
		}
	}
}

// publishAmong publishes to one matching subscription among others that do not.
func publishAmong(b *testing.B, match wamp.Match, others int) {
	broker := broker.New(broker.Options{IDs: random{}})
	peers := make([]core.Peer, 2)
	var out core.Deliveries
	for i := range others + 1 {
		topic := wamp.URI(fmt.Sprintf("com.example.%07d.temperature", i))
		if match == wamp.MatchWildcard {
			topic = wamp.URI(fmt.Sprintf("com..%07d.temperature", i))
		}
		broker.Subscribe(&peers[0], &wamp.Subscribe{Request: 1, Topic: topic, Match: match}, time.Time{}, &out)
		out.Reset()
	}
	m := &wamp.Publish{Topic: "com.example.0000000.temperature"}
	runtime.GC() // or it would work beside the benchmark
	b.ReportAllocs()
	for b.Loop() {
		broker.Publish(&peers[1], m, &out)
		out.Reset()
	}
}
