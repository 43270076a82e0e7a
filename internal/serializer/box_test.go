package serializer_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

func TestBoxesKeepPayloads(t *testing.T) {
	t.Parallel()
	for _, s := range serializer.All() {
		for name, content := range map[string]struct {
			args   []any
			kwargs wamp.Dict
		}{
			"nothing":   {nil, nil},
			"arguments": {[]any{int64(1), "two", []byte{3}, []any{nil}}, nil},
			"keywords":  {nil, wamp.Dict{"a": wamp.Dict{"b": true}}},
			"both":      {[]any{"x"}, wamp.Dict{"args": []any{}, "kwargs": int64(-1)}},
		} {
			t.Run(s.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				p, err := s.EncodePayload(content.args, content.kwargs)
				if err != nil {
					t.Fatal(err)
				}
				box, err := serializer.AppendBox([]byte("kept"), s, p)
				if err != nil {
					t.Fatal(err)
				}
				out, err := serializer.OpenBox(s, box[len("kept"):])
				if err != nil {
					t.Fatal(err)
				}
				args, kwargs, err := out.Values()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(content.args, args, equateEmptyList); diff != "" {
					t.Errorf("args: %s", diff)
				}
				if diff := cmp.Diff(content.kwargs, kwargs); diff != "" {
					t.Errorf("kwargs: %s", diff)
				}
			})
		}
	}
}

// An empty list that stands before keywords (MSG-5) is as good as none.
var equateEmptyList = cmp.FilterValues(
	func(a, b []any) bool { return len(a) == 0 && len(b) == 0 },
	cmp.Comparer(func(a, b []any) bool { return true }),
)

func TestBoxesFromAnybodyAreChecked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data string
		ok   bool
	}{
		"any order, other keys and null":     {` { "kwargs" : {"a":1} , "x": [1], "args": null } `, true},
		"no keys":                            {`{}`, true},
		"a list":                             {`[1]`, false},
		"nothing":                            {``, false},
		"something behind it":                {`{}1`, false},
		"arguments that are no list":         {`{"args":{}}`, false},
		"keywords that are no dict":          {`{"kwargs":[]}`, false},
		"arguments twice":                    {`{"args":[],"args":[]}`, false},
		"an end that is missing":             {`{"args":[1`, false},
		"octets that are not UTF-8":          {"{\"args\":[\"\xff\"]}", false},
		"nesting deeper than in any message": {`{"args":` + deepList(200) + `}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := serializer.OpenBox(serializer.JSON, []byte(test.data))
			if (err == nil) != test.ok {
				t.Fatalf("got %v, want ok = %t", err, test.ok)
			}
			if _, _, err := p.Values(); err != nil {
				t.Errorf("the payload cannot be decoded: %v", err)
			}
		})
	}
}

func deepList(depth int) string {
	s := ""
	for range depth {
		s += "["
	}
	for range depth {
		s += "]"
	}
	return s
}

func FuzzOpenBox(f *testing.F) {
	f.Add([]byte(`{"args":[1],"kwargs":{"a":1}}`))
	f.Add([]byte("\xa2\x64args\x81\x01\x66kwargs\xa1\x61a\x01"))
	f.Add([]byte("\x82\xa4args\x91\x01\xa6kwargs\x81\xa1a\x01"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, s := range serializer.All() {
			p, err := serializer.OpenBox(s, data)
			if err != nil {
				continue
			}
			if _, err := serializer.AppendBox(nil, s, p); err != nil {
				t.Errorf("%s: %x opens to what cannot be packed: %v", s, data, err)
			}
		}
	})
}
