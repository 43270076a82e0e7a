package robust_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// house is a node with a transport for everybody, one whose clients an
// authenticator decides on, and one for a role that an authorizer decides on.
type house struct {
	t                      *testing.T
	open, guarded, decided string // URLs
	log                    *journal
	end                    func()
}

const dynamicAuth = `{"type": "dynamic", "authenticator": "com.example.authenticate", "timeout": 1}`

func openHouse(t *testing.T) *house {
	t.Helper()
	dir, err := os.MkdirTemp("", "robust") // short enough for Unix sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	door := func(name, auth string) string {
		return fmt.Sprintf(`{"type": "rawsocket", "endpoint": {"type": "unix", "path": %q}, "auth": %s}`, filepath.Join(dir, name), auth)
	}
	all := `"permissions": [{"uri": "", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]`
	text := fmt.Sprintf(`{"version": 2, "workers": [{"type": "router",
		"realms": [{"name": "realm1", "roles": [
				{"name": "anonymous", %s}, {"name": "user", %s},
				{"name": "decided", "authorizer": "com.example.authorize", "authorizer_timeout": 1}]},
			{"name": "realm2", "roles": [{"name": "user"}]}],
		"transports": [%s, %s, %s]}]}`,
		all, all, door("open", `{"anonymous": {"type": "static", "role": "anonymous"}}`),
		door("guarded", fmt.Sprintf(`{"ticket": %[1]s, "wampcra": %[1]s, "scram": %[1]s, "cryptosign": %[1]s, "anonymous": %[1]s}`, dynamicAuth)),
		door("decided", `{"anonymous": {"type": "static", "role": "decided"}}`))
	cfg, findings := config.Parse("config.json", []byte(text), config.JSON, config.Options{Dir: dir})
	if findings.HasErrors() {
		t.Fatal(findings)
	}
	h := &house{t: t, log: new(journal)}
	n, findings := node.Open(cfg, node.Options{Logger: slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if n == nil {
		t.Fatal(findings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	h.end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the node did not end in order: %v", err)
		}
	})
	t.Cleanup(h.end)
	at := n.Endpoints()
	h.open, h.guarded, h.decided = at[0].URL, at[1].URL, at[2].URL
	return h
}

// backend is an application's session on the open transport.
func (h *house) backend() *client.Session {
	h.t.Helper()
	s, err := client.Connect(h.t.Context(), h.open, client.Options{Realm: "realm1"})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { s.Close() })
	return s
}

// offer registers a procedure that gets its arguments, and returns one result.
func (h *house) offer(s *client.Session, uri wamp.URI, f func(ctx context.Context, args []any) (any, error)) {
	h.t.Helper()
	_, err := s.Register(h.t.Context(), uri, func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		args, _, err := inv.Values()
		if err != nil {
			return client.Reply{}, err
		}
		got, err := f(ctx, args)
		return client.Reply{Args: []any{got}}, err
	}, nil)
	if err != nil {
		h.t.Fatal(err)
	}
}

// logIn is what a client says that has the right proof for what rightAnswer is.
func logIn(method, plan string) client.Options {
	opts := client.Options{Realm: "realm1", AuthExtra: wamp.Dict{"plan": plan}}
	switch method {
	case auth.MethodTicket:
		opts.Signers = []auth.Signer{auth.TicketSigner{AuthID: "joe", Ticket: "sesame"}}
	case auth.MethodWAMPCRA:
		opts.Signers = []auth.Signer{auth.CRASigner{AuthID: "joe", Secret: "sesame"}}
	case auth.MethodSCRAM:
		opts.Signers = []auth.Signer{auth.SCRAMSigner{AuthID: "joe", Password: "sesame"}}
	case auth.MethodCryptosign:
		opts.Signers = []auth.Signer{auth.CryptosignSigner{AuthID: "joe", Key: privateKey("joe")}}
	}
	return opts
}

var dynamicMethods = []string{auth.MethodTicket, auth.MethodWAMPCRA, auth.MethodSCRAM, auth.MethodCryptosign, auth.MethodAnonymous}

// rightAnswer admits joe, by any method.
func rightAnswer(t *testing.T) wamp.Dict {
	t.Helper()
	v, err := auth.NewSCRAMVerifier("sesame", cheap)
	if err != nil {
		t.Fatal(err)
	}
	return wamp.Dict{
		"role": "user", "secret": "sesame", "pubkey": hex.EncodeToString(privateKey("joe")[32:]),
		"kdf": v.KDF, "iterations": int64(v.Iterations), "salt": hex.EncodeToString(v.Salt),
		"stored-key": hex.EncodeToString(v.StoredKey), "server-key": hex.EncodeToString(v.ServerKey),
	}
}

