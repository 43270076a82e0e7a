package main

import (
	"path/filepath"
	"strings"
	"testing"
)

const (
	passing = `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA/b","Elapsed":0}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p","Elapsed":0.1}
`
	failing = `{"Action":"output","Package":"q","Test":"TestC","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"q","Test":"TestC","Elapsed":0}
{"Action":"fail","Package":"q","Elapsed":0.2}
`
	broken = `{"Action":"build-output","ImportPath":"r","Output":"r.go:1:1: syntax error\n"}
{"Action":"fail","Package":"r","Elapsed":0}
`
	skipping = `{"Action":"output","Package":"s","Test":"TestD","Output":"=== RUN   TestD\n"}
{"Action":"output","Package":"s","Test":"TestD","Output":"    s_test.go:5: no folder\n"}
{"Action":"output","Package":"s","Test":"TestD","Output":"--- SKIP: TestD (0.00s)\n"}
{"Action":"skip","Package":"s","Test":"TestD","Elapsed":0}
{"Action":"output","Package":"s","Test":"TestE","Output":"    s_test.go:5: no folder\n"}
{"Action":"skip","Package":"s","Test":"TestE","Elapsed":0}
{"Action":"pass","Package":"s","Elapsed":0}
{"Action":"skip","Package":"without-tests","Elapsed":0}
`
)

func TestRunPrints(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		in     string
		status int
		want   string
	}{
		{"the number of tests and subtests", passing, 0, "ok\tp\t0.100s\n2 passed, 0 failed\n"},
		{"the output of a failed test", passing + failing, 1, "ok\tp\t0.100s\ngot 1, want 2\nFAIL\tq\t0.200s\n2 passed, 1 failed\n"},
		{"a package that does not build as one failure", passing + broken, 1, "ok\tp\t0.100s\nr.go:1:1: syntax error\nFAIL\tr\t0.000s\n2 passed, 1 failed\n"},
		{"why tests were skipped", passing + skipping, 0, "ok\tp\t0.100s\nok\ts\t0.000s\nskipped 2: s: s_test.go:5: no folder\n2 passed, 0 failed\n"},
		{"failure when nothing ran", "", 1, "0 passed, 0 failed\n"},
		{"what is no event as it is", "go: no such module\n" + passing, 0, "go: no such module\nok\tp\t0.100s\n2 passed, 0 failed\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out, complaints strings.Builder
			if status := run(nil, strings.NewReader(tt.in), &out, &complaints); status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			if out.String() != tt.want {
				t.Errorf("got:\n%swant:\n%s", out.String(), tt.want)
			}
		})
	}
}

func TestRunAddsUp(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "sum")
	var out, complaints strings.Builder
	for _, in := range []string{passing, failing, passing + skipping} {
		run([]string{"-add", file}, strings.NewReader(in), &out, &complaints)
	}
	out.Reset()
	if status := run([]string{"-sum", file}, nil, &out, &complaints); status != 1 {
		t.Errorf("status %d after a failure, want 1", status)
	}
	if want := "4 passed, 1 failed\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	if complaints.Len() > 0 {
		t.Errorf("complained: %s", complaints.String())
	}
}
