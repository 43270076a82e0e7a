package dialogue_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/internal/dialogue"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// newRouter returns a router with the realm of a script.
func newRouter(t *testing.T, o dialogue.Options) *router.Router {
	cfg := router.RealmConfig{
		Name:             dialogue.Realm,
		Roles:            []router.Role{{Name: auth.DefaultRole, AllowByDefault: true}},
		StrictRequestIDs: o.StrictRequestIDs,
		RefuseDisclosure: o.RefuseDisclosure,
	}
	if o.StrictURIs {
		cfg.URIRule = wamp.URIStrict
	}
	r := router.New(router.Options{})
	if _, err := r.AddRealm(cfg); err != nil {
		t.Fatal(err)
	}
	return r
}

// inProcess is a router whose clients are in the same process. It lives in a
// bubble of synctest.
type inProcess struct {
	router     *router.Router
	serializer serializer.Serializer
}

func newInProcess(t *testing.T, o dialogue.Options, s serializer.Serializer) *inProcess {
	return &inProcess{newRouter(t, o), s}
}

func (p *inProcess) Connect() (dialogue.Client, error) {
	mine, theirs := inproc.Pair(p.serializer.Number())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = p.router.Attach(context.Background(), theirs, auth.Set{auth.Anonymous{}}) // why it ended shows in the dialogue
	}()
	return &connClient{conn: mine, serializer: p.serializer, ended: func() { <-ended }}, nil
}

func (p *inProcess) Advance(d time.Duration) {
	synctest.Wait() // what was sent before arrives before
	time.Sleep(d)
	synctest.Wait()
}

// rawSocket is a router behind RawSocket over TCP.
type rawSocket struct {
	t          *testing.T
	address    string
	serializer serializer.Serializer
	ends       sync.Map // of connections, by the client's address: channels that are closed then
}

func newRawSocket(t *testing.T, o dialogue.Options, s serializer.Serializer) *rawSocket {
	r := newRouter(t, o)
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	p := &rawSocket{t: t, address: ln.Addr().String(), serializer: s}
	var serving sync.WaitGroup
	serving.Go(func() {
		err := ln.Serve(func(c transport.Conn) {
			defer close(p.end(c.Info().RemoteAddr.String()))
			_ = r.Attach(context.Background(), c, auth.Set{auth.Anonymous{}})
		})
		if err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	t.Cleanup(func() {
		ln.Close()
		serving.Wait()
	})
	return p
}

func (p *rawSocket) end(address string) chan struct{} {
	end, _ := p.ends.LoadOrStore(address, make(chan struct{}))
	return end.(chan struct{})
}

func (p *rawSocket) Connect() (dialogue.Client, error) {
	c, err := rawsocket.Dial(p.t.Context(), rawsocket.DialConfig{
		Network: "tcp", Address: p.address, Serializer: p.serializer.Number(),
	})
	if err != nil {
		return nil, err
	}
	end := p.end(c.Info().LocalAddr.String())
	return &connClient{conn: c, serializer: p.serializer, ended: func() { <-end }}, nil
}

func (p *rawSocket) Advance(time.Duration) { p.t.Error("there is no clock to advance") }

// patience is how long a message may take that is to come. A dialogue that
// goes well never waits that long.
const patience = 20 * time.Second

// connClient is a dialogue's client on a connection.
type connClient struct {
	conn       transport.Conn
	serializer serializer.Serializer
	ended      func() // waits until the router has done with the connection
	received   [][]byte
}

func (c *connClient) Serializer() wamp.Serializer { return c.serializer }

func (c *connClient) Send(frame []byte) error {
	return c.conn.Write([][]byte{c.conn.AppendHeader(nil, len(frame)), frame})
}

func (c *connClient) Receive() ([]byte, error) {
	impatient := time.AfterFunc(patience, func() { c.conn.Close() })
	defer impatient.Stop()
	for len(c.received) == 0 {
		batch, _, err := c.conn.Read(nil)
		for _, frame := range batch {
			c.received = append(c.received, slices.Clone(frame))
		}
		if err != nil && len(batch) == 0 {
			if errors.Is(err, io.EOF) {
				return nil, io.EOF
			}
			return nil, errors.Join(dialogue.ErrNothing, err)
		}
	}
	frame := c.received[0]
	c.received = c.received[1:]
	return frame, nil
}

func (c *connClient) Close() error {
	err := c.conn.Close()
	c.ended()
	return err
}
