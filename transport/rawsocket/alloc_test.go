package rawsocket_test

import (
	"testing"

	"github.com/junctorio/junctor/transport/rawsocket"
)

// The allocation budget of the hot path: none at all.
func TestReadAndTryWriteDoNotAllocate(t *testing.T) {
	near, far := unixPair(t)
	a := rawsocket.NewConn(near, rawsocket.Options{Receive: 1 << 20})
	b := rawsocket.NewConn(far, rawsocket.Options{Receive: 1 << 20})
	if !a.HasRaw() {
		t.Skip("this system has no system calls that the engine uses")
	}
	one := join(message("hello"), ping("p"), message("world"))
	for name, bufs := range map[string][][]byte{
		"one buffer":      {one},
		"several buffers": {one, message("x"), one, nil, one},
		"many buffers":    {one, one, one, one, one, one, one, one, one, one, one, one, one, one},
	} {
		var batch [][]byte
		run := func(write func() (int, error)) func() {
			return func() {
				n, err := write()
				if err != nil || n == 0 {
					t.Fatalf("wrote %d octets, %v", n, err)
				}
				batch, _, err = b.Read(batch[:0])
				if err != nil || len(batch) == 0 {
					t.Fatalf("read %d messages, %v", len(batch), err)
				}
				b.Park()
			}
		}
		if allocs := testing.AllocsPerRun(200, run(func() (int, error) { return a.TryWrite(bufs) })); allocs != 0 {
			t.Errorf("%s: TryWrite and Read allocate %v times", name, allocs)
		}
		if allocs := testing.AllocsPerRun(200, run(func() (int, error) { return 1, a.Write(bufs) })); allocs != 0 {
			t.Errorf("%s: Write and Read allocate %v times", name, allocs)
		}
	}
}
