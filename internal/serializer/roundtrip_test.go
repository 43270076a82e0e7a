package serializer_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func ptr[T any](v T) *T { return &v }

// messages are all message types, with no and with every field set.
func messages() []wamp.Message {
	attributes := &wamp.Attributes{
		PPTScheme: "x_own", PPTSerializer: "cbor", PPTCipher: "aes256gcm", PPTKeyID: "key",
		EncAlgo: "cryptobox", EncKey: "k", EncSerializer: "json", TransactionHash: "hash",
		ForwardFor: []wamp.Forwarder{{Session: 7, AuthID: "alice", AuthRole: "user"}},
	}
	clientRoles := wamp.Roles{}.With(wamp.RoleCaller).With(wamp.RoleCallee,
		wamp.FeatureProgressiveCallResults, wamp.FeatureCallCanceling)
	routerRoles := wamp.Roles{}.With(wamp.RoleBroker, wamp.FeaturePublisherExclusion).With(wamp.RoleDealer)
	return []wamp.Message{
		&wamp.Hello{Realm: "realm1"},
		&wamp.Hello{
			Realm: "realm1", Roles: clientRoles, Agent: "test/1", AuthMethods: []string{"ticket", "wampcra"},
			AuthID: "alice", AuthRole: "user", AuthExtra: wamp.Dict{"nonce": "n", "list": []any{int64(1), true, nil}},
		},
		&wamp.Welcome{Session: 1},
		&wamp.Welcome{
			Session: wamp.MaxID, Roles: routerRoles, Realm: "realm1", Agent: "junctor", AuthID: "alice",
			AuthRole: "user", AuthMethod: "ticket", AuthProvider: "static", AuthExtra: wamp.Dict{"x": 1.5},
		},
		&wamp.Abort{Reason: wamp.ErrNoSuchRealm},
		&wamp.Abort{Reason: wamp.ErrNoSuchRealm, Message: "no \"such\" realm\n", SCRAM: "e=other-error"},
		&wamp.Challenge{Method: "wampcra", Extra: wamp.Dict{"challenge": "{}", "iterations": int64(1000)}},
		&wamp.Authenticate{Signature: "c2lnbmF0dXJl", Extra: wamp.Dict{}},
		&wamp.Goodbye{Reason: wamp.CloseRealm},
		&wamp.Goodbye{Reason: wamp.CloseKilled, Message: "grüße 🙂"},
		&wamp.Error{RequestType: wamp.CodeCall, Request: 9, URI: wamp.ErrNoSuchProcedure},
		&wamp.Error{RequestType: wamp.CodeInvocation, Request: 9, URI: "com.example.error", Attributes: attributes},
		&wamp.Publish{Request: 1, Topic: "com.example.topic"},
		&wamp.Publish{
			Request: 1, Topic: "com.example.topic", Acknowledge: true, IncludeMe: true, DiscloseMe: true, Retain: true,
			Filter: &wamp.Filter{
				Exclude: []wamp.ID{1, 2}, Eligible: []wamp.ID{}, ExcludeAuthID: []string{"a"},
				EligibleAuthID: []string{"b", "c"}, ExcludeAuthRole: []string{}, EligibleAuthRole: []string{"r"},
			},
			RKey: "c", Attributes: attributes,
		},
		&wamp.Published{Request: 1, Publication: 2},
		&wamp.Subscribe{Request: 1, Topic: "com.example"},
		&wamp.Subscribe{Request: 1, Topic: "com..example", Match: wamp.MatchWildcard, GetRetained: true, NKey: "b"},
		&wamp.Subscribed{Request: 1, Subscription: 2},
		&wamp.Unsubscribe{Request: 1, Subscription: 2},
		&wamp.Unsubscribed{Request: 1},
		&wamp.Unsubscribed{Subscription: 2, Reason: "gone"},
		&wamp.Event{Subscription: 1, Publication: 2},
		&wamp.Event{
			Subscription: 1, Publication: 2, Publisher: 3, PublisherAuthID: "alice", PublisherAuthRole: "user",
			Topic: "com.example", TrustLevel: ptr(0), Retained: true, PayloadLimitExceeded: true, Attributes: attributes,
		},
		&wamp.EventReceived{Publication: 2},
		&wamp.Call{Request: 1, Procedure: "com.example.add"},
		&wamp.Call{
			Request: 1, Procedure: "com.example.add", ReceiveProgress: true, Progress: true, DiscloseMe: true,
			TimeoutMillis: 70000, Sharding: &wamp.Sharding{RKey: "a", RunMode: "partition", RunOn: "all"}, Attributes: attributes,
		},
		&wamp.Cancel{Request: 1},
		&wamp.Cancel{Request: 1, Mode: wamp.CancelKill},
		&wamp.Result{Request: 1},
		&wamp.Result{Request: 1, Progress: true, Attributes: attributes},
		&wamp.Register{Request: 1, Procedure: "com.example.add"},
		&wamp.Register{
			Request: 1, Procedure: "com.example.", Match: wamp.MatchPrefix, Invoke: wamp.InvokeRoundRobin,
			DiscloseCaller: true, ForwardTimeout: true, ForceReregister: true, Concurrency: 3,
		},
		&wamp.Registered{Request: 1, Registration: 2},
		&wamp.Unregister{Request: 1, Registration: 2},
		&wamp.Unregistered{Request: 1},
		&wamp.Unregistered{Registration: 2, Reason: "gone"},
		&wamp.Invocation{Request: 1, Registration: 2},
		&wamp.Invocation{
			Request: 1, Registration: 2, Caller: 3, CallerAuthID: "alice", CallerAuthRole: "user",
			Procedure: "com.example.add", ReceiveProgress: true, Progress: true, TimeoutMillis: 1, TrustLevel: ptr(2),
			Attributes: attributes,
		},
		&wamp.Interrupt{Request: 1},
		&wamp.Interrupt{Request: 1, Mode: wamp.CancelKillNoWait, Reason: "wamp.error.canceled"},
		&wamp.Yield{Request: 1},
		&wamp.Yield{Request: 1, Progress: true, Attributes: attributes},
	}
}

