package rawsocket_test

import (
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/junctorio/junctor/transport/rawsocket"
)

// options reads options of c's socket.
func options(t *testing.T, c *rawsocket.Conn) map[string]int {
	t.Helper()
	got := map[string]int{}
	err := c.Control(func(fd uintptr) {
		for name, option := range map[string][2]int{
			"no delay":     {unix.IPPROTO_TCP, unix.TCP_NODELAY},
			"keep-alive":   {unix.SOL_SOCKET, unix.SO_KEEPALIVE},
			"idle":         {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
			"user timeout": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT},
		} {
			got[name], _ = unix.GetsockoptInt(int(fd), option[0], option[1])
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSocketOptions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                   string
		keepAlive, userTimeout time.Duration
		tls                    bool
		want                   map[string]int
	}{
		{"by default", 0, 0, false, map[string]int{"no delay": 1, "keep-alive": 1, "idle": 30, "user timeout": 60000}},
		{"as configured", 7 * time.Second, 1500 * time.Millisecond, false,
			map[string]int{"no delay": 1, "keep-alive": 1, "idle": 7, "user timeout": 1500}},
		{"off", -1, -1, false, map[string]int{"no delay": 1, "keep-alive": 0, "user timeout": 0}},
		{"under TLS", 0, 0, true, map[string]int{"no delay": 1, "keep-alive": 1, "idle": 30, "user timeout": 60000}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			lc := rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", KeepAlive: test.keepAlive, UserTimeout: test.userTimeout}
			dc := rawsocket.DialConfig{KeepAlive: test.keepAlive, UserTimeout: test.userTimeout}
			if test.tls {
				ca := newAuthority(t)
				lc.TLS, dc.TLS = ca.server(t), ca.client()
			}
			accepted := make(chan *rawsocket.Conn, 1)
			ln := listen(t, lc, accept(accepted))
			dialed := dial(t, ln, dc).(*rawsocket.Conn)
			for side, c := range map[string]*rawsocket.Conn{"accepted": <-accepted, "dialed": dialed} {
				got := options(t, c)
				for name, want := range test.want {
					if got[name] != want {
						t.Errorf("%s connection: %s is %d, want %d", side, name, got[name], want)
					}
				}
				_ = c.Close()
			}
		})
	}
}

func TestBacklog(t *testing.T) {
	t.Parallel()
	ln := listen(t, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", Backlog: 17}, echo)
	err := rawsocket.ControlListener(ln, func(fd uintptr) error {
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err == nil && info.Sacked != 17 { // where Linux tells the backlog of a socket that listens
			t.Errorf("the backlog is %d, want 17", info.Sacked)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestReusePort(t *testing.T) {
	t.Parallel()
	config := rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", ReusePort: true}
	first := listen(t, config, echo)
	config.Address = first.Addr().String()
	listen(t, config, echo)
	config.ReusePort = false
	if ln, err := rawsocket.Listen(config); err == nil {
		_ = ln.Close()
		t.Error("a third listener that does not share got the port")
	}
}

func TestIPv6Only(t *testing.T) {
	t.Parallel()
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp6", Address: "[::]:0"})
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	serve(t, ln, echo)
	port := strconv.Itoa(ln.Addr().(*net.TCPAddr).Port)
	if nc, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
		_ = nc.Close()
		t.Error("a listener for tcp6 accepts IPv4")
	} else if !strings.Contains(err.Error(), syscall.ECONNREFUSED.Error()) {
		t.Error(err)
	}
	nc, err := net.Dial("tcp", "[::1]:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = nc.Close()
}

// Close does not wait for a peer that has stopped reading to take close_notify.
func TestCloseUnderTLSIsQuick(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	accepted := make(chan *rawsocket.Conn, 1)
	ln := listen(t, overTLS(t, ca), accept(accepted))
	dial(t, ln, rawsocket.DialConfig{TLS: ca.client()})
	c := <-accepted
	err := c.Control(func(fd uintptr) { // fills the socket
		for junk := make([]byte, 1<<20); ; {
			if _, err := unix.Write(int(fd), junk); err != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	_ = c.Close()
	if took := time.Since(begin); took > 4*time.Second { // TLS would wait five
		t.Errorf("Close took %v", took)
	}
}
