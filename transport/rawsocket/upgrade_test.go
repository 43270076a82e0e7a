package rawsocket_test

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// Section 1.8.
func TestUpgradeOctets(t *testing.T) {
	t.Parallel()
	for octets, limit := range map[[2]byte]int{
		{0x3f, 0x00}: 32 << 20,
		{0x3f, 0x10}: 64 << 20,
		{0x3f, 0x50}: 1 << 30,
	} {
		if got, err := rawsocket.ParseUpgrade(octets); got != limit || err != nil {
			t.Errorf("%x reads as %d, %v, want %d", octets, got, err, limit)
		}
		if got := rawsocket.AppendUpgrade(nil, limit); [2]byte(got) != octets {
			t.Errorf("limit %d is %x, want %x", limit, got, octets)
		}
	}
	if got, err := rawsocket.ParseUpgrade([2]byte{0x3f, 0xf0}); got != 1<<30 || err != nil {
		t.Errorf("more than anybody supports reads as %d, %v", got, err)
	}
	for _, octets := range [][2]byte{{0x3f, 0x01}, {0x00, 0x10}, {0x7f, 0x10}} {
		if got, err := rawsocket.ParseUpgrade(octets); wamp.AsProtocolError(err) == nil {
			t.Errorf("%x reads as %d, %v, want a protocol error", octets, got, err)
		}
	}
	for _, test := range [][3]int{
		{64 << 20, 64 << 20, 64 << 20}, {64 << 20, 32 << 20, 32 << 20}, {40 << 20, 64 << 20, 32 << 20},
	} {
		if got := rawsocket.AgreedLimit(test[0], test[1]); got != test[2] {
			t.Errorf("own limit %d and theirs of %d agree on %d, want %d", test[0], test[1], got, test[2])
		}
	}
}

func TestUpgradeBetweenJunctorPeers(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		router, client   int
		toRouter, toPeer int // the largest message each side may send
	}{
		{"both for 64 MiB", 64 << 20, 64 << 20, 64 << 20, 64 << 20},
		{"the smaller one wins", 64 << 20, 32 << 20, 32 << 20, 32 << 20},
		{"a router that is not configured for it", 16 << 20, 64 << 20, 1<<24 - 1, 1<<24 - 1},
		{"a client that is not configured for it", 64 << 20, 16 << 20, 1<<24 - 1, 1<<24 - 1},
		{"a router with a small limit", 1 << 20, 64 << 20, 1 << 20, 1<<24 - 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			routers := make(chan transport.Conn, 2)
			logs := newLog()
			config := onSocketOrTCP(t)
			config.MaxMessageSize = test.router
			ln := listen(t, config, func(c transport.Conn) {
				if got := readUntil(c, 1); got.err == nil { // else it is the attempt with an offer
					routers <- c
					return
				}
				_ = c.Close()
			})
			// The client says something at once, as clients do: a router that
			// looks for an offer waits for the first octet.
			client := dial(t, ln, rawsocket.DialConfig{MaxMessageSize: test.client, Logger: logs.logger()})
			if err := client.Write([][]byte{client.AppendHeader(nil, 2), []byte("[]")}); err != nil {
				t.Fatal(err)
			}
			router := <-routers
			t.Cleanup(func() { _ = router.Close() })
			if got := router.Info().Limits; got != (transport.Limits{Receive: test.router, Send: test.toPeer}) {
				t.Errorf("the router's limits are %+v", got)
			}
			if got := client.Info().Limits; got != (transport.Limits{Receive: test.client, Send: test.toRouter}) {
				t.Errorf("the client's limits are %+v", got)
			}
		})
	}
}

