package node_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// parse reads a configuration whose realm and roles are of no interest.
func parse(t *testing.T, transports ...string) *config.Node {
	t.Helper()
	text := `{"version": 2, "workers": [{"type": "router",
  "realms": [{"name": "realm1", "roles": [{"name": "anonymous", "permissions": [
    {"uri": "com.example.", "match": "prefix", "allow": {"call": true, "register": true, "publish": true, "subscribe": true}}]}]}],
  "transports": [
` + strings.Join(transports, ",\n") + `
]}]}`
	return parseText(t, text)
}

func parseText(t *testing.T, text string) *config.Node {
	t.Helper()
	cfg, findings := config.Parse("config.json", []byte(text), config.JSON, config.Options{Dir: t.TempDir()})
	if findings.HasErrors() {
		t.Fatalf("the test's own configuration is wrong: %v", findings)
	}
	return cfg
}

const anonymous = `"auth": {"anonymous": {"type": "static", "role": "anonymous"}}`

func tcp(endpoint string) string {
	return `{"type": "rawsocket", ` + anonymous + `, "endpoint": {"type": "tcp", "interface": "127.0.0.1", ` + endpoint + `}}`
}

func unix(path string) string {
	return fmt.Sprintf(`{"type": "rawsocket", %s, "endpoint": {"type": "unix", "path": %q}}`, anonymous, path)
}

// socket returns a path that is short enough for a Unix socket.
func socket(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "node")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func open(t *testing.T, cfg *config.Node, opts node.Options) *node.Node {
	t.Helper()
	n, findings := node.Open(cfg, opts)
	if n == nil {
		t.Fatalf("Open: %v", findings)
	}
	return n
}

// start runs the node; stop ends it, which it must do without error.
func start(t *testing.T, n *node.Node) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func connect(t *testing.T, url string, opts client.Options) *client.Session {
	t.Helper()
	if opts.Realm == "" {
		opts.Realm = "realm1"
	}
	s, err := client.Connect(t.Context(), url, opts)
	if err != nil {
		t.Fatalf("Connect %s: %v", url, err)
	}
	t.Cleanup(func() { s.Close(); s.Wait() })
	return s
}

func TestClientsOfAllTransportsMeet(t *testing.T) {
	t.Parallel()
	n := open(t, parse(t, tcp(`"port": 0`), unix(socket(t))), node.Options{})
	start(t, n)
	at := n.Endpoints()
	if len(at) != 2 || at[0].Transport != "transport001" || at[1].Worker != "worker001" {
		t.Fatalf("endpoints %+v, want two with generated ids", at)
	}
	callee := connect(t, at[0].URL, client.Options{Serializer: wamp.SerializerCBOR})
	caller := connect(t, at[1].URL, client.Options{Serializer: wamp.SerializerJSON})
	echo := func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		args, _, err := inv.Values()
		return client.Reply{Args: args}, err
	}
	if _, err := callee.Register(t.Context(), "com.example.echo", echo, nil); err != nil {
		t.Fatal(err)
	}
	got, err := client.Call[string](t.Context(), caller, "com.example.echo", client.Args{"hi"}, nil)
	if got != "hi" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := callee.Register(t.Context(), "org.example.echo", echo, nil); !errors.Is(err, wamp.ErrNotAuthorized) {
		t.Errorf("a procedure outside the permissions: %v, want %v", err, wamp.ErrNotAuthorized)
	}
}

func TestShutdownSaysGoodbye(t *testing.T) {
	t.Parallel()
	path := socket(t)
	n := open(t, parse(t, unix(path)), node.Options{})
	stop := start(t, n)
	s := connect(t, n.Endpoints()[0].URL, client.Options{})
	stop()
	<-s.Done()
	var goodbye *client.GoodbyeError
	if !errors.As(s.Err(), &goodbye) || goodbye.Reason != wamp.CloseSystemShutdown {
		t.Errorf("the session ended with %v, want GOODBYE %s", s.Err(), wamp.CloseSystemShutdown)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is still there: %v", err)
	}
}

