package rawsocket_test

import (
	"testing"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

func TestSmoke(t *testing.T) {
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() {
		served <- ln.Serve(func(c transport.Conn) {
			defer c.Close()
			var batch [][]byte
			for {
				var err error
				batch, _, err = c.Read(batch[:0])
				for _, m := range batch {
					b := append(c.AppendHeader(nil, len(m)), m...)
					n, err := c.TryWrite([][]byte{b})
					if err == nil && n < len(b) {
						c.Write([][]byte{b[n:]})
					}
				}
				if err != nil {
					return
				}
			}
		})
	}()
	c, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "tcp", Address: ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 500, 16384, 100000, 131072} {
		if err := c.Write([][]byte{c.AppendHeader(nil, n), make([]byte, n)}); err != nil {
			t.Fatal(err)
		}
		b, _, err := c.Read(nil)
		if err != nil || len(b) != 1 || len(b[0]) != n {
			t.Fatal(n, len(b), err)
		}
	}
	c.Close()
	ln.Close()
	if err := <-served; err != nil {
		t.Fatal(err)
	}
}