// answers are what an authenticator says of joe; each is right but for a lie.
func answers(t *testing.T) map[string]any {
	t.Helper()
	with := func(pairs ...any) wamp.Dict {
		d := maps.Clone(rightAnswer(t))
		for i := 0; i < len(pairs); i += 2 {
			d[pairs[i].(string)] = pairs[i+1]
		}
		return d
	}
	return map[string]any{
		"a number": 7, "a fraction": 1.5, "true": true, "false": false, "nothing": nil, "a list": []any{"user"}, "an empty list": []any{},
		"nothing in it": wamp.Dict{}, "an empty role": "", "octets": []byte("user"), "the trusted role": "trusted", "no such role": "nosuch",
		"a role that is a number": with("role", 7), "a list of roles": with("role", []any{"user"}), "no role": with("role", nil),
		"the trusted role in a dict": with("role", "trusted"), "no such role in a dict": with("role", "nosuch"),
		"the router's own role": with("role", "trusted", "realm", "realm2"), "a huge role": with("role", huge),
		"no such realm": with("realm", "nosuch"), "an invalid realm": with("realm", "not a realm"), "a realm that is a number": with("realm", 7),
		"a role of another realm":  with("realm", "realm2", "role", "anonymouse"),
		"an authid that is a list": with("authid", []any{"joe"}), "an extra that is text": with("extra", "x"),
	}
}

// proofs are lies in what only some methods need.
func proofs(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	lie := func(method, name string, pairs ...any) {
		d := maps.Clone(rightAnswer(t))
		for i := 0; i < len(pairs); i += 2 {
			d[pairs[i].(string)] = pairs[i+1]
		}
		if all[method] == nil {
			all[method] = map[string]any{}
		}
		all[method][name] = d
	}
	lie(auth.MethodWAMPCRA, "no secret", "secret", nil)
	lie(auth.MethodWAMPCRA, "an empty secret", "secret", "")
	lie(auth.MethodWAMPCRA, "a secret that is a number", "secret", 7)
	lie(auth.MethodWAMPCRA, "fewer than no iterations", "iterations", -1)
	lie(auth.MethodWAMPCRA, "iterations without end", "iterations", int64(1)<<40)
	lie(auth.MethodWAMPCRA, "a key without end", "keylen", int64(1)<<40)
	lie(auth.MethodWAMPCRA, "a derived key without end", "derived", true, "keylen", int64(1)<<40)
	lie(auth.MethodWAMPCRA, "a derived key that is none", "derived", true)
	lie(auth.MethodSCRAM, "no key derivation", "kdf", nil)
	lie(auth.MethodSCRAM, "another key derivation", "kdf", "none")
	lie(auth.MethodSCRAM, "no salt", "salt", "")
	lie(auth.MethodSCRAM, "a salt that is no hex", "salt", "xyz")
	lie(auth.MethodSCRAM, "a huge salt", "salt", strings.Repeat("00", 100_000))
	lie(auth.MethodSCRAM, "no iterations", "iterations", 0)
	lie(auth.MethodSCRAM, "iterations without end", "iterations", int64(1)<<40)
	lie(auth.MethodSCRAM, "no memory", "kdf", auth.KDFArgon2id)
	lie(auth.MethodSCRAM, "memory without end", "kdf", auth.KDFArgon2id, "iterations", 1, "memory", int64(1)<<40)
	lie(auth.MethodSCRAM, "iterations of argon2id without end", "kdf", auth.KDFArgon2id, "memory", 8<<10)
	lie(auth.MethodSCRAM, "a short key", "stored-key", "00")
	lie(auth.MethodSCRAM, "no server key", "server-key", nil)
	lie(auth.MethodCryptosign, "no key", "pubkey", nil)
	lie(auth.MethodCryptosign, "a short key", "pubkey", "00")
	lie(auth.MethodCryptosign, "a key that is a number", "pubkey", 7)
	lie(auth.MethodCryptosign, "a list that holds no keys", "pubkey", nil, "authorized_keys", []any{7})
	lie(auth.MethodCryptosign, "an empty list", "pubkey", nil, "authorized_keys", []any{})
	lie(auth.MethodCryptosign, "somebody else's key", "pubkey", hex.EncodeToString(privateKey("eve")[32:]))
	return all
}

