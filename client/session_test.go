package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestJoin(t *testing.T) {
	t.Parallel()
	ours, theirs := inproc.Pair(wamp.SerializerCBOR)
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) {
		return client.Join(t.Context(), ours, client.Options{Realm: realm, AuthID: "alice", Agent: "test"})
	})
	hello := expect[*wamp.Hello](p)
	if hello.Realm != realm || hello.AuthID != "alice" || hello.Agent != "test" {
		t.Errorf("HELLO is %+v", hello)
	}
	if diff := cmp.Diff([]string{"anonymous"}, hello.AuthMethods); diff != "" {
		t.Errorf("HELLO.authmethods: %s", diff)
	}
	for _, role := range []wamp.Role{wamp.RoleCaller, wamp.RoleCallee, wamp.RolePublisher, wamp.RoleSubscriber} {
		if !hello.Roles.Has(role) {
			t.Errorf("HELLO does not announce %v", role)
		}
	}
	if hello.Roles.HasFeature(wamp.RoleCaller, wamp.FeatureShardedRegistration) {
		t.Error("HELLO announces sharded_registration, which the client has not (FEA-1)")
	}
	p.send(welcome())
	s := joined.must(t)
	if s.ID() != sessionID || s.Realm() != realm || s.Details().AuthID != "alice" {
		t.Errorf("session %d in %s as %+v", s.ID(), s.Realm(), s.Details())
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err of a living session = %v", err)
	}
	_ = theirs.Close()
	s.Wait()
}

func TestTheRealmIsTheOneAskedForUnlessTheRouterSaysOtherwise(t *testing.T) {
	t.Parallel()
	for granted, want := range map[wamp.URI]wamp.URI{"": realm, "com.example.other": "com.example.other"} {
		ours, theirs := inproc.Pair(wamp.SerializerJSON)
		p := newPeer(t, theirs)
		joined := async(func() (*client.Session, error) {
			return client.Join(t.Context(), ours, client.Options{Realm: realm})
		})
		expect[*wamp.Hello](p)
		m := welcome()
		m.Realm = granted
		p.send(m)
		s := joined.must(t)
		if s.Realm() != want {
			t.Errorf("WELCOME with realm %q gives %q, want %q", granted, s.Realm(), want)
		}
		_ = theirs.Close()
		s.Wait()
	}
}

func TestJoinFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		router func(p *peer)
		want   error
	}{
		{"when the router refuses", func(p *peer) {
			p.send(&wamp.Abort{Reason: wamp.ErrNoSuchRealm, Message: "no realm of that name"})
		}, wamp.ErrNoSuchRealm},
		{"when the connection ends before WELCOME", func(p *peer) { _ = p.conn.Close() }, net.ErrClosed},
		{"when the router speaks out of turn", func(p *peer) {
			p.send(&wamp.Event{Subscription: 1, Publication: 2})
			if m := expect[*wamp.Abort](p); m.Reason != wamp.ErrProtocolViolation {
				p.t.Errorf("ABORT has reason %s", m.Reason)
			}
		}, wamp.ErrProtocolViolation},
		{"when WELCOME announces no router role (SES-1)", func(p *peer) {
			p.send(&wamp.Welcome{Session: 1})
			expect[*wamp.Abort](p)
		}, wamp.ErrProtocolViolation},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
			p := newPeer(t, theirs)
			joined := async(func() (*client.Session, error) {
				return client.Join(t.Context(), ours, client.Options{Realm: realm})
			})
			expect[*wamp.Hello](p)
			tt.router(p)
			if err := joined.fails(t); !errors.Is(err, tt.want) {
				t.Errorf("Join failed with %v, want %v", err, tt.want)
			}
			p.expectEnd()
		})
	}
}

func TestJoinEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
		p := newPeer(t, theirs)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		joined := async(func() (*client.Session, error) { return client.Join(ctx, ours, client.Options{Realm: realm}) })
		expect[*wamp.Hello](p) // and no answer
		if err := joined.fails(t); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Join failed with %v", err)
		}
		p.expectEnd()
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		opts client.Options
		want string
	}{
		{"no realm", client.Options{}, "set Options.Realm"},
		{"a realm that is no URI", client.Options{Realm: "a b"}, `"a b" in Options.Realm is no valid URI`},
		{"another serializer than the connection's", client.Options{Realm: realm, Serializer: wamp.SerializerJSON}, "Options.Serializer is json, but the connection speaks msgpack"},
		{"TLS for a connection", client.Options{Realm: realm, TLS: &tls.Config{}}, "Options.TLS"},
		{"a message size for a connection", client.Options{Realm: realm, MaxMessageSize: 1}, "Options.MaxMessageSize"},
		{"a signer that is nil", client.Options{Realm: realm, Signers: []auth.Signer{nil}}, "Options.Signers: the one at 0 is nil"},
		{"two signers of one method", client.Options{Realm: realm, Signers: []auth.Signer{auth.CRASigner{}, auth.CRASigner{}}}, "two are of the method wampcra"},
		{"a negative bound", client.Options{Realm: realm, SendBytes: -1}, "negative Options.SendBytes: -1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ours, _ := inproc.Pair(wamp.SerializerMsgPack)
			_, err := client.Join(t.Context(), ours, tt.opts)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if _, err := ours.TryWrite([][]byte{{0}}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("the connection was left open: %v", err)
			}
		})
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("sends what is queued, then GOODBYE, and waits for the answer", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		publish(t.Context(), s, nil).must(t)
		closed := waited(s.Close)
		expect[*wamp.Publish](p)
		if m := expect[*wamp.Goodbye](p); m.Reason != wamp.CloseRealm {
			t.Errorf("GOODBYE has reason %s", m.Reason)
		}
		p.send(&wamp.Event{Subscription: 1, Publication: 2}) // crossed it, ignored (SES-11)
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		closed.must(t)
		p.expectEnd()
		if err := s.Err(); !errors.Is(err, client.ErrClosed) {
			t.Errorf("Err = %v", err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
	t.Run("ends what is in progress", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		result := call(t.Context(), s, nil)
		expect[*wamp.Call](p)
		closed := waited(s.Close)
		if err := result.fails(t); !errors.Is(err, client.ErrClosed) || !errors.Is(err, net.ErrClosed) {
			t.Errorf("the call failed with %v", err)
		}
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseNormal}) // any reason will do (SES-10)
		closed.must(t)
		if _, err := s.Publish(t.Context(), "com.example.tick", nil, nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Publish on a closed session: %v", err)
		}
	})
	t.Run("does not wait for ever", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, p := connect(t, client.Options{CloseTimeout: 3 * time.Second}, inproc.Config{})
			start := time.Now()
			closed := waited(s.Close)
			expect[*wamp.Goodbye](p)
			if err := closed.fails(t); time.Since(start) != 3*time.Second {
				t.Errorf("Close returned %v after %v", err, time.Since(start))
			}
			p.expectEnd()
		})
	})
	t.Run("works from a handler", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		closed := make(chan error, 1)
		subscribed(t, s, p, 1, func(ctx context.Context, _ *client.Event) {
			closed <- s.Close()
			if !errors.Is(context.Cause(ctx), client.ErrClosed) {
				t.Errorf("the handler's context ended with %v", context.Cause(ctx))
			}
		})
		p.send(&wamp.Event{Subscription: 1, Publication: 2})
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseGoodbyeAndOut})
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	t.Run("meets the router's own GOODBYE (SES-12)", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{})
		closed := waited(s.Close)
		expect[*wamp.Goodbye](p)
		p.send(&wamp.Goodbye{Reason: wamp.CloseSystemShutdown})
		closed.must(t)
		p.expectEnd()
	})
}

