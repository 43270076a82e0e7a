package client_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/junctortest"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// TestEverySupervisionFieldHasItsDefault breaks when a field is added that
// nobody has thought about.
func TestEverySupervisionFieldHasItsDefault(t *testing.T) {
	t.Parallel()
	backoff := client.Backoff{
		Initial: client.DefaultInitialDelay,
		Max:     client.DefaultMaxDelay,
		Factor:  client.DefaultDelayFactor,
	}
	defaults := map[string]any{ // nil: stays zero
		"Dial": nil, "Backoff": backoff, "StepTimeout": client.DefaultStepTimeout, "FailWhenDown": nil, "Permanent": nil,
		"OnUp": nil, "OnDown": nil, "OnRetry": nil, "OnRefused": nil, "OnGivenUp": nil,
	}
	v, err := client.CompleteSupervision(client.Supervision{})
	if err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[client.Supervision]().Fields() {
		want, ok := defaults[f.Name]
		got := reflect.ValueOf(v).FieldByIndex(f.Index)
		if !ok || want == nil && !got.IsZero() || want != nil && !reflect.DeepEqual(got.Interface(), want) {
			t.Errorf("Supervision.%s is %v by default, want %v", f.Name, got, want)
		}
	}
	given := client.Backoff{Initial: time.Second, Max: time.Hour, Factor: 1.5, Attempts: 3}
	v, err = client.CompleteSupervision(client.Supervision{Backoff: given, StepTimeout: time.Hour, FailWhenDown: true})
	if err != nil || v.Backoff != given || v.StepTimeout != time.Hour || !v.FailWhenDown {
		t.Errorf("got %+v, %v", v, err)
	}
	v, err = client.CompleteSupervision(client.Supervision{Backoff: client.Backoff{Initial: time.Hour}})
	if err != nil || v.Backoff.Max != time.Hour {
		t.Errorf("got %+v, %v, want Max to be Initial where that is longer", v.Backoff, err)
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dial := func(context.Context) (transport.Conn, error) { return nil, errors.New("unused") }
	good := client.Options{Realm: realm}
	tests := []struct {
		name string
		url  string
		opts client.Options
		v    client.Supervision
	}{
		{"no URL", "", good, client.Supervision{}},
		{"a URL without a scheme", "localhost:8080", good, client.Supervision{}},
		{"a URL and Dial", "rs://localhost:8080", good, client.Supervision{Dial: dial}},
		{"no realm", "rs://localhost:8080", client.Options{}, client.Supervision{}},
		{"TLS and Dial", "", client.Options{Realm: realm, TLS: &tls.Config{}}, client.Supervision{Dial: dial}},
		{"a message size and Dial", "", client.Options{Realm: realm, MaxMessageSize: 1}, client.Supervision{Dial: dial}},
		{"a negative StepTimeout", "", good, client.Supervision{Dial: dial, StepTimeout: -1}},
		{"a negative delay", "", good, client.Supervision{Dial: dial, Backoff: client.Backoff{Initial: -1}}},
		{"a negative longest delay", "", good, client.Supervision{Dial: dial, Backoff: client.Backoff{Max: -1}}},
		{"a longest delay below the first", "", good, client.Supervision{Dial: dial, Backoff: client.Backoff{Initial: 2, Max: 1}}},
		{"a factor that makes delays shorter", "", good, client.Supervision{Dial: dial, Backoff: client.Backoff{Factor: 0.5}}},
		{"negative attempts", "", good, client.Supervision{Dial: dial, Backoff: client.Backoff{Attempts: -1}}},
	}
	for _, tt := range tests {
		if c, err := client.New(tt.url, tt.opts, tt.v); err == nil {
			t.Errorf("%s: got %v, want an error", tt.name, c)
		}
	}
}

func TestDelaysGrowAndAttemptsAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		r.Refuse()
		var retries []client.Retry
		var at []time.Duration
		began := time.Now()
		c := r.NewClient(t, client.Options{}, client.Supervision{
			Backoff: client.Backoff{Initial: time.Second, Max: 5 * time.Second, Factor: 2, Attempts: 6},
			OnRetry: func(r client.Retry) {
				retries, at = append(retries, r), append(at, time.Since(began))
				began = time.Now()
			},
		})
		err := c.Run(t.Context())
		if !errors.Is(err, junctortest.ErrRefused) {
			t.Errorf("got %v, want %v", err, junctortest.ErrRefused)
		}
		longest := []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
		if len(retries) != len(longest) {
			t.Fatalf("got %d retries, want %d", len(retries), len(longest))
		}
		for i, r := range retries {
			if r.Attempt != i+1 || r.Delay < longest[i]/2 || r.Delay > longest[i] || !errors.Is(r.Err, junctortest.ErrRefused) {
				t.Errorf("got %+v, want attempt %d and a delay of %v to %v", r, i+1, longest[i]/2, longest[i])
			}
			if i > 0 && at[i] != retries[i-1].Delay {
				t.Errorf("attempt %d came after %v, not after its delay of %v", r.Attempt, at[i], retries[i-1].Delay)
			}
		}
	})
}

func TestDelaysBeginAnewAfterASessionThatLasted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := junctortest.NewRouter(t)
		path := r.NewPath(t)
		lasts := []time.Duration{0, 0, 0, 0, time.Hour, 0} // of the sessions, in turn
		var attempts []int
		ctx, cancel := context.WithCancel(t.Context())
		c := path.NewClient(t, client.Options{}, client.Supervision{
			OnUp: func(*client.Session) {
				time.Sleep(lasts[len(attempts)])
				path.Drop()
			},
			OnRetry: func(r client.Retry) {
				if attempts = append(attempts, r.Attempt); len(attempts) == len(lasts) {
					cancel()
				}
			},
		})
		_ = c.Run(ctx) // the context's error
		if want := []int{1, 2, 3, 4, 1, 2}; !slices.Equal(attempts, want) {
			t.Errorf("got attempts %v, want %v", attempts, want)
		}
	})
}

