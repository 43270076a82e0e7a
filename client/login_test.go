package client_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// pass is a Signer and its own Attempt, which answers a challenge with what is
// to follow the name of its method.
type pass struct {
	method string
	begin  error
	sign   error
	check  error
	mute   bool // gives no answer
}

func (p pass) Method() string { return p.method }

func (p pass) Begin(h *wamp.Hello, _ *transport.Info) (auth.Attempt, error) {
	h.AuthID = "alice"
	if h.AuthExtra == nil {
		h.AuthExtra = make(wamp.Dict)
	}
	h.AuthExtra[p.method] = true
	return p, p.begin
}

func (p pass) Sign(_ context.Context, c *wamp.Challenge) (*wamp.Authenticate, error) {
	if p.mute {
		return nil, nil
	}
	suffix, _ := c.Extra["suffix"].(string)
	return &wamp.Authenticate{Signature: p.method + suffix}, p.sign
}

func (p pass) Check(*wamp.Welcome) error { return p.check }

// joining has a client join over a new connection to a scripted router.
func joining(t *testing.T, opts client.Options) (outcome[*client.Session], *peer) {
	t.Helper()
	opts.Realm = realm
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	t.Cleanup(func() { _ = theirs.Close() })
	return async(func() (*client.Session, error) { return client.Join(t.Context(), ours, opts) }), newPeer(t, theirs)
}

// admit is a WELCOME by the given method.
func admit(method string) *wamp.Welcome {
	w := welcome()
	w.AuthMethod = method
	return w
}

func TestHelloOffersTheSigners(t *testing.T) {
	t.Parallel()
	extra := wamp.Dict{"own": int64(1)}
	joined, p := joining(t, client.Options{AuthExtra: extra, Signers: []auth.Signer{pass{method: "first"}, pass{method: "second"}}})
	m := expect[*wamp.Hello](p)
	if diff := cmp.Diff([]string{"first", "second"}, m.AuthMethods); diff != "" {
		t.Errorf("authmethods: %s", diff)
	}
	if diff := cmp.Diff(wamp.Dict{"own": int64(1), "first": true, "second": true}, m.AuthExtra); diff != "" || m.AuthID != "alice" {
		t.Errorf("authid %q, authextra: %s", m.AuthID, diff)
	}
	if len(extra) != 1 {
		t.Errorf("the signers changed Options.AuthExtra to %v", extra)
	}
	p.send(admit("first"))
	joined.must(t)
}

func TestChallenge(t *testing.T) {
	t.Parallel()
	refusal := errors.New("the key is locked")
	tests := []struct {
		name    string
		signers []auth.Signer
		rounds  []string // methods
		welcome string   // method; "": not named
		want    []string // signatures
		fails   error    // any: errAny
	}{
		{"is answered by the signer of its method", []auth.Signer{pass{method: "a"}, pass{method: "b"}}, []string{"b"}, "b", []string{"b"}, nil},
		{"may be followed by another (AUTH-2)", []auth.Signer{pass{method: "a"}}, []string{"a", "a"}, "a", []string{"a", "a"}, nil},
		{"may be followed by one of another method", []auth.Signer{pass{method: "a"}, pass{method: "b"}}, []string{"a", "b"}, "b", []string{"a", "b"}, nil},
		{"may be left out", []auth.Signer{pass{method: "a"}}, nil, "a", nil, nil},
		{"of a client without signers is refused", nil, []string{"a"}, "", nil, errAny},
		{"of a method that was not offered is refused (AUTH-7)", []auth.Signer{pass{method: "a"}}, []string{"b"}, "", nil, errAny},
		{"without an answer ends joining", []auth.Signer{pass{method: "a", mute: true}}, []string{"a"}, "", nil, errAny},
		{"that the signer cannot answer ends joining", []auth.Signer{pass{method: "a", sign: refusal}}, []string{"a"}, "", nil, refusal},
		{"is followed by the signer's check of the router", []auth.Signer{pass{method: "a", check: refusal}}, []string{"a"}, "", []string{"a"}, refusal},
		{"of one factor is checked where another let in", []auth.Signer{pass{method: "a", check: refusal}, pass{method: "b"}}, []string{"a", "b"}, "b", []string{"a", "b"}, refusal},
		{"left out does not leave out the check", []auth.Signer{pass{method: "a", check: refusal}}, nil, "a", nil, refusal},
		{"left out by a router that names no method does not either", []auth.Signer{pass{method: "a", check: refusal}, pass{method: "b"}}, nil, "", nil, refusal},
		{"of a method with a check is not needed where another let in", []auth.Signer{pass{method: "a", check: refusal}, pass{method: "b"}}, []string{"b"}, "b", []string{"b"}, nil},
		{"may not be answered by letting in by another method", []auth.Signer{pass{method: "a"}}, []string{"a"}, "anonymous", []string{"a"}, errAny},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			joined, p := joining(t, client.Options{Signers: tt.signers})
			expect[*wamp.Hello](p)
			for i, method := range tt.rounds {
				p.send(&wamp.Challenge{Method: method})
				if i < len(tt.want) {
					if m := expect[*wamp.Authenticate](p); m.Signature != tt.want[i] {
						t.Errorf("signature %d is %q, want %q", i, m.Signature, tt.want[i])
					}
				}
			}
			if len(tt.want) == len(tt.rounds) {
				p.send(admit(tt.welcome))
			}
			if tt.fails == nil {
				joined.must(t)
				return
			}
			if m := expect[*wamp.Abort](p); m.Reason != wamp.ErrAuthenticationFailed {
				t.Errorf("ABORT has reason %s", m.Reason)
			}
			if err := joined.fails(t); tt.fails != errAny && !errors.Is(err, tt.fails) {
				t.Errorf("Join failed with %v, want %v", err, tt.fails)
			}
			p.expectEnd()
		})
	}
}

var errAny = errors.New("any error")

func TestSignerThatCannotBegin(t *testing.T) {
	t.Parallel()
	refusal := errors.New("no such binding here")
	joined, p := joining(t, client.Options{Signers: []auth.Signer{pass{method: "a", begin: refusal}}})
	if err := joined.fails(t); !errors.Is(err, refusal) {
		t.Errorf("Join failed with %v, want %v", err, refusal)
	}
	p.expectEnd()
}
