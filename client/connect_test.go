package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// newRouter returns a router with one realm that allows anonymous sessions
// everything. It has ended when the test is over.
func newRouter(t testing.TB) *router.Router {
	t.Helper()
	r := router.New(router.Options{})
	_, err := r.AddRealm(router.RealmConfig{
		Name: realm,
		Roles: []router.Role{{Name: auth.DefaultRole, Permissions: []router.Permission{{
			Match: wamp.MatchPrefix,
			Allow: router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe,
		}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// listen lets clients of r in over RawSocket and returns the address.
func listen(t testing.TB, r *router.Router, config rawsocket.ListenConfig) net.Addr {
	t.Helper()
	l, err := rawsocket.Listen(config)
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		err := l.Serve(func(conn transport.Conn) {
			_ = r.Attach(context.Background(), conn, router.Access{Methods: auth.Set{auth.Anonymous{}}}) // judged by what the client sees
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.Close()
		served.Wait()
	})
	return l.Addr()
}

// dial connects to url and leaves when the test is over.
func dial(t testing.TB, url string, opts client.Options) *client.Session {
	t.Helper()
	opts.Realm = realm
	s, err := client.Connect(t.Context(), url, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		s.Wait()
	})
	return s
}

// certificate returns a certificate for 127.0.0.1 and who vouches for it.
func certificate() (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates[0], pool
}

func TestConnect(t *testing.T) {
	t.Parallel()
	r := newRouter(t)
	cert, roots := certificate()
	path := filepath.Join(t.TempDir(), "s")
	const limit = 512 << 10
	urls := map[string]string{
		"tcp":  "rs://" + listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: limit}).String(),
		"tls":  "rss://" + listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: limit, TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}).String(),
		"unix": "unix://" + path,
	}
	listen(t, r, rawsocket.ListenConfig{Network: "unix", Address: path, MaxMessageSize: limit})
	t.Run("sessions", func(t *testing.T) {
		for network, url := range urls {
			for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
				t.Run(network+" "+number.String(), func(t *testing.T) {
					t.Parallel()
					opts := client.Options{Serializer: number}
					if network == "tls" {
						opts.TLS = &tls.Config{RootCAs: roots}
					}
					exercise(t, dial(t, url, opts), dial(t, url, opts), wamp.URI("com.example."+network+"."+number.String()))
				})
			}
		}
	})
}

