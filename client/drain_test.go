package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestDrainWaitsForTheAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, p := connect(t, client.Options{}, inproc.Config{})
		if err := s.Drain(t.Context()); err != nil {
			t.Fatalf("with nothing to wait for: %v", err)
		}
		release := make(chan struct{})
		registered(t, s, p, func(context.Context, *client.Invocation) (client.Reply, error) {
			<-release
			return client.Return("done"), nil
		}, nil)
		p.send(&wamp.Invocation{Request: 1, Registration: 1})
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("while a handler runs: got %v", err)
		}
		drained := make(chan error, 1)
		go func() { drained <- s.Drain(t.Context()) }()
		synctest.Wait()
		close(release)
		if err := <-drained; err != nil {
			t.Fatal(err)
		}
		go s.Close()
		expect[*wamp.Yield](p) // before GOODBYE
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
	})
}

func TestHelloFitsTheSmallestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		near, far := inproc.PairOf(inproc.Config{Serializer: wamp.SerializerJSON, MaxMessage: [2]int{0, 512}})
		p := newPeer(t, far)
		joined := make(chan error, 1)
		go func() {
			s, err := client.Join(t.Context(), near, client.Options{Realm: "realm1"})
			if err == nil {
				defer s.Close()
			}
			joined <- err
		}()
		if hello := expect[*wamp.Hello](p); !hello.Roles.Has(wamp.RoleCallee) {
			t.Errorf("HELLO announces %v", hello.Roles)
		}
		p.send(welcome())
		if err := <-joined; err != nil {
			t.Fatal(err)
		}
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
	})
}
