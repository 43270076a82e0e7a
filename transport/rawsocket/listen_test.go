package rawsocket_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

func TestHandshakesAreAnswered(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{
		Network: "tcp", Address: "127.0.0.1:0", MinPeerLimit: 1024, MaxMessageSize: 100000,
		Serializers: []wamp.SerializerNumber{json, cbor},
	}, echo)
	for _, test := range []struct {
		name, request, reply string
	}{
		{"JSON (section 1.2)", "\x7f\xf1\x00\x00", "\x7f\x71\x00\x00"},
		{"CBOR, and a limit of its own (section 1.2)", "\x7f\x13\x00\x00", "\x7f\x73\x00\x00"},
		{"serializer 0 (RS-2)", "\x7f\xf0\x00\x00", "\x7f\x10\x00\x00"},
		{"a serializer that is not offered (RS-3)", "\x7f\xf2\x00\x00", "\x7f\x10\x00\x00"},
		{"UBJSON (RS-3)", "\x7f\xf4\x00\x00", "\x7f\x10\x00\x00"},
		{"a serializer that is not defined (RS-3)", "\x7f\xff\x00\x00", "\x7f\x10\x00\x00"},
		{"third octet not zero (RS-4)", "\x7f\xf1\x01\x00", "\x7f\x30\x00\x00"},
		{"fourth octet not zero (RS-4)", "\x7f\xf1\x00\x01", "\x7f\x30\x00\x00"},
		{"a limit that is too small (RS-5)", "\x7f\x01\x00\x00", "\x7f\x20\x00\x00"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, segment := range []int{1, 4} {
				nc := connect(t, ln)
				for i := 0; i < len(test.request); i += segment {
					if _, err := nc.Write([]byte(test.request[i : i+segment])); err != nil {
						t.Fatal(err)
					}
				}
				expect(t, nc, []byte(test.reply))
				if test.reply[1]&0x0f == 0 {
					expectEnd(t, nc)
					continue
				}
				if _, err := nc.Write(message("hello")); err != nil {
					t.Fatal(err)
				}
				expect(t, nc, message("hello"))
			}
		})
	}
}

// RS-11.
func TestFrameInOneSegmentWithTheHandshake(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{}, echo)
	nc := connect(t, ln)
	if _, err := nc.Write(append([]byte{0x7f, 0xf1, 0, 0}, message("early")...)); err != nil {
		t.Fatal(err)
	}
	expect(t, nc, append([]byte{0x7f, 0x81, 0, 0}, message("early")...))
}

// The seed documentation's default is 128 kB.
func TestDefaults(t *testing.T) {
	t.Parallel()
	infos := make(chan *transport.Info, 1)
	ln := listen(t, rawsocket.ListenConfig{ID: "door"}, func(c transport.Conn) {
		infos <- c.Info()
		_ = c.Close()
	})
	dial(t, ln, rawsocket.DialConfig{})
	got := <-infos
	if got.ID != "door" || got.Serializer != msgpack || got.Transport != "rawsocket" || got.TLS != nil ||
		got.Limits != (transport.Limits{Receive: 131072, Send: 1<<24 - 1}) {
		t.Errorf("%+v", got)
	}
}

// RS-6.
func TestConnectionsAboveTheMaximumAreRefused(t *testing.T) {
	t.Parallel()
	conns := make(chan transport.Conn)
	ln := listen(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxConnections: 2}, func(c transport.Conn) {
		conns <- c
	})
	open := func() (string, net.Conn) {
		nc := connect(t, ln)
		if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, 4)
		if _, err := io.ReadFull(nc, reply); err != nil {
			t.Fatal(err)
		}
		return string(reply), nc
	}
	const good, refused = "\x7f\x81\x00\x00", "\x7f\x40\x00\x00"
	for _, want := range []string{good, good} {
		if got, _ := open(); got != want {
			t.Fatalf("reply %x, want %x", got, want)
		}
	}
	first, second := <-conns, <-conns
	got, nc := open()
	if got != refused {
		t.Errorf("reply to the third connection is %x, want %x", got, refused)
	}
	expectEnd(t, nc)
	_, _ = first.Close(), first.Close() // counts once
	if got, _ = open(); got != good {
		t.Errorf("reply after one was closed is %x, want %x", got, good)
	}
	third := <-conns
	if got, _ = open(); got != refused {
		t.Errorf("reply to a connection above the maximum again is %x, want %x", got, refused)
	}
	_, _ = second.Close(), third.Close()
}

