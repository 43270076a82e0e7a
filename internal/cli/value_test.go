package cli_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/cli"
)

func TestArgumentsAreTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want any
	}{
		{"world", "world"},
		{"", ""},
		{"hello world", "hello world"},
		{"1", int64(1)},
		{"-5", int64(-5)},
		{"18446744073709551615", uint64(math.MaxUint64)},
		{"2.5", 2.5},
		{"1e3", 1000.0},
		{"true", true},
		{"null", nil},
		{"True", "True"},
		{`"1"`, "1"},
		{`'1'`, "1"},
		{`'it is'`, "it is"},
		{"'", "'"},
		{"007", "007"},
		{"+49 123", "+49 123"},
		{"0x10", "0x10"},
		{"NaN", "NaN"},
		{"1.2.3", "1.2.3"},
		{"-", "-"},
		{"com.example.hello", "com.example.hello"},
		{`[1,"a",null]`, []any{int64(1), "a", nil}},
		{`{"a":{"b":[1.5]}}`, map[string]any{"a": map[string]any{"b": []any{1.5}}}},
		{`"\u0000aGk="`, []byte("hi")},
		{`["\u0000aGk="]`, []any{[]byte("hi")}},
		{`"\u0000not base64"`, "\x00not base64"},
	}
	for _, tt := range tests {
		got, err := cli.ParseValue(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestArgumentsThatLookLikeJSONMustBe(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"[1,", `{"a":1,}`, `"open`, "[INFO] started", "{} {}", "123456789012345678901234567890", "1e999", "[1e999]"} {
		if v, err := cli.ParseValue(text); err == nil {
			t.Errorf("%s: read as %v, want an error", text, v)
		}
	}
}

func TestWhatACommandPrintsIsTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, output string
		want         []any
	}{
		{"nothing", "\n", nil},
		{"text", "Linux\n", []any{"Linux"}},
		{"several lines of text", "a\nb\n", []any{"a\nb"}},
		{"a number", "42\n", []any{int64(42)}},
		{"a JSON string", `"world"` + "\n", []any{"world"}},
		{"JSON over several lines", "{\n  \"a\": 1\n}\n", []any{map[string]any{"a": int64(1)}}},
		{"a value a line", "1\n\"b\"\n", []any{int64(1), "b"}},
		{"JSON and text mixed", "1\nb\n", []any{"1\nb"}},
		{"octets that are no text", "\xff\xfe", []any{[]byte("\xff\xfe")}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, cli.Results(tt.output)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestTextOfPeersCannotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":           "plain",
		"two\nlines\ttab": "two\nlines\ttab",
		"\x1b[31mred":     `"\x1b[31mred"`,
		"\xff":            `"\xff"`,
		"\u009bm":         `"\u009bm"`,
	} {
		if got := cli.Printable(in); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{"1", `"a"`, "[1,{\"a\":null}]", "'x'", "{", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = cli.ParseValue(text)
	})
}