// payloads are given to all messages that have a payload.
var payloads = []struct {
	args   []any
	kwargs wamp.Dict
}{
	{},
	{args: []any{"hello", int64(-1), true, nil, []byte{0, 1, 2}, 1.0, []any{}, wamp.Dict{}}},
	{kwargs: wamp.Dict{"a": int64(1), "ключ": []any{wamp.Dict{"deep": "er"}}}},
}

func TestEveryMessageSurvivesEverySerializer(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			d := serializer.NewDecoder(s)
			for _, m := range messages() {
				for i := range payloads {
					p := serializer.PayloadOf(m)
					if p == nil && i > 0 {
						break
					}
					if p != nil {
						*p = encode(t, s, i)
					}
					checkRoundTrip(t, s, d, m)
				}
			}
		})
	}
}

func encode(t *testing.T, s serializer.Serializer, i int) wamp.Payload {
	t.Helper()
	p, err := s.EncodePayload(payloads[i].args, payloads[i].kwargs)
	if err != nil {
		t.Fatalf("EncodePayload(%v, %v) in %s: %v", payloads[i].args, payloads[i].kwargs, s, err)
	}
	return p
}

func checkRoundTrip(t *testing.T, s serializer.Serializer, d *serializer.Decoder, m wamp.Message) {
	t.Helper()
	frame, err := serializer.Append(nil, s, m)
	if err != nil {
		t.Fatalf("append %#v in %s: %v", m, s, err)
	}
	got, err := d.Decode(frame)
	if err != nil {
		t.Fatalf("decode %s %x (%q): %v", s, frame, frame, err)
	}
	if diff := cmp.Diff(m, got, comparePayloads); diff != "" {
		t.Errorf("%s %q decodes to something else (-want +got):\n%s", s, frame, diff)
	}
}

// comparePayloads compares payloads by their octets.
var comparePayloads = cmp.Comparer(func(a, b wamp.Payload) bool {
	return a.Serializer == b.Serializer && string(a.Bytes) == string(b.Bytes) &&
		a.Elements == b.Elements && a.Opaque == b.Opaque
})

func TestEveryStringIsValidJSON(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"ASCII", "plain", `"plain"`},
		{"no HTML escapes (JS-4)", "<a href='x'>&</a>", `"<a href='x'>&</a>"`},
		{"quotes and controls", "\"\\\x00\x1f\x7f\b\f\n\r\t", `"\"\\\u0000\u001f` + "\x7f" + `\b\f\n\r\t"`},
		{"runes before and after an escape", "ü\n😀\u2028", `"ü\n😀` + "\u2028" + `"`},
		{"octets that are not UTF-8", "a\xffb\xed\xa0\x80\n\xc3", `"a` + strings.Repeat("\ufffd", 1) + "b" + strings.Repeat("\ufffd", 3) + `\n` + "\ufffd" + `"`},
		{"a replacement character", "\ufffd\n", `"` + "\ufffd" + `\n"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			frame, err := serializer.JSON.AppendHead(nil, &wamp.Subscribe{Request: 1, Topic: wamp.URI(test.in)})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(frame), `[32,1,{},`+test.want; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestFloatsStayFloatsInJSON(t *testing.T) {
	t.Parallel()
	for v, want := range map[float64]string{
		0: "0.0", 1: "1.0", -2: "-2.0", 21.25: "21.25", -0.5: "-0.5", 0.1: "0.1", 0.125: "0.125", 0.0625: "0.0625",
		100.05: "100.05", 999999999999: "999999999999.0", 1e12: "1000000000000.0", 1e20: "100000000000000000000.0",
		1e21: "1e+21", 1e-6: "0.000001", 1e-7: "1e-07", math.Pi: "3.141592653589793", 0.30000000000000004: "0.30000000000000004",
		math.MaxFloat64: "1.7976931348623157e+308", math.Copysign(0, -1): "-0.0", 123456789012.001: "123456789012.001",
	} {
		p, err := serializer.JSON.EncodePayload([]any{v}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(p.Bytes); got != "["+want+"]" {
			t.Errorf("%v is written as %s, want [%s]", v, got, want)
		}
	}
}

func TestFloatsAreWrittenAsStrconvDoes(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		v := float64(r.Int64N(1<<r.IntN(60)+1)) / math.Pow10(r.IntN(6))
		p, err := serializer.JSON.EncodePayload([]any{v}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(want, ".") {
			want += ".0"
		}
		if got := string(p.Bytes); got != "["+want+"]" {
			t.Fatalf("got %s, want [%s]", got, want)
		}
	}
}
