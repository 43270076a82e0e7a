package router_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"io"
	"math/big"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/history/memory"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// TestDialoguesInProcess plays every dialogue on a router in this process, in
// every serializer and on a fake clock.
func TestDialoguesInProcess(t *testing.T) {
	t.Parallel()
	playAll(t, func(t *testing.T, script *dialogue.Script, s wamp.SerializerNumber) {
		playInProcess(t, script, s)
	})
}

// TestDialoguesBetweenSerializers plays every dialogue among clients that have
// another serializer each.
func TestDialoguesBetweenSerializers(t *testing.T) { // SER-1
	t.Parallel()
	dialogue.Each(t, func(t *testing.T, script *dialogue.Script) {
		playInProcess(t, script, serializers...)
	})
}

// playInProcess plays a script with connections in each serializer in turn.
func playInProcess(t *testing.T, script *dialogue.Script, serializers ...wamp.SerializerNumber) {
	synctest.Test(t, func(t *testing.T) {
		b := newScriptBench(t, script)
		connected := 0
		script.Play(t, &target{bench: b, connect: func() (transport.Conn, <-chan error, error) {
			p := b.connect(inproc.Config{Serializer: serializers[connected%len(serializers)]})
			connected++
			return p.conn, p.ended, nil
		}})
	})
}

// TestDialoguesOverRawSocket plays every dialogue over RawSocket on each kind
// of socket, in every serializer. Those that let time pass are left to the fake
// clock above.
func TestDialoguesOverRawSocket(t *testing.T) {
	t.Parallel()
	server, client := certificate(t)
	for name, at := range map[string]address{
		"unix": {network: "unix"},
		"tcp":  {network: "tcp", address: "127.0.0.1:0"},
		"tls":  {network: "tcp", address: "127.0.0.1:0", server: server, client: client},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			playAll(t, func(t *testing.T, script *dialogue.Script, s wamp.SerializerNumber) {
				if script.Timed {
					t.Skip("lets time pass; played in process, on a fake clock")
				}
				b := newScriptBench(t, script)
				script.Play(t, &target{bench: b, connect: b.listen(at, s)})
			})
		})
	}
}

// address is where a RawSocket listener listens; an empty address of network
// "unix" stands for a path of the test's own.
type address struct {
	network, address string
	server, client   *tls.Config
}

// certificate returns the configurations of a TLS server and of its clients.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func playAll(t *testing.T, play func(*testing.T, *dialogue.Script, wamp.SerializerNumber)) {
	for _, s := range serializers {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			dialogue.Each(t, func(t *testing.T, script *dialogue.Script) { play(t, script, s) })
		})
	}
}

// newScriptBench returns the router of a script.
func newScriptBench(t *testing.T, script *dialogue.Script) *bench {
	t.Helper()
	b := newBench(t, realmOf(script))
	if script.Options.AnotherRealm {
		cfg := realmOf(script)
		cfg.Name = "realm2"
		cfg.Roles = rolesOf(script)
		if _, err := b.r.AddRealm(cfg); err != nil {
			t.Fatal(err)
		}
	}
	b.strangers = !script.Options.LoginRequired
	if script.Options.Authentication {
		b.login = loginOf(t)
	}
	return b
}

// loginOf returns the methods of scripts that ask for authentication.
func loginOf(t *testing.T) auth.Set {
	t.Helper()
	joe := &auth.Account{AuthID: "joe", Role: "anonymous", CRA: must(auth.NewCRASecret(dialogue.Secret, "", 0, 0))}
	sue := &auth.Account{
		AuthID: "sue", Role: "anonymous",
		CRA: must(auth.NewCRASecret(dialogue.Secret, dialogue.Salt, dialogue.Rounds, dialogue.KeyLength)),
		SCRAM: must(auth.NewSCRAMVerifier(dialogue.Secret, auth.SCRAMCost{
			KDF: auth.KDFPBKDF2, Salt: []byte(dialogue.Salt), Iterations: 4096,
		})),
	}
	kim := &auth.Account{AuthID: "kim", Role: "anonymous", Keys: []ed25519.PublicKey{must(hex.DecodeString(dialogue.Key))}}
	accounts, keyed := must(auth.NewAccounts(joe, sue)), must(auth.NewKeyedAccounts(kim))
	hash := auth.HashRandomTicket(dialogue.Secret)
	tickets := must(auth.NewTickets(
		auth.TicketHolder{Account: joe, Hash: hash},
		auth.TicketHolder{Account: &auth.Account{AuthID: "max", Role: "missing"}, Hash: hash},
		auth.TicketHolder{Account: &auth.Account{AuthID: "mia", Role: "anonymous", Realm: "realm2"}, Hash: hash},
		auth.TicketHolder{Account: &auth.Account{AuthID: "eva", Role: "anonymous", Expires: time.Now().Add(dialogue.Expiry)}, Hash: hash},
	))
	key := ed25519.NewKeyFromSeed(must(hex.DecodeString(dialogue.RouterSeed)))
	return auth.Set{
		auth.Ticket{Verifier: tickets}, auth.CRA{Directory: accounts},
		auth.SCRAM{Directory: accounts}, auth.Cryptosign{Directory: keyed, Key: key},
	}
}

