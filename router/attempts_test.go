package router_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/router"
)

// Connections that are all challenged before the first of them answers get no
// more guesses than one after the other.
func TestFailedLoginsAreLimitedAtTheSameTimeToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		var asked, atOnce, denied, limited atomic.Int64
		access := slowly(func(string) {
			asked.Add(1)
			if n := atOnce.Add(1); n > 3 {
				t.Errorf("%d tickets are looked at at the same time, want at most 3", n)
			}
			time.Sleep(time.Second)
			atOnce.Add(-1)
		})
		access.Attempts = router.NewAttempts(3, time.Hour)
		for _, p := range b.challenged(access, 50) {
			p.send(`[5,"guess",{}]`)
			go func() {
				switch got, err := p.receive(); {
				case err != nil:
					t.Errorf("the router said nothing: %v", err)
				case strings.Contains(got, "authentication_denied"):
					denied.Add(1)
				case strings.Contains(got, "too many failed attempts"):
					limited.Add(1)
				default:
					t.Errorf("got %s, want a refusal", got)
				}
			}()
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if asked.Load() != 3 || denied.Load() != 3 || limited.Load() != 47 {
			t.Errorf("%d tickets were looked at, %d denied and %d turned away; want 3, 3 and 47", asked.Load(), denied.Load(), limited.Load())
		}
		if s := b.realm.Stats(); s.JoinsDenied != 3 || s.JoinsThrottled != 47 || s.Joined != 0 {
			t.Errorf("Stats() = %+v, want 3 joins denied and 47 throttled", s)
		}
	})
}

// Many who share an address and know the secret wait for each other, and get in.
func TestManyFromOneAddressLogInAtTheSameTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		access := slowly(func(string) { time.Sleep(100 * time.Millisecond) })
		access.Attempts = router.NewAttempts(3, time.Hour)
		peers := b.challenged(access, 40)
		for i, p := range peers {
			ticket := "right"
			if i%20 == 0 {
				ticket = "typo" // two of them, one less than may be
			}
			p.send(`[5,%s,{}]`, quoted(ticket))
		}
		for i, p := range peers {
			want := `^\[2,`
			if i%20 == 0 {
				want = `^\[3,.*authentication_denied"\]$`
			}
			p.expect(want)
		}
	})
}

// Who goes away while it waits takes nobody's turn.
func TestWaitingToLogInEndsWithTheTimeForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		access := slowly(func(ticket string) {
			if ticket == "slow" {
				time.Sleep(5 * time.Second)
			}
		})
		access.Attempts, access.HelloTimeout = router.NewAttempts(1, time.Hour), 6*time.Second
		peers := b.challenged(access, 3)
		peers[0].send(`[5,"slow",{}]`)
		synctest.Wait()
		peers[1].send(`[5,"slow",{}]`)
		synctest.Wait()
		peers[1].conn.Close()
		peers[2].send(`[5,"slow",{}]`)
		peers[0].expect(`authentication_denied"\]$`)
		peers[2].expect(`^\[3,\{"message":"too many failed`)
		time.Sleep(time.Hour)
		late := b.challenged(access, 2)
		late[0].send(`[5,"right",{}]`)
		late[0].expect(`^\[2,`)
		late[1].send(`[5,"slow",{}]`)
		late[1].expect(`authentication_denied"\]$`)
	})
}

// slowly admits whoever shows the ticket "right", after doing something.
func slowly(do func(ticket string)) router.Access {
	return router.Access{Methods: auth.Set{auth.Ticket{Cleartext: true, Verifier: verifier(
		func(_ context.Context, _ *auth.Query, ticket string) (*auth.Account, error) {
			if do(ticket); ticket == "right" {
				return &auth.Account{Role: "anonymous"}, nil
			}
			return nil, auth.ErrUnknown
		})}}}
}

// challenged connects clients from one address that are asked for their ticket.
func (b *bench) challenged(access router.Access, n int) []*peer {
	b.t.Helper()
	peers := make([]*peer, n)
	for i := range peers {
		peers[i] = b.connectVia(access, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1 + i})
		peers[i].send(ticketHello)
		peers[i].expect(`^\[4,`)
	}
	return peers
}
