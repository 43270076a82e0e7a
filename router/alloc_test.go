package router

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// sinkConn is a connection that takes everything and keeps nothing.
type sinkConn struct {
	info    transport.Info
	written int
}

func (c *sinkConn) Read([][]byte) ([][]byte, []byte, error) { panic("not read from") }
func (c *sinkConn) AppendHeader(dst []byte, n int) []byte {
	return binary.BigEndian.AppendUint32(dst, uint32(n))
}
func (c *sinkConn) AppendPing(dst []byte) []byte { return dst }
func (c *sinkConn) Heard() uint64                { return 0 }
func (c *sinkConn) TryWrite(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		n += len(b)
	}
	c.written += n
	return n, nil
}
func (c *sinkConn) Write([][]byte) error  { panic("the sink is never full") }
func (c *sinkConn) CloseWrite() error     { return nil }
func (c *sinkConn) Close() error          { return nil }
func (c *sinkConn) Info() *transport.Info { return &c.info }

// hotPath is a realm with a caller, a callee and subscribers, whose readers are
// run by hand.
type hotPath struct {
	caller, callee *session
	subscribers    []*session
	invocation     uint32
}

func newHotPath(t testing.TB, s wamp.SerializerNumber, subscribers int) *hotPath {
	t.Helper()
	return newHotPathOf(t, s, subscribers, Role{
		Name:        "anonymous",
		Permissions: []Permission{{Match: wamp.MatchPrefix, Allow: ActionCall | ActionRegister | ActionPublish | ActionSubscribe}},
	})
}

// decided has everything allowed, which is kept.
type decided struct{}

func (decided) Authorize(context.Context, *Intent) (Decision, error) {
	return Decision{Allow: true, Keep: KeepSession}, nil
}

func newHotPathOf(t testing.TB, s wamp.SerializerNumber, subscribers int, role Role) *hotPath {
	t.Helper()
	r := New(Options{})
	if _, err := r.AddRealm(RealmConfig{Name: "realm1", Roles: []Role{role}}); err != nil {
		t.Fatal(err)
	}
	join := func() *session {
		conn := &sinkConn{info: transport.Info{Serializer: s, Limits: transport.Limits{Receive: 1 << 24, Send: 1 << 24}}}
		session, err := newSession(r, conn, Access{Methods: auth.Set{auth.Anonymous{}}})
		if err != nil {
			t.Fatal(err)
		}
		session.handle(t, &wamp.Hello{Realm: "realm1", Roles: wamp.Roles{}.
			With(wamp.RoleCaller).With(wamp.RoleCallee).With(wamp.RolePublisher).With(wamp.RoleSubscriber)})
		return session
	}
	h := &hotPath{caller: join(), callee: join()}
	h.callee.handle(t, &wamp.Register{Request: 1, Procedure: "com.example.procedure"})
	for range subscribers {
		p := join()
		p.handle(t, &wamp.Subscribe{Request: 1, Topic: "com.example.topic"})
		h.subscribers = append(h.subscribers, p)
	}
	return h
}

func (s *session) handle(t testing.TB, m wamp.Message) {
	t.Helper()
	s.handleFrame(t, append(s.head(t, m), s.end...))
}

func (s *session) head(t testing.TB, m wamp.Message) []byte {
	t.Helper()
	b, err := s.serializer.AppendHead(nil, m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s *session) handleFrame(t testing.TB, frame []byte) {
	s.batch = append(s.batch[:0], frame)
	if err := s.handleBatch(s.batch, nil); err != nil {
		t.Fatal(err)
	}
	if g := s.gate.Load(); g != nil {
		g.drain(time.Minute) // what had to be decided first
	}
}

// message encodes a message whose payload is one string of n octets.
func (s *session) message(t testing.TB, n int, m func(wamp.Payload) wamp.Message) []byte {
	t.Helper()
	p, err := s.serializer.EncodePayload([]any{strings.Repeat("x", n)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := s.head(t, m(p))
	return append(append(b, p.Bytes...), s.end...)
}

// call returns a function that takes one call through the router and back.
func (h *hotPath) call(t testing.TB, n int) func() {
	call := h.caller.message(t, n, func(p wamp.Payload) wamp.Message {
		return &wamp.Call{Request: 1, Procedure: "com.example.procedure", Payload: p}
	})
	// The invocation ID has four octets in MessagePack and CBOR from 65536 on,
	// and five in JSON.
	const first = 1 << 16
	yield := h.callee.message(t, n, func(p wamp.Payload) wamp.Message {
		return &wamp.Yield{Request: first, Payload: p}
	})
	at := bytes.Index(yield, []byte{0, 1, 0, 0})
	patch := func() { binary.BigEndian.PutUint32(yield[at:], h.invocation) }
	if h.callee.serializer == serializer.JSON {
		at = bytes.Index(yield, []byte("65536"))
		patch = func() { strconv.AppendUint(yield[at:at], uint64(h.invocation), 10) }
	}
	for h.invocation = 1; h.invocation < first; h.invocation++ {
		h.caller.handleFrame(t, call)
		h.callee.handle(t, &wamp.Yield{Request: wamp.ID(h.invocation)})
	}
	return func() {
		patch()
		h.invocation++
		h.caller.handleFrame(t, call)
		h.callee.handleFrame(t, yield)
	}
}

func (h *hotPath) publish(t testing.TB, n int) func() {
	publish := h.caller.message(t, n, func(p wamp.Payload) wamp.Message {
		return &wamp.Publish{Request: 1, Topic: "com.example.topic", Payload: p}
	})
	return func() { h.caller.handleFrame(t, publish) }
}

// TestTheHotPathAllocatesNothing is the allocation budget of a routed call and
// of a publication, from the frame read to the frame written.
func TestTheHotPathAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	for _, s := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		call := newHotPath(t, s, 0).call(t, 64)
		if n := testing.AllocsPerRun(1000, call); n > 0 {
			t.Errorf("%s: a call allocates %v times", s, n)
		}
		publish := newHotPath(t, s, 16).publish(t, 64)
		if n := testing.AllocsPerRun(1000, publish); n > 0 {
			t.Errorf("%s: a publication to 16 subscribers allocates %v times", s, n)
		}
	}
}

// TestAKeptDecisionAllocatesNothing is the same for sessions of a role with an
// Authorizer, once it has decided.
func TestAKeptDecisionAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget")
	}
	h := newHotPathOf(t, wamp.SerializerMsgPack, 1, Role{Name: "anonymous", Authorizer: decided{}, DecisionLifetime: time.Hour})
	publish := h.caller.message(t, 64, func(p wamp.Payload) wamp.Message {
		return &wamp.Publish{Request: 1, Topic: "com.example.topic", Payload: p}
	})
	s := h.caller
	s.handleFrame(t, publish)
	n := testing.AllocsPerRun(1000, func() {
		s.batch = append(s.batch[:0], publish)
		if err := s.handleBatch(s.batch, nil); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Errorf("a publication allocates %v times", n)
	}
}

func BenchmarkRoute(b *testing.B) {
	run := func(b *testing.B, op func()) {
		b.ReportAllocs()
		for b.Loop() {
			op()
		}
	}
	for _, s := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		for _, size := range []int{64, 1024} {
			name := fmt.Sprintf("%s/%d", s, size)
			b.Run(name+"/fanout16", func(b *testing.B) { run(b, newHotPath(b, s, 16).publish(b, size)) })
			if s != wamp.SerializerJSON { // whose invocation IDs grow
				b.Run(name+"/call", func(b *testing.B) { run(b, newHotPath(b, s, 0).call(b, size)) })
			}
		}
	}
}