// A client that fails its handshake after being counted must be forgotten.
func TestFailedHandshakesDoNotCount(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{
		Network: "tcp", Address: "127.0.0.1:0", MaxConnections: 1, MaxMessageSize: 64 << 20,
	}, echo)
	for range 3 {
		nc := connect(t, ln)
		if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0, 0x3f, 0xff}); err != nil { // a bad offer (section 1.8)
			t.Fatal(err)
		}
		expect(t, nc, []byte{0x7f, 0xf1, 0, 0})
		expectEnd(t, nc)
	}
}

// memoryListener accepts what is put into it, so that synctest can be used.
type memoryListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
	err   error // what Accept returns once, before any connection
}

func newMemoryListener() *memoryListener {
	return &memoryListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *memoryListener) Accept() (net.Conn, error) {
	if err := l.err; err != nil {
		l.err = nil
		return nil, err
	}
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *memoryListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *memoryListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8081} }

// connect returns the client's end of a new connection.
func (l *memoryListener) connect() net.Conn {
	near, far := net.Pipe()
	l.conns <- near
	return far
}

// RS-12.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	for name, octets := range map[string]string{
		"a client that says nothing":               "",
		"a client that says half of its handshake": "\x7f\xf1",
		"a client that says half of something":     "\x00\x01",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				memory := newMemoryListener()
				logs := newLog()
				ln := rawsocket.NewListener(rawsocket.ListenConfig{HandshakeTimeout: 3 * time.Second, Logger: logs.logger()}, memory)
				done := make(chan error)
				go func() { done <- ln.Serve(echo) }()
				nc := memory.connect()
				if _, err := io.WriteString(nc, octets); err != nil {
					t.Error(err)
				}
				begin := time.Now()
				if _, err := nc.Read(make([]byte, 1)); err == nil {
					t.Error("the connection was not closed")
				}
				if waited := time.Since(begin); waited != 3*time.Second {
					t.Errorf("the connection was closed after %v", waited)
				}
				synctest.Wait()
				if lines := logs.lines(); len(lines) != 1 {
					t.Errorf("%d log lines, want one: %q", len(lines), lines)
				}
				_ = ln.Close()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Peers that connect and say nothing must not keep others out.
func TestTheOldestHandshakeMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := newMemoryListener()
		ln := rawsocket.NewListener(rawsocket.ListenConfig{}, memory)
		done := make(chan error)
		go func() { done <- ln.Serve(echo) }()
		var silent []net.Conn
		for range rawsocket.MaxHandshakes {
			silent = append(silent, memory.connect())
		}
		honest := memory.connect()
		if _, err := honest.Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
			t.Error(err)
		}
		expect(t, honest, []byte{0x7f, 0x81, 0, 0})
		expectEnd(t, silent[0])
		if _, err := silent[1].Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
			t.Errorf("the second oldest was closed as well: %v", err)
		}
		for _, nc := range append(silent, honest) {
			_ = nc.Close()
		}
		_ = ln.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAcceptErrorsAreWaitedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := newMemoryListener()
		memory.err = &net.OpError{Op: "accept", Err: errTooManyFiles}
		logs := newLog()
		ln := rawsocket.NewListener(rawsocket.ListenConfig{Logger: logs.logger()}, memory)
		done := make(chan error)
		go func() { done <- ln.Serve(echo) }()
		nc := memory.connect()
		if _, err := nc.Write([]byte{0x7f, 0xf1, 0, 0}); err != nil {
			t.Error(err)
		}
		expect(t, nc, []byte{0x7f, 0x81, 0, 0})
		if lines := logs.lines(); len(lines) != 1 || !strings.Contains(lines[0], "cannot accept") {
			t.Errorf("log %q", lines)
		}
		_ = nc.Close()
		_ = ln.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestServeReturnsWhatCannotBeWaitedOut(t *testing.T) {
	t.Parallel()
	memory := newMemoryListener()
	broken := errors.New("broken")
	memory.err = broken
	ln := rawsocket.NewListener(rawsocket.ListenConfig{}, memory)
	if err := ln.Serve(echo); !errors.Is(err, broken) {
		t.Errorf("Serve: %v, want %v", err, broken)
	}
	_ = ln.Close()
}

