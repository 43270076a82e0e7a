package router_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/history/memory"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// Eight events of topics a and b at seconds 0 to 7, numbered from 1, of which
// the fifth is for user ann only and the sixth for all but the role admin.
func someEvents() iter.Seq[*router.StoredEvent] {
	var events []*router.StoredEvent
	for i := range 8 {
		e := &router.StoredEvent{Time: time.Unix(int64(i), 0), Publication: wamp.ID(i + 1), Topic: "t.a"}
		switch i {
		case 1, 2:
			e.Topic = "t.b"
		case 4:
			e.Lists = &wamp.Filter{EligibleAuthID: []string{"ann"}}
		case 5:
			e.Lists = &wamp.Filter{ExcludeAuthRole: []string{"admin"}}
		}
		events = append(events, e)
	}
	return slices.Values(events)
}

func TestQueriesSelectWhatSatisfiesAllConditions(t *testing.T) { // HIS-1, HIS-4, HIS-6
	t.Parallel()
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	tests := []struct {
		name string
		q    router.EventQuery
		want string
	}{
		{"no condition", router.EventQuery{}, "1 2 3 4 6 7 8"},
		{"the exact topic", router.EventQuery{Topic: "t.b", Match: wamp.MatchExact}, "2 3"},
		{"a wildcard", router.EventQuery{Topic: ".b", Match: wamp.MatchWildcard}, "2 3"},
		{"one topic of a pattern's", router.EventQuery{Only: "t.b"}, "2 3"},
		{"a topic that the pattern does not match", router.EventQuery{Topic: "t.a", Match: wamp.MatchPrefix, Only: "t.b"}, ""},
		{"from a moment on", router.EventQuery{FromTime: at(5)}, "6 7 8"},
		{"after a moment", router.EventQuery{AfterTime: at(5)}, "7 8"},
		{"until a moment", router.EventQuery{UntilTime: at(2)}, "1 2 3"},
		{"before a moment", router.EventQuery{BeforeTime: at(2)}, "1 2"},
		{"between moments", router.EventQuery{AfterTime: at(1), FromTime: at(1), BeforeTime: at(5), UntilTime: at(6)}, "3 4"},
		{"from a publication on", router.EventQuery{FromPublication: 6}, "6 7 8"},
		{"after a publication", router.EventQuery{AfterPublication: 6}, "7 8"},
		{"until a publication", router.EventQuery{UntilPublication: 3}, "1 2 3"},
		{"before a publication", router.EventQuery{BeforePublication: 3}, "1 2"},
		{"between publications", router.EventQuery{AfterPublication: 1, FromPublication: 3, UntilPublication: 6, BeforePublication: 7}, "3 4 6"},
		{"between publications in the wrong order", router.EventQuery{FromPublication: 6, UntilPublication: 3}, ""},
		{"from a publication that one may not read", router.EventQuery{FromPublication: 5}, "6 7 8"},
		{"from a publication of another topic", router.EventQuery{Topic: "t.b", Match: wamp.MatchExact, FromPublication: 1}, ""},
		{"until an unknown publication", router.EventQuery{UntilPublication: 99}, ""},
		{"the first few", router.EventQuery{Limit: 3}, "1 2 3"},
		{"newest first", router.EventQuery{Reverse: true}, "8 7 6 4 3 2 1"},
		{"the last few", router.EventQuery{Reverse: true, Limit: 3}, "8 7 6"},
		{"a limit counts what is left", router.EventQuery{AfterPublication: 4, Limit: 2}, "6 7"},
		{"who is on a whitelist", router.EventQuery{Reader: wamp.Principal{AuthID: "ann"}, FromTime: at(4)}, "5 6 7 8"},
		{"who is on a blacklist", router.EventQuery{Reader: wamp.Principal{AuthID: "ann", AuthRole: "admin"}, FromTime: at(4)}, "5 7 8"},
		{
			"all at once",
			router.EventQuery{Topic: "t.", FromTime: at(1), BeforePublication: 8, Only: "t.a", Reverse: true, Limit: 2}, "7 6",
		},
	}
	for _, tt := range tests {
		if tt.q.Topic == "" || strings.HasSuffix(string(tt.q.Topic), ".") {
			tt.q.Match = wamp.MatchPrefix
		}
		numbers := []string{}
		for _, e := range tt.q.Select(someEvents()) {
			numbers = append(numbers, fmt.Sprint(e.Publication))
		}
		if got := strings.Join(numbers, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAskingForAHistoryNeedsTheRightToSubscribe(t *testing.T) { // HIS-5
	t.Parallel()
	b := newBench(t, router.RealmConfig{Events: newStore(), Roles: []router.Role{{
		Name: "anonymous",
		Permissions: []router.Permission{
			{URI: "wamp.subscription.", Match: wamp.MatchPrefix, Allow: router.ActionCall},
			{URI: "com.other.ahead", Allow: router.ActionSubscribe},
			{URI: "com.example.", Match: wamp.MatchPrefix, Allow: router.ActionPublish},
		},
	}}})
	p := b.join(inproc.Config{})
	p.send(`[48,1,{},"wamp.subscription.lookup",["com.example.",{"match":"prefix"}]]`)
	forbidden := p.expect(`^\[50,1,\{\},\[(\d+)\]\]$`)[0]
	p.send(`[48,2,{},"wamp.subscription.get_events",[%s]]`, forbidden)
	p.expect(`^\[8,48,2,\{\},"wamp.error.not_authorized"`)
	p.send(`[48,3,{},"wamp.subscription.lookup",["com.other.ahead"]]`)
	allowed := p.expect(`^\[50,3,\{\},\[(\d+)\]\]$`)[0]
	p.send(`[48,4,{},"wamp.subscription.get_events",[%s]]`, allowed)
	p.expect(`^\[50,4,\{\},\[\[\]\]\]$`)
}

// Neither a frame that is read into again nor the serializer of who asks
// changes what was published.
func TestTheHistoryKeepsPayloadsAsTheyWere(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{Events: newStore()})
	for i, s := range serializers {
		publisher := b.join(inproc.Config{Serializer: s})
		kept := strings.Repeat(fmt.Sprint(i), 200)
		publisher.send(`[16,1,{"acknowledge":true},"com.example.a",["%s"],{"n":-5}]`, kept)
		publication := publisher.expect(`^\[17,1,(\d+)\]$`)[0]
		publisher.send(`[16,2,{"acknowledge":true},"com.elsewhere",["%s"],{"n":-6}]`, strings.Repeat("x", 200))
		publisher.expect(`^\[17,2,`)
		for _, s := range serializers {
			p := b.join(inproc.Config{Serializer: s})
			p.send(`[48,1,{},"wamp.subscription.lookup",["com.example.",{"match":"prefix"}]]`)
			sub := p.expect(`^\[50,1,\{\},\[(\d+)\]\]$`)[0]
			p.send(`[48,2,{},"wamp.subscription.get_events",[%s],{"from_publication":%s}]`, sub, publication)
			p.expect(`^\[50,2,\{\},\[\[\{"args":\["` + kept + `"\],"details":\{"topic":"com.example.a"\},"kwargs":\{"n":-5\},`)
		}
	}
}

func TestAHistoryThatDoesNotFitIntoAMessageIsAskedForInParts(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{Events: newStore()})
	publisher, p := b.join(inproc.Config{}), b.join(inproc.Config{MaxMessage: [2]int{1000, 0}})
	p.send(`[48,1,{},"wamp.subscription.lookup",["com.other.ahead"]]`)
	sub := p.expect(`^\[50,1,\{\},\[(\d+)\]\]$`)[0]
	for i, size := range []int{700, 700, 9000} {
		publisher.send(`[16,%d,{"acknowledge":true},"com.other.ahead",["%s"]]`, i+1, strings.Repeat("x", size))
		publisher.expect(`^\[17,`)
	}
	p.send(`[48,2,{},"wamp.subscription.get_events",[%s]]`, sub)
	p.expect(`^\[8,48,2,\{\},"wamp.error.payload_size_exceeded",\["the events do not fit`)
	p.send(`[48,3,{},"wamp.subscription.get_events",[%s],{"limit":2}]`, sub)
	p.expect(`^\[8,48,3,\{\},"wamp.error.payload_size_exceeded"`)
	p.send(`[48,4,{},"wamp.subscription.get_events",[%s],{"limit":1}]`, sub)
	p.expect(`^\[50,4,`)
}

// stubStore does as its functions say.
type stubStore struct {
	append func([]router.StoredEvent) error
	query  func(router.EventQuery) ([]router.StoredEvent, error)
}

func (s *stubStore) Topics() []router.HistoryTopic { return []router.HistoryTopic{{URI: "topic"}} }

func (s *stubStore) Append(events []router.StoredEvent) error { return s.append(events) }

func (s *stubStore) Query(q router.EventQuery) ([]router.StoredEvent, error) { return s.query(q) }

func TestAStoreThatFailsIsCountedAndLoggedAndTold(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{Events: &stubStore{
		append: func([]router.StoredEvent) error { return errors.New("no space") },
		query:  func(router.EventQuery) ([]router.StoredEvent, error) { return nil, errors.New("no index") },
	}})
	p := b.join(inproc.Config{})
	p.send(`[32,1,{},"topic"]`)
	sub := p.expect(`^\[33,1,(\d+)`)[0]
	p.send(`[16,2,{"exclude_me":false},"topic",["x"]]`)
	p.expect(`^\[36,`)
	p.send(`[48,3,{},"wamp.subscription.get_events",[%s]]`, sub)
	p.expect(`^\[8,48,3,\{\},"wamp.error.unavailable",\["no index"\]\]$`)
	if lost := b.realm.Stats().HistoryLost; lost != 1 {
		t.Errorf("%d events are counted as lost, want 1", lost)
	}
	if got := log.lines("level=WARN", "realm=realm1", "no space"); len(got) != 1 {
		t.Errorf("logged %q", got)
	}
}

