package router_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"sync"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// bench is a router with one realm, and what runs on it.
type bench struct {
	t     testing.TB
	r     *router.Router
	realm *router.Realm
	login auth.Set // what clients may log in with
	wait  sync.WaitGroup

	strangers bool // clients may be anonymous as well
}

var everything = router.Role{Name: "anonymous", AllowByDefault: true, Permissions: []router.Permission{{
	URI: "wamp.", Match: wamp.MatchPrefix,
	Allow: router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe,
}}}

func newBench(t testing.TB, cfg router.RealmConfig) *bench {
	t.Helper()
	return newBenchOf(t, router.Options{}, cfg)
}

func newBenchOf(t testing.TB, opts router.Options, cfg router.RealmConfig) *bench {
	t.Helper()
	b := &bench{t: t, r: router.New(opts), strangers: true}
	cfg.Name = "realm1"
	if cfg.Roles == nil {
		cfg.Roles = []router.Role{everything}
	}
	realm, err := b.r.AddRealm(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b.realm = realm
	t.Cleanup(func() {
		b.r.Close()
		b.wait.Wait()
	})
	return b
}

// peer is a client that speaks JSON text, whatever its serializer.
type peer struct {
	t       testing.TB
	conn    transport.Conn
	ser     serializer.Serializer
	pending [][]byte
	ended   chan error // what Attach returned
}

// connect attaches a new connection.
func (b *bench) connect(c inproc.Config) *peer {
	b.t.Helper()
	mine, theirs := inproc.PairOf(c)
	p := &peer{t: b.t, conn: mine, ended: make(chan error, 1)}
	p.ser, _ = serializer.ByNumber(mine.Info().Serializer)
	b.wait.Go(func() {
		p.ended <- b.r.Attach(context.Background(), theirs, b.access())
	})
	b.t.Cleanup(func() { mine.Close() })
	return p
}

func (b *bench) access() router.Access {
	if b.strangers {
		return router.Access{Methods: append(auth.Set{auth.Anonymous{}}, b.login...)}
	}
	return router.Access{Methods: b.login}
}

const hello = `[1,"realm1",{"roles":{"publisher":{},"subscriber":{},"caller":{},"callee":{}}}]`

// join attaches a client and lets it join, in JSON unless c says otherwise.
func (b *bench) join(c inproc.Config) *peer {
	b.t.Helper()
	p := b.connect(c)
	p.send(hello)
	p.expect(`^\[2,\d+,\{.*"realm":"realm1"`)
	return p
}

// send sends a message, written in JSON.
func (p *peer) send(format string, args ...any) {
	p.t.Helper()
	text := fmt.Appendf(nil, format, args...)
	m, err := serializer.NewDecoder(serializer.JSON).Decode(text)
	if err != nil {
		p.t.Fatalf("sending %.80s: %v", text, err)
	}
	b, err := serializer.Append(nil, p.ser, m)
	if err != nil {
		p.t.Fatal(err)
	}
	p.sendOctets(b)
}

func (p *peer) sendOctets(b []byte) {
	p.t.Helper()
	if err := p.conn.Write([][]byte{p.conn.AppendHeader(nil, len(b)), b}); err != nil {
		p.t.Fatalf("sending %.80q: %v", b, err)
	}
}

// receive returns the next message, as compact JSON.
func (p *peer) receive() (string, error) {
	for len(p.pending) == 0 {
		batch, _, err := p.conn.Read(nil)
		for _, frame := range batch {
			p.pending = append(p.pending, append([]byte(nil), frame...))
		}
		if err != nil && len(p.pending) == 0 {
			return "", err
		}
	}
	frame := p.pending[0]
	p.pending = p.pending[1:]
	m, err := serializer.NewDecoder(p.ser).Decode(frame)
	if err != nil {
		return "", err
	}
	b, err := serializer.Append(nil, serializer.JSON, m)
	return string(b), err
}

// expect receives the next message and returns what the pattern's groups matched.
func (p *peer) expect(pattern string) []string {
	p.t.Helper()
	got, err := p.receive()
	if err != nil {
		p.t.Fatalf("waiting for %s: %v", pattern, err)
	}
	groups := regexp.MustCompile(pattern).FindStringSubmatch(got)
	if groups == nil {
		p.t.Fatalf("got %.300s, want %s", got, pattern)
	}
	return groups[1:]
}

// expectEnd expects that the router closes the connection without a word.
func (p *peer) expectEnd() {
	p.t.Helper()
	if got, err := p.receive(); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		p.t.Fatalf("got %.300s (%v), want the end of the connection", got, err)
	}
}

// quoted returns s as JSON.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