func TestPermanent(t *testing.T) {
	abort := func(uri wamp.ErrorURI) error { return &wamp.Abort{Reason: uri} }
	tests := []struct {
		name  string
		err   error
		first bool // permanent if there was no session yet
		later bool // permanent if there was
	}{
		{"wrong credentials", abort(wamp.ErrAuthenticationDenied), true, true},
		{"what Crossbar.io says to wrong credentials", abort(wamp.ErrNotAuthorized), true, true},
		{"no credentials", abort(wamp.ErrAuthenticationRequired), true, true},
		{"no method in common", abort(wamp.ErrNoMatchingAuthMethod), true, true},
		{"a role that the realm does not have", abort(wamp.ErrNoSuchRole), true, true},
		{"a technical failure of authentication", abort(wamp.ErrAuthenticationFailed), true, false},
		{"an unknown realm", abort(wamp.ErrNoSuchRealm), true, false},
		{"a violation of the protocol", abort(wamp.ErrProtocolViolation), true, false},
		{"a certificate that cannot be verified", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, true, false},
		{"credentials that do not fit the connection", client.MistakenLogin, true, false},
		{"a ticket that cannot be fetched", &client.LoginError{Method: "ticket", Err: errors.New("the issuer is down")}, false, false},
		{"a serializer that is refused", &rawsocket.HandshakeError{Code: rawsocket.ErrSerializerUnsupported}, true, false},
		{"too many connections", &rawsocket.HandshakeError{Code: rawsocket.ErrTooManyConnections}, false, false},
		{"a router that shuts down", abort(wamp.ErrSystemShutdown), false, false},
		{"a router that has enough sessions", abort(wamp.ErrLimitExceeded), false, false},
		{"a connection that is refused", errors.New("connection refused"), false, false},
	}
	for _, tt := range tests {
		for _, later := range []bool{false, true} {
			want, name := tt.first, tt.name+" at first"
			if later {
				want, name = tt.later, tt.name+" later"
			}
			t.Run(name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					r := junctortest.NewRouter(t)
					ctx, cancel := context.WithCancel(t.Context())
					failing := !later
					c, err := client.New("", client.Options{Realm: junctortest.Realm}, client.Supervision{
						Dial: func(ctx context.Context) (transport.Conn, error) {
							if failing {
								return nil, tt.err
							}
							return r.Dial(ctx)
						},
						OnUp: func(*client.Session) {
							failing = true
							r.Drop()
						},
						OnRetry: func(r client.Retry) {
							if errors.Is(r.Err, tt.err) { // not permanent
								cancel()
							}
						},
					})
					if err != nil {
						t.Fatal(err)
					}
					err = c.Run(ctx)
					if got := errors.Is(err, tt.err); got != want {
						t.Errorf("Run returned %v", err)
					}
				})
			})
		}
	}
}

func TestPermanentMayBeDecidedOtherwise(t *testing.T) {
	t.Run("to wait for a realm", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			c, router := scripted(t, client.Supervision{Permanent: func(err error, byDefault bool) bool {
				return byDefault && !errors.Is(err, wamp.ErrNoSuchRealm)
			}})
			running := waited(func() error { return c.Run(t.Context()) })
			router.next().send(&wamp.Abort{Reason: wamp.ErrNoSuchRealm})
			router.next().send(&wamp.Abort{Reason: wamp.ErrNotAuthorized})
			if err := running.fails(t); !errors.Is(err, wamp.ErrNotAuthorized) {
				t.Errorf("got %v, want %s", err, wamp.ErrNotAuthorized)
			}
		})
	})
	t.Run("to give up at the first loss", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r := junctortest.NewRouter(t)
			c := r.NewClient(t, client.Options{}, client.Supervision{Permanent: func(error, bool) bool { return true }})
			running := waited(func() error { return c.Run(t.Context()) })
			synctest.Wait()
			if err := r.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if err := running.fails(t); !errors.Is(err, wamp.ErrSystemShutdown) {
				t.Errorf("got %v, want %s", err, wamp.ErrSystemShutdown)
			}
		})
	})
}

func TestHooksTellTheStory(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var story []string
		var c *client.Client
		tell := func(s string) { story = append(story, s) }
		c, router := scripted(t, client.Supervision{
			OnUp: func(s *client.Session) {
				if c.Session() != s {
					t.Error("OnUp, but the client has another session")
				}
				tell("up")
			},
			OnDown: func(error) {
				if c.Session() != nil {
					t.Error("OnDown, but the client has a session")
				}
				tell("down")
			},
			OnRetry:   func(client.Retry) { tell("retry") },
			OnRefused: func(d *client.Declaration, _ error) { tell("refused " + string(d.URI())) },
			OnGivenUp: func(error) { tell("given up") },
		})
		declared(t, c, "com.example.add", nothing, nil)
		running := waited(func() error { return c.Run(t.Context()) })
		_ = router.next().conn.Close()
		p := router.join()
		p.send(&wamp.Error{RequestType: wamp.CodeRegister, Request: expect[*wamp.Register](p).Request, URI: wamp.ErrProcedureAlreadyExists})
		p.accept(1)
		_ = p.conn.Close()
		router.next().send(&wamp.Abort{Reason: wamp.ErrNotAuthorized})
		running.fails(t)
		want := []string{"retry", "refused com.example.add", "up", "down", "retry", "given up"}
		if !slices.Equal(story, want) {
			t.Errorf("got %v, want %v", story, want)
		}
	})
}