// A client that answers nothing must not keep the node from ending.
func TestShutdownCutsWhoDoesNotLeave(t *testing.T) {
	t.Parallel()
	n := open(t, parse(t, tcp(`"port": 0`)), node.Options{ShutdownTimeout: 50 * time.Millisecond})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	conn, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: n.Endpoints()[0].Addr.String(), Serializer: wamp.SerializerJSON})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	hello := []byte(`[1,"realm1",{"roles":{"caller":{}}}]`)
	if err := conn.Write([][]byte{conn.AppendHeader(nil, len(hello)), hello}); err != nil {
		t.Fatal(err)
	}
	if batch, _, err := conn.Read(nil); err != nil || len(batch) != 1 || !strings.HasPrefix(string(batch[0]), "[2,") {
		t.Fatalf("read %q, %v; want WELCOME", batch, err)
	}
	cancel()
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "worker001") {
		t.Errorf("Run: %v, want an error that says that clients were cut off", err)
	}
}

func TestFailedStartUndoesItself(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := socket(t)
	cfg := parse(t, unix(path), tcp(fmt.Sprintf(`"port": %d`, taken.Addr().(*net.TCPAddr).Port)))
	n, findings := node.Open(cfg, node.Options{})
	if n != nil || len(findings) != 1 || findings[0].Kind != node.KindTaken || !node.OnlyAddresses(findings) {
		t.Fatalf("got %v, want one finding about the port", findings)
	}
	if got := findings[0].Path; got != "workers[0].transports[1].endpoint.port" || findings[0].Line != 6 {
		t.Errorf("the finding is at %v, want the second endpoint's port in line 6", findings[0].Position)
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket of the first transport is still there: %v", err)
	}
	checked := node.Check(cfg, nil, node.Options{})
	if checked.HasErrors() || len(checked) != 1 {
		t.Errorf("Check: %v, want one warning: the port may be the running node's", checked)
	}
}

func TestCheckGoesOnBesideErrors(t *testing.T) {
	t.Parallel()
	text := `{"version": 2, "frobnicate": true, "workers": [{"type": "router",
  "realms": [{"name": "not a realm", "roles": 5}],
  "transports": [
    {"type": "rawsocket", "debug": 1, "endpoint": {"type": "unix", "path": "missing/a.sock"}},
    {"type": "rawsocket", "endpoint": {"type": "unix", "path": "missing/b.sock"}},
    {"type": "rawsocket"},
    {"type": "rawsocket", "endpoint": {"type": "tcp", "port": 0, "tls": {"certificate": "missing.pem"}}}
]}]}`
	cfg, known := config.Parse("config.json", []byte(text), config.JSON, config.Options{Dir: t.TempDir()})
	findings := node.Check(cfg, known, node.Options{})
	if len(findings) != 1 || findings[0].Path != "workers[0].transports[1].endpoint.path" {
		t.Errorf("got %v, want one finding about the transport without errors", findings)
	}
	if findings := node.Check(nil, config.Findings{{Severity: config.Error, Kind: config.Syntax}}, node.Options{}); findings != nil {
		t.Errorf("got %v about a file that could not be parsed", findings)
	}
}

func TestAddressesThatCannotBeTaken(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(filepath.Dir(socket(t)), "missing", "r.sock")
	at := func(endpoint string) string {
		return `{"type": "rawsocket", ` + anonymous + `, "endpoint": {` + endpoint + `}}`
	}
	tests := []struct {
		name, transport string
		place           string // below the endpoint
		message, hint   string // parts of them
		later           bool   // it may work later
	}{
		{"an address that this machine does not have", at(`"type": "tcp", "port": 0, "interface": "192.0.2.1"`),
			"interface", "cannot listen at 192.0.2.1:0", "an address that this machine has", true},
		{"a directory that is not there", unix(missing),
			"path", "cannot listen at " + missing, "create the directory " + filepath.Dir(missing), false},
		{"a user that is not there", at(fmt.Sprintf(`"type": "unix", "path": %q, "owner": "no-such-user-here"`, socket(t))),
			"owner", "no-such-user-here", "create the user", false},
		{"a group that is not there", at(fmt.Sprintf(`"type": "unix", "path": %q, "group": "no-such-group-here"`, socket(t))),
			"group", "no-such-group-here", "create the group", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n, findings := node.Open(parse(t, tt.transport), node.Options{})
			if n != nil || len(findings) != 1 {
				t.Fatalf("got %v, want one finding", findings)
			}
			f := findings[0]
			if f.Path != "workers[0].transports[0].endpoint."+tt.place || !strings.Contains(f.Message, tt.message) || !strings.Contains(f.Hint, tt.hint) {
				t.Errorf("got %v\nwant it at %s with %q and the hint %q", f, tt.place, tt.message, tt.hint)
			}
			if got := node.OnlyAddresses(findings); got != tt.later {
				t.Errorf("whether it may work later: %v, want %v", got, tt.later)
			}
		})
	}
}

func TestWhatIsNotASocketIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := socket(t)
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	n, findings := node.Open(parse(t, unix(path)), node.Options{})
	if n != nil || !findings.HasErrors() || node.OnlyAddresses(findings) || !strings.Contains(findings[0].Message, "not a socket") {
		t.Errorf("got %v, want an error about the file", findings)
	}
	if text, err := os.ReadFile(path); string(text) != "precious" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

func TestFirstFreePortOfARangeIsTaken(t *testing.T) {
	t.Parallel()
	// The port after a taken one may be taken too, but not a hundred of them.
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	low := min(taken.Addr().(*net.TCPAddr).Port, 65435)
	n := open(t, parse(t, tcp(fmt.Sprintf(`"portrange": [%d, %d]`, low, low+100))), node.Options{})
	defer n.Close()
	got := n.Endpoints()[0].Addr.(*net.TCPAddr).Port
	if got == taken.Addr().(*net.TCPAddr).Port || got < low || got > low+100 {
		t.Errorf("listens at %d, want a free port from %d to %d", got, low, low+100)
	}
}

func TestDisabledWorkersAreLeftOut(t *testing.T) {
	t.Parallel()
	path := socket(t)
	n := open(t, parseText(t, `{"version": 2, "workers": [{"type": "router", "options": {"disabled": true},
		"realms": [{"name": "realm1", "roles": [{"name": "anonymous"}]}], "transports": [`+unix(path)+`]}]}`), node.Options{})
	defer n.Close()
	if at := n.Endpoints(); len(at) != 0 {
		t.Errorf("endpoints %+v, want none", at)
	}
}

func TestMaxMessageSizeIsTheTransports(t *testing.T) {
	t.Parallel()
	path := socket(t)
	n := open(t, parse(t, fmt.Sprintf(`{"type": "rawsocket", %s, "max_message_size": 4096, "endpoint": {"type": "unix", "path": %q}}`, anonymous, path)), node.Options{})
	start(t, n)
	s := connect(t, n.Endpoints()[0].URL, client.Options{})
	_, err := s.Publish(t.Context(), "com.example.big", client.Args{strings.Repeat("x", 5000)}, nil)
	var size *client.SizeError
	if !errors.As(err, &size) || size.Limit != 4096 {
		t.Errorf("got %v, want a refusal that names the limit of 4096", err)
	}
}

// fakeListener fails, or waits, as it is told.
type fakeListener struct {
	name   string
	fail   error
	closed chan struct{}
}

func newListener(name string, fail error) *fakeListener {
	return &fakeListener{name, fail, make(chan struct{})}
}

func (l *fakeListener) Network() string { return "fake" }
func (l *fakeListener) String() string  { return l.name }
func (l *fakeListener) Addr() net.Addr  { return l }
func (l *fakeListener) Close() error    { close(l.closed); return nil }
func (l *fakeListener) Serve(func(transport.Conn)) error {
	if l.fail == nil {
		<-l.closed
	}
	return l.fail
}

