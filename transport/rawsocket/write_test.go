package rawsocket_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
)

// pieces cuts n octets into pieces of all sizes, empty ones among them.
func pieces(n int) (all []byte, bufs [][]byte) {
	source := rand.NewChaCha8([32]byte{5})
	random := rand.New(source)
	all = make([]byte, n)
	_, _ = source.Read(all)
	for rest := all; len(rest) > 0; {
		k := min(len(rest), random.IntN(1<<random.IntN(17)))
		bufs, rest = append(bufs, rest[:k]), rest[k:]
	}
	return all, bufs
}

func TestWriteWritesEverything(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		for _, n := range []int{0, 1, 1000, 5 << 20} {
			near, far := engine.pair(t)
			c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
			all, bufs := pieces(n)
			got := make(chan []byte)
			go func() {
				octets, _ := io.ReadAll(far)
				got <- octets
			}()
			if err := c.Write(bufs); err != nil {
				t.Errorf("%s: %v", engine.name, err)
			}
			_ = c.Close()
			if octets := <-got; !bytes.Equal(octets, all) {
				t.Errorf("%s: of %d octets, %d arrived, or other ones", engine.name, n, len(octets))
			}
		}
	}
}

func TestTryWriteStopsWhereTheSocketIsFull(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]func(testing.TB) (net.Conn, net.Conn){"TCP": socketPair, "Unix": unixPair} {
		near, far := pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		if !c.HasRaw() {
			t.Skip("this system has no system calls that the engine uses")
		}
		buffers := near.(interface{ SetWriteBuffer(int) error })
		if err := buffers.SetWriteBuffer(64 << 10); err != nil {
			t.Fatal(err)
		}
		all, bufs := pieces(16 << 20) // more than the socket and its peer buffer
		written, err := c.TryWrite(bufs)
		if err != nil || written == 0 || written == len(all) {
			t.Fatalf("%s: TryWrite = %d, %v of %d octets that nobody reads", name, written, err, len(all))
		}
		got := make(chan []byte)
		go func() {
			octets, _ := io.ReadAll(far)
			got <- octets
		}()
		if err := c.Write([][]byte{all[written:]}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = c.Close()
		if octets := <-got; !bytes.Equal(octets, all) {
			t.Errorf("%s: of %d octets, %d arrived, or other ones", name, len(all), len(octets))
		}
	}
}

func TestTryWriteWritesNothingWithoutSystemCalls(t *testing.T) {
	t.Parallel()
	near, _ := pipePair(t)
	c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
	if n, err := c.TryWrite([][]byte{{1}}); n != 0 || err != nil {
		t.Errorf("TryWrite = %d, %v", n, err)
	}
}

func TestCloseEndsABlockedWrite(t *testing.T) {
	t.Parallel()
	for _, engine := range engines {
		near, _ := engine.pair(t)
		c := rawsocket.NewConn(near, rawsocket.Options{Receive: 512})
		done := make(chan error)
		go func() { done <- c.Write([][]byte{make([]byte, 32<<20)}) }()
		_ = c.Close()
		if err := <-done; err == nil {
			t.Errorf("%s: writing more than fits to a peer that does not read succeeded", engine.name)
		}
	}
}