// must is for values that are wrong only by a mistake in this file.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func realmOf(script *dialogue.Script) router.RealmConfig {
	cfg := router.RealmConfig{
		StrictRequestIDs: script.Options.StrictRequestIDs,
		RefuseDisclosure: script.Options.RefuseDisclosure,
		NoMetaAPI:        !script.Options.MetaAPI,
		Roles:            rolesOf(script),
	}
	if script.Options.History {
		cfg.Events = newStore()
	}
	if script.Options.CallTimeouts {
		cfg.CallTimeout, cfg.MaxCallTimeout = dialogue.CallTimeout, dialogue.MaxCallTimeout
	}
	if script.Options.CallQueue {
		cfg.QueuedCalls = 1
	}
	if script.Options.StrictURIs {
		cfg.URIRule = wamp.URIStrict
	}
	return cfg
}

// rolesOf returns the realm's only role, "anonymous".
func rolesOf(script *dialogue.Script) []router.Role {
	switch {
	case script.Options.Authorizer:
		return []router.Role{{Name: "anonymous", Authorizer: agreed{}}}
	case len(script.Permissions) == 0:
		return []router.Role{everything}
	}
	role := router.Role{Name: "anonymous"}
	for _, p := range script.Permissions {
		allowed := router.Permission{
			URI: p.URI, Match: p.Match,
			DiscloseCaller: p.DiscloseCaller, DisclosePublisher: p.DisclosePublisher, TrustLevel: p.TrustLevel,
		}
		for action, allow := range map[router.Action]bool{
			router.ActionCall: p.Call, router.ActionRegister: p.Register,
			router.ActionPublish: p.Publish, router.ActionSubscribe: p.Subscribe,
		} {
			if allow {
				allowed.Allow |= action
			}
		}
		role.Permissions = append(role.Permissions, allowed)
	}
	return []router.Role{role}
}

// agreed decides what is agreed upon with the authors of scripts.
type agreed struct{}

func (agreed) Authorize(ctx context.Context, in *router.Intent) (router.Decision, error) {
	allow, after, err := dialogue.Authorize(in.URI)
	select {
	case <-time.After(after):
	case <-ctx.Done():
	}
	return router.Decision{Allow: allow}, err
}

// newStore returns the event store of scripts that ask for one.
func newStore() router.EventStore {
	return must(memory.New(memory.Config{Topics: []memory.Topic{
		{URI: "com.example.", Match: wamp.MatchPrefix, Limit: 5},
		{URI: "com.other.ahead", Match: wamp.MatchExact, Limit: 5},
	}}))
}

// listen starts a listener and returns what connects to it.
func (b *bench) listen(at address, s wamp.SerializerNumber) func() (transport.Conn, <-chan error, error) {
	b.t.Helper()
	if at.address == "" {
		at.address = filepath.Join(b.t.TempDir(), "r.sock")
	}
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: at.network, Address: at.address, TLS: at.server})
	if err != nil {
		b.t.Fatal(err)
	}
	if at.network == "tcp" {
		at.address = ln.Addr().String()
	}
	b.t.Cleanup(func() { ln.Close() })
	accepted := make(chan chan error)
	b.wait.Go(func() {
		err := ln.Serve(func(conn transport.Conn) {
			ended := make(chan error, 1)
			accepted <- ended
			ended <- b.r.Attach(context.Background(), conn, b.access())
		})
		if err != nil {
			b.t.Error(err)
		}
	})
	return func() (transport.Conn, <-chan error, error) {
		conn, err := rawsocket.Dial(context.Background(), rawsocket.DialConfig{
			Network: at.network, Address: at.address, TLS: at.client, Serializer: s,
		})
		if err != nil {
			return nil, nil, err
		}
		return conn, <-accepted, nil
	}
}

// target is a dialogue.Target. connect returns a connection, and what tells
// when the router has done with it.
type target struct {
	bench   *bench
	connect func() (transport.Conn, <-chan error, error)
}

func (d *target) Connect() (dialogue.Client, error) {
	conn, ended, err := d.connect()
	if err != nil {
		return nil, err
	}
	ser, _ := serializer.ByNumber(conn.Info().Serializer)
	return &dialogueClient{conn: conn, serializer: ser, ended: ended}, nil
}

func (d *target) Advance(by time.Duration) { time.Sleep(by) }

func (d *target) Shutdown() {
	d.bench.wait.Go(func() {
		if err := d.bench.r.Shutdown(context.Background()); err != nil {
			d.bench.t.Error(err)
		}
	})
}

type dialogueClient struct {
	conn       transport.Conn
	serializer serializer.Serializer
	ended      <-chan error
	frames     [][]byte
	close      sync.Once
}

func (c *dialogueClient) Serializer() wamp.Serializer { return c.serializer }

func (c *dialogueClient) Send(frame []byte) error {
	return c.conn.Write([][]byte{c.conn.AppendHeader(nil, len(frame)), frame})
}

func (c *dialogueClient) Receive() ([]byte, error) {
	for len(c.frames) == 0 {
		batch, _, err := c.conn.Read(nil)
		for _, frame := range batch {
			c.frames = append(c.frames, append([]byte(nil), frame...))
		}
		if len(c.frames) == 0 && errors.Is(err, net.ErrClosed) {
			return nil, io.EOF
		}
		if len(c.frames) == 0 && err != nil {
			return nil, err
		}
	}
	frame := c.frames[0]
	c.frames = c.frames[1:]
	return frame, nil
}

func (c *dialogueClient) Close() error {
	c.close.Do(func() {
		c.conn.Close()
		<-c.ended
	})
	return nil
}
