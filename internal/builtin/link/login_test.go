package link_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/hosttest"
	"github.com/junctorio/junctor/internal/builtin/link"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

func TestLinkSignsInUpstream(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed := strings.Repeat("0a", ed25519.SeedSize)
	for name, text := range map[string]string{"secret": "sesame\n", "key": seed + "\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, err := auth.ParsePrivateKey([]byte(seed))
	if err != nil {
		t.Fatal(err)
	}
	secret, err := auth.NewCRASecret("sesame", "", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.NewSCRAMVerifier("sesame", auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: []byte("saltsalt"), Iterations: 4096})
	if err != nil {
		t.Fatal(err)
	}
	plant := &auth.Account{AuthID: "plant7", Role: "plant", CRA: secret, SCRAM: verifier, Keys: []ed25519.PublicKey{key.Public().(ed25519.PublicKey)}}
	accounts, err := auth.NewKeyedAccounts(plant)
	if err != nil {
		t.Fatal(err)
	}
	tickets, err := auth.NewTickets(auth.TicketHolder{Account: plant, Hash: auth.HashRandomTicket("sesame")})
	if err != nil {
		t.Fatal(err)
	}
	joined := make(chan wamp.Principal, 4)
	url := cloud(t, joined, auth.Set{
		auth.Ticket{Verifier: tickets}, auth.CRA{Directory: accounts}, auth.SCRAM{Directory: accounts}, auth.Cryptosign{Directory: accounts},
	})
	for method, login := range map[string]string{
		auth.MethodTicket:     `"ticket": {"authid": "plant7", "ticket": {"file": "secret"}}`,
		auth.MethodWAMPCRA:    `"wampcra": {"authid": "plant7", "secret": "sesame"}`,
		auth.MethodSCRAM:      `"scram": {"authid": "plant7", "password": {"file": "secret"}}`,
		auth.MethodCryptosign: fmt.Sprintf(`"cryptosign": {"key": %q}`, filepath.Join(dir, "key")),
	} {
		login = strings.ReplaceAll(login, `"file": "secret"`, fmt.Sprintf(`"file": %q`, filepath.Join(dir, "secret")))
		hosttest.New(t).Host(link.New, fmt.Sprintf(
			`{"upstream": {"url": %q, "realm": %q, "auth": {%s}}, "topics": [{"uri": "com.a", "direction": "up"}]}`, url, junctortest.Realm, login))
		if p := <-joined; p.AuthID != "plant7" || p.AuthRole != "plant" || p.AuthMethod != method {
			t.Errorf("by %s: got %+v", method, p)
		}
	}
}

// cloud runs a router that tells of who joins, and returns its URL.
func cloud(t *testing.T, joined chan<- wamp.Principal, methods auth.Set) string {
	t.Helper()
	r := router.New(router.Options{OnJoin: func(_ wamp.URI, p wamp.Principal) { joined <- p }})
	if _, err := r.AddRealm(router.RealmConfig{Name: junctortest.Realm, Roles: []router.Role{{Name: "plant", AllowByDefault: true}}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s")
	l, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "unix", Address: path})
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		_ = l.Serve(func(conn transport.Conn) { // ends when the listener is closed
			_ = r.Attach(context.Background(), conn, router.Access{Methods: methods}) // the link logs what comes of it
		})
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.Close()
		served.Wait()
	})
	return "unix://" + path
}

func TestCredentialsAreReadWhenTheLinkJoins(t *testing.T) {
	t.Parallel()
	for login, want := range map[string]string{
		`"ticket": {"authid": "a", "ticket": {"file": "nowhere"}}`: "auth.ticket.ticket: open",
		`"wampcra": {"authid": "a"}`:                               "auth.wampcra.secret: is required",
		`"scram": {"authid": "a", "password": {"file": "empty"}}`:  "auth.scram.password: empty is empty",
		`"cryptosign": {"key": "nowhere"}`:                         "auth.cryptosign.key: open",
		`"cryptosign": {"key": "empty"}`:                           "auth.cryptosign.key: empty: want an Ed25519 private key",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "empty"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := link.New(component.Config{Realm: junctortest.Realm, Dir: dir, Extra: json.RawMessage(
			`{"upstream": {"url": "rs://localhost:1", "auth": {` + login + `}}, "topics": [{"uri": "com.a", "direction": "up"}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Join(t.Context(), junctortest.NewRouter(t).Connect(t)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", login, err, want)
		}
	}
}
