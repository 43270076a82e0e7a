//go:build interop

package interop_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// router is a junctor process with a configuration file.
type router struct {
	urls map[string]string // by transport
	ca   string            // PEM file that clients trust

	cmd   *exec.Cmd
	log   *lockedBuffer
	asked sync.Once     // to stop
	done  chan struct{} // closed when the process has ended
	err   error         // how; valid after done
}

func (r *router) url(transport string) string { return r.urls[transport] }

// startRouter builds the command and starts it with realm1 on TCP, TLS and a
// Unix socket. It is stopped at the end of the test. Each change is applied to
// the configuration of each transport.
func startRouter(t *testing.T, changes ...func(transport map[string]any)) *router {
	t.Helper()
	return startNode(t, changes)
}

// startNode is startRouter for a node with more workers than the router.
func startNode(t *testing.T, changes []func(transport map[string]any), workers ...map[string]any) *router {
	t.Helper()
	dir := t.TempDir()
	makeCertificates(t, dir)
	tcp, tls := freePort(t), freePort(t)
	config := configuration(t, tcp, tls, changes, workers)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	r := &router{ca: filepath.Join(dir, "ca.pem"), urls: map[string]string{
		"tcp":  fmt.Sprintf("rs://127.0.0.1:%d", tcp),
		"tls":  fmt.Sprintf("rss://localhost:%d", tls),
		"unix": "unix://" + filepath.Join(dir, "router.sock"),
	}}
	r.launch(t, dir)
	return r
}

// launch starts the node whose configuration is in dir, with further variables
// in its environment, and waits until it listens on router.sock there, which
// must be the last of its transports.
func (r *router) launch(t *testing.T, dir string, env ...string) {
	t.Helper()
	r.log, r.done = new(lockedBuffer), make(chan struct{})
	r.cmd = exec.Command(binary(t), "start", "--cbdir", dir)
	r.cmd.Env = append(r.cmd.Environ(), env...)
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.done)
	}()
	t.Cleanup(func() {
		if err := r.stop(t.Context()); err != nil {
			t.Errorf("the router did not stop in order: %v", err)
		}
		if t.Failed() {
			t.Logf("the router's log:\n%s", r.log.tail())
		}
	})
	r.awaitListening(t, filepath.Join(dir, "router.sock"))
}

// binary builds the junctor command once for all tests, unless JUNCTOR_BINARY
// names one.
func binary(t *testing.T) string {
	t.Helper()
	if name := os.Getenv("JUNCTOR_BINARY"); name != "" {
		return name
	}
	name, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

var buildDir string // removed by TestMain

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "junctor-interop")
	if err != nil {
		return "", err
	}
	buildDir = dir
	name := filepath.Join(dir, "junctor")
	cmd := exec.Command("go", "build", "-o", name, "../cmd/junctor")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if buildDir != "" {
		os.RemoveAll(buildDir)
	}
	os.Exit(code)
}

// historyPrefix is what topics begin with whose events the realm keeps.
const historyPrefix = "com.example.history."