func TestAuthenticatorsThatLie(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	backend := h.backend()
	general, particular := answers(t), proofs(t)
	h.offer(backend, "com.example.authenticate", func(_ context.Context, args []any) (any, error) {
		details, _ := args[2].(wamp.Dict)
		extra, _ := details["authextra"].(wamp.Dict)
		plan, _ := extra["plan"].(string)
		if got, ok := general[plan]; ok {
			return got, nil
		}
		method, _ := details["authmethod"].(string)
		if got, ok := particular[method][plan]; ok {
			return got, nil
		}
		return rightAnswer(t), nil
	})
	for _, method := range dynamicMethods {
		t.Run(method, func(t *testing.T) {
			wantIn(t, h.guarded, logIn(method, ""))
			for plan := range general {
				wantOut(t, h.guarded, method, plan)
			}
			for plan := range particular[method] {
				wantOut(t, h.guarded, method, plan)
			}
			wantIn(t, h.guarded, logIn(method, ""))
		})
	}
	for line := range strings.Lines(h.log.String()) {
		if len(line) > 2*maxLogLine {
			t.Errorf("a log line has %d octets: %.300s…", len(line), line)
		}
	}
}

func wantIn(t *testing.T, url string, opts client.Options) {
	t.Helper()
	s, err := client.Connect(t.Context(), url, opts)
	if err != nil {
		t.Errorf("with the right answer: %v", err)
		return
	}
	if got := s.Details(); got.AuthRole != "user" || got.Realm != "realm1" {
		t.Errorf("joined %s as %s, want realm1 and user", got.Realm, got.AuthRole)
	}
	s.Close()
}

func wantOut(t *testing.T, url, method, plan string) {
	t.Helper()
	s, err := client.Connect(t.Context(), url, logIn(method, plan))
	switch {
	case err == nil:
		t.Errorf("%s: let in as %+v", plan, s.Details())
		s.Close()
	case errors.Is(err, wamp.ErrAuthenticationDenied), errors.Is(err, wamp.ErrAuthenticationFailed),
		errors.Is(err, wamp.ErrNoSuchRole), errors.Is(err, wamp.ErrNoSuchRealm):
	default:
		t.Errorf("%s: %v", plan, err)
	}
}

// An authenticator that hangs, fails, or is gone keeps nobody but those whom it
// is asked about, lets nobody in, and does not keep the node from ending.
func TestAuthenticatorsThatFail(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	backend, others := h.backend(), h.backend()
	asked, vanish := make(chan string, 100), make(chan struct{})
	h.offer(backend, "com.example.authenticate", func(ctx context.Context, args []any) (any, error) {
		extra, _ := args[2].(wamp.Dict)["authextra"].(wamp.Dict)
		plan, _ := extra["plan"].(string)
		asked <- plan
		switch plan {
		case "hang":
			<-ctx.Done() // told by INTERRUPT
			return nil, ctx.Err()
		case "hang deaf":
			<-t.Context().Done()
		case "panic":
			panic("the authenticator's own")
		case "refuse":
			return nil, &wamp.Error{URI: "com.example.no"}
		case "fail":
			return nil, &wamp.Error{URI: wamp.ErrRuntimeError}
		case "vanish":
			close(vanish)
			<-ctx.Done()
		}
		return rightAnswer(t), nil
	})
	h.offer(others, honestProcedure, func(context.Context, []any) (any, error) { return "here", nil })

	var hanging sync.WaitGroup
	for _, method := range dynamicMethods {
		for _, plan := range []string{"hang", "hang deaf"} {
			hanging.Go(func() { wantReason(t, h.guarded, method, plan, wamp.ErrAuthenticationFailed) })
		}
	}
	for range 2 * len(dynamicMethods) {
		<-asked
	}
	for _, method := range dynamicMethods { // meanwhile
		wantIn(t, h.guarded, logIn(method, ""))
		wantReason(t, h.guarded, method, "panic", wamp.ErrAuthenticationFailed)
		wantReason(t, h.guarded, method, "fail", wamp.ErrAuthenticationFailed)
		wantReason(t, h.guarded, method, "refuse", wamp.ErrAuthenticationDenied)
		if got, err := client.Call[string](t.Context(), others, honestProcedure, nil, nil); got != "here" || err != nil {
			t.Errorf("an honest call: %q, %v", got, err)
		}
	}
	hanging.Wait()

	go func() {
		<-vanish
		backend.Close()
	}()
	wantReason(t, h.guarded, auth.MethodTicket, "vanish", wamp.ErrAuthenticationFailed)
	wantReason(t, h.guarded, auth.MethodTicket, "", wamp.ErrAuthenticationFailed) // nobody to ask
	if got, err := client.Call[string](t.Context(), others, honestProcedure, nil, nil); got != "here" || err != nil {
		t.Errorf("an honest call: %q, %v", got, err)
	}
}

