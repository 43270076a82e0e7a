package serializer_test

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// bareMessages are one of each type that can be bare.
func bareMessages(p wamp.Payload) []wamp.Message {
	return []wamp.Message{
		&wamp.Publish{Request: 1, Topic: "com.example.topic", Payload: p},
		&wamp.Event{Subscription: 200, Publication: wamp.MaxID, Payload: p},
		&wamp.Call{Request: 70_000, Procedure: "com.example.prozedür.of.more.than.thirty.one.octets", Payload: p},
		&wamp.Result{Request: 1 << 40, Payload: p},
		&wamp.Invocation{Request: 1, Registration: 99, Payload: p},
		&wamp.Yield{Request: 24, Payload: p},
	}
}

func barePayloads(t testing.TB, s serializer.Serializer) []wamp.Payload {
	t.Helper()
	list := []wamp.Payload{{}}
	for _, kwargs := range []wamp.Dict{nil, {"key": 1, "another": []any{"x"}}} {
		for _, args := range [][]any{{}, {"a", 1}, record(1024)} {
			p, err := s.EncodePayload(args, kwargs)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, p)
		}
	}
	return list
}

func TestBareMessagesTakeTheirOwnWay(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		for _, p := range barePayloads(t, s) {
			for _, m := range bareMessages(p) {
				frame, err := serializer.Append(nil, s, m)
				if err != nil {
					t.Fatal(err)
				}
				if got := serializer.DecodeAsBare(s, frame); !cmp.Equal(m, got, comparePayloads) {
					t.Errorf("%s %q: got %#v, want %#v", s, frame, got, m)
				}
				checkBothWays(t, s, frame)
			}
		}
	}
}

// checkBothWays checks that both ways to decode a frame have the same result,
// and both ways to encode that again.
func checkBothWays(t *testing.T, s serializer.Serializer, frame []byte) {
	t.Helper()
	want, wantErr := serializer.DecodeAsAny(s, frame)
	got, err := decode(s, frame)
	if diff := cmp.Diff(want, got, comparePayloads, compareBigInts, cmpopts.EquateNaNs()); diff != "" || (err == nil) != (wantErr == nil) {
		t.Fatalf("%s %q: errors %v and %v, messages (-any +hot):\n%s", s, frame, wantErr, err, diff)
	}
	if err == nil {
		checkHead(t, s, got)
	}
}

func checkHead(t *testing.T, s serializer.Serializer, m wamp.Message) {
	t.Helper()
	want, err := serializer.AppendHeadAsAny(s, m)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.AppendHead(nil, m); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s %#v: got head %q and error %v, want %q", s, m, got, err, want)
	}
}

// A field that is forgotten where a message is judged to be bare would be lost.
func TestNoFieldIsLostOnTheBareWay(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		for _, m := range bareMessages(wamp.Payload{}) {
			v := reflect.ValueOf(m).Elem()
			for i := range v.NumField() {
				if v.Type().Field(i).Name == "Payload" {
					continue
				}
				before := v.Field(i).Interface()
				setField(t, v.Field(i))
				checkHead(t, s, m)
				v.Field(i).Set(reflect.ValueOf(before))
			}
		}
	}
}

// setField sets a field of a message to something that is not its zero value.
func setField(t *testing.T, f reflect.Value) {
	t.Helper()
	switch f.Kind() {
	case reflect.Bool:
		f.SetBool(true)
	case reflect.String:
		f.SetString("x")
	case reflect.Uint64:
		f.SetUint(7)
	case reflect.Pointer:
		f.Set(reflect.New(f.Type().Elem()))
	default:
		t.Fatalf("cannot set a field of kind %s", f.Kind())
	}
}
