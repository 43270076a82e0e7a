package inproc_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// frame returns message as it stands on the wire of c.
func frame(c transport.Conn, message []byte) []byte {
	return append(c.AppendHeader(nil, len(message)), message...)
}

// read reads n messages from c and returns copies of them.
func read(t *testing.T, c transport.Conn, n int) [][]byte {
	t.Helper()
	var got [][]byte
	for len(got) < n {
		batch, _, err := c.Read(nil)
		for _, m := range batch {
			got = append(got, bytes.Clone(m))
		}
		if err != nil {
			t.Fatalf("after %d of %d messages: %v", len(got), n, err)
		}
	}
	return got
}

func TestMessagesArriveWholeAndInOrder(t *testing.T) {
	t.Parallel()
	for _, size := range []int{7, 64, 1000, 64 << 10} {
		synctest.Test(t, func(t *testing.T) {
			a, b := inproc.PairOf(inproc.Config{Buffer: size})
			random := rand.New(rand.NewPCG(1, uint64(size)))
			var messages [][]byte
			var stream []byte
			for range 200 {
				m := make([]byte, random.IntN(3*transport.OwnedFrame/(1+random.IntN(400))))
				for i := range m {
					m[i] = byte(random.Uint32())
				}
				messages = append(messages, m)
				stream = append(stream, frame(a, m)...)
			}
			go func() {
				for len(stream) > 0 { // split anywhere
					n := min(len(stream), 1+random.IntN(50000))
					if err := a.Write([][]byte{stream[:n/2], stream[n/2 : n]}); err != nil {
						t.Error(err)
						return
					}
					stream = stream[n:]
				}
			}()
			if got := read(t, b, len(messages)); !slices.EqualFunc(got, messages, bytes.Equal) {
				t.Errorf("with buffers of %d octets, messages differ", size)
			}
		})
	}
}

func TestOneReadReturnsAllThatHasArrived(t *testing.T) {
	t.Parallel()
	a, b := inproc.Pair(wamp.SerializerCBOR)
	three := [][]byte{frame(a, []byte("one")), frame(a, nil), frame(a, []byte("three"))}
	if err := a.Write(three); err != nil {
		t.Fatal(err)
	}
	batch, control, err := b.Read([][]byte{[]byte("before")})
	want := [][]byte{[]byte("before"), []byte("one"), {}, []byte("three")}
	if err != nil || control != nil || !slices.EqualFunc(batch, want, bytes.Equal) {
		t.Errorf("Read = %q, %q, %v, want %q", batch, control, err, want)
	}
}

func TestLargeFramesHaveMemoryOfTheirOwn(t *testing.T) {
	t.Parallel()
	a, b := inproc.Pair(wamp.SerializerJSON)
	large := bytes.Repeat([]byte("x"), transport.OwnedFrame)
	if err := a.Write([][]byte{frame(a, large)}); err != nil {
		t.Fatal(err)
	}
	batch, _, err := b.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // would overwrite a shared buffer
		if err := a.Write([][]byte{frame(a, bytes.Repeat([]byte("y"), transport.OwnedFrame+100))}); err != nil {
			t.Fatal(err)
		}
		read(t, b, 1)
	}
	if !bytes.Equal(batch[0], large) {
		t.Error("a frame of OwnedFrame octets was overwritten by later ones")
	}
}

