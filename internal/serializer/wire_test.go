package serializer_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// wireFile holds every message in every serializer, as our encoder writes it:
// a line with the name, then one line per serializer. Review its diff.
var wireFile = filepath.Join("testdata", "wire.txt")

func TestWireVectors(t *testing.T) {
	t.Parallel()
	if *update {
		if err := os.WriteFile(wireFile, wireText(t), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(wireFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(wireText(t))); diff != "" {
		t.Errorf("encoded messages differ from %s (-want +got):\n%s", wireFile, diff)
	}
	for _, entry := range strings.Split(strings.TrimSpace(string(want)), "\n\n") {
		checkWireEntry(t, entry)
	}
}

func wireText(t *testing.T) []byte {
	var out bytes.Buffer
	seen := map[wamp.Code]int{}
	for _, m := range messages() {
		seen[m.Code()]++
		fmt.Fprintf(&out, "# %s %d\n", m.Code(), seen[m.Code()])
		for _, s := range serializer.All() {
			if p := serializer.PayloadOf(m); p != nil {
				*p = encode(t, s, seen[m.Code()]%len(payloads))
			}
			frame, err := serializer.Append(nil, s, m)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&out, "%-7s %s\n", s, spelled(s, frame))
		}
		fmt.Fprintln(&out)
	}
	if len(seen) != 25 {
		t.Errorf("%d types of messages, want 25", len(seen))
	}
	return out.Bytes()
}

// checkWireEntry decodes the encodings of one message, by our decoder and by
// others, and checks that they are the same message.
func checkWireEntry(t *testing.T, entry string) {
	lines := strings.Split(entry, "\n")
	var first wamp.Message
	for _, line := range lines[1:] {
		name, text, _ := strings.Cut(line, " ")
		i := slices.IndexFunc(serializer.All(), func(s serializer.Serializer) bool { return s.String() == name })
		if i < 0 {
			t.Fatalf("%s: no serializer %q", lines[0], name)
		}
		s := serializer.All()[i]
		frame := []byte(strings.TrimSpace(text))
		if s != serializer.JSON {
			var err error
			if frame, err = hex.DecodeString(string(frame)); err != nil {
				t.Fatalf("%s %s: %v", lines[0], s, err)
			}
		}
		m, err := decode(s, frame)
		if err != nil {
			t.Fatalf("%s %s: %v", lines[0], s, err)
		}
		if first == nil {
			first = m
		}
		if diff := cmp.Diff(first, m, comparePayloadValues(t)); diff != "" {
			t.Errorf("%s: %s differs from json (-json +%s):\n%s", lines[0], s, s, diff)
		}
		again, err := serializer.Append(nil, serializer.JSON, m)
		if err != nil {
			t.Fatalf("%s %s: %v", lines[0], s, err)
		}
		if diff := cmp.Diff(plain(t, serializer.JSON, again), plainAsJSON(t, s, frame)); diff != "" {
			t.Errorf("%s: other decoders see something else in %s (-ours +theirs):\n%s", lines[0], s, diff)
		}
	}
}

// plainAsJSON is plain with the conventions of JSON: binaries as strings, and
// numbers as they are written there.
func plainAsJSON(t *testing.T, s serializer.Serializer, frame []byte) any {
	t.Helper()
	list := plain(t, s, frame).([]any)
	p, err := serializer.JSON.EncodePayload(list, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plain(t, serializer.JSON, p.Bytes)
}

// comparePayloadValues compares payloads by what they decode to.
func comparePayloadValues(t *testing.T) cmp.Option {
	return cmp.Comparer(func(a, b wamp.Payload) bool {
		var argsA, argsB []any
		var kwargsA, kwargsB wamp.Dict
		if err := a.Decode(&argsA, &kwargsA); err != nil {
			t.Error(err)
		}
		if err := b.Decode(&argsB, &kwargsB); err != nil {
			t.Error(err)
		}
		return a.Elements == b.Elements && cmp.Equal(argsA, argsB) && cmp.Equal(kwargsA, kwargsB)
	})
}