// exercise has one session serve another one, below the URI prefix.
func exercise(t *testing.T, callee, caller *client.Session, prefix wamp.URI) {
	ctx := t.Context()
	if _, err := callee.Register(ctx, prefix+".echo", func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		args, kwargs, err := inv.Values()
		for _, part := range args {
			if err := inv.Progress(ctx, client.Args{part}, nil); err != nil {
				return client.Reply{}, err
			}
		}
		return client.Reply{Args: args, Kwargs: kwargs}, err
	}, nil); err != nil {
		t.Fatal(err)
	}
	want := []any{int64(-7), 1.5, "grüße ☃", []byte{0, 1, 255}, nil, true, strings.Repeat("large", 40_000)}
	var parts []any
	res, err := caller.Call(ctx, prefix+".echo", want, &client.CallOptions{
		Kwargs:     client.Dict{"list": []any{int64(1)}},
		OnProgress: func(r client.Result) { parts = append(parts, args(t, r.Payload)...) },
	})
	if err != nil {
		t.Fatal(err)
	}
	got, kwargs, err := res.Values()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("result (%v): %s", err, diff)
	}
	if diff := cmp.Diff(want, parts); diff != "" {
		t.Errorf("progressive results: %s", diff)
	}
	if diff := cmp.Diff(wamp.Dict{"list": []any{int64(1)}}, kwargs); diff != "" {
		t.Errorf("keyword arguments: %s", diff)
	}
	if _, err := caller.Call(ctx, prefix+".none", nil, nil); !errors.Is(err, wamp.ErrNoSuchProcedure) {
		t.Errorf("call of nothing: %v", err)
	}
	if _, err := caller.Call(ctx, prefix+".echo", client.Args{make([]byte, 600<<10)}, nil); !errors.Is(err, wamp.ErrPayloadSizeExceeded) {
		t.Errorf("call above the router's limit: %v", err)
	}
	events := make(chan *client.Event, 100)
	sub, err := caller.Subscribe(ctx, prefix, func(_ context.Context, ev *client.Event) { events <- ev }, &client.SubscribeOptions{Match: wamp.MatchPrefix})
	if err != nil {
		t.Fatal(err)
	}
	var last wamp.ID
	for i := range 100 {
		if last, err = callee.Publish(ctx, prefix+".tick", client.Args{i}, &client.PublishOptions{Acknowledge: i == 99}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 100 {
		ev := <-events
		if ev.Topic != prefix+".tick" || args(t, ev.Payload)[0] != int64(i) || i == 99 && ev.Publication != last {
			t.Fatalf("event %d is %+v", i, ev)
		}
	}
	if err := sub.Unsubscribe(ctx); err != nil {
		t.Error(err)
	}
	if err := caller.Close(); err != nil {
		t.Error(err)
	}
}

func TestACancelledCallEndsItsHandler(t *testing.T) {
	t.Parallel()
	addr := listen(t, newRouter(t), rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}).String()
	callee, caller := dial(t, "rs://"+addr, client.Options{}), dial(t, "rs://"+addr, client.Options{Serializer: wamp.SerializerJSON})
	running, ended := make(chan struct{}), make(chan error, 1)
	if _, err := callee.Register(t.Context(), "com.example.wait", func(ctx context.Context, _ *client.Invocation) (client.Reply, error) {
		close(running)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return client.Reply{}, ctx.Err()
	}, nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	res := async(func() (client.Result, error) { return caller.Call(ctx, "com.example.wait", nil, nil) })
	<-running
	cancel()
	if err := res.fails(t); !errors.Is(err, context.Canceled) {
		t.Errorf("the call failed with %v", err)
	}
	if err := <-ended; !errors.Is(err, wamp.ErrCanceled) {
		t.Errorf("the handler's context ended with %v", err)
	}
}

func TestConnectFails(t *testing.T) {
	t.Parallel()
	cert, _ := certificate()
	r := newRouter(t)
	jsonOnly := listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", Serializers: []wamp.SerializerNumber{wamp.SerializerJSON}}).String()
	secured := listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}).String()
	var handshake *rawsocket.HandshakeError
	var unknown *tls.CertificateVerificationError
	for name, tt := range map[string]struct {
		url  string
		opts client.Options
		as   any
		is   error
		text string
	}{
		"without a realm":                       {"rs://" + jsonOnly, client.Options{}, nil, nil, "set Options.Realm"},
		"with an address that is none":          {"rs://" + strings.TrimRight(jsonOnly, "0123456789"), client.Options{Realm: realm}, nil, nil, "no port"},
		"over a transport that is to come":      {"ws://localhost:8080/ws", client.Options{Realm: realm}, nil, nil, "transport websocket is not supported yet"},
		"with TLS options for a plain address":  {"rs://" + jsonOnly, client.Options{Realm: realm, TLS: &tls.Config{}}, nil, nil, "rss://"},
		"with a serializer the router has not":  {"rs://" + jsonOnly, client.Options{Realm: realm}, &handshake, nil, "does not speak msgpack"},
		"with a certificate nobody vouches for": {"rss://" + secured, client.Options{Realm: realm}, &unknown, nil, ""},
		"with a realm the router has not":       {"rs://" + jsonOnly, client.Options{Realm: "com.example.other", Serializer: wamp.SerializerJSON}, nil, wamp.ErrNoSuchRealm, ""},
		"where nobody listens":                  {"unix://" + filepath.Join(t.TempDir(), "none"), client.Options{Realm: realm}, nil, nil, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Connect(t.Context(), tt.url, tt.opts)
			if err == nil || tt.as != nil && !errors.As(err, tt.as) || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheRouterShutsDown(t *testing.T) {
	t.Parallel()
	r := newRouter(t)
	s := dial(t, "rs://"+listen(t, r, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}).String(), client.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := r.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, wamp.ErrSystemShutdown) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("Err = %v", err)
	}
}

func TestErrorsOfConnectingNameTheAddressOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.sock")
	for url, address := range map[string]string{"unix://" + path: path, "rs://127.0.0.1:1": "127.0.0.1:1"} {
		_, err := client.Connect(t.Context(), url, client.Options{Realm: realm})
		var cause *net.OpError
		if !errors.As(err, &cause) {
			t.Fatalf("got %v, want a net.OpError", err)
		}
		if n := strings.Count(err.Error(), address); n != 1 {
			t.Errorf("%q names %s %d times", err, address, n)
		}
	}
}
