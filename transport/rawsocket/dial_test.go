package rawsocket_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// fakeRouter listens and gives each connection to answer in turn, one answer a
// connection, then accepts no more. It returns the address.
func fakeRouter(t *testing.T, answers ...func(nc net.Conn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer ln.Close()
		for _, answer := range answers {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			_ = nc.SetDeadline(time.Now().Add(patience))
			answer(nc)
			_ = nc.Close()
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		<-done
	})
	return ln.Addr().String()
}

// replies reads a request and answers it with octets.
func replies(octets string) func(net.Conn) {
	return func(nc net.Conn) {
		_, _ = io.ReadFull(nc, make([]byte, 4))
		_, _ = io.WriteString(nc, octets)
	}
}

func TestDialSendsItsRequest(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config rawsocket.DialConfig
		want   string
	}{
		{"by default MessagePack and 16 MiB", rawsocket.DialConfig{}, "\x7f\xf2\x00\x00"},
		{"JSON and 16 MiB", rawsocket.DialConfig{Serializer: json, MaxMessageSize: 16 << 20}, "\x7f\xf1\x00\x00"},
		{"CBOR and less than can be announced", rawsocket.DialConfig{Serializer: cbor, MaxMessageSize: 1}, "\x7f\x03\x00\x00"},
		{"a limit that is no power of two", rawsocket.DialConfig{Serializer: msgpack, MaxMessageSize: 100000}, "\x7f\x72\x00\x00"},
		{"a limit above 16 MiB that no upgrade can express", rawsocket.DialConfig{MaxMessageSize: 20 << 20}, "\x7f\xf2\x00\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := make(chan string, 1)
			test.config.Network, test.config.Address = "tcp", fakeRouter(t, func(nc net.Conn) {
				request, reply := make([]byte, 4), []byte(test.want)
				_, _ = io.ReadFull(nc, request)
				got <- string(request)
				reply[1] = 0x30 | reply[1]&0x0f
				_, _ = nc.Write(reply)
				if n, _ := nc.Read(make([]byte, 1)); n > 0 { // RS-12: the first frame is the application's
					t.Error("octets follow the request")
				}
			})
			c, err := rawsocket.Dial(t.Context(), test.config)
			if request := <-got; request != test.want || err != nil {
				t.Fatalf("request %x, want %x; %v", request, test.want, err)
			}
			receive := test.config.MaxMessageSize
			if receive == 0 {
				receive = 16 << 20
			}
			if l := c.Info().Limits; l != (transport.Limits{Receive: receive, Send: 4096}) {
				t.Errorf("limits %+v", l)
			}
			_ = c.Close()
		})
	}
}

func TestFullFramesAreConfigured(t *testing.T) {
	t.Parallel()
	for full, want := range map[bool]int{false: 1<<24 - 1, true: 1 << 24} { // RS-17
		address := fakeRouter(t, replies("\x7f\xf2\x00\x00"))
		c, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: address, FullFrames: full})
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Info().Limits.Send; got != want {
			t.Errorf("FullFrames %v: limit for sending %d, want %d", full, got, want)
		}
		_ = c.Close()
	}
}

// RS-7 to RS-10.
func TestDialReportsWhatTheRouterReplies(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reply string
		want        error
	}{
		{"error 1", "\x7f\x10\x00\x00", rawsocket.ErrSerializerUnsupported},
		{"error 2", "\x7f\x20\x00\x00", rawsocket.ErrLengthUnacceptable},
		{"error 3", "\x7f\x30\x00\x00", rawsocket.ErrReservedBits},
		{"error 4", "\x7f\x40\x00\x00", rawsocket.ErrTooManyConnections},
		{"an unknown error", "\x7f\x90\x00\x00", rawsocket.RefusalCode(9)},
		{"error 0", "\x7f\x00\x00\x00", nil},
		{"another serializer", "\x7f\xf1\x00\x00", nil},
		{"reserved octets", "\x7f\xf2\x00\x01", nil},
		{"another magic", "\x00\xf2\x00\x01", nil},
		{"something short of another protocol", "\x15", nil},
	} {
		address := fakeRouter(t, replies(test.reply))
		_, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: address})
		var handshake *rawsocket.HandshakeError
		if !errors.As(err, &handshake) || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want a HandshakeError that is %v", test.name, err, test.want)
		}
	}
	address := fakeRouter(t, replies("\x7f\xf2"))
	if _, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: address}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a reply: %v", err)
	}
}

func TestDialConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config rawsocket.DialConfig
		word   string
	}{
		{"no network", rawsocket.DialConfig{Address: "localhost:1"}, "network"},
		{"no address", rawsocket.DialConfig{Network: "tcp"}, "address"},
		{"an unsupported serializer", rawsocket.DialConfig{Network: "tcp", Address: "localhost:1", Serializer: 5}, "flatbuffers"},
		{"a limit too large", rawsocket.DialConfig{Network: "tcp", Address: "localhost:1", MaxMessageSize: 1 << 30}, "1073741824"},
		{"a negative PING", rawsocket.DialConfig{Network: "tcp", Address: "localhost:1", MaxPing: -1}, "PING"},
		{"keep-alive on a Unix socket", rawsocket.DialConfig{Network: "unix", Address: "/s", KeepAlive: 1}, "TCP"},
		{"a path that is too long", rawsocket.DialConfig{Network: "unix", Address: strings.Repeat("x", 200)}, "200 octets"},
		{"a socket that does not exist", rawsocket.DialConfig{Network: "unix", Address: "/nowhere/s"}, "/nowhere/s"},
	} {
		c, err := rawsocket.Dial(t.Context(), test.config)
		if err == nil {
			_ = c.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.word)
		}
	}
}
