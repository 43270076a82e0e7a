package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// tap is a connection that keeps what passes it.
type tap struct {
	transport.Conn
	seen *syncBuffer
}

func (c tap) Read(batch [][]byte) ([][]byte, []byte, error) {
	frames, control, err := c.Conn.Read(batch)
	for _, f := range frames {
		_, _ = c.seen.Write(f)
	}
	return frames, control, err
}

func (c tap) TryWrite(bufs [][]byte) (int, error) {
	n, err := c.Conn.TryWrite(bufs)
	c.wrote(bufs, n)
	return n, err
}

func (c tap) Write(bufs [][]byte) error {
	c.wrote(bufs, 1<<30)
	return c.Conn.Write(bufs)
}

func (c tap) wrote(bufs [][]byte, n int) {
	for _, b := range bufs {
		b = b[:min(len(b), n)]
		_, _ = c.seen.Write(b)
		n -= len(b)
	}
}

// joinRouter joins a real router, and keeps everything that passes in seen.
func joinRouter(t *testing.T, r *router.Router, number wamp.SerializerNumber, keys *passthru.Keyring, seen *syncBuffer, logs *syncBuffer) *client.Session {
	t.Helper()
	ours, theirs := inproc.PairOf(inproc.Config{Serializer: number})
	attached := waited(func() error {
		return r.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}})
	})
	s, err := client.Join(t.Context(), tap{ours, seen}, client.Options{Realm: realm, Keyring: keys, Logger: logs.logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		s.Wait()
		<-attached
	})
	return s
}

const (
	secret     = "attack at dawn"
	secretURIs = "com.example.secret."
)