func wantReason(t *testing.T, url, method, plan string, want wamp.ErrorURI) {
	t.Helper()
	s, err := client.Connect(t.Context(), url, logIn(method, plan))
	if err == nil {
		s.Close()
	}
	if !errors.Is(err, want) {
		t.Errorf("%s, %s: got %v, want %s", method, plan, err, want)
	}
}

// The node ends while logins and requests wait for those who decide.
func TestShutdownDoesNotWaitForThoseWhoDecide(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	backend := h.backend()
	asked := make(chan struct{}, 2)
	hang := func(ctx context.Context, _ []any) (any, error) {
		asked <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	h.offer(backend, "com.example.authenticate", hang)
	h.offer(backend, "com.example.authorize", hang)
	caller, err := client.Connect(t.Context(), h.decided, client.Options{Realm: "realm1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { caller.Close() })
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if _, err := caller.Call(t.Context(), honestProcedure, nil, nil); err == nil {
			t.Error("the call was allowed")
		}
	})
	waiting.Go(func() {
		if s, err := client.Connect(t.Context(), h.guarded, logIn(auth.MethodTicket, "")); err == nil {
			t.Error("the client was let in")
			s.Close()
		}
	})
	<-asked
	<-asked
	h.end()
	waiting.Wait()
}

// While an authorizer hangs or is gone, its sessions get no decision, and all
// others are served.
func TestAuthorizersThatFail(t *testing.T) {
	t.Parallel()
	h := openHouse(t)
	judge, others := h.backend(), h.backend()
	asked, vanish := make(chan struct{}, 10), make(chan struct{})
	h.offer(judge, "com.example.authorize", func(ctx context.Context, args []any) (any, error) {
		switch args[1] {
		case "com.hang":
			asked <- struct{}{}
			<-ctx.Done()
		case "com.panic":
			panic("the authorizer's own")
		case "com.vanish":
			close(vanish)
			<-ctx.Done()
		case "com.lie":
			return wamp.Dict{"allow": "yes", "role": "trusted"}, nil
		case "com.trusted":
			return wamp.Dict{"allow": true, "authrole": "trusted"}, nil
		}
		return true, nil
	})
	h.offer(others, honestProcedure, func(context.Context, []any) (any, error) { return "here", nil })
	join := func() *client.Session {
		t.Helper()
		s, err := client.Connect(t.Context(), h.decided, client.Options{Realm: "realm1"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		return s
	}
	hung, honest := join(), join()
	var hanging sync.WaitGroup
	hanging.Go(func() {
		began := time.Now()
		if _, err := hung.Call(t.Context(), "com.hang", nil, nil); !errors.Is(err, wamp.ErrAuthorizationFailed) {
			t.Errorf("a call that nobody decides on: %v", err)
		}
		if took := time.Since(began); took < time.Second {
			t.Errorf("given up after %v, want the time for a decision", took)
		}
	})
	<-asked
	for _, s := range []*client.Session{honest, others} {
		if got, err := client.Call[string](t.Context(), s, honestProcedure, nil, nil); got != "here" || err != nil {
			t.Errorf("an honest call: %q, %v", got, err)
		}
	}
	for _, uri := range []wamp.URI{"com.panic", "com.lie", "com.trusted"} {
		if _, err := honest.Call(t.Context(), uri, nil, nil); !errors.Is(err, wamp.ErrAuthorizationFailed) {
			t.Errorf("%s: %v", uri, err)
		}
	}
	hanging.Wait()
	go func() {
		<-vanish
		judge.Close()
	}()
	for _, uri := range []wamp.URI{"com.vanish", honestProcedure} {
		if _, err := honest.Call(t.Context(), uri, nil, nil); !errors.Is(err, wamp.ErrAuthorizationFailed) {
			t.Errorf("%s, without an authorizer: %v", uri, err)
		}
	}
	if got, err := client.Call[string](t.Context(), others, honestProcedure, nil, nil); got != "here" || err != nil {
		t.Errorf("an honest call of a role without authorizer: %q, %v", got, err)
	}
}
