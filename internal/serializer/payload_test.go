package serializer_test

import (
	"encoding/json"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func bigInt(t *testing.T, s string) *big.Int {
	t.Helper()
	v, ok := new(big.Int).SetString(s, 10)
	if !ok {
		t.Fatalf("%q is no integer", s)
	}
	return v
}

var compareBigInts = cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 })

// roundTrip encodes v as the only argument and decodes it again.
func roundTrip(t *testing.T, s serializer.Serializer, v any) (got any) {
	t.Helper()
	p, err := s.EncodePayload([]any{v}, nil)
	if err != nil {
		t.Fatalf("%s: encode %#v: %v", s, v, err)
	}
	var args []any
	if err := p.Decode(&args, nil); err != nil || len(args) != 1 {
		t.Fatalf("%s: %#v decodes to %v, %v", s, v, args, err)
	}
	return args[0]
}

// SER-3, JS-1, JS-3.
func TestValuesHaveTheSameKindsInEverySerializer(t *testing.T) {
	t.Parallel()
	type named string
	tests := []struct {
		name     string
		in, want any
	}{
		{"nil", nil, nil},
		{"bools", []any{true, false}, []any{true, false}},
		{"an int", 5, int64(5)},
		{"an int8", int8(-5), int64(-5)},
		{"a uint16", uint16(5), int64(5)},
		{"the smallest int64", int64(math.MinInt64), int64(math.MinInt64)},
		{"the largest int64", uint64(math.MaxInt64), int64(math.MaxInt64)},
		{"a uint64", uint64(math.MaxInt64 + 1), uint64(math.MaxInt64 + 1)},
		{"an integer of 200 bits", bigInt(t, "123456789012345678901234567890"), nil},
		{"a small big integer", big.NewInt(-7), int64(-7)},
		{"a big integer of 64 bits", new(big.Int).SetUint64(math.MaxUint64), uint64(math.MaxUint64)},
		{"a whole float", 1.0, 1.0},
		{"a float32", float32(0.5), 0.5},
		{"a float64", 0.1, 0.1},
		{"a small float", 1e-300, 1e-300},
		{"a string", "zwölf\n\"€😀\" </a>", "zwölf\n\"€😀\" </a>"},
		{"a URI", wamp.URI("com.example"), "com.example"},
		{"an ID", wamp.MaxID, int64(1 << 53)},
		{"binary", []byte{0, 255}, []byte{0, 255}},
		{"no binary", []byte(nil), nil},
		{"empty binary", []byte{}, []byte{}},
		{"an empty list", []any{}, []any{}},
		{"no list", []any(nil), nil},
		{"an empty dict", wamp.Dict{}, wamp.Dict{}},
		{"nesting", []any{wamp.Dict{"a": []any{[]byte{1}, wamp.Dict{"b": nil}}}}, []any{wamp.Dict{"a": []any{[]byte{1}, wamp.Dict{"b": nil}}}}},
		{"strings", []string{"a", "b"}, []any{"a", "b"}},
		{"a map of ints", map[string]int{"a": 1}, wamp.Dict{"a": int64(1)}},
		{"a map with integer keys", map[int]bool{-1: true}, wamp.Dict{"-1": true}},
		{"a named string", named("x"), "x"},
		{"a pointer", ptr(7), int64(7)},
		{"a nil pointer", (*int)(nil), nil},
		{"a time", time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC), "2026-01-02T03:04:05.000006Z"},
		{"a struct", struct {
			A int    `json:"a"`
			B []byte `json:"b"`
			C string `json:"c,omitempty"`
			d int
		}{A: 1, B: []byte{2}, d: 3}, wamp.Dict{"a": int64(1), "b": []byte{2}}},
		{"a number of encoding/json", []any{json.Number("12"), json.Number("-1.0")}, []any{int64(12), -1.0}},
		{"a value that knows JSON only", json.RawMessage(`{"a":[1,2.0,"\u0000AQ=="]}`), wamp.Dict{"a": []any{int64(1), 2.0, []byte{1}}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range serializer.All() {
				want := test.want
				if v, ok := test.in.(*big.Int); ok && want == nil {
					if s == serializer.MsgPack {
						continue // which has no such integers
					}
					want = v
				}
				if diff := cmp.Diff(want, roundTrip(t, s, test.in), compareBigInts); diff != "" {
					t.Errorf("%s: %#v decodes to something else (-want +got):\n%s", s, test.in, diff)
				}
			}
		})
	}
}