func TestTryWriteTakesWhatFits(t *testing.T) {
	t.Parallel()
	a, b := inproc.PairOf(inproc.Config{Buffer: 10})
	bufs := [][]byte{a.AppendHeader(nil, 20), bytes.Repeat([]byte("x"), 20)}
	if n, err := a.TryWrite(bufs); n != 10 || err != nil {
		t.Fatalf("TryWrite into a buffer of 10 octets = %d, %v", n, err)
	}
	if n, err := a.TryWrite([][]byte{bufs[1][6:]}); n != 0 || err != nil {
		t.Fatalf("TryWrite into a full buffer = %d, %v", n, err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Write([][]byte{bufs[1][6:]}) }()
	if got := read(t, b, 1); !bytes.Equal(got[0], bufs[1]) {
		t.Errorf("read %q", got)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWriteWaitsForTheReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, b := inproc.PairOf(inproc.Config{Buffer: 8})
		written := false
		go func() {
			if err := a.Write([][]byte{frame(a, make([]byte, 100))}); err != nil {
				t.Error(err)
			}
			written = true
		}()
		synctest.Wait()
		if written {
			t.Error("Write returned although nobody has read")
		}
		read(t, b, 1)
		synctest.Wait()
		if !written {
			t.Error("Write did not return although all was read")
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	t.Run("what was written before is still read, then EOF", func(t *testing.T) {
		t.Parallel()
		a, b := inproc.Pair(wamp.SerializerJSON)
		if err := errors.Join(a.Write([][]byte{frame(a, []byte("last"))}), a.Close(), a.Close()); err != nil {
			t.Fatal(err)
		}
		if got := read(t, b, 1); string(got[0]) != "last" {
			t.Errorf("read %q", got)
		}
		for range 2 {
			if _, _, err := b.Read(nil); err != io.EOF {
				t.Errorf("Read at the end: %v", err)
			}
		}
	})
	t.Run("CloseWrite ends one direction", func(t *testing.T) {
		t.Parallel()
		a, b := inproc.Pair(wamp.SerializerJSON)
		if err := errors.Join(a.Write([][]byte{frame(a, []byte("last"))}), a.CloseWrite(), b.Write([][]byte{frame(b, []byte("answer"))})); err != nil {
			t.Fatal(err)
		}
		read(t, b, 1)
		if _, _, err := b.Read(nil); err != io.EOF {
			t.Errorf("Read at the end: %v", err)
		}
		if got := read(t, a, 1); string(got[0]) != "answer" {
			t.Errorf("read %q", got)
		}
		if err := a.Write([][]byte{{1}}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after CloseWrite: %v", err)
		}
	})
	t.Run("an end within a message is told apart", func(t *testing.T) {
		t.Parallel()
		for _, part := range []string{"\x00\x00", "\x00\x00\x00\x05abc"} {
			a, b := inproc.Pair(wamp.SerializerJSON)
			if err := errors.Join(a.Write([][]byte{[]byte(part)}), a.Close()); err != nil {
				t.Fatal(err)
			}
			if _, _, err := b.Read(nil); err != io.ErrUnexpectedEOF {
				t.Errorf("Read after %q: %v", part, err)
			}
		}
	})
	t.Run("every method of either end fails afterwards", func(t *testing.T) {
		t.Parallel()
		a, b := inproc.Pair(wamp.SerializerJSON)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]transport.Conn{"closed end": a, "other end": b} {
			if _, err := c.TryWrite([][]byte{{1}}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: TryWrite: %v", name, err)
			}
			if err := c.Write([][]byte{{1}}); !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: Write: %v", name, err)
			}
		}
		if _, _, err := a.Read(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Read: %v", err)
		}
	})
	t.Run("it wakes who reads and who writes", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a, b := inproc.PairOf(inproc.Config{Buffer: 8})
			errs := make(chan error, 4)
			for _, c := range []transport.Conn{a, b} {
				go func() { errs <- c.Write([][]byte{make([]byte, 9)}) }()
			}
			synctest.Wait() // both directions are full
			for range 2 {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			}
			for range 2 {
				if err := <-errs; !errors.Is(err, net.ErrClosed) {
					t.Errorf("Write: %v", err)
				}
			}
			c, d := inproc.Pair(wamp.SerializerJSON)
			for _, end := range []transport.Conn{c, d} {
				go func() {
					_, _, err := end.Read(nil)
					errs <- err
				}()
			}
			synctest.Wait()
			_ = c.Close()
			first, second := <-errs, <-errs
			if !errors.Is(errors.Join(first, second), net.ErrClosed) || !errors.Is(errors.Join(first, second), io.EOF) {
				t.Errorf("Read on both ends: %v and %v, want closed here and EOF there", first, second)
			}
		})
	})
}

func TestLimits(t *testing.T) {
	t.Parallel()
	a, b := inproc.PairOf(inproc.Config{MaxMessage: [2]int{10, 20}, ID: "link", Serializer: wamp.SerializerMsgPack})
	if got, want := a.Info().Limits, (transport.Limits{Receive: 10, Send: 20}); got != want {
		t.Errorf("limits of the first end: %+v, want %+v", got, want)
	}
	if i := b.Info(); i.Limits.Receive != 20 || i.Limits.Send != 10 || i.ID != "link" || i.Serializer != wamp.SerializerMsgPack || i.Transport != "inproc" {
		t.Errorf("the second end describes itself as %+v", i)
	}
	if err := a.Write([][]byte{frame(a, make([]byte, 20)), frame(a, make([]byte, 21))}); err != nil {
		t.Fatal(err)
	}
	batch, _, err := b.Read(nil)
	if len(batch) != 1 || wamp.AsProtocolError(err) == nil {
		t.Errorf("Read of a good and a too large message: %d messages, %v", len(batch), err)
	}
	if batch, _, err = b.Read(nil); len(batch) != 0 || wamp.AsProtocolError(err) == nil {
		t.Errorf("Read after a too large message: %d messages, %v", len(batch), err)
	}
}

func TestSmallMessagesDoNotAllocate(t *testing.T) {
	a, b := inproc.Pair(wamp.SerializerMsgPack)
	bufs := [][]byte{frame(a, make([]byte, 64)), frame(a, make([]byte, 500))}
	var batch [][]byte
	allocs := testing.AllocsPerRun(200, func() {
		if _, err := a.TryWrite(bufs); err != nil {
			t.Fatal(err)
		}
		batch, _, _ = b.Read(batch[:0])
		if len(batch) != 2 {
			t.Fatalf("%d messages", len(batch))
		}
	})
	if allocs != 0 {
		t.Errorf("TryWrite and Read of two messages allocate %v times", allocs)
	}
}

func BenchmarkPair(b *testing.B) {
	for _, size := range []int{64, 1024, 1 << 20} {
		b.Run(map[int]string{64: "64B", 1024: "1KB", 1 << 20: "1MB"}[size], func(b *testing.B) {
			x, y := inproc.Pair(wamp.SerializerMsgPack)
			bufs := [][]byte{frame(x, make([]byte, size))}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			go func() {
				for x.Write(bufs) == nil {
				}
			}()
			var batch [][]byte
			for got := 0; b.Loop(); got-- {
				for got == 0 {
					batch, _, _ = y.Read(batch[:0])
					got = len(batch)
				}
			}
			_ = x.Close()
		})
	}
}
