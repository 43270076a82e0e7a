package passthru_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/client/passthru"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func TestPackedPayloadsAreOneBinaryInAnySerializer(t *testing.T) {
	t.Parallel()
	for _, number := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
		p, a, err := passthru.Pack("x_test", number, []any{int64(1), []byte{2}}, wamp.Dict{"a": "b"})
		if err != nil {
			t.Fatal(err)
		}
		if want := (&wamp.Attributes{PPTScheme: "x_test", PPTSerializer: number.String()}); !cmp.Equal(want, a) {
			t.Errorf("attributes are %+v", a)
		}
		for _, over := range serializer.All() {
			carried, err := serializer.Transcode(over, p)
			if err != nil {
				t.Fatal(err)
			}
			binaryOf(t, carried)
			out, err := passthru.Unpack(carried, a)
			if err != nil {
				t.Fatal(err)
			}
			args, kwargs, err := out.Values()
			if diff := cmp.Diff([]any{int64(1), []byte{2}}, args) + cmp.Diff(wamp.Dict{"a": "b"}, kwargs); diff != "" || err != nil {
				t.Errorf("%s over %s (%v): %s", number, over, err, diff)
			}
		}
	}
}

func TestPackAndUnpackSayWhatTheyCannotDo(t *testing.T) {
	t.Parallel()
	if _, _, err := passthru.Pack("", wamp.SerializerJSON, nil, nil); err == nil {
		t.Error("packed without a scheme")
	}
	if _, _, err := passthru.Pack("x_test", wamp.SerializerUBJSON, nil, nil); err == nil {
		t.Error("packed in UBJSON")
	}
	if _, _, err := passthru.Pack("x_test", wamp.SerializerJSON, []any{make(chan int)}, nil); err == nil {
		t.Error("packed a channel")
	}
	good, a, err := passthru.Pack("x_test", wamp.SerializerJSON, []any{1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		payload    wamp.Payload
		attributes *wamp.Attributes
	}{
		"not packed":                    {good, nil},
		"encrypted":                     {good, &wamp.Attributes{PPTScheme: "wamp", PPTSerializer: "cbor", PPTCipher: "aes256gcm"}},
		"in a serializer that is none":  {good, &wamp.Attributes{PPTScheme: "wamp", PPTSerializer: "flatbuffers"}},
		"in another serializer":         {good, &wamp.Attributes{PPTScheme: "wamp", PPTSerializer: "cbor"}},
		"of several values":             {payload(t, serializer.JSON, []byte{1}, []byte{2}), a},
		"of a text":                     {payload(t, serializer.JSON, "{}"), a},
		"of octets that are not packed": {payload(t, serializer.JSON, []byte("[1]")), a},
		"of nothing":                    {wamp.Payload{}, a},
	} {
		if p, err := passthru.Unpack(test.payload, test.attributes); err == nil {
			t.Errorf("%s: got %+v", name, p)
		}
	}
}