func newKey(t *testing.T, id string, c passthru.Cipher) *passthru.Key {
	t.Helper()
	k, err := passthru.GenerateKey(id, c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyring(t *testing.T, keys ...*passthru.Key) *passthru.Keyring {
	t.Helper()
	var r passthru.Keyring
	if err := r.Set(secretURIs, wamp.MatchPrefix, keys[0], keys[1:]...); err != nil {
		t.Fatal(err)
	}
	return &r
}

// secrets returns the values that are encrypted, as they arrive.
func secrets() ([]any, client.Dict) {
	return []any{secret, []byte{0, 1}, int64(-3)}, client.Dict{"again": secret}
}

func wantSecrets(t *testing.T, what string, p wamp.Payload) {
	t.Helper()
	wantArgs, wantKwargs := secrets()
	gotArgs, gotKwargs, err := p.Values()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	if diff := cmp.Diff(wantArgs, gotArgs) + cmp.Diff(wantKwargs, gotKwargs); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// Everything that has values goes from end to end, whatever the two sides
// speak, and nobody in between sees the values.
func TestValuesAreEncryptedFromEndToEnd(t *testing.T) {
	t.Parallel()
	serializers := []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR}
	for i, number := range serializers {
		for _, cipher := range []passthru.Cipher{passthru.AES256GCM, passthru.XSalsa20Poly1305} {
			other := serializers[(i+1)%len(serializers)]
			t.Run(number.String()+" to "+other.String()+" by "+string(cipher), func(t *testing.T) {
				t.Parallel()
				r, seen := newRouter(t), &syncBuffer{}
				key := newKey(t, "one", cipher)
				alice := joinRouter(t, r, number, keyring(t, key), seen, &syncBuffer{})
				bob := joinRouter(t, r, other, keyring(t, key), seen, &syncBuffer{})
				testEvents(t, alice, bob)
				testCalls(t, alice, bob)
				if strings.Contains(seen.String(), secret) {
					t.Error("the values were seen on the way")
				}
				if !strings.Contains(seen.String(), "com.example.secret.tell") {
					t.Error("nothing was seen at all")
				}
			})
		}
	}
}

func testEvents(t *testing.T, alice, bob *client.Session) {
	events := make(chan *client.Event, 2)
	take := func(_ context.Context, ev *client.Event) { events <- ev }
	for uri, m := range map[wamp.URI]wamp.Match{"com.example.secret.tell": wamp.MatchExact, "com.example.": wamp.MatchPrefix} {
		if _, err := bob.Subscribe(t.Context(), uri, take, &client.SubscribeOptions{Match: m}); err != nil {
			t.Fatal(err)
		}
	}
	args, kwargs := secrets()
	if _, err := alice.Publish(t.Context(), "com.example.secret.tell", args, &client.PublishOptions{Kwargs: kwargs, Acknowledge: true}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ev := <-events
		wantSecrets(t, "event", ev.Payload)
		if ev.Attributes != nil {
			t.Errorf("the event still says that it is encrypted: %+v", ev.Attributes)
		}
	}
}

func testCalls(t *testing.T, alice, bob *client.Session) {
	args, kwargs := secrets()
	_, err := bob.Register(t.Context(), "com.example.secret.", func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		last := inv.Payload
		for p, err := range inv.Chunks(ctx) {
			if err != nil {
				return client.Reply{}, err
			}
			wantSecrets(t, "chunk", p)
			last = p
		}
		if inv.Procedure == "com.example.secret.fail" {
			return client.Reply{}, client.NewError("com.example.error", args, kwargs)
		}
		reply := client.Reply{Payload: last}
		return reply, inv.ProgressReply(ctx, reply)
	}, &client.RegisterOptions{Match: wamp.MatchPrefix, TakeChunks: true})
	if err != nil {
		t.Fatal(err)
	}
	progress := 0
	opts := &client.CallOptions{Kwargs: kwargs, OnProgress: func(r client.Result) {
		progress++
		wantSecrets(t, "progressive result", r.Payload)
	}}
	res, err := alice.Call(t.Context(), "com.example.secret.echo", args, opts)
	if err != nil || progress != 1 {
		t.Fatalf("%v after %d progressive results", err, progress)
	}
	wantSecrets(t, "result", res.Payload)

	_, err = alice.Call(t.Context(), "com.example.secret.fail", args, opts)
	var refusal *wamp.Error
	if !errors.As(err, &refusal) || refusal.URI != "com.example.error" {
		t.Fatalf("got %v", err)
	}
	wantSecrets(t, "error", refusal.Payload)

	chunks, err := alice.CallProgressively(t.Context(), "com.example.secret.chunks", args, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(chunks.Send(t.Context(), args, kwargs), chunks.Finish(t.Context(), args, kwargs)); err != nil {
		t.Fatal(err)
	}
	if res, err = chunks.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSecrets(t, "result of chunks", res.Payload)
}

// What is not meant for a receiver, or was meddled with, is never handed on.
func TestWhatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	one, two := newKey(t, "one", passthru.AES256GCM), newKey(t, "two", passthru.AES256GCM)
	impostor := newKey(t, "one", passthru.AES256GCM)
	for name, test := range map[string]struct {
		sender, receiver *passthru.Keyring
		refusal          wamp.ErrorURI
	}{
		"without the key":             {keyring(t, two), keyring(t, one), wamp.ErrNoPayloadCodec},
		"without any key for the URI": {keyring(t, one), &passthru.Keyring{}, wamp.ErrNoPayloadCodec},
		"with another secret":         {keyring(t, impostor), keyring(t, one), wamp.ErrDecryption},
		"in the clear":                {nil, keyring(t, one), wamp.ErrDecryption},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, logs := newRouter(t), &syncBuffer{}
			alice := joinRouter(t, r, wamp.SerializerMsgPack, test.sender, &syncBuffer{}, &syncBuffer{})
			bob := joinRouter(t, r, wamp.SerializerMsgPack, test.receiver, &syncBuffer{}, logs)
			honest := joinRouter(t, r, wamp.SerializerMsgPack, test.receiver, &syncBuffer{}, &syncBuffer{})
			events := make(chan *client.Event, 10)
			if _, err := bob.Subscribe(t.Context(), "com.example.secret.tell", into(events), nil); err != nil {
				t.Fatal(err)
			}
			if _, err := bob.Register(t.Context(), "com.example.secret.echo", echo, nil); err != nil {
				t.Fatal(err)
			}
			_, err := alice.Call(t.Context(), "com.example.secret.echo", client.Args{secret}, nil)
			if !errors.Is(err, test.refusal) {
				t.Errorf("call: got %v, want %s", err, test.refusal)
			}
			for _, s := range []*client.Session{alice, alice, honest} {
				if _, err := s.Publish(t.Context(), "com.example.secret.tell", client.Args{"x"}, &client.PublishOptions{Acknowledge: true}); err != nil {
					t.Fatal(err)
				}
			}
			if ev := <-events; ev.Lost != 2 || args(t, ev.Payload)[0] != "x" {
				t.Errorf("got %+v, want the honest event, and to know that two are lost", ev)
			}
			if n := strings.Count(logs.String(), "event is dropped"); n != 1 {
				t.Errorf("logged %d times:\n%s", n, logs)
			}
		})
	}
}

