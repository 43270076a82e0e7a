package router_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
)

// Sessions join, register, subscribe, are revoked and killed, and leave, all at
// once. Whoever follows the meta events must be able to make sense of each of
// them, and know in the end that nothing is left; the realm too.
func TestMetaEventsTellTheWholeStory(t *testing.T) { // RM-1, SUM-2, SES-8, TES-6
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	observer := b.join(inproc.Config{})
	observer.send(`[32,1,{"match":"prefix"},"wamp."]`)
	observer.expect(`^\[33,`)
	const actors = 8
	var acting sync.WaitGroup
	for i := range actors {
		acting.Go(func() { newActor(b, uint64(i)).act() })
	}
	s := story{t: t, sessions: map[float64]int{}, kinds: map[string]things{"registration": {}, "subscription": {}}}
	for s.left < actors {
		event, err := observer.receive()
		if err != nil {
			t.Fatal(err)
		}
		s.hear(event)
	}
	acting.Wait()
	if len(s.sessions)+len(s.kinds["registration"])+len(s.kinds["subscription"]) != 0 {
		t.Errorf("what the events say is left: %v", s)
	}
	observer.conn.Close()
	<-observer.ended
	if held := router.Held(b.realm); held != 0 {
		t.Errorf("after everyone left, the realm holds %d things", held)
	}
}

// actor is a session that does this and that.
type actor struct {
	*peer
	id      string
	random  *rand.Rand
	request int
}

func newActor(b *bench, seed uint64) *actor {
	p, id := b.joinWithID()
	return &actor{peer: p, id: id, random: rand.New(rand.NewPCG(seed, 0))}
}

func (a *actor) act() {
	for range 40 {
		thing := a.random.IntN(3)
		switch a.random.IntN(6) {
		case 0:
			a.ask(`[64,%d,{"invoke":"roundrobin"},"com.example.%d"]`, thing)
		case 1:
			a.ask(`[32,%d,{},"com.example.%d"]`, thing)
		case 2:
			a.ask(`[66,%d,%d]`, a.someID())
		case 3:
			a.ask(`[34,%d,%d]`, a.someID())
		case 4:
			a.ask(`[48,%d,{},"wamp.registration.remove_callee",[%d,`+a.id+`]]`, a.someID())
		case 5:
			a.ask(`[48,%d,{},"wamp.session.add_testament",["com.example.%d",[],{}]]`, thing)
		}
	}
	switch a.random.IntN(3) {
	case 0:
		a.send(`[6,{},"wamp.close.close_realm"]`)
	case 1:
		a.send(`[2,1,{"roles":{"broker":{}}}]`) // breaks the protocol
	}
	a.conn.Close()
	<-a.ended
}

// someID is an ID that a registration or subscription may have.
func (a *actor) someID() int { return 1 + a.random.IntN(80) }

var answer = regexp.MustCompile(`^\[(65|33|67|35|50|8),`)

// ask sends a request and waits for its answer, behind the events.
func (a *actor) ask(format string, arg int) {
	a.request++
	a.send(format, a.request, arg)
	for {
		m, err := a.receive()
		if err != nil {
			a.t.Errorf("%s: %v", fmt.Sprintf(format, a.request, arg), err)
			return
		}
		if answer.MatchString(m) {
			return
		}
	}
}

// story is what meta events have told.
type story struct {
	t        *testing.T
	sessions map[float64]int // and how many registrations and subscriptions each holds
	kinds    map[string]things
	left     int
}

// things are registrations or subscriptions and the sessions that share them.
type things map[float64]map[float64]bool

func (s *story) hear(event string) {
	var m []any
	if err := json.Unmarshal([]byte(event), &m); err != nil || len(m) != 5 {
		s.t.Fatalf("%s: %v", event, err)
	}
	topic := m[3].(map[string]any)["topic"].(string)
	args := m[4].([]any)
	if !s.makesSense(topic, args) {
		s.t.Fatalf("%s makes no sense after all that was heard before: %v", event, s)
	}
}

func (s *story) makesSense(topic string, args []any) bool {
	_, of, what := cut3(topic)
	if of == "session" {
		return s.sessionNews(what, args)
	}
	who := args[0].(float64)
	_, present := s.sessions[who]
	all := s.kinds[of]
	if what == "on_create" {
		d := args[1].(map[string]any)
		id := d["id"].(float64)
		_, err := time.Parse(time.RFC3339, d["created"].(string))
		_, there := all[id]
		all[id] = map[float64]bool{}
		return present && !there && err == nil
	}
	id := args[1].(float64)
	members, there := all[id]
	was := members[who]
	switch what {
	case "on_register", "on_subscribe":
		members[who] = true
		s.sessions[who]++
		return present && there && !was
	case "on_unregister", "on_unsubscribe":
		delete(members, who)
		s.sessions[who]--
		return present && there && was
	case "on_delete":
		delete(all, id)
		return present && there && len(members) == 0
	}
	return false
}

func (s *story) sessionNews(what string, args []any) bool {
	if what == "on_join" {
		who := args[0].(map[string]any)["session"].(float64)
		_, there := s.sessions[who]
		s.sessions[who] = 0
		return !there
	}
	who := args[0].(float64)
	held, there := s.sessions[who]
	delete(s.sessions, who)
	s.left++
	return there && held == 0
}

func cut3(topic string) (first, second, third string) {
	parts := strings.SplitN(topic, ".", 3)
	return parts[0], parts[1], parts[2]
}
