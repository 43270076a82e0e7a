//go:build unix

package node_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// The listening example of the documentation that junctor began with runs as
// it stands: RawSocket on a Unix socket, JSON and MessagePack.
func TestListeningExampleRunsAsItStands(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "..", "examples", "seed-listening", "config.json")
	cfg, findings, err := config.Load(file, config.Options{})
	if err != nil || findings.HasErrors() {
		t.Fatalf("Load: %v %v", err, findings)
	}
	path := cfg.Workers[0].Router.Transports[0].Endpoint.Unix.Path
	lock(t, path+".lock")
	n, findings := node.Open(cfg, node.Options{})
	if n == nil && node.OnlyAddresses(findings) {
		t.Skipf("somebody else on this machine listens at %s, the path of the example", path)
	}
	if n == nil {
		t.Fatalf("Open: %v", findings)
	}
	stop := start(t, n)
	url := "unix://" + path
	subscriber := connect(t, url, client.Options{Serializer: wamp.SerializerJSON})
	publisher := connect(t, url, client.Options{Serializer: wamp.SerializerMsgPack})
	events := make(chan []any, 1)
	receive := func(_ context.Context, ev *client.Event) {
		args, _, _ := ev.Values()
		events <- args
	}
	if _, err := subscriber.Subscribe(t.Context(), "com.example.topic", receive, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := publisher.Publish(t.Context(), "com.example.topic", client.Args{"hello"}, &client.PublishOptions{Acknowledge: true}); err != nil {
		t.Fatal(err)
	}
	if args := <-events; len(args) != 1 || args[0] != "hello" {
		t.Errorf("the event has %v, want hello", args)
	}
	_, err = client.Connect(t.Context(), url, client.Options{Realm: "realm1", Serializer: wamp.SerializerCBOR})
	if !errors.Is(err, rawsocket.ErrSerializerUnsupported) {
		t.Errorf("CBOR, which the example does not offer: %v, want %v", err, rawsocket.ErrSerializerUnsupported)
	}
	stop()
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

// lock keeps test runs at the same time from each other: the path is fixed.
func lock(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		t.Skipf("cannot lock the path of the example: %v", err)
	}
	t.Cleanup(func() { f.Close() }) // frees the lock; the file stays, or the next holder would lock another one
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
}
