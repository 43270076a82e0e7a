package robust_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// door is a router with one transport that has every method but "anonymous",
// and a principal for each, who is what a method's Signer is for.
type door struct {
	t       *testing.T
	r       *router.Router
	realm   *router.Realm
	access  router.Access
	log     *journal
	serving sync.WaitGroup
	open    atomic.Int64 // connections
}

// The principals of a door, and what they know.
var (
	ticketSigner   = auth.TicketSigner{AuthID: "tim", Ticket: "the ticket of tim"}
	hashedSigner   = auth.TicketSigner{AuthID: "theo", Ticket: "the ticket of theo"}
	craSigner      = auth.CRASigner{AuthID: "carl", Secret: "the secret of carl"}
	saltedSigner   = auth.CRASigner{AuthID: "carla", Secret: "the secret of carla"}
	scramSigner    = auth.SCRAMSigner{AuthID: "sam", Password: "the password of sam"}
	keySigner      = auth.CryptosignSigner{AuthID: "kim", Key: privateKey("kim")}
	otherKeySigner = auth.CryptosignSigner{AuthID: "ken", Key: privateKey("ken")}

	signers = []auth.Signer{ticketSigner, hashedSigner, craSigner, saltedSigner, scramSigner, keySigner, otherKeySigner}
)

func privateKey(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(fmt.Sprintf("%-32s", name)))
}

// cheap is the least that clients accept.
var cheap = auth.SCRAMCost{KDF: auth.KDFPBKDF2, Salt: []byte("salt of everybody"), Iterations: auth.MinPBKDF2Iterations}

