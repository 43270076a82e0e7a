package serializer_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// arguments is a payload of one list, in JSON text or in hexadecimal.
func arguments(t *testing.T, s serializer.Serializer, list string) wamp.Payload {
	t.Helper()
	b := []byte(list)
	if s != serializer.JSON {
		b = unhex(t, list)
	}
	return wamp.Payload{Serializer: s, Bytes: b, Elements: 1}
}

// spelled is the inverse of arguments.
func spelled(s serializer.Serializer, b []byte) string {
	if s == serializer.JSON {
		return string(b)
	}
	return fmt.Sprintf("%x", b)
}

// SER-3, SER-4, JS-1, MP-1, CB-1.
func TestValuesAreTranscodedBothWays(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, json, msgpack, cbor string }{
		{"an empty list", `[]`, "90", "80"},
		{"null, false and true", `[null,false,true]`, "93c0c2c3", "83f6f4f5"},
		{"small integers", `[0,23,24,127,128,255]`, "960017187fcc80ccff", "8600171818187f188018ff"},
		{"larger integers", `[256,65535,65536,4294967295]`, "94cd0100cdffffce00010000ceffffffff", "8419010019ffff1a000100001affffffff"},
		{"the largest integers", `[4294967296,18446744073709551615]`,
			"92cf0000000100000000cfffffffffffffffff", "821b00000001000000001bffffffffffffffff"},
		{"small negative integers", `[-1,-24,-25,-32,-33,-128]`, "96ffe8e7e0d0dfd080", "8620373818381f3820387f"},
		{"larger negative integers", `[-129,-32768,-32769,-2147483648]`,
			"94d1ff7fd18000d2ffff7fffd280000000", "843880397fff3980003a7fffffff"},
		{"the smallest integers", `[-2147483649,-9223372036854775808]`,
			"92d3ffffffff7fffffffd38000000000000000", "823a800000003b7fffffffffffffff"},
		{"floats that are whole", `[0.0,-0.0,1.0,-2.0,65504.0]`,
			"95ca00000000ca80000000ca3f800000cac0000000ca477fe000", "85f90000f98000f93c00f9c000f97bff"},
		{"floats of 32 bits", `[1.1754943508222875e-38,65536.0]`,
			"92ca00800000ca47800000", "82fa00800000fa47800000"},
		{"floats of 64 bits", `[0.1,1e+300,5e-324]`,
			"93cb3fb999999999999acb7e37e43c8800759ccb0000000000000001",
			"83fb3fb999999999999afb7e37e43c8800759cfb0000000000000001"},
		{"strings", `["","a","ü€😀","\"\\\b\f\n\r\t\u0001/<>&"]`,
			"94a0a161a9c3bce282acf09f9880ac225c080c0a0d09012f3c3e26",
			"8460616169c3bce282acf09f98806c225c080c0a0d09012f3c3e26"},
		{"binaries", `["\u0000","\u0000AQI=","\u0000EOP/kFMHXFJvX8BtT+N82w=="]`,
			"93c400c4020102c41010e3ff9053075c526f5fc06d4fe37cdb", "83404201025010e3ff9053075c526f5fc06d4fe37cdb"},
		{"a string that only begins as binary", `["\u0000?"]`, "91a2003f", "8162003f"},
		{"dicts", `[{},{"a":{"b":[]}}]`, "928081a16181a16290", "82a0a16161a1616280"},
		{"a long string", `["` + strings.Repeat("x", 40) + `"]`, "91d928" + strings.Repeat("78", 40), "817828" + strings.Repeat("78", 40)},
		{"a string of 300", `["` + strings.Repeat("x", 300) + `"]`, "91da012c" + strings.Repeat("78", 300), "8179012c" + strings.Repeat("78", 300)},
		{"a list of 20", `[[` + strings.Repeat("1,", 19) + `1]]`, "91dc0014" + strings.Repeat("01", 20), "8194" + strings.Repeat("01", 20)},
		{"a list of 30", `[[` + strings.Repeat("1,", 29) + `1]]`, "91dc001e" + strings.Repeat("01", 30), "81981e" + strings.Repeat("01", 30)},
		{"a list of 70000", `[[` + strings.Repeat("1,", 69999) + `1]]`,
			"91dd00011170" + strings.Repeat("01", 70000), "819a00011170" + strings.Repeat("01", 70000)},
		{"long lists in long lists", `[` + strings.Repeat("["+strings.Repeat("1,", 15)+"1],", 15) + "[" + strings.Repeat("1,", 15) + "1]]",
			"dc0010" + strings.Repeat("dc0010"+strings.Repeat("01", 16), 16), "90" + strings.Repeat("90"+strings.Repeat("01", 16), 16)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			forms := map[serializer.Serializer]string{
				serializer.JSON: test.json, serializer.MsgPack: test.msgpack, serializer.CBOR: test.cbor,
			}
			for from := range forms {
				for to, want := range forms {
					got, err := to.AppendPayload([]byte("head"), arguments(t, from, forms[from]))
					if err != nil {
						t.Errorf("%s to %s: %v", from, to, err)
					} else if string(got[:4]) != "head" || spelled(to, got[4:]) != want {
						t.Errorf("%s to %s: %.200s becomes %.200s, want %.200s", from, to, forms[from], spelled(to, got[4:]), want)
					}
				}
			}
		})
	}
}

