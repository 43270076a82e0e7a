package client_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// joinBench joins a router that answers each CALL with its own arguments, and
// ignores all else.
func joinBench(b *testing.B, number wamp.SerializerNumber) *client.Session {
	ours, theirs := inproc.PairOf(inproc.Config{Serializer: number})
	var answered sync.WaitGroup
	answered.Go(func() { answer(b, theirs) })
	s, err := client.Join(context.Background(), ours, client.Options{Realm: realm})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = theirs.Close()
		s.Wait()
		answered.Wait()
	})
	return s
}

func answer(b *testing.B, conn transport.Conn) {
	ser, _ := serializer.ByNumber(conn.Info().Serializer)
	decoder := serializer.NewDecoder(ser)
	var batch [][]byte
	var message, out []byte
	var result wamp.Result
	for {
		frames, _, err := conn.Read(batch[:0])
		if err != nil {
			return
		}
		out = out[:0]
		for _, frame := range frames {
			m, err := decoder.Decode(frame)
			if err != nil {
				b.Error(err)
				return
			}
			var reply wamp.Message
			switch m := m.(type) {
			case *wamp.Hello:
				reply = welcome()
			case *wamp.Call:
				result.Request, result.Payload = m.Request, m.Payload
				reply = &result
			default:
				continue
			}
			if message, err = serializer.Append(message[:0], ser, reply); err != nil {
				b.Error(err)
				return
			}
			out = append(conn.AppendHeader(out, len(message)), message...)
		}
		if len(out) > 0 && conn.Write([][]byte{out}) != nil {
			return
		}
		batch = frames
	}
}

func BenchmarkCall(b *testing.B) {
	for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		b.Run(number.String()+"/64B/1", func(b *testing.B) {
			s := joinBench(b, number)
			args := client.Args{strings.Repeat("x", 64)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Call(b.Context(), "com.example.echo", args, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(number.String()+"/64B/parallel", func(b *testing.B) {
			s := joinBench(b, number)
			args := client.Args{strings.Repeat("x", 64)}
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := s.Call(b.Context(), "com.example.echo", args, nil); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func BenchmarkPublish(b *testing.B) {
	s := joinBench(b, wamp.SerializerMsgPack)
	args := client.Args{strings.Repeat("x", 64)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Publish(b.Context(), "com.example.tick", args, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRoundTrip is a call over TCP through a real router: two sessions of
// this package and the router share the processors.
func BenchmarkRoundTrip(b *testing.B) {
	addr := listen(b, newRouter(b), rawsocket.ListenConfig{Network: "tcp", Address: "127.0.0.1:0"}).String()
	callee, caller := dial(b, "rs://"+addr, client.Options{}), dial(b, "rs://"+addr, client.Options{})
	if _, err := callee.Register(b.Context(), "com.example.echo", func(_ context.Context, inv *client.Invocation) (client.Reply, error) {
		var args []any
		err := inv.Decode(&args, nil)
		return client.Return(args...), err
	}, nil); err != nil {
		b.Fatal(err)
	}
	args := client.Args{strings.Repeat("x", 64)}
	for _, parallel := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("msgpack/64B/%d", parallel), func(b *testing.B) {
			b.ReportAllocs()
			var callers sync.WaitGroup
			for i := range parallel {
				n := b.N / parallel
				if i < b.N%parallel {
					n++
				}
				callers.Go(func() {
					for range n {
						if _, err := caller.Call(b.Context(), "com.example.echo", args, nil); err != nil {
							b.Error(err)
						}
					}
				})
			}
			callers.Wait()
		})
	}
}