// Events go on to subscribers while a store is stuck; what does not fit into the
// room for waiting is counted.
func TestAStoreThatIsStuckHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	const events = 20
	begun, stuck, stored := make(chan struct{}, events), make(chan struct{}), 0
	b := newBench(t, router.RealmConfig{Events: &stubStore{append: func(events []router.StoredEvent) error {
		begun <- struct{}{}
		<-stuck
		stored += len(events)
		return nil
	}}})
	p := b.join(inproc.Config{})
	p.send(`[32,1,{},"topic"]`)
	p.expect(`^\[33,1,`)
	text := strings.Repeat("x", 1<<20)
	for i := range events {
		p.send(`[16,%d,{"exclude_me":false},"topic",["%s"]]`, i+2, text)
		p.expect(`^\[36,`)
		if i == 0 {
			<-begun // with this one; the others have to wait
		}
	}
	lost := int(b.realm.Stats().HistoryLost)
	close(stuck)
	b.r.Close() // waits for the store
	if lost == 0 || stored+lost != events {
		t.Errorf("of %d events %d were stored and %d lost, want some lost and all accounted for", events, stored, lost)
	}
}

func TestStoresWithTopicsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	for name, topics := range map[string][]memory.Topic{
		"invalid":       {{URI: "a..b"}},
		"twice":         {{URI: "a"}, {URI: "a"}},
		"the router's":  {{URI: "wamp.session.on_join"}},
		"all of them":   {{URI: "wamp.", Match: wamp.MatchPrefix}},
		"without a URI": {{}},
	} {
		store, err := memory.New(memory.Config{Topics: topics})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := router.New(router.Options{}).AddRealm(router.RealmConfig{Name: "a", Events: store}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := router.New(router.Options{}).AddRealm(router.RealmConfig{Name: "a", Events: newStore(), NoMetaAPI: true}); err == nil {
		t.Error("a store without the meta API: accepted")
	}
}
