package exec_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"github.com/junctorio/junctor/internal/builtin/exec"
)

// However output is cut into chunks, it has the same lines.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\n three"), 4, 5)
	f.Add([]byte("long line\n"), 2, 3)
	f.Fuzz(func(t *testing.T, output []byte, cut, most int) {
		if cut < 0 || cut > len(output) || most < 0 {
			return
		}
		var want []string
		tooLong := false
		for line := range bytes.SplitSeq(output, []byte("\n")) {
			if tooLong = len(line) > most; tooLong {
				break
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				want = append(want, string(line))
			}
		}
		got, err := exec.Lines(most, output[:cut], output[cut:])
		if !slices.Equal(got, want) || (err != nil) != tooLong {
			t.Errorf("got %q and error %v, want %q, too long: %v", got, err, want, tooLong)
		}
	})
}

// No line of a process panics, and none passes that is no JSON.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{`{"id":1,"args":[]}`, `{"id":1.0}`, `{"id":1,"progress":true,"kwargs":{"a":[null]}}`, `1],[2`, `"\ud800"`, `{"error":"a.b"}`, `[[[[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		perCall, tagged := exec.ParseAnswer(line)
		if !json.Valid(line) && (perCall == nil || tagged == nil) {
			t.Errorf("%q is no JSON and passed", line)
		}
	})
}
