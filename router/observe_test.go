package router_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// What an observer is told, it is told before the client is: the records are
// complete when the answers are there.
func TestObserversAreToldOfJoinsAndRegistrations(t *testing.T) {
	t.Parallel()
	records := make(chan string, 10)
	b := newBenchOf(t, router.Options{
		OnJoin:     func(realm wamp.URI, p wamp.Principal) { records <- "join " + string(realm) + " " + p.AuthRole },
		OnRegister: func(realm, procedure wamp.URI) { records <- "register " + string(realm) + " " + string(procedure) },
	}, router.RealmConfig{})
	p := b.join(inproc.Config{})
	p.send(`[64,1,{},"com.example.a"]`)
	p.expect(`^\[65,1,\d+\]$`)
	p.send(`[64,2,{},"com.example.a"]`)
	p.expect(`^\[8,64,2,\{\},"wamp.error.procedure_already_exists",.*\]$`)
	p.send(`[64,3,{"match":"prefix"},"com.example."]`)
	p.expect(`^\[65,3,\d+\]$`)
	close(records)
	var got []string
	for r := range records {
		got = append(got, r)
	}
	want := []string{"join realm1 anonymous", "register realm1 com.example.a", "register realm1 com.example."}
	if !slices.Equal(got, want) {
		t.Errorf("told of %q, want %q", got, want)
	}
}

// A router that shuts down while it lets a client in says no GOODBYE before
// WELCOME, which would be a breach of the protocol (section 2.7).
func TestNoGoodbyeBeforeWelcome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b *bench
		b = newBenchOf(t, router.Options{
			OnJoin: func(wamp.URI, wamp.Principal) {
				b.wait.Go(func() { _ = b.r.Shutdown(t.Context()) })
				synctest.Wait() // it has said to the session what it has to say
			},
		}, router.RealmConfig{})
		p := b.connectVia(router.Access{Methods: auth.Set{auth.Anonymous{}}}, nil)
		p.send(`[1,"realm1",{"roles":{"caller":{}}}]`)
		if got, err := p.receive(); err == nil && !strings.HasPrefix(got, "[2,") {
			t.Errorf("got %s, want WELCOME or the end of the connection", got)
		}
		if err := <-p.ended; err == nil {
			t.Error("Attach returned nil, want what ended the session")
		}
	})
}