// A limit of 64 MB means 64 MB, exactly, in either direction.
func TestSixtyFourMegabytes(t *testing.T) {
	t.Parallel()
	config := onSocketOrTCP(t)
	config.MaxMessageSize = 67108864
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, config, accept(accepted))
	client := dial(t, ln, rawsocket.DialConfig{MaxMessageSize: 67108864}).(*rawsocket.Conn)
	payload := make([]byte, 67108864)
	payload[0], payload[len(payload)-1] = '[', ']'
	header := client.AppendHeader(nil, len(payload))
	written := make(chan error, 1)
	go func() { written <- client.Write([][]byte{header, payload}) }()
	router := <-accepted
	defer router.Close()
	arrives := func(at *rawsocket.Conn) {
		t.Helper()
		if got := readUntil(at, 1); got.err != nil || !bytes.Equal(got.messages[0], payload) {
			t.Fatalf("%d messages, %v", len(got.messages), got.err)
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	arrives(router)
	go func() { written <- router.Write([][]byte{header, payload}) }()
	arrives(client)
	if err := client.Write([][]byte{client.AppendHeader(nil, len(payload)+1)}); err != nil {
		t.Fatal(err)
	}
	if got := readUntil(router, 1); wamp.AsProtocolError(got.err) == nil {
		t.Errorf("one octet more: %v", got.err)
	}
}

// A router that is configured for more must not disturb clients that do not
// know the extension.
func TestRouterWithLargeLimitAndOrdinaryClients(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: 64 << 20}, echo)
	for name, first := range map[string][]byte{
		"a message first": message("hello"), "a PING first": ping("p"), "an empty PING first": ping(""),
	} {
		nc := connect(t, ln)
		if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
			t.Fatal(err)
		}
		expect(t, nc, []byte{0x7f, 0xf1, 0, 0})
		for _, b := range first {
			if _, err := nc.Write([]byte{b}); err != nil {
				t.Fatal(name, err)
			}
		}
		if first[0] == 1 {
			first = append([]byte{2}, first[1:]...)
		}
		expect(t, nc, first)
		_ = nc.Close()
	}
}

// A client that says nothing for the time of the handshake is not thrown out:
// it has offered no upgrade, that is all.
func TestRouterWithLargeLimitAndASilentClient(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{
		Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: 64 << 20, HandshakeTimeout: 200 * time.Millisecond,
	}, func(c transport.Conn) {
		_ = c.Write([][]byte{message("you are in")})
		echo(c)
	})
	nc := connect(t, ln)
	if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
		t.Fatal(err)
	}
	expect(t, nc, join([]byte{0x7f, 0xf1, 0, 0}, message("you are in")))
	if _, err := nc.Write(message("late")); err != nil {
		t.Fatal(err)
	}
	expect(t, nc, message("late"))
}

// RS-16: without a limit that asks for it, the offer is a bad header.
func TestRouterWithoutTheExtension(t *testing.T) {
	t.Parallel()
	errs := make(chan error, 1)
	ln := listen(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: 16 << 20}, func(c transport.Conn) {
		_, _, err := c.Read(nil)
		errs <- err
		_ = c.Close()
	})
	nc := connect(t, ln)
	if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0, 0x3f, 0x10, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := <-errs; wamp.AsProtocolError(err) == nil {
		t.Errorf("Read: %v", err)
	}
}

func TestClientConnectsAgainToRoutersWithoutTheExtension(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer func(nc net.Conn)
	}{
		{"one that closes", func(nc net.Conn) { _, _ = io.ReadFull(nc, make([]byte, 2)) }},
		{"one that answers with something else", func(nc net.Conn) {
			_, _ = io.ReadFull(nc, make([]byte, 2))
			_, _ = nc.Write(message("[3,{},\"wamp.error.protocol_violation\"]"))
		}},
		{"one that waits for more", func(nc net.Conn) { _, _ = io.Copy(io.Discard, nc) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			second := make(chan string, 1)
			address := fakeRouter(t, func(nc net.Conn) {
				replies("\x7f\xf1\x00\x00")(nc)
				test.answer(nc)
			}, func(nc net.Conn) {
				replies("\x7f\xf1\x00\x00")(nc)
				octets, _ := io.ReadAll(nc)
				second <- string(octets)
			})
			logs := newLog()
			c, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{
				Network: "tcp", Address: address, Serializer: json, MaxMessageSize: 64 << 20,
				Timeout: time.Second, Logger: logs.logger(),
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Info().Limits; got != (transport.Limits{Receive: 64 << 20, Send: 1<<24 - 1}) {
				t.Errorf("limits %+v", got)
			}
			if err := c.Write([][]byte{c.AppendHeader(nil, 2), []byte("[]")}); err != nil {
				t.Error(err)
			}
			_ = c.Close()
			if got := <-second; got != string(message("[]")) {
				t.Errorf("on the second connection the client sent %q", got)
			}
			if lines := logs.lines(); len(lines) != 1 || !strings.Contains(lines[0], "16 MiB") {
				t.Errorf("log %q", lines)
			}
		})
	}
}

func TestClientOffersNothingToRoutersWithSmallLimits(t *testing.T) {
	t.Parallel()
	octets := make(chan string, 1)
	address := fakeRouter(t, func(nc net.Conn) {
		replies("\x7f\xe1\x00\x00")(nc)
		rest, _ := io.ReadAll(nc)
		octets <- string(rest)
	})
	c, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{
		Network: "tcp", Address: address, Serializer: json, MaxMessageSize: 64 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	if got := <-octets; got != "" {
		t.Errorf("the client sent %x", got)
	}
}