func openDoor(t *testing.T) *door {
	t.Helper()
	d := &door{t: t, log: new(journal)}
	d.r = router.New(router.Options{Logger: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	var err error
	d.realm, err = d.r.AddRealm(router.RealmConfig{Name: "realm1", Roles: []router.Role{
		{Name: "user", AllowByDefault: true}, {Name: "trusted", AllowByDefault: true, Trusted: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	d.access = router.Access{Methods: methods(t)}
	t.Cleanup(func() {
		d.r.Close()
		d.serving.Wait()
	})
	return d
}

func methods(t *testing.T) auth.Set {
	t.Helper()
	account := func(s auth.Signer, authid string) *auth.Account { return &auth.Account{AuthID: authid, Role: "user"} }
	tickets, err := auth.NewTickets(
		auth.TicketHolder{Account: account(ticketSigner, ticketSigner.AuthID), Hash: auth.HashRandomTicket(ticketSigner.Ticket)},
		auth.TicketHolder{Account: account(hashedSigner, hashedSigner.AuthID), Hash: auth.HashTicket(hashedSigner.Ticket)},
	)
	if err != nil {
		t.Fatal(err)
	}
	plain, salted := account(craSigner, craSigner.AuthID), account(saltedSigner, saltedSigner.AuthID)
	if plain.CRA, err = auth.NewCRASecret(craSigner.Secret, "", 0, 0); err != nil {
		t.Fatal(err)
	}
	if salted.CRA, err = auth.NewCRASecret(saltedSigner.Secret, "salt", 100, 32); err != nil {
		t.Fatal(err)
	}
	sam := account(scramSigner, scramSigner.AuthID)
	if sam.SCRAM, err = auth.NewSCRAMVerifier(scramSigner.Password, cheap); err != nil {
		t.Fatal(err)
	}
	kim, ken := account(keySigner, keySigner.AuthID), account(otherKeySigner, otherKeySigner.AuthID)
	kim.Keys = []ed25519.PublicKey{keySigner.Key.Public().(ed25519.PublicKey)}
	ken.Keys = []ed25519.PublicKey{otherKeySigner.Key.Public().(ed25519.PublicKey)}
	keyed, err := auth.NewKeyedAccounts(kim, ken)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Set{
		auth.Ticket{Verifier: tickets, Cleartext: true},
		auth.CRA{Directory: directory(t, plain, salted)},
		auth.SCRAM{Directory: directory(t, sam)},
		auth.LegacySCRAM{Directory: directory(t, sam)},
		auth.Cryptosign{Directory: keyed},
	}
}

func directory(t *testing.T, accounts ...*auth.Account) *auth.Accounts {
	t.Helper()
	d, err := auth.NewAccounts(accounts...)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// journal is a log to read.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// visitor is a client that says what it likes, in JSON.
type visitor struct {
	t       testing.TB
	conn    transport.Conn
	decoder *serializer.Decoder
	pending [][]byte
}

// addressed is a connection from an address.
type addressed struct {
	transport.Conn
	info transport.Info
}

func (c *addressed) Info() *transport.Info { return &c.info }

// visit connects from an address; none if that is "".
func (d *door) visit(address string) *visitor {
	mine, theirs := inproc.PairOf(inproc.Config{Serializer: wamp.SerializerJSON, Buffer: 32 << 20})
	if address != "" {
		from := &addressed{Conn: theirs, info: *theirs.Info()}
		from.info.RemoteAddr = &net.TCPAddr{IP: net.ParseIP(address), Port: 7}
		theirs = from
	}
	d.attach(theirs)
	return &visitor{t: d.t, conn: mine, decoder: serializer.NewDecoder(serializer.JSON)}
}

func (d *door) attach(conn transport.Conn) {
	d.open.Add(1)
	d.serving.Go(func() {
		defer d.open.Add(-1)
		_ = d.r.Attach(context.Background(), conn, d.access) // what becomes of the session, the visitor says
	})
}

// say sends a message as it is written; that the router hangs up meanwhile is
// its right.
func (v *visitor) say(text string) {
	_ = v.conn.Write([][]byte{v.conn.AppendHeader(nil, len(text)), []byte(text)})
}

func (v *visitor) send(m wamp.Message) {
	text, err := serializer.Append(nil, serializer.JSON, m)
	if err != nil {
		v.t.Errorf("sending %s: %v", m.Code(), err)
	}
	v.say(string(text))
}

// receive returns the next message, which is good until the one after; nil at
// the end of the connection.
func (v *visitor) receive() wamp.Message {
	for len(v.pending) == 0 {
		batch, _, err := v.conn.Read(nil)
		for _, frame := range batch {
			v.pending = append(v.pending, bytes.Clone(frame))
		}
		if err != nil && len(v.pending) == 0 {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				v.t.Errorf("the connection ended with %v", err)
			}
			return nil
		}
	}
	frame := v.pending[0]
	v.pending = v.pending[1:]
	m, err := v.decoder.Decode(frame)
	if err != nil {
		v.t.Errorf("the router sent %.200q: %v", frame, err)
		return nil
	}
	return m
}

// refused expects an ABORT and the end of the connection.
func (v *visitor) refused() *wamp.Abort {
	m := v.receive()
	abort, ok := m.(*wamp.Abort)
	if !ok {
		v.t.Errorf("got %#v, want an ABORT", m)
		v.conn.Close()
		return new(wamp.Abort)
	}
	told := *abort
	if m := v.receive(); m != nil {
		v.t.Errorf("got %#v after ABORT, want the end of the connection", m)
	}
	v.conn.Close()
	return &told
}

// refusedFor expects a refusal of the given reason.
func (v *visitor) refusedFor(reason wamp.ErrorURI) {
	v.t.Helper()
	if got := v.refused(); got.Reason != reason {
		v.t.Errorf("refused with %s (%.200s), want %s", got.Reason, got.Message, reason)
	}
}

// login is a HELLO, and what answers its challenge.
type login struct {
	hello   *wamp.Hello
	attempt auth.Attempt
}

func (v *visitor) begin(s auth.Signer) login {
	v.t.Helper()
	hello := &wamp.Hello{Realm: "realm1", Roles: wamp.Roles{}.With(wamp.RoleCaller), AuthMethods: []string{s.Method()}}
	attempt, err := s.Begin(hello, v.conn.Info())
	if err != nil {
		v.t.Fatal(err)
	}
	return login{hello, attempt}
}

// challenged sends HELLO and returns a copy of the CHALLENGE.
func (v *visitor) challenged(hello *wamp.Hello) *wamp.Challenge {
	v.t.Helper()
	v.send(hello)
	m := v.receive()
	challenge, ok := m.(*wamp.Challenge)
	if !ok {
		v.t.Fatalf("got %#v, want a CHALLENGE", m)
	}
	told := *challenge
	return &told
}

// sign answers a challenge as the principal would.
func (l login) sign(t testing.TB, c *wamp.Challenge) *wamp.Authenticate {
	t.Helper()
	answer, err := l.attempt.Sign(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// getsIn expects that the principal gets in, from an address.
func (d *door) getsIn(s auth.Signer, address string) {
	d.t.Helper()
	v := d.visit(address)
	defer v.conn.Close()
	l := v.begin(s)
	v.send(l.sign(d.t, v.challenged(l.hello)))
	if w, ok := v.receive().(*wamp.Welcome); !ok || w.AuthID != l.hello.AuthID {
		d.t.Errorf("%s did not get in by %s", l.hello.AuthID, s.Method())
	}
}

// nobodyGotIn expects that as many sessions have joined as should have.
func (d *door) nobodyGotIn(but uint64) {
	d.t.Helper()
	if got := uint64(d.realm.Stats().Joined); got != but {
		d.t.Errorf("%d sessions have joined, want %d", got, but)
	}
}
