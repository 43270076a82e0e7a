package serializer_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// record returns arguments as the load generator sends them: structured
// records of about the given size.
func record(size int) []any {
	var list []any
	for n := 0; n < size; n += 64 {
		list = append(list, wamp.Dict{
			"id": int64(123456 + n), "name": "sensor-" + strings.Repeat("x", n%7), "ok": true, "value": 21.25,
		})
	}
	return list
}

func encoded(tb testing.TB, s serializer.Serializer, args []any) wamp.Payload {
	tb.Helper()
	p, err := s.EncodePayload(args, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// hotMessages are the messages of the hot path as they commonly are.
func hotMessages(p wamp.Payload) []wamp.Message {
	return []wamp.Message{
		&wamp.Call{Request: 4711, Procedure: "com.example.procedure", Payload: p},
		&wamp.Invocation{Request: 4711, Registration: 2103333224, Payload: p},
		&wamp.Yield{Request: 4711, Payload: p},
		&wamp.Result{Request: 4711, Payload: p},
		&wamp.Publish{Request: 4711, Topic: "com.example.topic", Acknowledge: true, Payload: p},
		&wamp.Event{
			Subscription: 5512315355, Publication: 4429313566, Topic: "com.example.topic",
			Publisher: 99, PublisherAuthID: "alice", PublisherAuthRole: "user", Payload: p,
		},
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, s := range serializer.All() {
		for _, size := range []int{0, 64, 1024} {
			for _, m := range hotMessages(encoded(b, s, record(size))) {
				frame, err := serializer.Append(nil, s, m)
				if err != nil {
					b.Fatal(err)
				}
				b.Run(fmt.Sprintf("%s/%d/%s", s, size, m.Code()), func(b *testing.B) {
					d := serializer.NewDecoder(s)
					b.SetBytes(int64(len(frame)))
					b.ReportAllocs()
					for b.Loop() {
						if _, err := d.Decode(frame); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

func BenchmarkAppendHead(b *testing.B) {
	for _, s := range serializer.All() {
		for _, m := range hotMessages(encoded(b, s, record(64))) {
			b.Run(fmt.Sprintf("%s/%s", s, m.Code()), func(b *testing.B) {
				var dst []byte
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if dst, err = s.AppendHead(dst[:0], m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkTranscode(b *testing.B) {
	for _, from := range serializer.All() {
		for _, to := range serializer.All() {
			for _, size := range []int{64, 1024} {
				if from == to {
					continue
				}
				p := encoded(b, from, record(size))
				b.Run(fmt.Sprintf("%s-%s/%d", from, to, size), func(b *testing.B) {
					var dst []byte
					b.SetBytes(int64(len(p.Bytes)))
					b.ReportAllocs()
					for b.Loop() {
						var err error
						if dst, err = to.AppendPayload(dst[:0], p); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}

// BenchmarkWalk measures Decode on payloads that are large enough for the
// head not to count.
func BenchmarkWalk(b *testing.B) {
	bodies := map[string][]any{
		"records": record(64 << 10),
		"sensors": {sensors(600)},
		"varied":  {varied(600)},
		"text":    {strings.Repeat("The quick brown fox. ", 3000)},
		"unicode": {strings.Repeat("Ärger mit Übermut ", 3000)},
		"numbers": numbers(8 << 10),
	}
	for _, s := range serializer.All() {
		for name, body := range bodies {
			b.Run(fmt.Sprintf("%s/%s", s, name), func(b *testing.B) {
				frame, err := serializer.Append(nil, s, &wamp.Yield{Request: 1, Payload: encoded(b, s, body)})
				if err != nil {
					b.Fatal(err)
				}
				d := serializer.NewDecoder(s)
				b.SetBytes(int64(len(frame)))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := d.Decode(frame); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// sensors are the records of wampload: short tokens, alike from one to the next.
func sensors(n int) (list []any) {
	for i := range n {
		list = append(list, wamp.Dict{
			"id": int64(100000 + i), "name": fmt.Sprintf("sensor-%05d", i), "value": 20.5 + float64(i), "ok": i%2 == 0,
			"tags": []any{"a", "bc", "def"},
		})
	}
	return list
}

// varied are records whose values are of a different length each.
func varied(n int) (list []any) {
	r := rand.New(rand.NewPCG(1, 2))
	for range n {
		list = append(list, wamp.Dict{
			"id": r.Int64N(1 << r.IntN(60)), "name": strings.Repeat("x", r.IntN(20)), "value": float64(r.IntN(10000)) / 10,
			"ok": r.IntN(2) == 0, "note": strings.Repeat("a b", r.IntN(10)),
		})
	}
	return list
}

func numbers(n int) (list []any) {
	for i := range n {
		list = append(list, int64(i*i), float64(i)/3)
	}
	return list
}
