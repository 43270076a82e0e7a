package serializer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/serializer"
)

// stringValue encodes content, which need not be valid, as a string.
func stringValue(s serializer.Serializer, content []byte) []byte {
	n := byte(len(content))
	switch {
	case s == serializer.JSON:
		return append(append([]byte{'"'}, content...), '"')
	case s == serializer.MsgPack && n < 32:
		return append([]byte{0xa0 | n}, content...)
	case s == serializer.MsgPack:
		return append([]byte{0xd9, n}, content...)
	case n < 24:
		return append([]byte{0x60 | n}, content...)
	default:
		return append([]byte{0x78, n}, content...)
	}
}

// The walk looks at several octets at once, in different ways depending on how
// long a string is and how near it is to the frame's end.
func TestOneWrongOctetInAStringIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	wrong := map[serializer.Serializer]string{
		serializer.JSON: "\x00\x1f\\\xff\x80", serializer.MsgPack: "\xff\x80", serializer.CBOR: "\xff\x80",
	}
	for _, s := range serializer.All() {
		for n := range 74 {
			if 40 < n && n < 62 {
				continue
			}
			text := bytes.Repeat([]byte("a !~"), 20)[:n]
			checkAround(t, s, text, "")
			for i := range n {
				for _, c := range []byte(wrong[s]) {
					content := bytes.Clone(text)
					content[i] = c
					checkAround(t, s, content, "octet ")
				}
			}
		}
	}
}

// checkAround checks that decoding a string as a value and as a key, near to
// the end and away from it, gives an error that contains want, or none.
func checkAround(t *testing.T, s serializer.Serializer, content []byte, want string) {
	t.Helper()
	value := stringValue(s, content)
	for _, frame := range [][]byte{
		frameOf(s, value), frameOf(s, padded(s, value)), frameOf(s, dictOf(s, value)), frameOf(s, padded(s, dictOf(s, value))),
	} {
		_, err := decode(s, frame)
		switch {
		case want == "" && err != nil:
			t.Fatalf("%s %q: %v", s, frame, err)
		case want != "" && err == nil:
			t.Fatalf("%s %q: decoded, want an error", s, frame)
		case want != "":
			checkViolation(t, err, want)
		}
	}
}

// dictOf is a dictionary with one key, which is null.
func dictOf(s serializer.Serializer, key []byte) []byte {
	switch s {
	case serializer.JSON:
		return []byte("{" + string(key) + ":null}")
	case serializer.MsgPack:
		return []byte("\x81" + string(key) + "\xc0")
	default:
		return []byte("\xa1" + string(key) + "\xf6")
	}
}

func TestNumbersAreWalkedByTheGrammar(t *testing.T) {
	t.Parallel()
	digits := strings.Repeat("1234567890", 4)
	for n := 1; n < 40; n++ {
		for value, ok := range map[string]bool{
			digits[:n]: true, "-" + digits[:n]: true, "0." + digits[:n]: true, digits[:n] + ".5": true,
			digits[:n] + "e5": true, digits[:n] + "." + digits[:n] + "E-7": true,
			"0" + digits[:n]: false, digits[:n] + ".": false, digits[:n] + ".e1": false, digits[:n] + "e": false,
			digits[:n] + "x": false, digits[:n] + "..1": false, digits[:n] + ".1.1": false, "." + digits[:n]: false,
			"+" + digits[:n]: false, "--" + digits[:n]: false, "-0" + digits[:n]: false, digits[:n] + "-": false,
		} {
			for _, v := range [][]byte{[]byte(value), padded(serializer.JSON, []byte(value))} {
				_, err := decode(serializer.JSON, frameOf(serializer.JSON, v))
				if (err == nil) != ok {
					t.Errorf("%s: got error %v, want well formed to be %t", v, err, ok)
				}
			}
		}
	}
}
