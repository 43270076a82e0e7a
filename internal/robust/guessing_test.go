package robust_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

const (
	guesses      = 10_000
	manyPlaces   = 500 // addresses; as many as make 20 guesses each
	honestPlace  = "192.0.2.1"
	guessingOnes = 32 // at a time
)

// TestTenThousandGuesses measures the whole process, so it is alone.
func TestTenThousandGuesses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		signer func(n int) auth.Signer
		from   func(n int) string
		judged int64 // at most: the others are turned away before anything is looked at
	}{
		{"wrong tickets from one address", func(n int) auth.Signer { return auth.TicketSigner{AuthID: "tim", Ticket: guess(n)} }, fromOne, 30},
		{"wrong tickets from many addresses", func(n int) auth.Signer { return auth.TicketSigner{AuthID: "tim", Ticket: guess(n)} }, fromMany, guesses},
		{"wrong secrets from many addresses", func(n int) auth.Signer { return auth.CRASigner{AuthID: "carl", Secret: guess(n)} }, fromMany, guesses},
		{"unknown users from one address", func(n int) auth.Signer { return auth.CRASigner{AuthID: guess(n), Secret: "x"} }, fromOne, 30},
		{"unknown users from many addresses", func(n int) auth.Signer { return auth.CRASigner{AuthID: guess(n), Secret: "x"} }, fromMany, guesses},
	} {
		t.Run(tt.name, func(t *testing.T) { guessing(t, tt.signer, tt.from, tt.judged) })
	}
}

func guess(n int) string { return fmt.Sprint("guess ", n) }

func fromOne(int) string { return "198.51.100.1" }

func fromMany(n int) string { return fmt.Sprintf("10.0.%d.%d", n%manyPlaces/250, n%250) }

func guessing(t *testing.T, signer func(int) auth.Signer, from func(int) string, judged int64) {
	d := openDoor(t)
	d.access.Attempts = router.NewAttempts(20, time.Hour)
	served := d.serveEcho()
	round := func(first, end int) (denied int64) {
		var count atomic.Int64
		numbers := make(chan int)
		var guessers sync.WaitGroup
		for range guessingOnes {
			guessers.Go(func() {
				for n := range numbers {
					if d.guess(signer(n), from(n)) {
						count.Add(1)
					}
				}
			})
		}
		for n := first; n < end; n++ {
			numbers <- n
			if n%500 == 0 { // an honest client meanwhile
				d.getsIn(keySigner, honestPlace)
				served(t)
			}
		}
		close(numbers)
		guessers.Wait()
		return count.Load()
	}
	denied := round(0, guesses/10)
	before := d.settled()
	denied += round(guesses/10, guesses)
	after := d.settled()

	if denied > judged || judged == guesses && denied < guesses*9/10 {
		t.Errorf("%d guesses were judged, want at most %d", denied, judged)
	}
	if lines := strings.Count(d.log.String(), "authentication denied"); int64(lines) != denied {
		t.Errorf("the log tells of %d denials, want %d", lines, denied)
	}
	if after.goroutines > before.goroutines || after.heap > before.heap+leeway {
		t.Errorf("%d goroutines and %d octets after %d guesses, %d and %d before", after.goroutines, after.heap, guesses, before.goroutines, before.heap)
	}
	d.nobodyGotIn(1 + guesses/500) // the honest ones
	d.getsIn(saltedSigner, honestPlace)
	d.getsIn(saltedSigner, "") // from a Unix socket, say
}

// guess tries to log in, and reports whether it was denied, rather than turned
// away.
func (d *door) guess(s auth.Signer, address string) (denied bool) {
	v := d.visit(address)
	defer v.conn.Close()
	l := v.begin(s)
	v.send(l.hello)
	m := v.receive()
	if challenge, ok := m.(*wamp.Challenge); ok {
		v.send(l.sign(d.t, challenge))
		m = v.receive()
	}
	abort, ok := m.(*wamp.Abort)
	switch {
	case !ok:
		d.t.Errorf("a guess led to %#v", m)
	case abort.Reason == wamp.ErrAuthenticationDenied:
		return true
	case abort.Reason != wamp.ErrAuthenticationFailed || !strings.Contains(abort.Message, "too many failed attempts"):
		d.t.Errorf("a guess was refused with %s (%s)", abort.Reason, abort.Message)
	}
	return false
}

// serveEcho joins an honest session that has an echo, and returns what calls it.
func (d *door) serveEcho() func(t *testing.T) {
	d.t.Helper()
	mine, theirs := inproc.Pair(wamp.SerializerMsgPack)
	d.attach(theirs)
	s, err := client.Join(d.t.Context(), mine, client.Options{Realm: "realm1", Signers: []auth.Signer{craSigner}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { s.Close() })
	_, err = s.Register(d.t.Context(), honestProcedure, func(context.Context, *client.Invocation) (client.Reply, error) {
		return client.Reply{}, nil
	}, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return func(t *testing.T) {
		t.Helper()
		if _, err := s.Call(t.Context(), honestProcedure, []any{"hello"}, nil); err != nil {
			t.Errorf("an honest call failed: %v", err)
		}
	}
}

// settled waits until only the honest session is left, and measures.
func (d *door) settled() measure {
	d.t.Helper()
	limit := time.After(patient)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	m := measure{goroutines: runtime.NumGoroutine()}
	for quiet := 0; quiet < 20; { // the lowest number of a while
		select {
		case <-tick.C:
		case <-limit:
			d.t.Fatalf("%d connections are left, want the honest one", d.open.Load())
		}
		if d.open.Load() > 1 {
			continue
		}
		quiet++
		m.goroutines = min(m.goroutines, runtime.NumGoroutine())
	}
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	m.heap = stats.HeapAlloc - uint64(len(d.log.String())) // the log is the test's own
	return m
}
