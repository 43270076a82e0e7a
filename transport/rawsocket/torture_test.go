package rawsocket_test

import (
	"io"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
)

// hostile returns a stream that is valid, mutated, cut off, or noise.
func hostile(random *rand.Rand) []byte {
	stream := []byte{0x7f, byte(random.IntN(16))<<4 | byte(1+random.IntN(3)), 0, 0}
	frames, _, _ := mixed(random, 10)
	stream = append(stream, frames[:random.IntN(len(frames)+1)]...)
	switch random.IntN(4) {
	case 0:
		for range 1 + random.IntN(8) {
			stream[random.IntN(len(stream))] = byte(random.Uint32())
		}
	case 1:
		stream = stream[:random.IntN(len(stream)+1)]
	case 2:
		for i := range stream[4:] {
			stream[4+i] = byte(random.Uint32())
		}
	}
	return stream
}

// Thousands of connections that send nonsense leave nothing behind: no
// goroutine (TestMain looks for them), no memory, and a listener that serves.
func TestHostileStreams(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	config := onSocketOrTCP(t)
	config.MaxConnections, config.MaxMessageSize = 64, 100000
	ln := listen(t, config, echo)
	attack(t, ln.Addr(), 100, 1) // warms up pools
	before := heap()
	attack(t, ln.Addr(), 3000, 2)
	if after := heap(); after > before+8<<20 {
		t.Errorf("heap grew from %d to %d octets", before, after)
	}
	c := dial(t, ln, rawsocket.DialConfig{})
	if err := c.Write([][]byte{message("still here")}); err != nil {
		t.Fatal(err)
	}
	if got := readUntil(c, 1); got.err != nil || string(got.messages[0]) != "still here" {
		t.Errorf("%q, %v", got.messages, got.err)
	}
}

// attack makes n connections to addr, a few at a time.
func attack(t *testing.T, addr net.Addr, n int, seed uint64) {
	t.Helper()
	const attackers = 8
	var group sync.WaitGroup
	for i := range attackers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			for range n / attackers {
				nc, err := net.Dial(addr.Network(), addr.String())
				if err != nil {
					t.Error(err)
					return
				}
				abuse(nc, hostile(random), random.IntN(4) == 0)
			}
		})
	}
	group.Wait()
}

// abuse sends octets to nc and reads what comes, or leaves at once.
func abuse(nc net.Conn, octets []byte, rude bool) {
	defer nc.Close()
	var reading sync.WaitGroup
	defer reading.Wait()
	if !rude {
		reading.Go(func() { _, _ = io.Copy(io.Discard, nc) })
	}
	_, _ = nc.Write(octets)
	if half, ok := nc.(interface{ CloseWrite() error }); ok && !rude {
		_ = half.CloseWrite()
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// onSocketOrTCP is a configuration for whichever local transport is fastest.
func onSocketOrTCP(t testing.TB) rawsocket.ListenConfig {
	if runtime.GOOS == "windows" {
		return rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}
	}
	return rawsocket.ListenConfig{Network: "unix", Address: t.TempDir() + "/s"}
}
