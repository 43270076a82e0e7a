package serializer_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// The official vectors (section 7 of the rules).

type vectorFile struct {
	Type    string         `json:"wamp_message_type"`
	Code    wamp.Code      `json:"wamp_message_code"`
	Samples []vectorSample `json:"samples"`
}

type vectorSample struct {
	Description string `json:"description"`

	// Of a serialization sample.
	Serializers map[string][]struct {
		Hex string `json:"bytes_hex"`
	} `json:"serializers"`
	Attributes map[string]any `json:"expected_attributes"`

	// Of a validation sample.
	Message json.RawMessage `json:"wmsg"`
	Error   *struct {
		Type     string `json:"type"`
		Contains string `json:"contains"`
	} `json:"expected_error"`
}

// variants returns the sample's encodings in a serializer.
func (s *vectorSample) variants(t *testing.T, serializer string) (all [][]byte) {
	t.Helper()
	for _, v := range s.Serializers[serializer] {
		b, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatalf("%s: %v", s.Description, err)
		}
		all = append(all, b)
	}
	return all
}

func vectorFiles(t *testing.T) map[string]vectorFile {
	t.Helper()
	root := os.Getenv("JUNCTOR_VECTORS")
	if root == "" {
		root = filepath.Join("..", "shared", "vectors")
	}
	if !filepath.IsAbs(root) {
		root = filepath.Join("..", "..", root) // relative to the repository
	}
	paths, err := filepath.Glob(filepath.Join(root, "singlemessage", "*", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("no vectors in %s; JUNCTOR_VECTORS names another folder", root)
	}
	files := make(map[string]vectorFile)
	for _, path := range paths {
		var f vectorFile
		b, err := os.ReadFile(path)
		if err == nil {
			err = unmarshalNumbers(b, &f)
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		files[filepath.Base(path)] = f
	}
	return files
}

// unmarshalNumbers keeps numbers as they are written.
func unmarshalNumbers(b []byte, target any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	return d.Decode(target)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	// Counts of the folder's README, so that nothing is skipped silently.
	count, least := map[string]int{}, map[string]int{
		"samples": 28, "json": 46, "msgpack": 28, "cbor": 28, "valid": 32, "refused": 24,
	}
	for name, f := range vectorFiles(t) {
		for i, sample := range f.Samples {
			t.Run(fmt.Sprintf("%s %d %s", name, i, sample.Description), func(t *testing.T) {
				switch {
				case sample.Message == nil:
					count["samples"]++
					checkSample(t, f, sample, count)
				case sample.Error == nil:
					count["valid"]++
					checkValid(t, sample)
				default:
					count["refused"]++
					checkRefused(t, sample)
				}
			})
		}
	}
	for what, n := range least {
		if count[what] < n {
			t.Errorf("met %d %s, want at least %d", count[what], what, n)
		}
	}
}

// checkSample decodes every variant, compares it with the attributes, and
// encodes it in every serializer.
func checkSample(t *testing.T, f vectorFile, sample vectorSample, count map[string]int) {
	for _, s := range serializer.All() {
		for _, frame := range sample.variants(t, s.String()) {
			count[s.String()]++
			m, err := serializer.NewDecoder(s).Decode(frame)
			if err != nil {
				t.Fatalf("decode %s %q: %v", s, frame, err)
			}
			if m.Code() != f.Code {
				t.Errorf("decode %s: got %s, want %s", s, m.Code(), f.Code)
			}
			checkAttributes(t, m, sample.Attributes)
			for _, to := range serializer.All() {
				if variants := sample.variants(t, to.String()); len(variants) > 0 {
					checkVariant(t, to, m, variants)
				}
			}
		}
	}
}

// checkVariant encodes m and looks for the result among the variants. Where a
// dictionary has several keys, their order is free.
func checkVariant(t *testing.T, to serializer.Serializer, m wamp.Message, variants [][]byte) {
	t.Helper()
	frame, err := serializer.Append(nil, to, m)
	if err != nil {
		t.Fatalf("append in %s: %v", to, err)
	}
	equal := slices.ContainsFunc(variants, func(v []byte) bool {
		return bytes.Equal(compact(t, to, v), compact(t, to, frame)) || hasOrder(plain(t, to, v)) &&
			cmp.Equal(plain(t, to, v), plain(t, to, frame))
	})
	if !equal {
		t.Errorf("append in %s gave %q, which is none of %q", to, frame, variants)
	}
}

func compact(t *testing.T, s serializer.Serializer, frame []byte) []byte {
	t.Helper()
	if s != serializer.JSON {
		return frame
	}
	var out bytes.Buffer
	if err := json.Compact(&out, frame); err != nil {
		t.Fatalf("%q: %v", frame, err)
	}
	return out.Bytes()
}

// hasOrder reports whether a dictionary in v has more than one key.
func hasOrder(v any) bool {
	switch v := v.(type) {
	case []any:
		return slices.ContainsFunc(v, hasOrder)
	case map[string]any:
		for _, item := range v {
			if hasOrder(item) {
				return true
			}
		}
		return len(v) > 1
	}
	return false
}

// plain decodes a whole message with a decoder that is not ours. Numbers are
// json.Number.
func plain(t *testing.T, s serializer.Serializer, frame []byte) any {
	t.Helper()
	var v any
	var err error
	switch s {
	case serializer.JSON:
		err = unmarshalNumbers(frame, &v)
	case serializer.MsgPack:
		err = msgpack.Unmarshal(frame, &v)
	case serializer.CBOR:
		err = cbor.Unmarshal(frame, &v)
	}
	if err != nil {
		t.Fatalf("%s %q: %v", s, frame, err)
	}
	return normal(v)
}

// normal turns what decoders make of equal values into equal values.
func normal(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := make(map[string]any, len(v))
		for k, item := range v {
			m[fmt.Sprint(k)] = normal(item)
		}
		return m
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, item := range v {
			m[k] = normal(item)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, item := range v {
			l[i] = normal(item)
		}
		return l
	case int8, int16, int32, int64, uint8, uint16, uint32, uint64:
		return json.Number(fmt.Sprint(v))
	}
	return v
}

// elementNames are the names of the elements after the type code, without an
// "_id" or "_uri" that some files append.
var elementNames = map[wamp.Code][]string{
	wamp.CodeHello:         {"realm", "details"},
	wamp.CodeWelcome:       {"session", "details"},
	wamp.CodeAbort:         {"details", "reason", "args", "kwargs"},
	wamp.CodeChallenge:     {"method", "extra"},
	wamp.CodeAuthenticate:  {"signature", "extra"},
	wamp.CodeGoodbye:       {"details", "reason"},
	wamp.CodeError:         {"request_type", "request", "details", "error", "args", "kwargs"},
	wamp.CodePublish:       {"request", "options", "topic", "args", "kwargs"},
	wamp.CodePublished:     {"request", "publication"},
	wamp.CodeSubscribe:     {"request", "options", "topic"},
	wamp.CodeSubscribed:    {"request", "subscription"},
	wamp.CodeUnsubscribe:   {"request", "subscription"},
	wamp.CodeUnsubscribed:  {"request", "details"},
	wamp.CodeEvent:         {"subscription", "publication", "details", "args", "kwargs"},
	wamp.CodeEventReceived: {"publication"},
	wamp.CodeCall:          {"request", "options", "procedure", "args", "kwargs"},
	wamp.CodeCancel:        {"request", "options"},
	wamp.CodeResult:        {"request", "details", "args", "kwargs"},
	wamp.CodeRegister:      {"request", "options", "procedure"},
	wamp.CodeRegistered:    {"request", "registration"},
	wamp.CodeUnregister:    {"request", "registration"},
	wamp.CodeUnregistered:  {"request", "details"},
	wamp.CodeInvocation:    {"request", "registration", "details", "args", "kwargs"},
	wamp.CodeInterrupt:     {"request", "options"},
	wamp.CodeYield:         {"request", "options", "args", "kwargs"},
}

// checkAttributes compares the message with the attributes, which name
// elements of the message or keys of its dictionary.
func checkAttributes(t *testing.T, m wamp.Message, want map[string]any) {
	t.Helper()
	got := attributesOf(t, m)
	for name, value := range want {
		short := strings.TrimSuffix(strings.TrimSuffix(name, "_id"), "_uri")
		have, ok := got[name]
		if !ok {
			have, ok = got[short]
		}
		if !ok && value != nil {
			t.Errorf("%s has no attribute %s, want %v", m.Code(), name, value)
			continue
		}
		if diff := cmp.Diff(value, have); diff != "" {
			t.Errorf("%s of %s differs (-want +got):\n%s", name, m.Code(), diff)
		}
	}
}

func attributesOf(t *testing.T, m wamp.Message) map[string]any {
	t.Helper()
	frame, err := serializer.Append(nil, serializer.JSON, m)
	if err != nil {
		t.Fatal(err)
	}
	list := plain(t, serializer.JSON, frame).([]any)
	attributes := map[string]any{"message_type": list[0]}
	for i, element := range list[1:] {
		if dict, ok := element.(map[string]any); ok && i < 3 {
			for key, value := range dict {
				attributes[key] = value
			}
		}
	}
	for i, element := range list[1:] {
		attributes[elementNames[m.Code()][i]] = element
	}
	if p := serializer.PayloadOf(m); p != nil && p.Opaque {
		var args []any
		if err := p.Decode(&args, nil); err != nil {
			t.Fatal(err)
		}
		attributes["payload"] = fmt.Sprintf("%x", args[0])
		delete(attributes, "args")
	}
	return attributes
}

// forms returns the raw message in every serializer, encoded by encoders that
// are not ours.
func forms(t *testing.T, message []byte) map[serializer.Serializer][]byte {
	t.Helper()
	var list []any
	if err := unmarshalNumbers(message, &list); err != nil {
		t.Fatal(err)
	}
	integers := withIntegers(list)
	packed, err := msgpack.Marshal(integers)
	if err != nil {
		t.Fatal(err)
	}
	concise, err := cbor.Marshal(integers)
	if err != nil {
		t.Fatal(err)
	}
	return map[serializer.Serializer][]byte{
		serializer.JSON: message, serializer.MsgPack: packed, serializer.CBOR: concise,
	}
}

func withIntegers(v any) any {
	switch v := v.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			panic(err) // vectors have no other numbers
		}
		return n
	case []any:
		for i := range v {
			v[i] = withIntegers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = withIntegers(v[k])
		}
	}
	return v
}

func checkValid(t *testing.T, sample vectorSample) {
	for s, frame := range forms(t, sample.Message) {
		m, err := serializer.NewDecoder(s).Decode(frame)
		if err != nil {
			t.Errorf("decode %s %q: %v", s, frame, err)
			continue
		}
		if _, err := serializer.Append(nil, s, m); err != nil {
			t.Errorf("append %s %s again: %v", s, sample.Message, err)
		}
	}
}

func checkRefused(t *testing.T, sample vectorSample) {
	for s, frame := range forms(t, sample.Message) {
		m, err := serializer.NewDecoder(s).Decode(frame)
		if err == nil {
			t.Errorf("%s %s decoded to %#v, want a violation", s, sample.Message, m)
			continue
		}
		violation := wamp.AsProtocolError(err)
		if violation == nil || violation.Reason != wamp.ErrProtocolViolation {
			t.Errorf("%s %s: got error %v, want a protocol violation", s, sample.Message, err)
			continue
		}
		if !strings.Contains(violation.Message, sample.Error.Contains) {
			t.Errorf("%s %s: %q does not name %q", s, sample.Message, violation.Message, sample.Error.Contains)
		}
	}
}