func TestCloseOfAListener(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan transport.Conn), make(chan struct{})
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- ln.Serve(func(c transport.Conn) {
			entered <- c
			<-leave
			_ = c.Close()
		})
	}()
	established := dial(t, ln, rawsocket.DialConfig{})
	conn := <-entered
	inHandshake := connect(t, ln)
	if _, err := inHandshake.Write([]byte{0x7f}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ln.Close(), ln.Close()); err != nil {
		t.Errorf("Close twice: %v", err)
	}
	expectEnd(t, inHandshake)
	if _, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		t.Error("the address still accepts connections")
	}
	if err := conn.Write([][]byte{message("still open")}); err != nil {
		t.Errorf("a connection that was handed out: %v", err)
	}
	if got := readUntil(established, 1); got.err != nil {
		t.Errorf("a connection that was handed out: %v", got.err)
	}
	select {
	case err := <-done:
		t.Errorf("Serve returned %v before its handlers", err)
	default:
	}
	close(leave)
	if err := <-done; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if err := ln.Serve(echo); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

// RS-1.
func TestOtherProtocols(t *testing.T) {
	t.Parallel()
	logs := newLog()
	ln := listen(t, rawsocket.ListenConfig{ID: "door", Network: "tcp", Address: "127.0.0.1:0", Logger: logs.logger()}, echo)
	url := "rs://" + ln.Addr().String()
	for _, test := range []struct {
		name, octets string
		answer       []string // what the answer contains; empty if there must be none
		log          string
	}{
		{"an HTTP request", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", []string{"HTTP/1.1 400 ", "WAMP", "RawSocket", url}, "HTTP or WebSocket"},
		{"a large HTTP request", "POST / HTTP/1.1\r\n\r\n" + strings.Repeat("x", 30000), []string{"HTTP/1.1 400 "}, "HTTP or WebSocket"},
		{"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", []string{"HTTP/1.1 400 "}, "HTTP or WebSocket"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00", []string{"\x15\x03\x03\x00\x02\x02\x28"}, "TLS"},
		{"MQTT", "\x10\x10\x00\x04MQTT", nil, "MQTT"},
		{"frames without a handshake", "\x00\x00\x00\x02[]", nil, "octets 00000002"},
	} {
		t.Run(test.name, func(t *testing.T) {
			nc := connect(t, ln)
			before := len(logs.lines())
			if _, err := io.WriteString(nc, test.octets); err != nil {
				t.Fatal(err)
			}
			_ = nc.(*net.TCPConn).CloseWrite()
			answer, err := io.ReadAll(nc)
			if err != nil && len(test.answer) > 0 {
				t.Error(err)
			}
			for _, part := range test.answer {
				if !bytes.Contains(answer, []byte(part)) {
					t.Errorf("answer %q does not contain %q", answer, part)
				}
			}
			if len(test.answer) == 0 && len(answer) > 0 {
				t.Errorf("answer %q, want none", answer)
			}
			lines := logs.wait(t, before+1)
			line := lines[before]
			for _, part := range []string{"level=WARN", test.log, "transport=door", nc.LocalAddr().String(), url} {
				if !strings.Contains(line, part) {
					t.Errorf("log line %q does not contain %q", line, part)
				}
			}
			if len(lines) != before+1 {
				t.Errorf("%d log lines: %q", len(lines)-before, lines[before:])
			}
		})
	}
}

func TestRefusalsAreLogged(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, octets, log string }{
		{"a serializer that is not offered", "\x7f\xf4\x00\x00", "serializer unsupported"},
		{"reserved bits", "\x7f\xf1\x00\x01", "reserved bits"},
		{"half a handshake", "\x7f", "left during its handshake"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			logs := newLog()
			ln := listen(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", Logger: logs.logger()}, echo)
			nc := connect(t, ln)
			if _, err := io.WriteString(nc, test.octets); err != nil {
				t.Fatal(err)
			}
			_ = nc.(*net.TCPConn).CloseWrite()
			_, _ = io.ReadAll(nc)
			if line := logs.wait(t, 1)[0]; !strings.Contains(line, test.log) || !strings.Contains(line, "peer=127.0.0.1") {
				t.Errorf("log line %q does not name %q and the peer", line, test.log)
			}
		})
	}
}

func TestLogLinesAreLimited(t *testing.T) {
	t.Parallel()
	var l rawsocket.LogLimit
	now := time.Now()
	passed := 0
	for range rawsocket.LinesPerSecond + 7 {
		if _, pass := l.Pass(now); pass {
			passed++
		}
	}
	if passed != rawsocket.LinesPerSecond {
		t.Errorf("%d lines passed within a second, want %d", passed, rawsocket.LinesPerSecond)
	}
	if missed, pass := l.Pass(now.Add(time.Second)); !pass || missed != 7 {
		t.Errorf("a second later: passed %v, %d missed, want 7", pass, missed)
	}
	if missed, _ := l.Pass(now.Add(time.Second)); missed != 0 {
		t.Errorf("%d lines are reported as missed twice", missed)
	}
}

func TestListenConfigIsChecked(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		config rawsocket.ListenConfig
		word   string
	}{
		{"no network", rawsocket.ListenConfig{Address: ":1"}, "network"},
		{"no address", rawsocket.ListenConfig{Network: "tcp"}, "address"},
		{"an unsupported serializer", rawsocket.ListenConfig{Network: "tcp", Address: ":0", Serializers: []wamp.SerializerNumber{4}}, "ubjson"},
		{"a limit too large", rawsocket.ListenConfig{Network: "tcp", Address: ":0", MaxMessageSize: 64<<20 + 1}, "67108865"},
		{"a negative limit", rawsocket.ListenConfig{Network: "tcp", Address: ":0", MaxMessageSize: -1}, "-1"},
		{"a negative backlog", rawsocket.ListenConfig{Network: "tcp", Address: ":0", Backlog: -1}, "backlog"},
		{"an impossible minimum for peers", rawsocket.ListenConfig{Network: "tcp", Address: ":0", MinPeerLimit: 1<<24 + 1}, "16777217"},
		{"a mode for TCP", rawsocket.ListenConfig{Network: "tcp", Address: ":0", Mode: 0o600}, "mode"},
		{"a shared port for a Unix socket", rawsocket.ListenConfig{Network: "unix", Address: "s", ReusePort: true}, "shared port"},
		{"a path that is too long", rawsocket.ListenConfig{Network: "unix", Address: strings.Repeat("x", 200)}, "200 octets"},
		{"a mode with file type bits", rawsocket.ListenConfig{Network: "unix", Address: "s", Mode: 0o1000000}, "permission"},
		{"TLS without a certificate", rawsocket.ListenConfig{Network: "tcp", Address: ":0", TLS: newTLS()}, "certificate"},
		{"an owner that does not exist", rawsocket.ListenConfig{Network: "unix", Address: "s", Owner: "no such user"}, "no such user"},
		{"a group that does not exist", rawsocket.ListenConfig{Network: "unix", Address: "s", Group: "no such group"}, "no such group"},
		{"an address that cannot be bound", rawsocket.ListenConfig{Network: "tcp", Address: "192.0.2.1:1"}, "192.0.2.1"},
	} {
		ln, err := rawsocket.Listen(test.config)
		if err == nil {
			_ = ln.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.word) {
			t.Errorf("%s: %v, want an error with %q", test.name, err, test.word)
		}
	}
}

func TestMinimalConfigsAreGood(t *testing.T) {
	t.Parallel()
	for _, config := range []rawsocket.ListenConfig{
		{Network: "tcp", Address: ":8081"},
		{Network: "unix", Address: "junctor.sock", Mode: 0o600},
	} {
		if err := config.Check(); err != nil {
			t.Errorf("%+v: %v", config, err)
		}
	}
}

func ExampleDescribeLimit() {
	fmt.Println(rawsocket.DescribeLimit(100000))
	// Output: RawSocket announces powers of two up to 16777216 only: peers are told 65536 bytes, and messages up to 100000 bytes are accepted
}
