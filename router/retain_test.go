package router_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// Whoever subscribes while an event is published to be retained gets it once:
// as a retained one, or as a new one.
func TestARetainedEventIsNeitherMissedNorDoubled(t *testing.T) { // RET-2
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	publisher := b.join(inproc.Config{})
	var published, all sync.WaitGroup
	published.Add(1)
	for range 20 {
		p := b.join(inproc.Config{})
		all.Go(func() {
			p.send(`[32,1,{"get_retained":true},"topic"]`)
			published.Wait()
			p.send(`[34,2,%d]`, wamp.MaxID) // refused, behind all that was sent before
			events := 0
			for {
				got, err := p.receive()
				if err != nil {
					t.Error(err)
					return
				}
				if strings.HasPrefix(got, "[36,") {
					events++
				}
				if strings.HasPrefix(got, "[8,34,2,") {
					break
				}
			}
			if events != 1 {
				t.Errorf("got the event %d times, want once", events)
			}
		})
	}
	publisher.send(`[16,1,{"retain":true,"acknowledge":true},"topic",["x"]]`)
	publisher.expect(`^\[17,1,\d+\]$`)
	published.Done()
	all.Wait()
}

// What a publication came in is read into again.
func TestRetainedEventsDoNotChangeWithLaterMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	for _, size := range []int{100, 100_000} {
		for _, s := range serializers {
			b.retainAndOverwrite(size, s)
		}
	}
}

// retainAndOverwrite publishes an event to be retained, then other messages of
// the same size on the same connection, and asks for the event.
func (b *bench) retainAndOverwrite(size int, s wamp.SerializerNumber) {
	b.t.Helper()
	publisher, subscriber := b.join(inproc.Config{Serializer: s}), b.join(inproc.Config{})
	kept := strings.Repeat("a", size)
	publisher.send(`[16,1,{"retain":true},"topic",["%s"]]`, kept)
	for i := range 5 {
		publisher.send(`[16,%d,{"acknowledge":true},"topic",["%s"]]`, i+2, strings.Repeat("b", size))
		publisher.expect(`^\[17,`)
	}
	subscriber.send(`[32,1,{"get_retained":true},"topic"]`)
	subscriber.expect(`^\[33,1,`)
	subscriber.expect(`^\[36,\d+,\d+,\{"retained":true\},\["` + kept[:min(size, 1000)] + `a*"\]\]$`)
}

func TestGivingUpRetainedEventsIsCountedAndLoggedOnce(t *testing.T) { // RET-6
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{RetainedEvents: 2})
	p := b.join(inproc.Config{})
	for i, topic := range []string{"a", "b", "c", "d"} {
		p.send(`[16,%d,{"retain":true,"acknowledge":true},"%s"]`, i+1, topic)
		p.expect(`^\[17,`)
	}
	p.send(`[32,5,{}, "x"]`) // its answer comes after what was logged before
	p.expect(`^\[33,`)
	if got := log.lines("level=WARN", "realm=realm1", "too much is retained"); len(got) != 1 {
		t.Errorf("logged %d times, want once: %q", len(got), got)
	}
	if s := b.realm.Stats(); s.RetainedEvents != 2 || s.RetainedBytes == 0 || s.RetainedLost != 2 {
		t.Errorf("Stats() = %+v", s)
	}
}
