package router_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// verifier is a TicketVerifier that is a function.
type verifier func(ctx context.Context, q *auth.Query, ticket string) (*auth.Account, error)

func (f verifier) VerifyTicket(ctx context.Context, q *auth.Query, ticket string) (*auth.Account, error) {
	return f(ctx, q, ticket)
}

// granting admits whoever shows the ticket "right", as the account says.
func granting(a auth.Account) router.Access {
	return accessOf(func(_ context.Context, _ *auth.Query, ticket string) (*auth.Account, error) {
		if ticket != "right" {
			return nil, auth.ErrUnknown
		}
		return &a, nil
	})
}

func accessOf(f verifier) router.Access {
	return router.Access{Methods: auth.Set{auth.Anonymous{}, auth.Ticket{Verifier: f}}}
}

// addressed is a connection from an address.
type addressed struct {
	transport.Conn
	info transport.Info
}

func (c *addressed) Info() *transport.Info { return &c.info }

func from(conn transport.Conn, addr net.Addr) transport.Conn {
	c := &addressed{Conn: conn, info: *conn.Info()}
	c.info.RemoteAddr = addr
	return c
}

// connectVia attaches a connection, from addr if that is not nil.
func (b *bench) connectVia(access router.Access, addr net.Addr) *peer {
	b.t.Helper()
	mine, theirs := inproc.Pair(wamp.SerializerJSON)
	if addr != nil {
		theirs = from(theirs, addr)
	}
	p := &peer{t: b.t, conn: mine, ser: serializer.JSON, ended: make(chan error, 1)}
	b.wait.Go(func() { p.ended <- b.r.Attach(context.Background(), theirs, access) })
	b.t.Cleanup(func() { mine.Close() })
	return p
}

const ticketHello = `[1,"realm1",{"roles":{"caller":{}},"authmethods":["ticket"],"authid":"alice"}]`

// logIn shows a ticket.
func (b *bench) logIn(access router.Access, ticket string) *peer {
	b.t.Helper()
	p := b.connectVia(access, nil)
	p.send(ticketHello)
	p.expect(`^\[4,"ticket",\{\}\]$`)
	p.send(`[5,%s,{}]`, quoted(ticket))
	return p
}

// AUTH-3, SES-8.
func TestWelcomeSaysWhatWasGranted(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	p := b.logIn(granting(auth.Account{AuthID: "Alice", Role: "anonymous", Provider: "test", Extra: wamp.Dict{"x": int64(1)}}), "right")
	welcome := p.expect(`^\[2,\d+,(.*)\]$`)[0]
	for _, want := range []string{`"authid":"Alice"`, `"authrole":"anonymous"`, `"authmethod":"ticket"`, `"authprovider":"test"`, `"authextra":{"x":1}`, `"realm":"realm1"`} {
		if !strings.Contains(welcome, want) {
			t.Errorf("WELCOME lacks %s: %s", want, welcome)
		}
	}
}

// AUTH-5: a login that fails is final, and says nothing.
func TestDeniedLoginEndsTheConnection(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{})
	p := b.logIn(granting(auth.Account{Role: "anonymous"}), "wrong ticket")
	p.expect(`^\[3,\{"message":"authentication denied"\},"wamp.error.authentication_denied"\]$`)
	p.expectEnd()
	if err := <-p.ended; !errors.Is(err, wamp.ErrAuthenticationDenied) {
		t.Errorf("Attach returned %v", err)
	}
	if lines := log.lines("authentication denied", "method=ticket", "authid=alice"); len(lines) != 1 {
		t.Errorf("got log lines %q, want one of the denial", lines)
	}
	if lines := log.lines("wrong ticket"); len(lines) != 0 {
		t.Errorf("the ticket is in the log: %q", lines)
	}
}

func TestTechnicalFailuresAreForTheLogOnly(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{})
	failing := accessOf(func(context.Context, *auth.Query, string) (*auth.Account, error) {
		return nil, errors.New("database db1 is away")
	})
	p := b.logIn(failing, "right")
	p.expect(`^\[3,\{"message":"authentication failed"\},"wamp.error.authentication_failed"\]$`)
	p.expectEnd()
	<-p.ended
	if lines := log.lines("level=WARN", "database db1 is away"); len(lines) != 1 {
		t.Errorf("got log lines %q, want one warning", lines)
	}
}

// AUTH-4.
func TestOnlyAuthenticateFollowsAChallenge(t *testing.T) {
	t.Parallel()
	for _, m := range []string{ticketHello, `[48,1,{},"com.example.proc"]`, `[6,{},"wamp.close.close_realm"]`} {
		b := newBench(t, router.RealmConfig{})
		p := b.connectVia(granting(auth.Account{Role: "anonymous"}), nil)
		p.send(ticketHello)
		p.expect(`^\[4,`)
		p.send("%s", m)
		p.expect(`^\[3,\{.*\},"wamp.error.protocol_violation"\]$`)
		p.expectEnd()
	}
}

