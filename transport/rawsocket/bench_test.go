package rawsocket_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// BenchmarkConn writes and reads messages of one size in batches, on both
// ends of one connection and in one goroutine: the cost of a message without
// waking anybody.
func BenchmarkConn(b *testing.B) {
	for name, pair := range map[string]func(testing.TB) (net.Conn, net.Conn){"tcp": socketPair, "unix": unixPair} {
		for _, size := range []int{64, 1024, 10 << 10} {
			for _, batch := range []int{1, 4} {
				b.Run(fmt.Sprintf("%s/size=%d/batch=%d", name, size, batch), func(b *testing.B) {
					benchmarkConn(b, pair, size, batch)
				})
			}
		}
	}
}

func benchmarkConn(b *testing.B, pair func(testing.TB) (net.Conn, net.Conn), size, batch int) {
	near, far := pair(b)
	from := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
	to := rawsocket.NewConn(far, rawsocket.Options{Receive: 1 << 20})
	var octets []byte
	for range batch {
		octets = append(octets, message(string(make([]byte, size)))...)
	}
	bufs := [][]byte{octets}
	b.SetBytes(int64(size * batch))
	b.ReportAllocs()
	var messages [][]byte
	for b.Loop() {
		if err := from.Write(bufs); err != nil {
			b.Fatal(err)
		}
		for got := 0; got < batch; got += len(messages) {
			var err error
			if messages, _, err = to.Read(messages[:0]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkLarge sends one message a time to an echo and waits for it.
func BenchmarkLarge(b *testing.B) {
	for _, size := range []int{64 << 10, 1 << 20, 16<<20 - 1} {
		b.Run(fmt.Sprintf("tcp/size=%d", size), func(b *testing.B) {
			ln := listen(b, rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0", MaxMessageSize: 16 << 20}, echo)
			benchmarkEcho(b, dial(b, ln, rawsocket.DialConfig{}), size)
		})
	}
}

// BenchmarkEcho is a round trip: four wake-ups, four system calls and more.
func BenchmarkEcho(b *testing.B) {
	ca := newAuthority(b)
	for name, config := range map[string]rawsocket.ListenConfig{
		"tcp": {Network: "tcp", Address: "127.0.0.1:0"}, "tls": overTLS(b, ca),
	} {
		b.Run(name+"/size=64", func(b *testing.B) {
			ln := listen(b, config, echo)
			dc := rawsocket.DialConfig{}
			if config.TLS != nil {
				dc.TLS = ca.client()
			}
			benchmarkEcho(b, dial(b, ln, dc), 64)
		})
	}
}

func benchmarkEcho(b *testing.B, c transport.Conn, size int) {
	bufs := [][]byte{c.AppendHeader(nil, size), make([]byte, size)}
	b.SetBytes(2 * int64(size))
	b.ReportAllocs()
	var messages [][]byte
	for b.Loop() {
		if err := c.Write(bufs); err != nil {
			b.Fatal(err)
		}
		var err error
		if messages, _, err = c.Read(messages[:0]); err != nil || len(messages) != 1 {
			b.Fatal(len(messages), err)
		}
	}
}

// BenchmarkHandshake connects and closes.
func BenchmarkHandshake(b *testing.B) {
	ln := listen(b, onSocketOrTCP(b), func(c transport.Conn) { _ = c.Close() })
	b.ReportAllocs()
	for b.Loop() {
		c, err := rawsocket.Dial(b.Context(), rawsocket.DialConfig{Network: ln.Addr().Network(), Address: ln.Addr().String()})
		if err != nil {
			b.Fatal(err)
		}
		_ = c.Close()
	}
}
