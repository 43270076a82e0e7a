package dialogue_test

import (
	"io"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/internal/core/broker"
	"github.com/junctorio/junctor/internal/core/dealer"
	"github.com/junctorio/junctor/internal/core/session"
	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// pureCore is the smallest router there is: session, broker and dealer, wired
// up without goroutines, sockets or clocks. Each message is dealt with before
// Send returns.
type pureCore struct {
	t           *testing.T
	broker      *broker.Broker
	dealer      *dealer.Dealer
	acceptor    session.AcceptorOptions
	serializers []serializer.Serializer // of the connections, in turn
	connected   int
	now         time.Time
	out         core.Deliveries
}

// newCore returns a router for a script.
func newCore(t *testing.T, o dialogue.Options, serializers ...serializer.Serializer) *pureCore {
	var rule wamp.URIRule
	if o.StrictURIs {
		rule = wamp.URIStrict
	}
	var callTimeout, maxCallTimeout time.Duration
	if o.CallTimeouts {
		callTimeout, maxCallTimeout = dialogue.CallTimeout, dialogue.MaxCallTimeout
	}
	queued := 0
	if o.CallQueue {
		queued = 1
	}
	c := &pureCore{
		t:      t,
		broker: broker.New(broker.Options{IDs: randomIDs{}, URIRule: rule, RefuseDisclosure: o.RefuseDisclosure}),
		dealer: dealer.New(dealer.Options{
			IDs: randomIDs{}, URIRule: rule, RefuseDisclosure: o.RefuseDisclosure, StrictRequestIDs: o.StrictRequestIDs,
			MaxQueued: queued, DefaultTimeout: callTimeout, MaxTimeout: maxCallTimeout,
		}),
		serializers: serializers,
		now:         time.Unix(1e9, 0),
	}
	c.acceptor = session.AcceptorOptions{
		StrictRequestIDs: o.StrictRequestIDs,
		Roles: wamp.Roles{}.
			With(wamp.RoleBroker, c.broker.Features()...).
			With(wamp.RoleDealer, c.dealer.Features()...),
	}
	return c
}

type randomIDs struct{}

func (randomIDs) RandomID() wamp.ID { return wamp.ID(rand.Uint64N(uint64(wamp.MaxID)) + 1) }

// Connect opens a connection in the next serializer.
func (c *pureCore) Connect() (dialogue.Client, error) {
	s := c.serializers[c.connected%len(c.serializers)]
	c.connected++
	return &coreClient{
		core:       c,
		serializer: s,
		decoder:    serializer.NewDecoder(s),
		acceptor:   session.NewAcceptor(c.acceptor),
	}, nil
}

// Advance moves the clock.
func (c *pureCore) Advance(d time.Duration) {
	c.now = c.now.Add(d)
	c.dealer.Expire(c.now, &c.out)
	c.deliver()
}

// deliver carries out what the core decided.
func (c *pureCore) deliver() {
	for _, d := range c.out.All() {
		d.To.Owner.(*coreClient).push(d.Msg)
	}
	c.out.Reset()
}

// coreClient is a connection to a pureCore, both ends of it.
type coreClient struct {
	core       *pureCore
	serializer serializer.Serializer
	decoder    *serializer.Decoder
	acceptor   session.Acceptor
	peer       *core.Peer // of the session, if there is one
	received   [][]byte   // by the client
	closed     bool
}

func (c *coreClient) Serializer() wamp.Serializer { return c.serializer }

func (c *coreClient) Send(frame []byte) error {
	if c.closed {
		return io.ErrClosedPipe
	}
	m, err := c.decoder.Decode(frame)
	if err != nil {
		c.abort(wamp.AsProtocolError(err).Abort())
		return nil
	}
	verdict, violation := c.acceptor.Receive(m)
	if violation == nil {
		violation = c.obey(verdict, m)
	}
	if violation != nil {
		c.abort(violation.Abort())
	}
	c.core.deliver()
	return nil
}

// obey does what the acceptor says.
func (c *coreClient) obey(v session.Verdict, m wamp.Message) *wamp.ProtocolError {
	switch v {
	case session.Join:
		c.join(m.(*wamp.Hello))
	case session.Route:
		return c.route(m)
	case session.EchoGoodbye:
		c.leave()
		c.push(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		c.closed = true
	case session.End:
		c.leave()
		c.closed = true
	case session.Ignore:
	default:
		c.core.t.Errorf("unexpected verdict %v on %v", v, m.Code())
	}
	return nil
}

func (c *coreClient) join(m *wamp.Hello) {
	switch {
	case !m.Realm.Valid(wamp.URILoose):
		c.abort(&wamp.Abort{Reason: wamp.ErrInvalidURI})
		return
	case m.Realm != dialogue.Realm:
		c.abort(&wamp.Abort{Reason: wamp.ErrNoSuchRealm})
		return
	}
	c.peer = &core.Peer{
		ID:        randomIDs{}.RandomID(),
		Principal: wamp.Principal{AuthID: randomName(), AuthRole: "anonymous", AuthMethod: "anonymous"},
		Roles:     m.Roles,
		Owner:     c,

		Serializer: c.serializer,
	}
	c.acceptor.Welcomed()
	c.push(&wamp.Welcome{
		Session: c.peer.ID, Roles: c.core.acceptor.Roles, Realm: m.Realm,
		AuthID: c.peer.Principal.AuthID, AuthRole: c.peer.Principal.AuthRole,
	})
}

func randomName() string {
	name := make([]byte, 8)
	for i := range name {
		name[i] = 'a' + byte(rand.IntN(26))
	}
	return string(name)
}

// route hands a message to broker or dealer.
func (c *coreClient) route(m wamp.Message) *wamp.ProtocolError {
	b, d, out := c.core.broker, c.core.dealer, &c.core.out
	switch m := m.(type) {
	case *wamp.Publish:
		b.Publish(c.peer, m, out)
	case *wamp.Subscribe:
		b.Subscribe(c.peer, m, c.core.now, out)
	case *wamp.Unsubscribe:
		b.Unsubscribe(c.peer, m, out)
	case *wamp.Register:
		d.Register(c.peer, m, c.core.now, out)
	case *wamp.Unregister:
		d.Unregister(c.peer, m, out)
	case *wamp.Cancel:
		d.Cancel(c.peer, m, out)
	case *wamp.Call:
		return d.Call(c.peer, m, c.core.now, out)
	case *wamp.Yield:
		return d.Yield(c.peer, m, c.core.now, out)
	case *wamp.Error:
		return d.Error(c.peer, m, c.core.now, out)
	}
	return nil
}

func (c *coreClient) abort(m *wamp.Abort) {
	c.leave()
	c.push(m)
	c.acceptor.Ended()
	c.closed = true
}

// leave ends the session for broker and dealer.
func (c *coreClient) leave() {
	if c.peer == nil {
		return
	}
	c.core.broker.Leave(c.peer, &c.core.out)
	c.core.dealer.Leave(c.peer, &c.core.out)
	c.core.deliver()
	c.peer = nil
}

// push encodes a message for the client.
func (c *coreClient) push(m wamp.Message) {
	frame, err := serializer.Append(nil, c.serializer, m)
	if err != nil {
		c.core.t.Errorf("%v cannot be sent: %v", m.Code(), err)
		return
	}
	c.received = append(c.received, slices.Clone(frame))
}

func (c *coreClient) Receive() ([]byte, error) {
	if len(c.received) == 0 {
		if c.closed {
			return nil, io.EOF
		}
		return nil, dialogue.ErrNothing
	}
	frame := c.received[0]
	c.received = c.received[1:]
	return frame, nil
}

func (c *coreClient) Close() error {
	c.leave()
	c.closed = true
	return nil
}
