package robust_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// corpus holds a client's messages in one serializer, HELLO first.
type corpus struct {
	number   wamp.SerializerNumber
	messages [][]byte
}

// corpora returns the same messages in every serializer.
func corpora(t *testing.T) []corpus {
	t.Helper()
	var all []corpus
	for _, s := range serializer.All() {
		c := corpus{number: s.Number()}
		for _, m := range clientMessages(t, s) {
			octets, err := serializer.Append(nil, s, m)
			if err != nil {
				t.Fatalf("%s: %T: %v", s, m, err)
			}
			c.messages = append(c.messages, octets)
		}
		all = append(all, c)
	}
	return all
}

func clientMessages(t *testing.T, s serializer.Serializer) []wamp.Message {
	t.Helper()
	payload, err := s.EncodePayload(
		[]any{1, -7, 2.5, "grüße", []byte{0, 1, 255}, nil, true, []any{[]any{map[string]any{"deep": "er"}}}},
		map[string]any{"key": "value", "list": []any{1 << 40, "x"}})
	if err != nil {
		t.Fatal(err)
	}
	testament, err := s.EncodePayload([]any{"com.example.topic", []any{1}, map[string]any{}}, map[string]any{"scope": "detached"})
	if err != nil {
		t.Fatal(err)
	}
	roles := wamp.Roles{}.
		With(wamp.RoleCaller, wamp.FeatureProgressiveCallResults, wamp.FeatureCallCanceling).
		With(wamp.RoleCallee, wamp.FeatureProgressiveCallResults, wamp.FeatureCallCanceling).
		With(wamp.RolePublisher).With(wamp.RoleSubscriber)
	return []wamp.Message{
		&wamp.Hello{Realm: "realm1", Roles: roles, Agent: "hostile", AuthMethods: []string{"anonymous"}, AuthID: "mallory"},
		&wamp.Subscribe{Request: 1, Topic: "com.example.topic"},
		&wamp.Subscribe{Request: 2, Topic: honestTopic, Match: wamp.MatchPrefix},
		&wamp.Register{Request: 3, Procedure: "com.example.procedure", Invoke: wamp.InvokeRoundRobin},
		&wamp.Register{Request: 4, Procedure: honestProcedure},
		&wamp.Call{Request: 5, Procedure: honestProcedure, ReceiveProgress: true, TimeoutMillis: 50, Payload: payload},
		&wamp.Call{Request: 6, Procedure: "com.example.procedure", Payload: payload},
		&wamp.Subscribe{Request: 7, Topic: "wamp.", Match: wamp.MatchPrefix},
		&wamp.Call{Request: 8, Procedure: "wamp.session.add_testament", Payload: testament},
		&wamp.Call{Request: 9, Procedure: "wamp.registration.lookup", Payload: payload},
		&wamp.Call{Request: 10, Procedure: "wamp.session.list"},
		&wamp.Cancel{Request: 6, Mode: wamp.CancelKill},
		&wamp.Publish{Request: 7, Topic: honestTopic, Acknowledge: true, Payload: payload},
		&wamp.Publish{Request: 8, Topic: "com.example.topic", IncludeMe: true, Payload: payload, Filter: &wamp.Filter{
			Exclude: []wamp.ID{1, 2, 3}, EligibleAuthRole: []string{"anonymous"},
		}},
		&wamp.Yield{Request: 1, Progress: true, Payload: payload},
		&wamp.Yield{Request: 1, Payload: payload},
		&wamp.Error{RequestType: wamp.CodeInvocation, Request: 1, URI: "com.example.error", Payload: payload},
		&wamp.Unsubscribe{Request: 9, Subscription: 1},
		&wamp.Unregister{Request: 10, Registration: 1},
		&wamp.Authenticate{Signature: "signature", Extra: wamp.Dict{"nonce": "n"}},
		&wamp.Welcome{Session: 1, Roles: roles},
		&wamp.Event{Subscription: 1, Publication: 2, Payload: payload},
		&wamp.EventReceived{Publication: 2},
		&wamp.Goodbye{Reason: wamp.CloseRealm},
	}
}

// generator makes the stream of one connection.
type generator struct {
	*rand.Rand
	corpora []corpus
}

// stream returns what a hostile peer sends.
func (g *generator) stream() []byte {
	c := g.corpora[g.IntN(len(g.corpora))]
	switch g.IntN(12) {
	case 0:
		return g.noise(4096)
	case 1:
		return g.mutate(g.session(c, 0))
	case 2:
		return append(handshake(c.number), g.noise(4096)...)
	case 3:
		return append([]byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), g.noise(64)...)
	case 4: // a frame that is announced and never comes, or only in part
		frame := binary.BigEndian.AppendUint32(handshake(c.number), g.Uint32N(1<<24))
		return append(frame, g.noise(512)...)
	case 5:
		return append(g.session(c, 0), g.pings()...)
	default: // good frames around bad messages, which get furthest
		return g.session(c, 1+g.IntN(4))
	}
}

func handshake(number wamp.SerializerNumber) []byte { return []byte{0x7f, 0xf0 | byte(number), 0, 0} }

// session is a handshake, HELLO and some messages in any order, of which a
// number are mutated.
func (g *generator) session(c corpus, mutations int) []byte {
	messages := [][]byte{c.messages[0]}
	for range 1 + g.IntN(12) {
		messages = append(messages, c.messages[g.IntN(len(c.messages))])
	}
	for range mutations {
		i := g.IntN(len(messages))
		if g.IntN(4) > 0 { // spare HELLO, mostly: without it there is no session to break
			i = max(i, 1)
		}
		messages[i] = g.mutate(messages[i])
	}
	out := handshake(c.number)
	for _, m := range messages {
		out = appendFrame(out, 0, m)
	}
	return out
}

func appendFrame(dst []byte, kind byte, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(kind)<<24|uint32(len(payload)))
	return append(dst, payload...)
}

// pings is a flood of PINGs and PONGs, some of them with reserved bits set.
func (g *generator) pings() []byte {
	var out []byte
	for range g.IntN(200) {
		kind := byte(1 + g.IntN(2))
		if g.IntN(100) == 0 {
			kind = byte(g.Uint32())
		}
		out = appendFrame(out, kind, g.noise(64))
	}
	return out
}

// noise returns up to limit random octets.
func (g *generator) noise(limit int) []byte {
	out := make([]byte, g.IntN(limit+1))
	for i := range out {
		out[i] = byte(g.Uint32())
	}
	return out
}

// mutate returns a copy of octets with one to four changes.
func (g *generator) mutate(octets []byte) []byte {
	out := slices.Clone(octets)
	for range 1 + g.IntN(4) {
		if len(out) == 0 {
			return g.noise(8)
		}
		at := g.IntN(len(out))
		upTo := at + g.IntN(len(out)-at) + 1
		switch g.IntN(7) {
		case 0:
			out[at] ^= 1 << g.IntN(8)
		case 1:
			out[at] = byte(g.Uint32())
		case 2: // what parsers find interesting: lengths, ends, types
			const sharp = "\x00\xff\x7f\x80[]{}\",:\\\xdf\xdd\xdb\x9f\xbf\x5f\x7b\x9b\xbb\xc0\xc1"
			out[at] = sharp[g.IntN(len(sharp))]
		case 3:
			out = slices.Delete(out, at, upTo)
		case 4:
			out = slices.Insert(out, at, g.noise(16)...)
		case 5:
			out = slices.Insert(out, at, slices.Clone(out[at:upTo])...)
		case 6:
			out = out[:at]
		}
	}
	return out
}
