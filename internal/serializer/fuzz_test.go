package serializer_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// pick chooses a serializer by a fuzzed number.
func pick(n byte) serializer.Serializer {
	all := serializer.All()
	return all[int(n)%len(all)]
}

// FuzzDecode checks that any octets give a message that survives encoding and
// decoding, or a protocol violation.
func FuzzDecode(f *testing.F) {
	for i, s := range serializer.All() {
		for n, m := range messages() {
			if p := serializer.PayloadOf(m); p != nil {
				args := payloads[n%len(payloads)]
				*p, _ = s.EncodePayload(args.args, args.kwargs)
			}
			frame, err := serializer.Append(nil, s, m)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(byte(i), frame)
		}
	}
	for i, s := range serializer.All() {
		for _, p := range barePayloads(f, s) {
			for _, m := range bareMessages(p) {
				frame, err := serializer.Append(nil, s, m)
				if err != nil {
					f.Fatal(err)
				}
				f.Add(byte(i), frame)
			}
		}
	}
	f.Add(byte(0), []byte(`[16,1,{"enc_algo":"x_","unknown":[{}]},"a\ud83d\ude00","\u0000AA=="]`))
	f.Add(byte(0), []byte(`[48,1,{"forward_for":[{},{"authrole":"x"},`))
	f.Add(byte(0), []byte(`[48,1,{"forward_for":[{},{"authrole":"x"}]},"a"]`))
	f.Fuzz(func(t *testing.T, n byte, frame []byte) {
		s := pick(n)
		checkBothWays(t, s, frame)
		m, err := decode(s, bytes.Clone(frame))
		if err != nil {
			if wamp.AsProtocolError(err) == nil {
				t.Errorf("%s %q: error %v is no protocol violation", s, frame, err)
			}
			return
		}
		again, err := serializer.Append(nil, s, m)
		if err != nil {
			t.Fatalf("%s %q: append %#v: %v", s, frame, m, err)
		}
		got, err := decode(s, again)
		if err != nil {
			t.Fatalf("%s %q: encoded as %q: %v", s, frame, again, err)
		}
		if diff := cmp.Diff(m, got, comparePayloads, cmpopts.EquateNaNs(), compareBigInts); diff != "" {
			t.Errorf("%s %q: encoded as %q, which is something else (-want +got):\n%s", s, frame, again, diff)
		}
	})
}

// values are seeds: one value each, well formed or not.
var values = map[serializer.Serializer][]string{
	serializer.JSON: {
		`{"a":[1,-2.5e+3,"x\n\u00e9\ud83d\ude00",null,true]}`, `[[],{}]`, `"\u0000AQI="`, `1e400`, `01`, `-`, `[1,]`,
		`"\ud800"`, `{"a" : {"b":[ ]}} `, `18446744073709551616`, "\"\xff\"", `"\x"`, "\"\x01\"", `nul`, `1]],[2`, `{"a":1,"a":2}`,
		`{"id":100000,"name":"sensor-00000","value":20.5,"ok":true,"tags":["a","bc",null,false]}`,
		`[123456789,0.12345678,1e9,1.e,-1,00,"a b!","a\"b","a\\",{},[[]],{"a b":{"":""}}]`,
		`{"a":1,}`, `{"a":1,2:3}`,
	},
	serializer.MsgPack: {
		"\x82\xa1a\x93\x01\xff\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa1b\xc0", "\xd9\x01x", "\xc4\x01\x00", "\xd4\x01\x00",
		"\xdd\x00\x00\x00\x01\x90", "\xdf\x00\x00\x00\x01\x01\x02", "\xc1", "\xa1\xff", "\xd3\xff\xff\xff\xff\xff\xff\xff\xff",
		"\xc8\x00\x01\x05\x00", "\xca\x7f\xc0\x00\x00", "\x81\xc0\xc2", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\x01\x02",
		"\x83\xa2id\xce\x00\x01\x86\xa0\xa5value\xcb\x40\x34\x80\x00\x00\x00\x00\x00\xa4tags\x93\xa1a\xc2\xb8sensor-00000-000000000000", "\xd9\x03abc",
	},
	serializer.CBOR: {
		"\xbf\x61a\x9f\x01\x20\xf9\x3c\x00\xff\xff", "\x7f\x61x\x61y\xff", "\xc2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00", "\xc1\x01",
		"\x5f\x41\x01\xff", "\xf8\x20", "\xf8\x14", "\x1c", "\xff", "\xbf\x01\xff", "\xfb\x7f\xf8\x00\x00\x00\x00\x00\x00", "\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
		"\xc3\x41\x07", "\xa1\x01\x02", "\xf7", "\xe0", "\xc2\xc2\x41\x01", "\xd9\xd9\xf7\x80",
		"\xa3\x62id\x1a\x00\x01\x86\xa0\x65value\xfb\x40\x34\x80\x00\x00\x00\x00\x00\x64tags\x83\x61a\xf4\x39\x01\x00\x77sensor-00000-00000000000\x61b\x78\x18sensor-00000-000000000000",
	},
}

