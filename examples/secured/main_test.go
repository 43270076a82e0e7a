//go:build unix

package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// asProgram makes the test's own program the example.
const asProgram = "EXAMPLE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	m.Run()
}

func TestGatekeeperLetsInWhomItKnowsAndNoFurtherThanItSays(t *testing.T) {
	t.Parallel()
	url, pump7, ticket := start(t)
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))

	device, err := connect(t, url, &auth.CryptosignSigner{AuthID: "pump7", Key: pump7})
	if err != nil {
		t.Fatal(err)
	}
	for name, signer := range map[string]auth.Signer{
		"nobody":                      nil,
		"a device with another's key": &auth.CryptosignSigner{AuthID: "pump7", Key: stranger},
		"a device that is not there":  &auth.CryptosignSigner{AuthID: "pump8", Key: pump7},
		"a device that is a path":     &auth.CryptosignSigner{AuthID: "../devices/pump7", Key: pump7},
		"an operator without ticket":  &auth.TicketSigner{AuthID: "alice", Ticket: "guess"},
	} {
		if _, err := connect(t, url, signer); err == nil {
			t.Errorf("%s got in", name)
		}
	}
	operator, err := connect(t, url, &auth.TicketSigner{AuthID: "alice", Ticket: ticket})
	if err != nil {
		t.Fatal(err)
	}

	level := func(s *client.Session, uri wamp.URI) error {
		_, err := s.Register(t.Context(), uri, authorize, nil)
		return err
	}
	if err := level(device, "com.example.device.pump7.level"); err != nil {
		t.Error(err)
	}
	if _, err := operator.Call(t.Context(), "com.example.device.pump7.level", client.Args{client.Dict{}, "", ""}, nil); err != nil {
		t.Error(err)
	}
	_, called := device.Call(t.Context(), "com.example.device.pump7.level", nil, nil)
	for name, err := range map[string]error{
		"a device offers what is another's":     level(device, "com.example.device.pump8.level"),
		"a device offers what only looks right": level(device, "com.example.device.pump77.level"),
		"a device calls":                        called,
		"an operator replaces the gatekeeper":   level(operator, "com.example.gate.authorize"),
	} {
		if !errors.Is(err, wamp.ErrNotAuthorized) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func connect(t *testing.T, url string, signer auth.Signer) (*client.Session, error) {
	t.Helper()
	opts := client.Options{Realm: "realm1"}
	if signer != nil {
		opts.Signers = []auth.Signer{signer}
	}
	s, err := client.Connect(t.Context(), url, opts)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// start runs the example as its README says, until the test ends, and returns
// where it listens, a device's key and the operator's ticket.
func start(t *testing.T) (url string, key ed25519.PrivateKey, ticket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "example") // short enough for a Unix socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	text, err := os.ReadFile("config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := errors.Join(os.WriteFile(config, text, 0o600), os.Mkdir(filepath.Join(dir, "devices"), 0o700)); err != nil {
		t.Fatal(err)
	}
	run(t, "keygen", "ticket", "alice", "--out", filepath.Join(dir, "alice.secret"))
	run(t, "keygen", filepath.Join(dir, "devices", "pump7.key"))
	if out := run(t, "check", "-c", config); out != "OK\n" {
		t.Errorf("check: %s", out)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "alice.secret"))
	if err != nil {
		t.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "devices", "pump7.key"))
	if err != nil {
		t.Fatal(err)
	}
	if key, err = auth.ParsePrivateKey(seed); err != nil {
		t.Fatal(err)
	}

	node := command(t, "start", "-c", config)
	stderr, err := node.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewScanner(stderr)
	for log.Scan() && !strings.Contains(log.Text(), "transport listening") {
	}
	read := make(chan struct{})
	go func() { // or the program could not write its log
		defer close(read)
		for log.Scan() {
		}
	}()
	t.Cleanup(func() {
		if err := node.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		<-read
		if err := node.Wait(); err != nil {
			t.Errorf("start: %v", err)
		}
	})
	return "unix://" + filepath.Join(dir, "router.sock"), key, strings.TrimSpace(string(secret))
}

func run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := command(t, args...).Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	return string(out)
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...) // not until t.Context ends, which is before Cleanup
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}
