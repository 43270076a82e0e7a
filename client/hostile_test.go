package client_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// TestARouterThatSendsAnything has a session in use answered with a random mix
// of fitting answers, unasked messages and broken ones. Whatever it makes of
// them, every request returns and the session ends with the connection, with
// nothing left running.
func TestARouterThatSendsAnything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 0))
		ours, theirs := inproc.Pair(serializer.All()[seed%3].Number())
		p := newPeer(t, theirs)
		joined := async(func() (*client.Session, error) {
			return client.Join(t.Context(), ours, client.Options{Realm: realm, ReceiveBytes: 2000, CloseTimeout: time.Second})
		})
		expect[*wamp.Hello](p)
		p.send(welcome())
		s := joined.must(t)

		var all sync.WaitGroup
		var a asked
		all.Go(func() { a.listen(p) })
		use(&all, s, random.Uint64())
		for range 500 {
			m := a.answer(random)
			if m == nil || random.IntN(100) == 0 {
				m = p.random(random)
			}
			frame, err := serializer.Append(nil, p.ser, m)
			if err != nil {
				t.Fatal(err)
			}
			if random.IntN(500) == 0 {
				frame[random.IntN(len(frame))] ^= 1 << random.IntN(8)
			}
			if err := theirs.Write([][]byte{append(theirs.AppendHeader(nil, len(frame)), frame...)}); err != nil {
				break // the session has ended on this
			}
		}
		_ = theirs.Close()
		all.Wait()
		s.Wait()
		if s.Err() == nil {
			t.Fatalf("seed %d: the session has ended for no reason", seed)
		}
	}
}

// asked are the requests of a client that wait for an answer.
type asked struct {
	mu       sync.Mutex
	requests []wamp.Message
	given    wamp.ID // the last registration ID
}

// listen reads until the connection ends.
func (a *asked) listen(p *peer) {
	for {
		m, err := p.next()
		if err != nil {
			return
		}
		a.mu.Lock()
		switch m := m.(type) {
		case *wamp.Call:
			a.requests = append(a.requests, &wamp.Call{Request: m.Request})
		case *wamp.Publish:
			a.requests = append(a.requests, &wamp.Publish{Request: m.Request})
		case *wamp.Subscribe, *wamp.Unsubscribe, *wamp.Register, *wamp.Unregister:
			a.requests = append(a.requests, m)
		}
		a.mu.Unlock()
	}
}

// answer returns a fitting answer to some request, or nil if there is none.
func (a *asked) answer(r *rand.Rand) wamp.Message {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.requests) == 0 {
		return nil
	}
	i := r.IntN(len(a.requests))
	m := a.requests[i]
	a.requests = append(a.requests[:i], a.requests[i+1:]...)
	switch m := m.(type) {
	case *wamp.Call:
		return &wamp.Result{Request: m.Request}
	case *wamp.Publish:
		return &wamp.Published{Request: m.Request, Publication: 1}
	case *wamp.Subscribe:
		return &wamp.Subscribed{Request: m.Request, Subscription: wamp.ID(1 + slices.Index(topics, m.Topic))}
	case *wamp.Unsubscribe:
		return &wamp.Unsubscribed{Request: m.Request}
	case *wamp.Register:
		a.given++
		return &wamp.Registered{Request: m.Request, Registration: a.given}
	case *wamp.Unregister:
		return &wamp.Unregistered{Request: m.Request}
	}
	return nil
}

// use makes requests of all kinds until the session ends.
func use(all *sync.WaitGroup, s *client.Session, seed uint64) {
	for worker := range uint64(4) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, worker))
			for i := 0; ; i++ {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(2000))*time.Microsecond)
				request(ctx, s, random)
				cancel()
				select {
				case <-s.Done():
					return
				default:
				}
			}
		})
	}
}

var topics = []wamp.URI{"com.example.a", "com.example.b", "com.example.c"}

// request makes one request; whether it succeeds is the router's whim.
func request(ctx context.Context, s *client.Session, random *rand.Rand) {
	uri := topics[random.IntN(len(topics))]
	switch random.IntN(5) {
	case 0:
		_, _ = s.Call(ctx, uri, client.Args{1}, nil)
	case 1:
		_, _ = s.Call(ctx, uri, nil, &client.CallOptions{OnProgress: func(client.Result) {}})
	case 2:
		_, _ = s.Publish(ctx, uri, nil, &client.PublishOptions{Acknowledge: true})
	case 3:
		if sub, err := s.Subscribe(ctx, uri, func(context.Context, *client.Event) {}, nil); err == nil {
			_ = sub.Unsubscribe(ctx)
		}
	case 4:
		if reg, err := s.Register(ctx, uri, echo, nil); err == nil {
			_ = reg.Unregister(ctx)
		}
	}
}

// random returns some message that only routers send, mostly about things that
// may exist.
func (p *peer) random(r *rand.Rand) wamp.Message {
	id := func() wamp.ID { return wamp.ID(1 + r.IntN(8)) }
	request := wamp.ID(1 + r.IntN(4))
	payload := p.payload("x", r.IntN(100))
	requests := []wamp.Code{wamp.CodeCall, wamp.CodePublish, wamp.CodeSubscribe, wamp.CodeUnsubscribe, wamp.CodeRegister, wamp.CodeUnregister}
	switch r.IntN(100) {
	case 0:
		return &wamp.Published{Request: request, Publication: id()}
	case 1:
		return &wamp.Subscribed{Request: request, Subscription: id()}
	case 2:
		return &wamp.Unsubscribed{Request: request}
	case 3:
		return &wamp.Registered{Request: request, Registration: id()}
	case 4:
		return &wamp.Unregistered{Request: request}
	case 5:
		return &wamp.Unsubscribed{Subscription: id()}
	case 6:
		return &wamp.Unregistered{Registration: id()}
	}
	switch r.IntN(5) {
	case 0:
		return &wamp.Result{Request: request, Progress: r.IntN(2) == 0, Payload: payload}
	case 1:
		return &wamp.Error{RequestType: requests[r.IntN(len(requests))], Request: request, URI: wamp.ErrCanceled, Payload: payload}
	case 2:
		return &wamp.Event{Subscription: id(), Publication: id(), Payload: payload}
	case 3:
		return &wamp.Invocation{Request: wamp.ID(1 + r.IntN(1_000_000)), Registration: id(), Payload: payload}
	default:
		return &wamp.Interrupt{Request: request, Mode: wamp.CancelKill}
	}
}