// configuration is that of a node whose first worker is the router. It has room
// for messages of 1 MB in any serializer.
func configuration(t *testing.T, tcp, tls int, changes []func(map[string]any), workers []map[string]any) []byte {
	t.Helper()
	transport := func(id string, endpoint map[string]any) map[string]any {
		made := map[string]any{
			"type": "rawsocket", "id": id, "endpoint": endpoint,
			"options": map[string]any{"max_message_size": 4 << 20},
		}
		for _, change := range changes {
			change(made)
		}
		return made
	}
	everything := map[string]any{
		"uri": "", "match": "prefix",
		"allow": map[string]bool{"call": true, "register": true, "publish": true, "subscribe": true},
	}
	metaAPI := map[string]any{ // which "everything" does not mean where it ends sessions or revokes
		"uri": "wamp.", "match": "prefix", "allow": map[string]bool{"call": true, "subscribe": true},
	}
	history := map[string]any{"uri": historyPrefix, "match": "prefix", "limit": 10_000}
	router := map[string]any{
		"type": "router",
		"realms": []any{map[string]any{
			"name":  "realm1",
			"roles": []any{map[string]any{"name": "anonymous", "permissions": []any{everything, metaAPI}}},
			"store": map[string]any{"type": "memory", "event-history": []any{history}},
		}},
		"transports": []any{
			transport("plain", map[string]any{"type": "tcp", "interface": "127.0.0.1", "port": tcp}),
			transport("secure", map[string]any{
				"type": "tcp", "interface": "127.0.0.1", "port": tls,
				"tls": map[string]any{"key": "server-key.pem", "certificate": "server.pem"},
			}),
			transport("local", map[string]any{"type": "unix", "path": "router.sock"}),
		},
	}
	text, err := json.MarshalIndent(map[string]any{
		"version": 2, "workers": append([]map[string]any{router}, workers...),
	}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// freePort returns a port that is free now and that this run has not handed out
// before. It is none of those that systems give to outgoing connections, of which
// there are many: one could take it before the router does. Another program still
// could; then the router fails to start and says so.
func freePort(t *testing.T) int {
	t.Helper()
	const first, count = 20_000, 12_000
	for range count {
		port := first + int(nextPort.Add(1)%count)
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// nextPort begins somewhere else in each run, for those that run at once.
var nextPort = func() *atomic.Uint32 {
	n := new(atomic.Uint32)
	n.Store(uint32(os.Getpid()) * 101)
	return n
}()

// awaitListening returns once the last of the configured transports listens.
func (r *router) awaitListening(t *testing.T, socket string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		if c, err := net.Dial("unix", socket); err == nil {
			c.Close()
			return
		}
		select {
		case <-retry.C:
		case <-r.done:
			t.Fatalf("the router ended: %v\n%s", r.err, r.log.tail())
		case <-ctx.Done():
			t.Fatalf("the router does not listen on %s\n%s", socket, r.log.tail())
		}
	}
}

// terminate asks the router to stop, as a service manager does. It asks once:
// a second signal would not wait for the clients.
func (r *router) terminate() (err error) {
	r.asked.Do(func() { err = r.cmd.Process.Signal(syscall.SIGTERM) })
	if errors.Is(err, os.ErrProcessDone) {
		return nil // how it ended, stop tells
	}
	return err
}

// stop terminates the router, if it still runs, and returns how it ended.
func (r *router) stop(ctx context.Context) error {
	select {
	case <-r.done:
		return r.err
	default:
	}
	if err := r.terminate(); err != nil {
		return err
	}
	select {
	case <-r.done:
		return r.err
	case <-time.After(30 * time.Second):
		r.cmd.Process.Kill()
		<-r.done
		return context.DeadlineExceeded
	}
}

// makeCertificates writes ca.pem, server.pem and server-key.pem.
func makeCertificates(t *testing.T, dir string) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "junctor interop"},
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	server := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range []*x509.Certificate{authority, server} {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	}
	authorityKey, serverKey := newKey(t), newKey(t)
	writeCertificate(t, filepath.Join(dir, "ca.pem"), authority, authority, &authorityKey.PublicKey, authorityKey)
	writeCertificate(t, filepath.Join(dir, "server.pem"), server, authority, &serverKey.PublicKey, authorityKey)
	der, err := x509.MarshalPKCS8PrivateKey(serverKey)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, filepath.Join(dir, "server-key.pem"), "PRIVATE KEY", der)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func writeCertificate(t *testing.T, name string, c, parent *x509.Certificate, key *ecdsa.PublicKey, signer *ecdsa.PrivateKey) {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, signer)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, name, "CERTIFICATE", der)
}

func writePEM(t *testing.T, name, what string, der []byte) {
	t.Helper()
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: what, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}