func TestAuthenticatorLeadsToAnotherRealm(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	if _, err := b.r.AddRealm(router.RealmConfig{Name: "realm2", Roles: []router.Role{{Name: "user"}}}); err != nil {
		t.Fatal(err)
	}
	p := b.logIn(granting(auth.Account{Role: "user", Realm: "realm2"}), "right")
	p.expect(`^\[2,\d+,\{.*"realm":"realm2"`)
	if got := b.r.Realm("realm2").Stats().Sessions; got != 1 {
		t.Errorf("realm2 has %d sessions, want 1", got)
	}
	p = b.logIn(granting(auth.Account{Role: "user", Realm: "realm3"}), "right")
	p.expect(`^\[3,\{.*\},"wamp.error.no_such_realm"\]$`)
	p.expectEnd()
}

// Whatever an authenticator says, nobody from outside gets a role that is not
// there or that is the program's own.
func TestRolesThatCannotBeGranted(t *testing.T) {
	t.Parallel()
	roles := []router.Role{everything, {Name: "trusted", AllowByDefault: true, Trusted: true}}
	for _, role := range []string{"trusted", "gone", ""} {
		b := newBench(t, router.RealmConfig{Roles: roles})
		p := b.logIn(granting(auth.Account{Role: role}), "right")
		p.expect(`^\[3,\{.*\},"wamp.error.no_such_role"\]$`)
		p.expectEnd()
	}
	b := newBench(t, router.RealmConfig{Roles: roles})
	own := granting(auth.Account{Role: "trusted"})
	own.Trusted = true
	b.logIn(own, "right").expect(`^\[2,\d+,\{.*"authrole":"trusted"`)
}

// SES-9.
func TestAuthenticationIsBoundedInTime(t *testing.T) {
	t.Parallel()
	t.Run("a client that does not answer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, router.RealmConfig{})
			p := b.connectVia(granting(auth.Account{Role: "anonymous"}), nil)
			p.send(ticketHello)
			p.expect(`^\[4,`)
			began := time.Now()
			p.expect(`^\[3,\{.*\},"wamp.error.authentication_failed"\]$`)
			if took := time.Since(began); took != 10*time.Second {
				t.Errorf("refused after %v, want the default of HelloTimeout", took)
			}
			p.expectEnd()
		})
	})
	t.Run("an authenticator that hangs", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, router.RealmConfig{})
			p := b.logIn(accessOf(func(ctx context.Context, _ *auth.Query, _ string) (*auth.Account, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}), "right")
			p.expect(`^\[3,\{.*\},"wamp.error.authentication_failed"\]$`)
			p.expectEnd()
		})
	})
	t.Run("an authenticator that hangs does not hinder the end of the router", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, router.RealmConfig{})
			b.logIn(accessOf(func(ctx context.Context, _ *auth.Query, _ string) (*auth.Account, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}), "right")
			synctest.Wait()
			began := time.Now()
			b.r.Close()
			if took := time.Since(began); took > time.Second {
				t.Errorf("Close took %v", took)
			}
		})
	})
	t.Run("an authenticator that admits too late", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, router.RealmConfig{})
			p := b.logIn(accessOf(func(context.Context, *auth.Query, string) (*auth.Account, error) {
				time.Sleep(10*time.Second + time.Millisecond)
				return &auth.Account{Role: "anonymous"}, nil
			}), "right")
			p.expect(`^\[3,\{.*\},"wamp.error.authentication_failed"\]$`)
			p.expectEnd()
			<-p.ended
			if got := b.realm.Stats().Joined; got != 0 {
				t.Errorf("%d sessions have joined", got)
			}
		})
	})
}

// The session ends with what it was granted for, however silent the client is.
func TestSessionEndsWhenItsAuthenticationExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		p := b.logIn(granting(auth.Account{Role: "anonymous", Expires: time.Now().Add(time.Hour)}), "right")
		p.expect(`^\[2,`)
		began := time.Now()
		p.expect(`^\[6,\{"message":"the authentication has expired"\},"junctor.close.authentication_expired"\]$`)
		if took := time.Since(began); took != time.Hour {
			t.Errorf("the session ended after %v, want an hour", took)
		}
		if got := b.realm.Stats().Sessions; got != 0 {
			t.Errorf("%d sessions are left while the client is silent", got)
		}
		p.send(`[48,1,{},"com.example.proc"]`)
		p.expectEnd()
		if err := <-p.ended; err == nil {
			t.Error("Attach returned nil, want to hear that the client did not answer")
		}
	})
}

func TestFailedLoginsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, log := newLoggedBench(t, router.RealmConfig{})
		access := granting(auth.Account{Role: "anonymous"})
		access.Attempts = router.NewAttempts(3, time.Minute)
		access.Methods = auth.Set{auth.Anonymous{}, auth.Ticket{Verifier: access.Methods[1].(auth.Ticket).Verifier, Cleartext: true}}
		attacker := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5}
		try := func(addr net.Addr, ticket, want string) {
			t.Helper()
			p := b.connectVia(access, addr)
			p.send(ticketHello)
			if want == "limited" {
				p.expect(`^\[3,\{"message":"too many failed attempts.*\},"wamp.error.authentication_failed"\]$`)
				p.expectEnd()
				return
			}
			p.expect(`^\[4,`)
			p.send(`[5,%s,{}]`, quoted(ticket))
			p.expect(want)
			p.conn.Close()
			<-p.ended
		}
		const denied, welcome = `^\[3,.*authentication_denied"\]$`, `^\[2,`
		try(attacker, "right", welcome)
		for i := range 3 {
			try(attacker, fmt.Sprint("guess", i), denied)
		}
		try(attacker, "right", "limited")
		try(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 2), Port: 5}, "right", welcome)
		try(&net.UnixAddr{Net: "unix"}, "guess", denied)

		anonymous := b.connectVia(access, attacker)
		anonymous.send(hello)
		anonymous.expect(welcome)

		time.Sleep(20 * time.Second)
		try(attacker, "guess", denied)
		try(attacker, "right", "limited")
		time.Sleep(time.Minute)
		try(attacker, "right", welcome)
		if lines := log.lines("level=WARN", "too many failed attempts", "192.0.2.1"); len(lines) != 2 {
			t.Errorf("got warnings %q, want one each time that the limit was reached", lines)
		}
	})
}

// However many guess at the same time, they learn of as many failures as are
// allowed, and of no success beyond.
func TestGuessesAtTheSameTimeCountToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, router.RealmConfig{})
		release := make(chan struct{})
		access := router.Access{
			Attempts: router.NewAttempts(3, time.Hour),
			Methods: auth.Set{auth.Ticket{Cleartext: true, Verifier: verifier(func(_ context.Context, _ *auth.Query, ticket string) (*auth.Account, error) {
				<-release
				if ticket == "right" {
					time.Sleep(time.Millisecond) // the others come first
					return &auth.Account{Role: "anonymous"}, nil
				}
				return nil, auth.ErrUnknown
			})}},
		}
		attacker := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 5}
		var peers []*peer
		for i := range 20 {
			p := b.connectVia(access, attacker)
			p.send(ticketHello)
			p.expect(`^\[4,`)
			p.send(`[5,%s,{}]`, quoted(map[bool]string{true: "right", false: "guess"}[i == 7]))
			synctest.Wait() // so that the right one is not among the first
			peers = append(peers, p)
		}
		close(release)
		denied := 0
		for _, p := range peers {
			got, err := p.receive()
			switch {
			case err != nil:
				t.Fatal(err)
			case strings.Contains(got, "authentication_denied"):
				denied++
			case !strings.Contains(got, "too many failed attempts"):
				t.Errorf("got %s", got)
			}
		}
		if denied != 3 {
			t.Errorf("%d clients know that they failed, want 3", denied)
		}
	})
}

func TestAddressesOfOneIPv6NetworkCountTogether(t *testing.T) {
	t.Parallel()
	b := newBench(t, router.RealmConfig{})
	access := granting(auth.Account{Role: "anonymous"})
	access.Attempts = router.NewAttempts(1, time.Hour)
	access.Methods = auth.Set{auth.Ticket{Verifier: access.Methods[1].(auth.Ticket).Verifier, Cleartext: true}}
	p := b.connectVia(access, &net.TCPAddr{IP: net.ParseIP("2001:db8::1"), Port: 5})
	p.send(ticketHello)
	p.expect(`^\[4,`)
	p.send(`[5,"guess",{}]`)
	p.expect(`authentication_denied"\]$`)
	<-p.ended
	for addr, want := range map[string]string{"2001:db8::2": `^\[3,.*too many`, "2001:db8:0:1::1": `^\[4,`} {
		p := b.connectVia(access, &net.TCPAddr{IP: net.ParseIP(addr), Port: 5})
		p.send(ticketHello)
		p.expect(want)
	}
}

// An attacker with many addresses does not fill the memory.
func TestAttemptsAreBoundedInMemory(t *testing.T) {
	t.Parallel()
	a := router.NewAttempts(5, time.Hour)
	if got := router.FailFromMany(a, 70_000); got > 1<<16 {
		t.Errorf("%d addresses are remembered, want at most %d", got, 1<<16)
	}
}