// SER-4, SER-6, CB-2.
func TestValuesAreTranscodedOneWay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		from, to serializer.Serializer
		in, want string
	}{
		{"escapes are not needed", serializer.JSON, serializer.CBOR, `["\u0041\/\ud83d\ude00"]`, "8166412ff09f9880"},
		{"binary with escaped slashes", serializer.JSON, serializer.CBOR, `["\u0000\/\/8="]`, "8142ffff"},
		{"minus zero is an integer", serializer.JSON, serializer.CBOR, `[-0]`, "8100"},
		{"exponents make floats", serializer.JSON, serializer.MsgPack, `[1E2,1e-1]`, "92ca42c80000cb3fb999999999999a"},
		{"a fraction of many digits", serializer.JSON, serializer.CBOR, `[0.30000000000000004]`, "81fb3fd3333333333334"},
		{"white space", serializer.JSON, serializer.MsgPack, " [ 1 , { \"a\" : [ ] } ] ", "920181a16190"},
		{"integers beyond 64 bits", serializer.JSON, serializer.CBOR, `[18446744073709551616,-18446744073709551617]`,
			"82c249010000000000000000c349010000000000000000"},
		{"the smallest integer of CBOR", serializer.CBOR, serializer.JSON, "813bffffffffffffffff", `[-18446744073709551616]`},
		{"big integers", serializer.CBOR, serializer.JSON, "82c249010000000000000000c349010000000000000000",
			`[18446744073709551616,-18446744073709551617]`},
		{"a big integer in chunks", serializer.CBOR, serializer.JSON, "81c25f41014100ff", `[256]`},
		{"a big integer that is small", serializer.CBOR, serializer.MsgPack, "82c24107c34107", "9207f8"},
		{"undefined", serializer.CBOR, serializer.MsgPack, "81f7", "91c0"},
		{"times and other tags", serializer.CBOR, serializer.MsgPack, "82c06161d9d9f7c101", "92a16101"},
		{"a tag for integers on a string", serializer.CBOR, serializer.JSON, "81c26161", `["a"]`},
		{"chunks", serializer.CBOR, serializer.JSON, "9f7f61616162ff5f4101ffbf6161f6ffff", `["ab","\u0000AQ==",{"a":null}]`},
		{"half floats", serializer.CBOR, serializer.JSON, "84f93c01f90001f983fff97bff",
			`[1.0009765625,5.960464477539063e-08,-0.00006097555160522461,65504.0]`},
		{"infinities and no number", serializer.CBOR, serializer.MsgPack, "83f97c00f9fc00f97e00",
			"93ca7f800000caff800000cb7ff8000000000001"},
		{"forms that are not the shortest", serializer.MsgPack, serializer.CBOR, "94d30000000000000001db0000000161dd00000000de0000", "8401616180a0"},
		{"integers as keys", serializer.MsgPack, serializer.JSON, "918301c0ffc0a161c0", `[{"1":null,"-1":null,"a":null}]`},
		{"any keys between the binary ones", serializer.MsgPack, serializer.CBOR, "918401c0c0c0c4010ac090c0", "81a401f6f6f6410af680f6"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.to.AppendPayload(nil, arguments(t, test.from, test.in))
			if err != nil {
				t.Fatal(err)
			}
			if spelled(test.to, got) != test.want {
				t.Errorf("%s %s becomes %s %s, want %s", test.from, test.in, test.to, spelled(test.to, got), test.want)
			}
		})
	}
}