func TestKeysAreChangedWithoutAnInterruption(t *testing.T) {
	t.Parallel()
	r := newRouter(t)
	before, after := newKey(t, "2026-10", passthru.AES256GCM), newKey(t, "2026-11", passthru.XSalsa20Poly1305)
	ours, theirs := keyring(t, before), keyring(t, before)
	alice := joinRouter(t, r, wamp.SerializerCBOR, ours, &syncBuffer{}, &syncBuffer{})
	bob := joinRouter(t, r, wamp.SerializerCBOR, theirs, &syncBuffer{}, &syncBuffer{})
	if _, err := bob.Register(t.Context(), "com.example.secret.echo", echo, nil); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		ring *passthru.Keyring
		keys []*passthru.Key
	}{
		{theirs, []*passthru.Key{before, after}}, {ours, []*passthru.Key{before, after}},
		{theirs, []*passthru.Key{after, before}}, {ours, []*passthru.Key{after, before}},
		{ours, []*passthru.Key{after}}, {theirs, []*passthru.Key{after}},
	} {
		if err := step.ring.Set(secretURIs, wamp.MatchPrefix, step.keys[0], step.keys[1:]...); err != nil {
			t.Fatal(err)
		}
		if _, err := alice.Call(t.Context(), "com.example.secret.echo", client.Args{i}, nil); err != nil {
			t.Errorf("step %d: %v", i, err)
		}
	}
}

// encrypting returns a session with a Keyring, and a scripted router that offers
// payload passthru mode, or not.
func encrypting(t *testing.T, offered bool) (*client.Session, *peer) {
	t.Helper()
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) {
		return client.Join(t.Context(), ours, client.Options{Realm: realm, Keyring: keyring(t, newKey(t, "one", passthru.AES256GCM))})
	})
	expect[*wamp.Hello](p)
	m := welcome()
	if offered {
		m.Roles = m.Roles.With(wamp.RoleBroker, wamp.FeaturePayloadPassthruMode).With(wamp.RoleDealer, wamp.FeaturePayloadPassthruMode)
	}
	p.send(m)
	s := joined.must(t)
	t.Cleanup(func() {
		_ = theirs.Close()
		s.Wait()
	})
	return s, p
}

func TestNothingIsSentInTheClearToURIsThatHaveAKey(t *testing.T) {
	t.Parallel()
	t.Run("not even to a router that carries nothing else", func(t *testing.T) {
		t.Parallel()
		s, p := encrypting(t, false)
		if _, err := s.Call(t.Context(), "com.example.secret.a", nil, nil); !errors.Is(err, wamp.ErrFeatureNotSupported) {
			t.Errorf("call: %v", err)
		}
		if _, err := s.Publish(t.Context(), "com.example.secret.a", nil, nil); !errors.Is(err, wamp.ErrFeatureNotSupported) {
			t.Errorf("publish: %v", err)
		}
		p.flush(s)
	})
	t.Run("nor packed by the application", func(t *testing.T) {
		t.Parallel()
		s, p := encrypting(t, true)
		payload, attributes, err := passthru.Pack("x_test", wamp.SerializerCBOR, client.Args{1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Publish(t.Context(), "com.example.secret.a", nil, &client.PublishOptions{Payload: payload, Attributes: attributes}); err == nil {
			t.Error("published")
		}
		p.flush(s)
	})
	t.Run("and answers in the clear are not believed", func(t *testing.T) {
		t.Parallel()
		s, p := encrypting(t, true)
		call := func() outcome[client.Result] {
			return async(func() (client.Result, error) { return s.Call(t.Context(), "com.example.secret.a", nil, nil) })
		}
		res := call()
		m := expect[*wamp.Call](p)
		if m.Attributes == nil || m.Attributes.PPTScheme != passthru.Scheme || m.Attributes.PPTKeyID != "one" {
			t.Errorf("CALL has the attributes %+v", m.Attributes)
		}
		p.send(&wamp.Result{Request: m.Request, Payload: p.payload("forged")})
		if err := res.fails(t); !errors.Is(err, passthru.ErrInClear) {
			t.Errorf("result: %v", err)
		}
		res = call()
		p.send(&wamp.Error{RequestType: wamp.CodeCall, Request: expect[*wamp.Call](p).Request, URI: wamp.ErrNoSuchProcedure, Payload: p.payload("forged")})
		var refusal *wamp.Error
		if err := res.fails(t); !errors.As(err, &refusal) || refusal.URI != wamp.ErrNoSuchProcedure || refusal.Payload.Elements != 0 {
			t.Errorf("error: %v", err)
		}
		progressive := async(func() (client.Result, error) {
			return s.Call(t.Context(), "com.example.secret.a", nil, &client.CallOptions{OnProgress: func(client.Result) {
				t.Error("a forged progressive result was handed over")
			}})
		})
		id := expect[*wamp.Call](p).Request
		p.send(&wamp.Result{Request: id, Progress: true, Payload: p.payload("forged")})
		if m := expect[*wamp.Cancel](p); m.Request != id {
			t.Errorf("CANCEL is %+v", m)
		}
		if err := progressive.fails(t); !errors.Is(err, passthru.ErrInClear) {
			t.Errorf("progressive result: %v", err)
		}
	})
}