func TestPayloadsOmitWhatIsEmpty(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		args, kwargs any
		elements     uint8
		json         string
	}{
		{"nothing", nil, nil, 0, ``},
		{"empty ones", []any{}, wamp.Dict{}, 0, ``},
		{"nil ones", []any(nil), wamp.Dict(nil), 0, ``},
		{"empty typed ones", []string{}, map[string]int{}, 0, ``},
		{"args", []any{1}, nil, 1, `[1]`},
		{"args and empty kwargs", []int{1}, wamp.Dict{}, 1, `[1]`},
		{"kwargs", nil, wamp.Dict{"b": 1, "a": 2}, 2, `[],{"a":2,"b":1}`},
		{"both", []any{"x"}, map[string]bool{"y": true}, 2, `["x"],{"y":true}`},
		{"a struct as kwargs", nil, struct{ N int }{1}, 2, `[],{"N":1}`},
		{"an array as args", [2]string{"a", "b"}, nil, 1, `["a","b"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range serializer.All() {
				p, err := s.EncodePayload(test.args, test.kwargs)
				if err != nil {
					t.Fatalf("%s: %v", s, err)
				}
				if p.Elements != test.elements || (p.Serializer == nil) != (p.Elements == 0) {
					t.Errorf("%s: got %d elements in %v, want %d", s, p.Elements, p.Serializer, test.elements)
				}
				got, err := serializer.JSON.AppendPayload(nil, p)
				if err != nil || string(got) != test.json {
					t.Errorf("%s: got %s, %v, want %s", s, got, err, test.json)
				}
			}
		})
	}
}

func TestPayloadsDecodeIntoTypedValues(t *testing.T) {
	t.Parallel()
	type point struct {
		X    float64 `json:"x"`
		Y    float64 `json:"y"`
		Name string  `json:"name"`
		Data []byte  `json:"data"`
		Any  any     `json:"any"`
	}
	for _, s := range serializer.All() {
		p, err := s.EncodePayload([]any{"a", "b"}, wamp.Dict{
			"x": 1, "y": 2.5, "name": "n", "data": []byte{0}, "any": wamp.Dict{"i": 1, "f": 1.0, "b": []byte{1}}, "other": nil,
		})
		if err != nil {
			t.Fatal(err)
		}
		var args []string
		var kwargs point
		if err := p.Decode(&args, &kwargs); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		want := point{1, 2.5, "n", []byte{0}, wamp.Dict{"i": int64(1), "f": 1.0, "b": []byte{1}}}
		if diff := cmp.Diff(want, kwargs); diff != "" {
			t.Errorf("%s kwargs (-want +got):\n%s", s, diff)
		}
		if diff := cmp.Diff([]string{"a", "b"}, args); diff != "" {
			t.Errorf("%s args (-want +got):\n%s", s, diff)
		}
		// Either element may be skipped, or decoded without a type.
		var all any
		var some struct{ Name string }
		if err := p.Decode(&all, nil); err != nil || !cmp.Equal(all, any([]any{"a", "b"})) {
			t.Errorf("%s: got %v, %v", s, all, err)
		}
		if err := p.Decode(nil, &some); err != nil || some.Name != "n" {
			t.Errorf("%s: got %v, %v", s, some, err)
		}
	}
}

func TestMissingElementsLeaveTargetsAlone(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		p, err := s.EncodePayload([]any{1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		args, kwargs := []any{"old"}, wamp.Dict{"old": true}
		if err := p.Decode(&args, &kwargs); err != nil || !cmp.Equal(args, []any{int64(1)}) || len(kwargs) != 1 {
			t.Errorf("%s: got %v and %v, %v", s, args, kwargs, err)
		}
		if err := s.DecodePayload(wamp.Payload{}, &args, &kwargs); err != nil || len(args) != 1 || len(kwargs) != 1 {
			t.Errorf("%s: got %v and %v, %v", s, args, kwargs, err)
		}
	}
}

func TestWhatCannotBeEncodedIsNamed(t *testing.T) {
	t.Parallel()
	deep := []any{}
	for range 100 {
		deep = []any{deep}
	}
	cycle := []any{nil}
	cycle[0] = cycle
	tests := []struct {
		name         string
		args, kwargs any
		want         string
	}{
		{"args that are no list", "x", nil, "args: string encodes to a string instead of a list"},
		{"args that are a dict", wamp.Dict{}, nil, "instead of a list"},
		{"kwargs that are a list", nil, []any{1}, "kwargs: []interface {} encodes to a list instead of a dict"},
		{"a channel", []any{make(chan int)}, nil, "args[0]: "},
		{"a function in a struct", nil, wamp.Dict{"f": struct{ F func() }{func() {}}}, "kwargs.f: "},
		{"a string that is not UTF-8", []any{1, wamp.Dict{"s": "a\xff"}}, nil, "args[1].s: string is not valid UTF-8"},
		{"a key that is not UTF-8", nil, wamp.Dict{"\xff": 1}, "not valid UTF-8"},
		{"a typed string that is not UTF-8", []string{"\xff"}, nil, "invalid UTF-8"},
		{"101 levels", deep, nil, "nested deeper than 100 levels"},
		{"a list that contains itself", cycle, nil, "nested deeper than 100 levels"},
		{"a number that is none", []any{json.Number("x")}, nil, "args[0]: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, s := range serializer.All() {
				p, err := s.EncodePayload(test.args, test.kwargs)
				if err == nil {
					t.Fatalf("%s: got %q, want an error", s, p.Bytes)
				}
				if !strings.Contains(err.Error(), "encode to "+s.String()+": ") || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %q, want it to contain %q", err, test.want)
				}
			}
		})
	}
	for _, v := range []any{math.NaN(), math.Inf(-1), float32(math.Inf(1))} {
		if _, err := serializer.JSON.EncodePayload([]any{v}, nil); err == nil {
			t.Errorf("%v was encoded in JSON (JS-5)", v)
		}
	}
}

// SER-8.
func TestTheLastOfEqualKeysCounts(t *testing.T) {
	t.Parallel()
	for s, in := range map[serializer.Serializer]string{
		serializer.JSON: `[{"a":1,"b":2,"a":3}]`, serializer.MsgPack: "9183a16101a16202a16103", serializer.CBOR: "81a3616101616202616103",
	} {
		args, _, err := arguments(t, s, in).Values()
		want := []any{wamp.Dict{"a": int64(3), "b": int64(2)}}
		if err != nil || !cmp.Equal(args, want) {
			t.Errorf("%s: got %v, %v, want %v", s, args, err, want)
		}
	}
}

// MP-2 among others.
func TestWhatCannotBeDecodedIsNamed(t *testing.T) {
	t.Parallel()
	var (
		list    []any
		numbers []int
		number  int
	)
	tests := []struct {
		name       string
		serializer serializer.Serializer
		in         string
		target     any
		want       string
	}{
		{"a string as a number", serializer.JSON, `["x"]`, &numbers, "decode from json: args: "},
		{"a list as a number", serializer.CBOR, "8101", &number, "decode from cbor: args: "},
		{"a list as a dict", serializer.MsgPack, "9101", new(wamp.Dict), "list does not fit map[string]interface {}"},
		{"an extension", serializer.MsgPack, "9181a161d40500", &list, "decode from msgpack: args[0].a: extension 5 has no Go value"},
		{"an extension as a number", serializer.MsgPack, "91d40500", &numbers, "args[0]: extension 5"},
		{"a simple value", serializer.CBOR, "8200e0", &list, "args[1]: simple value 0 has no Go value"},
		{"a key that is a list", serializer.CBOR, "81a18000", &list, "key that is neither a string nor an integer but list"},
		{"a float beyond 64 bits", serializer.JSON, `[-1e999]`, &list, "args[0]: octet 7: -1e999 is beyond a 64-bit float"},
		{"an integer of too many digits", serializer.JSON, "[" + strings.Repeat("7", 1025) + "]", &list, "integer of 1025 digits"},
		{"a target that is no pointer", serializer.JSON, `[1]`, numbers, "args: "},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := arguments(t, test.serializer, test.in).Decode(test.target, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestDecodedValuesShareNoMemoryWithTheFrame(t *testing.T) {
	t.Parallel()
	want := []any{"text", []byte("binary"), wamp.Dict{"key": "value"}}
	for _, s := range serializer.All() {
		p, err := s.EncodePayload(want, nil)
		if err != nil {
			t.Fatal(err)
		}
		var args []any
		if err := p.Decode(&args, nil); err != nil {
			t.Fatal(err)
		}
		clear(p.Bytes)
		if diff := cmp.Diff(want, args); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s, diff)
		}
	}
}

func TestByNumber(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		if got, ok := serializer.ByNumber(s.Number()); !ok || got != s {
			t.Errorf("ByNumber(%d) = %v, %v", s.Number(), got, ok)
		}
	}
	for _, n := range []wamp.SerializerNumber{0, wamp.SerializerUBJSON, wamp.SerializerFlatBuffers, 15} {
		if s, ok := serializer.ByNumber(n); ok {
			t.Errorf("ByNumber(%d) = %v, want none", n, s)
		}
	}
}
