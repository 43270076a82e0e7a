package router_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// joinWithID is join in JSON, and returns the session's ID.
func (b *bench) joinWithID() (p *peer, id string) {
	b.t.Helper()
	p = b.connect(inproc.Config{})
	p.send(hello)
	return p, p.expect(`^\[2,(\d+),`)[0]
}

func TestAKilledSessionEndsWhetherItAgreesOrNot(t *testing.T) { // SM-5
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBenchOf(t, router.Options{GoodbyeTimeout: 3 * time.Second}, router.RealmConfig{})
		killer := b.join(inproc.Config{})
		polite, politeID := b.joinWithID()
		deaf, deafID := b.joinWithID()
		deaf.send(`[64,1,{},"com.example.name"]`)
		deaf.expect(`^\[65,`)
		deaf.send(`[32,2,{},"com.example.topic"]`)
		deaf.expect(`^\[33,`)
		killer.send(`[32,1,{},"com.example.topic"]`)
		killer.expect(`^\[33,`)

		killer.send(`[48,2,{},"wamp.session.kill",[%s],{"reason":"com.example.bye","message":"enough"}]`, politeID)
		killer.expect(`^\[50,2,\{\}\]$`)
		polite.expect(`^\[6,\{"message":"enough"\},"com.example.bye"\]$`)
		polite.send(`[6,{},"wamp.close.goodbye_and_out"]`)
		polite.expectEnd()

		start := time.Now()
		killer.send(`[48,3,{},"wamp.session.kill",[%s]]`, deafID)
		killer.expect(`^\[50,3,\{\}\]$`)
		deaf.expect(`^\[6,\{\},"wamp.close.killed"\]$`)
		// The name is free, and nothing comes from the killed session any more.
		killer.send(`[64,4,{},"com.example.name"]`)
		killer.expect(`^\[65,4,`)
		deaf.send(`[16,3,{"acknowledge":true},"com.example.topic"]`)
		deaf.send(`[48,4,{},"com.example.name"]`)
		deaf.send(`[32,5,{},"com.example.topic"]`)
		synctest.Wait()
		killer.send(`[48,5,{},"wamp.session.count"]`)
		killer.expect(`^\[50,5,\{\},\[1\]\]$`)
		killer.send(`[16,6,{"acknowledge":true},"com.example.topic"]`)
		killer.expect(`^\[17,6,`)
		deaf.expectEnd()
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("the deaf session was disconnected after %v, want 3s", took)
		}
		if s := b.realm.Stats(); s.Sessions != 1 {
			t.Errorf("%d sessions are left, want 1", s.Sessions)
		}
	})
}

func TestActingOnOthersMustBeNamed(t *testing.T) { // META-1
	t.Parallel()
	all := router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe
	for name, tt := range map[string]struct {
		role   router.Role
		denied bool
	}{
		"everything by default":             {router.Role{AllowByDefault: true}, true},
		"everything by an empty prefix":     {router.Role{Permissions: []router.Permission{{Match: wamp.MatchPrefix, Allow: all}}}, true},
		"everything of three components":    {router.Role{Permissions: []router.Permission{{URI: "..", Match: wamp.MatchWildcard, Allow: all}}}, true},
		"what begins with wamp.":            {router.Role{Permissions: []router.Permission{{URI: "wamp.", Match: wamp.MatchPrefix, Allow: all}}}, false},
		"the procedure itself":              {router.Role{Permissions: []router.Permission{{URI: "wamp.session.kill_all", Allow: all}}}, false},
		"a wildcard that begins with wamp.": {router.Role{Permissions: []router.Permission{{URI: "wamp..", Match: wamp.MatchWildcard, Allow: all}}}, false},
		"the procedure denied, wamp. allowed": {router.Role{Permissions: []router.Permission{
			{URI: "wamp.", Match: wamp.MatchPrefix, Allow: all}, {URI: "wamp.session.kill_all"},
		}}, true},
	} {
		tt.role.Name = "anonymous"
		b := newBench(t, router.RealmConfig{Roles: []router.Role{tt.role}})
		p := b.join(inproc.Config{})
		p.send(`[48,1,{},"wamp.session.kill_all"]`)
		got, err := p.receive()
		want := `[50,1,{},[0]]`
		if tt.denied {
			want = `[8,48,1,{},"wamp.error.not_authorized"`
		}
		if err != nil || len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%s: got %s (%v), want %s", name, got, err, want)
		}
	}
}

// Whatever the killed are doing, nothing that they held outlasts them.
func TestSessionsKilledInTheMiddleOfTheirWorkLeaveNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	killer := b.join(inproc.Config{})
	var victims, started sync.WaitGroup
	for range 8 {
		p := b.join(inproc.Config{})
		started.Add(1)
		victims.Go(func() { p.toil(started.Done) })
	}
	started.Wait()
	killer.send(`[48,1,{},"wamp.session.kill_by_authrole",["anonymous"]]`)
	killer.expect(`^\[50,1,\{\},\[8\]\]$`)
	victims.Wait()
	killer.conn.Close()
	<-killer.ended
	if held := router.Held(b.realm); held != 0 {
		t.Errorf("the realm still holds %d things", held)
	}
}

// toil sends one request after the other until GOODBYE comes. It says when it
// has begun.
func (p *peer) toil(begun func()) {
	var stop atomic.Bool
	var sender sync.WaitGroup
	sender.Go(func() {
		for i := 1; !stop.Load(); i += 4 {
			p.send(`[64,%d,{"invoke":"first"},"com.example.procedure"]`, i)
			p.send(`[32,%d,{},"com.example.%d"]`, i+1, i%100)
			p.send(`[48,%d,{},"com.example.procedure"]`, i+2)
			p.send(`[16,%d,{},"com.example.%d"]`, i+3, i%100)
			if i == 1 {
				begun()
			}
		}
	})
	for {
		m, err := p.receive()
		if err != nil || strings.HasPrefix(m, "[6,") {
			stop.Store(true)
			break
		}
	}
	sender.Wait()
	p.conn.Close()
	<-p.ended
}