func TestFailedTransportEndsTheNodeByTheRules(t *testing.T) {
	t.Parallel()
	broken := errors.New("out of order")
	tests := []struct {
		name  string
		rules []config.ShutdownRule
		fail  [2]error
		ends  bool
	}{
		{"by default", nil, [2]error{broken, nil}, true},
		{"on a worker's exit", []config.ShutdownRule{config.ShutdownOnWorkerExit}, [2]error{broken, nil}, true},
		{"on a worker's exit with error", []config.ShutdownRule{config.ShutdownOnWorkerExitWithError}, [2]error{broken, nil}, true},
		{"not while one is left", []config.ShutdownRule{config.ShutdownOnLastWorkerExit}, [2]error{broken, nil}, false},
		{"with the last one", []config.ShutdownRule{config.ShutdownOnLastWorkerExit}, [2]error{broken, broken}, true},
		{"never but on request", []config.ShutdownRule{config.ShutdownOnRequest}, [2]error{broken, broken}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := node.WithListeners(node.Options{}, tt.rules, newListener("one", tt.fail[0]), newListener("two", tt.fail[1]))
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- n.Run(ctx) }()
				synctest.Wait()
				if got := len(ended) == 1; got != tt.ends {
					t.Errorf("the node has ended: %v, want %v", got, tt.ends)
				}
				cancel()
				if err := <-ended; errors.Is(err, broken) != tt.ends {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

func TestEachTransportHasItsOwnPatience(t *testing.T) {
	t.Parallel()
	at := func(seconds int) string {
		return fmt.Sprintf(`{"type": "rawsocket", %s, "options": {"hello_timeout": %d}, "endpoint": {"type": "unix", "path": %q}}`, anonymous, seconds, socket(t))
	}
	n := open(t, parse(t, at(1), at(600)), node.Options{})
	start(t, n)
	var conns []transport.Conn
	for _, e := range n.Endpoints() {
		conn, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "unix", Address: e.Addr.String(), Serializer: wamp.SerializerJSON})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns = append(conns, conn)
	}
	// The patient transport would keep both waiting far beyond the test's end.
	if _, _, err := conns[0].Read(nil); err == nil {
		t.Error("a client without HELLO got a message")
	}
	hello := []byte(`[1,"realm1",{"roles":{"caller":{}}}]`)
	if err := conns[1].Write([][]byte{conns[1].AppendHeader(nil, len(hello)), hello}); err != nil {
		t.Fatal(err)
	}
	if batch, _, err := conns[1].Read(nil); err != nil || !strings.HasPrefix(string(batch[0]), "[2,") {
		t.Errorf("read %q, %v; want WELCOME", batch, err)
	}
	conns[1].Close()
}

func TestWorkersOfOtherTypesAreRefused(t *testing.T) {
	t.Parallel()
	n, findings := node.Open(&config.Node{Workers: []config.Worker{{ID: "worker001", Type: "guest"}}}, node.Options{})
	if n != nil || len(findings) != 1 || findings[0].Kind != config.NotSupported {
		t.Errorf("got %v, want one finding of kind %s", findings, config.NotSupported)
	}
}

// What a realm says of calls, and a role of trust, reaches the router.
func TestOptionsOfCallsAreTheRealms(t *testing.T) {
	t.Parallel()
	cfg := parseText(t, `{"version": 2, "workers": [{"type": "router", "transports": [], "realms": [{
  "name": "realm1", "options": {"call_timeout": 20, "max_call_timeout": 30, "max_queued_calls": 4, "max_kept_call_bytes": 5000},
  "roles": [{"name": "anonymous", "trustlevel": 1, "permissions": [{"uri": "com.example", "trustlevel": 2}]}]}]}]}`)
	got := node.RealmConfig(cfg.Workers[0].Router.Realms[0])
	if got.CallTimeout != 20*time.Millisecond || got.MaxCallTimeout != 30*time.Millisecond || got.QueuedCalls != 4 || got.KeptCallBytes != 5000 {
		t.Errorf("got %+v, want the options of the realm", got)
	}
	role := got.Roles[0]
	if role.TrustLevel == nil || *role.TrustLevel != 1 || role.Permissions[0].TrustLevel == nil || *role.Permissions[0].TrustLevel != 2 {
		t.Errorf("got %+v, want trust levels 1 and 2", role)
	}
}