func TestWhatCannotBeTranscodedIsNamed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		from, to serializer.Serializer
		in, want string
	}{
		{"an extension to CBOR", serializer.MsgPack, serializer.CBOR, "92 01 d4 05 00", "from msgpack to cbor: args[1]: extension 5 has no form in cbor"},
		{"a timestamp to JSON", serializer.MsgPack, serializer.JSON, "91 81 a1 61 d6 ff 00 00 00 00", "args[0].a: extension 255 has no form in json"},
		{"infinity to JSON", serializer.CBOR, serializer.JSON, "81 81 f9 7c 00", "args[0][0]: +Inf has no form in json"},
		{"no number to JSON", serializer.MsgPack, serializer.JSON, "91 ca 7f c0 00 00", "args[0]: NaN has no form in json"},
		{"a binary key to JSON", serializer.MsgPack, serializer.JSON, "91 81 c4 00 c0", "args[0][0]: key that is neither a string nor an integer but binary"},
		{"a list as key to JSON", serializer.CBOR, serializer.JSON, "81 a1 80 00", "key that is neither a string nor an integer but list"},
		{"a float too large for 64 bits", serializer.JSON, serializer.CBOR, `[1e400]`, "1e400 is beyond a 64-bit float"},
		{"a big integer to MessagePack", serializer.JSON, serializer.MsgPack, `[18446744073709551616]`, "integer of 65 bits has no form in msgpack"},
		{"a small integer to MessagePack", serializer.CBOR, serializer.MsgPack, "813bffffffffffffffff", "has no form in msgpack"},
		{"an integer of too many digits", serializer.JSON, serializer.CBOR, "[" + strings.Repeat("9", 2000) + "]", "integer of 2000 digits"},
		{"an integer of too many octets", serializer.CBOR, serializer.JSON, "81c2590200" + strings.Repeat("ff", 512), "integer of 512 octets"},
		{"a simple value", serializer.CBOR, serializer.MsgPack, "81e0", "simple value 0 has no form in msgpack"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := test.to.AppendPayload([]byte("head"), arguments(t, test.from, test.in))
			if err == nil {
				t.Fatalf("%s becomes %q, want an error", test.in, got)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want it to contain %q", err, test.want)
			}
			if string(got) != "head" {
				t.Errorf("dst is %q afterwards, want it unchanged", got)
			}
			m := &wamp.Yield{Request: 1, Payload: arguments(t, test.from, test.in)}
			if got, err := serializer.Append([]byte("head"), test.to, m); err == nil || string(got) != "head" {
				t.Errorf("Append gave %q, %v; want an error and dst unchanged", got, err)
			}
		})
	}
}

func TestBothElementsAreTranscoded(t *testing.T) {
	t.Parallel()
	forms := map[serializer.Serializer]string{
		serializer.JSON: `[1],{"a":2}`, serializer.MsgPack: "910181a16102", serializer.CBOR: "8101a1616102",
	}
	for from := range forms {
		for to, want := range forms {
			p := arguments(t, from, forms[from])
			p.Elements = 2
			got, err := to.AppendPayload(nil, p)
			if err != nil {
				t.Fatal(err)
			}
			if spelled(to, got) != want {
				t.Errorf("%s to %s: got %s, want %s", from, to, spelled(to, got), want)
			}
		}
	}
}
