package client_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const realm = "com.example.realm"

// sessionID is the ID that the scripted router gives to every session.
const sessionID wamp.ID = 4711

// peer is a router that does what the test tells it, message by message. It
// belongs to the test's goroutine.
type peer struct {
	t       *testing.T
	conn    transport.Conn
	ser     serializer.Serializer
	decoder *serializer.Decoder
	frames  [][]byte
}

func newPeer(t *testing.T, conn transport.Conn) *peer {
	ser, ok := serializer.ByNumber(conn.Info().Serializer)
	if !ok {
		t.Fatalf("no serializer %v", conn.Info().Serializer)
	}
	return &peer{t: t, conn: conn, ser: ser, decoder: serializer.NewDecoder(ser)}
}

// next returns the client's next message, or the error of reading.
func (p *peer) next() (wamp.Message, error) {
	for len(p.frames) == 0 {
		frames, _, err := p.conn.Read(nil)
		for _, f := range frames {
			p.frames = append(p.frames, slices.Clone(f))
		}
		if err != nil && len(p.frames) == 0 {
			return nil, err
		}
	}
	frame := p.frames[0]
	p.frames = p.frames[1:]
	return p.decoder.Decode(frame)
}

// expect returns the client's next message, which must be an M.
func expect[M wamp.Message](p *peer) M {
	p.t.Helper()
	m, err := p.next()
	if err != nil {
		p.t.Fatalf("got error %v, want a %T", err, *new(M))
	}
	typed, ok := m.(M)
	if !ok {
		p.t.Fatalf("got %#v, want a %T", m, *new(M))
	}
	return typed
}

// expectEnd fails the test unless the client closes the connection next.
func (p *peer) expectEnd() {
	p.t.Helper()
	if m, err := p.next(); err == nil {
		p.t.Fatalf("got %#v, want the end of the connection", m)
	}
}

// send sends messages to the client, in one write.
func (p *peer) send(messages ...wamp.Message) {
	p.t.Helper()
	var out []byte
	for _, m := range messages {
		frame, err := serializer.Append(nil, p.ser, m)
		if err != nil {
			p.t.Fatalf("append %#v: %v", m, err)
		}
		out = append(p.conn.AppendHeader(out, len(frame)), frame...)
	}
	if err := p.conn.Write([][]byte{out}); err != nil {
		p.t.Fatalf("write: %v", err)
	}
}

// flush returns once the client has dealt with everything that was sent to it,
// and fails the test if the client has sent anything unasked.
func (p *peer) flush(s *client.Session) {
	p.t.Helper()
	res := call(p.t.Context(), s, nil)
	p.send(&wamp.Result{Request: expect[*wamp.Call](p).Request})
	res.must(p.t)
}

// payload returns the payload of a message to the client.
func (p *peer) payload(args ...any) wamp.Payload {
	p.t.Helper()
	payload, err := p.ser.EncodePayload(args, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	return payload
}

// args returns the positional arguments of a payload.
func args(t *testing.T, p wamp.Payload) []any {
	t.Helper()
	values, _, err := p.Values()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func welcome() *wamp.Welcome {
	return &wamp.Welcome{
		Session: sessionID,
		Roles:   wamp.Roles{}.With(wamp.RoleBroker).With(wamp.RoleDealer, wamp.FeatureCallCanceling, wamp.FeatureProgressiveCallInvocations),
		Realm:   realm, AuthID: "alice", AuthRole: "user",
	}
}

// connect returns a session, joined to a scripted router. The connection is
// closed and everything has ended when the test is over.
func connect(t *testing.T, opts client.Options, config inproc.Config) (*client.Session, *peer) {
	t.Helper()
	if opts.Realm == "" {
		opts.Realm = realm
	}
	if config.Serializer == 0 {
		config.Serializer = wamp.SerializerMsgPack
	}
	ours, theirs := inproc.PairOf(config)
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) { return client.Join(t.Context(), ours, opts) })
	expect[*wamp.Hello](p)
	p.send(welcome())
	s := joined.must(t)
	t.Cleanup(func() {
		_ = theirs.Close()
		s.Wait()
	})
	return s, p
}

// outcome is what a call in another goroutine will return.
type outcome[T any] chan result[T]

type result[T any] struct {
	value T
	err   error
}

func async[T any](f func() (T, error)) outcome[T] {
	o := make(outcome[T], 1)
	go func() {
		v, err := f()
		o <- result[T]{v, err}
	}()
	return o
}

// must waits for success.
func (o outcome[T]) must(t *testing.T) T {
	t.Helper()
	r := <-o
	if r.err != nil {
		t.Fatalf("got error %v", r.err)
	}
	return r.value
}

// fails waits for an error.
func (o outcome[T]) fails(t *testing.T) error {
	t.Helper()
	r := <-o
	if r.err == nil {
		t.Fatalf("got %v, want an error", r.value)
	}
	return r.err
}

func call(ctx context.Context, s *client.Session, opts *client.CallOptions, args ...any) outcome[client.Result] {
	return async(func() (client.Result, error) { return s.Call(ctx, "com.example.add", args, opts) })
}

func publish(ctx context.Context, s *client.Session, opts *client.PublishOptions, args ...any) outcome[wamp.ID] {
	return async(func() (wamp.ID, error) { return s.Publish(ctx, "com.example.tick", args, opts) })
}

func subscribe(ctx context.Context, s *client.Session, h client.EventHandler) outcome[*client.Subscription] {
	return async(func() (*client.Subscription, error) { return s.Subscribe(ctx, "com.example.tick", h, nil) })
}

func register(ctx context.Context, s *client.Session, h client.InvocationHandler, opts *client.RegisterOptions) outcome[*client.Registration] {
	return async(func() (*client.Registration, error) { return s.Register(ctx, "com.example.add", h, opts) })
}

// subscribed subscribes h and confirms it with the given subscription ID.
func subscribed(t *testing.T, s *client.Session, p *peer, id wamp.ID, h client.EventHandler) *client.Subscription {
	t.Helper()
	sub := subscribe(t.Context(), s, h)
	p.send(&wamp.Subscribed{Request: expect[*wamp.Subscribe](p).Request, Subscription: id})
	return sub.must(t)
}

// registered registers h and confirms it with registration ID 1.
func registered(t *testing.T, s *client.Session, p *peer, h client.InvocationHandler, opts *client.RegisterOptions) *client.Registration {
	t.Helper()
	reg := register(t.Context(), s, h, opts)
	p.send(&wamp.Registered{Request: expect[*wamp.Register](p).Request, Registration: 1})
	return reg.must(t)
}

// waited runs an operation that only fails or succeeds.
func waited(f func() error) outcome[struct{}] {
	return async(func() (struct{}, error) { return struct{}{}, f() })
}

// syncBuffer collects what a session logs.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *syncBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
