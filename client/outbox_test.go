package client_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

func TestARouterThatDoesNotRead(t *testing.T) {
	t.Parallel()
	t.Run("makes requests wait for room, and lose nothing", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, p := connect(t, client.Options{SendBytes: 2000}, inproc.Config{Buffer: 100})
			text := strings.Repeat("x", 300)
			sent := 0
			for {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				_, err := s.Publish(ctx, "com.example.tick", client.Args{sent, text}, nil)
				cancel()
				if err != nil {
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Fatal(err)
					}
					break
				}
				if sent++; sent > 100 {
					t.Fatal("the outbox has no bound")
				}
			}
			if sent < 4 {
				t.Errorf("only %d messages were taken", sent)
			}
			waiting := publish(t.Context(), s, nil, sent, text)
			synctest.Wait()
			for i := range sent + 1 {
				m := expect[*wamp.Publish](p)
				if m.Request != wamp.ID(1+i) || args(t, m.Payload)[0] != int64(i) {
					t.Fatalf("message %d is %+v", i, m)
				}
			}
			waiting.must(t)
		})
	})
	t.Run("still gets a message that is larger than the bound", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{SendBytes: 1000}, inproc.Config{Buffer: 100})
		large := publish(t.Context(), s, nil, strings.Repeat("x", 100_000))
		m := expect[*wamp.Publish](p)
		if len(args(t, m.Payload)[0].(string)) != 100_000 {
			t.Error("the message was cut")
		}
		large.must(t)
	})
	t.Run("does not keep Close", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, _ := connect(t, client.Options{}, inproc.Config{Buffer: 100})
			publish(t.Context(), s, nil, strings.Repeat("x", 1000)).must(t)
			start := time.Now()
			if err := s.Close(); err == nil || time.Since(start) != client.DefaultCloseTimeout {
				t.Errorf("Close = %v after %v", err, time.Since(start))
			}
		})
	})
	t.Run("stops being read if it asks more and more", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			_, p := connect(t, client.Options{}, inproc.Config{})
			frame, err := serializer.Append(nil, p.ser, invocation(p, 1)) // of no registration: refused
			if err != nil {
				t.Fatal(err)
			}
			octets := append(p.conn.AppendHeader(nil, len(frame)), frame...)
			block := bytes.Repeat(octets, 1000)
			var sent, stuck int
			for stuck == 0 {
				n, err := p.conn.TryWrite([][]byte{block[sent%len(octets):]})
				if err != nil {
					t.Fatal(err)
				}
				if sent += n; sent > 64<<20 {
					t.Fatal("the outbox has no bound")
				}
				synctest.Wait()
				if n == 0 {
					stuck = sent
				}
			}
			for range stuck / len(octets) {
				if m := expect[*wamp.Error](p); m.URI != wamp.ErrNoSuchProcedure {
					t.Fatalf("got %+v", m)
				}
			}
		})
	})
	t.Run("gets all of it, whoever sends and however large, in order of IDs", func(t *testing.T) {
		t.Parallel()
		s, p := connect(t, client.Options{}, inproc.Config{Buffer: 1000})
		const senders, each = 8, 50
		var wg sync.WaitGroup
		for sender := range senders {
			wg.Go(func() {
				for i := range each {
					text := strings.Repeat("x", i%5*transport.OwnedFrame/3)
					if _, err := s.Publish(t.Context(), "com.example.tick", client.Args{sender, i, text}, nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		var next [senders]int64
		for id := range wamp.ID(senders * each) {
			m := expect[*wamp.Publish](p)
			values := args(t, m.Payload)
			sender, i := values[0].(int64), values[1].(int64)
			if m.Request != 1+id || i != next[sender] || len(values[2].(string)) != int(i%5*transport.OwnedFrame/3) {
				t.Fatalf("message %d of sender %d came as %d with %d octets", m.Request, sender, i, len(values[2].(string)))
			}
			next[sender]++
		}
		wg.Wait()
	})
}

// oddConn is a connection with a say in what happens.
type oddConn struct {
	transport.Conn
	control  []byte // what the first Read has to be answered with
	writeErr error  // what writing gives after HELLO
	writes   int
}

func (c *oddConn) Read(batch [][]byte) ([][]byte, []byte, error) {
	messages, control, err := c.Conn.Read(batch)
	if c.control != nil {
		control, c.control = c.control, nil
	}
	return messages, control, err
}

func (c *oddConn) TryWrite(bufs [][]byte) (int, error) {
	if c.writes++; c.writes > 1 && c.writeErr != nil {
		return 0, c.writeErr
	}
	return c.Conn.TryWrite(bufs)
}

func joinOver(t *testing.T, conn transport.Conn, theirs transport.Conn) (*client.Session, *peer) {
	t.Helper()
	p := newPeer(t, theirs)
	joined := async(func() (*client.Session, error) {
		return client.Join(t.Context(), conn, client.Options{Realm: realm})
	})
	expect[*wamp.Hello](p)
	p.send(welcome())
	s := joined.must(t)
	t.Cleanup(func() {
		_ = theirs.Close()
		s.Wait()
	})
	return s, p
}

func TestWhatTheTransportAnswersIsWritten(t *testing.T) {
	t.Parallel()
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	// Control octets of this transport would be a frame of their own; let them be one.
	pong, err := serializer.Append(nil, serializer.MsgPack, &wamp.EventReceived{Publication: 1})
	if err != nil {
		t.Fatal(err)
	}
	conn := &oddConn{Conn: ours, control: append(ours.AppendHeader(nil, len(pong)), pong...)}
	_, p := joinOver(t, conn, theirs)
	expect[*wamp.EventReceived](p)
}

func TestAFailedWriteEndsTheSession(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	ours, theirs := inproc.Pair(wamp.SerializerMsgPack)
	s, _ := joinOver(t, &oddConn{Conn: ours, writeErr: broken}, theirs)
	if err := call(t.Context(), s, nil).fails(t); !errors.Is(err, broken) || !errors.Is(err, net.ErrClosed) {
		t.Errorf("the call failed with %v", err)
	}
	<-s.Done()
	if err := s.Err(); !errors.Is(err, broken) {
		t.Errorf("Err = %v", err)
	}
}