func TestTheEndOfASession(t *testing.T) {
	t.Parallel()
	var goodbye *client.GoodbyeError
	var abort *wamp.Abort
	var violation *wamp.ProtocolError
	tests := []struct {
		name   string
		router func(p *peer)
		as     any   // what errors.As finds
		is     error // what errors.Is finds, beside net.ErrClosed
	}{
		{"by the router's GOODBYE, which is answered", func(p *peer) {
			p.send(&wamp.Goodbye{Reason: wamp.CloseSystemShutdown, Message: "maintenance"})
			if m := expect[*wamp.Goodbye](p); m.Reason != wamp.CloseGoodbyeAndOut {
				p.t.Errorf("the answer's reason is %s", m.Reason)
			}
		}, &goodbye, wamp.ErrSystemShutdown},
		{"by an ABORT", func(p *peer) { p.send(&wamp.Abort{Reason: wamp.ErrAuthorizationFailed}) }, &abort, wamp.ErrAuthorizationFailed},
		{"by the loss of the connection", func(p *peer) { _ = p.conn.Close() }, nil, net.ErrClosed},
		{"by a message that cannot be decoded", func(p *peer) {
			if err := p.conn.Write([][]byte{append(p.conn.AppendHeader(nil, 1), 0xc1)}); err != nil {
				p.t.Fatal(err)
			}
			expect[*wamp.Abort](p)
		}, &violation, wamp.ErrProtocolViolation},
		{"by a second WELCOME (PV-1)", func(p *peer) {
			p.send(welcome())
			expect[*wamp.Abort](p)
		}, &violation, wamp.ErrProtocolViolation},
		{"by an answer to what was never asked (PV-4)", func(p *peer) {
			p.send(&wamp.Subscribed{Request: 1, Subscription: 1}) // request 1 is a CALL
			expect[*wamp.Abort](p)
		}, &violation, wamp.ErrProtocolViolation},
		{"by a RESULT from the future (PV-4)", func(p *peer) {
			p.send(&wamp.Result{Request: 2})
			expect[*wamp.Abort](p)
		}, &violation, wamp.ErrProtocolViolation},
		{"by an ERROR from the future (PV-4)", func(p *peer) {
			p.send(&wamp.Error{RequestType: wamp.CodeCall, Request: 2, URI: wamp.ErrCanceled})
			expect[*wamp.Abort](p)
		}, &violation, wamp.ErrProtocolViolation},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, p := connect(t, client.Options{}, inproc.Config{})
			pending := call(t.Context(), s, nil)
			expect[*wamp.Call](p)
			tt.router(p)
			_, after := s.Call(awaitDone(t, s), "com.example.add", nil, nil)
			for what, err := range map[string]error{"the call in progress": pending.fails(t), "a call afterwards": after, "Err": s.Err()} {
				if !errors.Is(err, net.ErrClosed) || !errors.Is(err, tt.is) {
					t.Errorf("%s: %v, want %v and %v", what, err, tt.is, net.ErrClosed)
				}
			}
			if tt.as != nil && !errors.As(s.Err(), cloneTarget(tt.as)) {
				t.Errorf("Err = %v, want a %T", s.Err(), tt.as)
			}
			p.expectEnd()
			if err := s.Close(); err != nil {
				t.Errorf("Close of a session that has ended: %v", err)
			}
		})
	}
}

// awaitDone waits for the end of the session and returns the test's context.
func awaitDone(t *testing.T, s *client.Session) context.Context {
	t.Helper()
	<-s.Done()
	return t.Context()
}

// cloneTarget returns a fresh target for errors.As of target's type, since
// tests run in parallel.
func cloneTarget(target any) any {
	switch target.(type) {
	case **client.GoodbyeError:
		return new(*client.GoodbyeError)
	case **wamp.Abort:
		return new(*wamp.Abort)
	default:
		return new(*wamp.ProtocolError)
	}
}

func TestRequestIDsAreSequential(t *testing.T) {
	t.Parallel()
	s, p := connect(t, client.Options{}, inproc.Config{MaxMessage: [2]int{0, 1000}})
	ctx := t.Context()
	publish(ctx, s, nil).must(t)
	if m := expect[*wamp.Publish](p); m.Request != 1 {
		t.Errorf("the first request has ID %d", m.Request)
	}
	publish(ctx, s, nil, strings.Repeat("x", 1000)).fails(t) // too large, takes no ID
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	publish(canceled, s, nil).fails(t) // takes none either
	publish(ctx, s, nil).must(t)
	if m := expect[*wamp.Publish](p); m.Request != 2 { // ID-5
		t.Errorf("the second request has ID %d", m.Request)
	}
	call(ctx, s, nil)
	if m := expect[*wamp.Call](p); m.Request != 3 { // one sequence for all (ID-2)
		t.Errorf("the third request has ID %d", m.Request)
	}
}