// frameOf is a YIELD with one argument, whose octets are value.
func frameOf(s serializer.Serializer, value []byte) []byte {
	switch s {
	case serializer.JSON:
		return []byte(`[70,1,{},[` + string(value) + `]]`)
	case serializer.MsgPack:
		return append([]byte("\x94\x46\x01\x80\x91"), value...)
	default:
		return append([]byte("\x84\x18\x46\x01\xa0\x81"), value...)
	}
}

func addValues(f *testing.F, add func(i byte, value []byte)) {
	f.Helper()
	for i, s := range serializer.All() {
		for _, v := range values[s] {
			add(byte(i), []byte(v))
		}
	}
}

// FuzzWalk checks that the walk accepts what other decoders accept, but for
// our additional rules: UTF-8, paired surrogates and bounded depth.
func FuzzWalk(f *testing.F) {
	addValues(f, func(i byte, value []byte) { f.Add(i, value) })
	f.Fuzz(func(t *testing.T, n byte, value []byte) {
		s := pick(n)
		checkWalk(t, s, frameOf(s, value))
		checkWalk(t, s, frameOf(s, padded(s, value)))
	})
}

// padded is a list of value and of enough octets behind it that the walk does
// not yet have the frame's end in view.
func padded(s serializer.Serializer, value []byte) []byte {
	const padding = "0123456789abcdefghijklmnopq"
	switch s {
	case serializer.JSON:
		return []byte("[" + string(value) + `,"` + padding + `"]`)
	case serializer.MsgPack:
		return []byte("\x92" + string(value) + "\xbb" + padding)
	default:
		return []byte("\x82" + string(value) + "\x78\x1b" + padding)
	}
}

func checkWalk(t *testing.T, s serializer.Serializer, frame []byte) {
	t.Helper()
	theirs := wellFormed(s, frame)
	_, err := decode(s, frame)
	switch {
	case err == nil && !theirs:
		t.Errorf("%s %q: we accept what others refuse", s, frame)
	case err != nil && theirs && !ownRule(err):
		t.Errorf("%s %q: we refuse what others accept: %v", s, frame, err)
	}
}

// wellFormed asks a decoder that is not ours.
func wellFormed(s serializer.Serializer, frame []byte) bool {
	switch s {
	case serializer.JSON:
		return json.Valid(frame)
	case serializer.MsgPack:
		r := bytes.NewReader(frame)
		return msgpack.NewDecoder(r).Skip() == nil && r.Len() == 0
	default:
		opts := cbor.DecOptions{MaxNestedLevels: 65535, MaxArrayElements: 1<<31 - 1, MaxMapPairs: 1<<31 - 1}
		mode, err := opts.DecMode()
		return err == nil && mode.Wellformed(frame) == nil
	}
}

// ownRule reports whether a violation is of a rule that other decoders do not
// have.
func ownRule(err error) bool {
	for _, rule := range []string{
		"invalid UTF-8", "unpaired surrogate", "nested deeper", "more than 16 tags",
		"too many elements", "want a dict, got", // of the message around the value
		"want a string as key",
	} {
		if strings.Contains(err.Error(), rule) {
			return true
		}
	}
	return false
}

// FuzzTranscode checks that a value stays the same in another serializer and
// on the way back.
func FuzzTranscode(f *testing.F) {
	addValues(f, func(i byte, value []byte) {
		f.Add(i, i+1, value)
		f.Add(i, i+2, value)
	})
	f.Fuzz(func(t *testing.T, i, j byte, value []byte) {
		from, to := pick(i), pick(j)
		m, err := decode(from, frameOf(from, value))
		if err != nil {
			return
		}
		there, ok := transcode(t, *serializer.PayloadOf(m), to)
		if !ok {
			return
		}
		back, ok := transcode(t, there, from)
		if !ok {
			t.Fatalf("%s %q becomes %s %q, which cannot go back", from, value, to, there.Bytes)
		}
		want, err := valueOf(*serializer.PayloadOf(m))
		if err != nil {
			return // no Go value: simple values, unusual keys
		}
		for _, p := range []wamp.Payload{there, back} {
			got, err := valueOf(p)
			if err != nil {
				t.Fatalf("%s %q becomes %s %q, which does not decode: %v", from, value, p.Serializer, p.Bytes, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateNaNs(), compareBigInts); diff != "" {
				t.Errorf("%s %q becomes %s %q, which is something else (-want +got):\n%s", from, value, p.Serializer, p.Bytes, diff)
			}
		}
	})
}

// transcode returns p in another serializer, if it has a form there, and
// checks that the result is well formed.
func transcode(t *testing.T, p wamp.Payload, to serializer.Serializer) (wamp.Payload, bool) {
	t.Helper()
	frame, err := serializer.Append(nil, to, &wamp.Yield{Request: 1, Payload: p})
	if err != nil {
		return p, false
	}
	m, err := decode(to, frame)
	if err != nil {
		t.Fatalf("%s %q becomes %s %q: %v", p.Serializer, p.Bytes, to, frame, err)
	}
	if !wellFormed(to, frame) {
		t.Fatalf("%s %q becomes %s %q, which others refuse", p.Serializer, p.Bytes, to, frame)
	}
	return serializer.PayloadOf(m).Clone(), true
}

// valueOf decodes the arguments. Strings that JSON takes for binary are binary
// (JS-2).
func valueOf(p wamp.Payload) (any, error) {
	var args []any
	if err := p.Decode(&args, nil); err != nil {
		return nil, err
	}
	return withBinary(args), nil
}

func withBinary(v any) any {
	switch v := v.(type) {
	case string:
		if b, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(v, "\x00")); err == nil &&
			strings.HasPrefix(v, "\x00") && !strings.ContainsAny(v, "\r\n") {
			return b
		}
	case []any:
		for i := range v {
			v[i] = withBinary(v[i])
		}
	case wamp.Dict:
		for k := range v {
			v[k] = withBinary(v[k])
		}
	}
	return v
}

// FuzzValue checks our decoding against package encoding/json.
func FuzzValue(f *testing.F) {
	for _, v := range values[serializer.JSON] {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var theirs any
		d := json.NewDecoder(bytes.NewReader(value))
		d.UseNumber()
		if !utf8.Valid(value) || !json.Valid(value) || d.Decode(&theirs) != nil {
			return
		}
		m, err := decode(serializer.JSON, frameOf(serializer.JSON, value))
		if err != nil {
			return // FuzzWalk judges that
		}
		ours, err := valueOf(*serializer.PayloadOf(m))
		if err != nil {
			return // numbers beyond our bounds
		}
		want := withNumbers(t, theirs)
		if diff := cmp.Diff([]any{want}, ours, compareBigInts); diff != "" {
			t.Errorf("%q decodes to something else (-encoding/json +ours):\n%s", value, diff)
		}
	})
}

// withNumbers gives the numbers of encoding/json the kinds that ours have.
func withNumbers(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case json.Number:
		return number(t, v)
	case string:
		return withBinary(v)
	case []any:
		for i := range v {
			v[i] = withNumbers(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = withNumbers(t, v[k])
		}
	}
	return v
}

func number(t *testing.T, n json.Number) any {
	t.Helper()
	if strings.ContainsAny(n.String(), ".eE") {
		f, err := n.Float64()
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	i, ok := new(big.Int).SetString(n.String(), 10)
	switch {
	case !ok:
		t.Fatalf("%q is no integer", n)
	case i.IsInt64():
		return i.Int64()
	case i.IsUint64():
		return i.Uint64()
	}
	return i
}
