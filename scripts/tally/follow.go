package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
)

// counts are numbers of tests; a package that failed without a failing test
// (it did not build, it exited) counts as one.
type counts struct{ Passed, Failed, Skipped int }

// String is the line that ends a run.
func (c counts) String() string {
	return fmt.Sprintf("%d passed, %d failed", c.Passed, c.Failed)
}

// event is a line of go test -json; see go doc test2json.
type event struct {
	Action, Package, ImportPath, Test, Output string

	Elapsed float64
}

// follower turns events into lines for people and counts.
type follower struct {
	out    io.Writer
	counts counts
	output map[string]*strings.Builder // by package and test, until it ended
	failed map[string]bool             // packages with a failing test
	skips  map[string]int              // by what the test said
}

// follow reads events until in ends. Lines that are no events are passed on:
// the go command prints some errors outside of the stream.
func follow(in io.Reader, out io.Writer) (counts, error) {
	f := follower{
		out:    out,
		output: make(map[string]*strings.Builder),
		failed: make(map[string]bool),
		skips:  make(map[string]int),
	}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			f.line(line)
		}
		if errors.Is(err, io.EOF) {
			f.reportSkips()
			return f.counts, nil
		}
		if err != nil {
			return f.counts, err
		}
	}
}

func (f *follower) line(line []byte) {
	var e event
	if line[0] != '{' || json.Unmarshal(line, &e) != nil || e.Action == "" {
		f.out.Write(line)
		return
	}
	switch e.Action {
	case "output", "build-output":
		f.hold(e)
	case "pass", "fail", "skip":
		f.ended(e)
	}
}

func (f *follower) hold(e event) {
	if e.Action == "build-output" {
		fmt.Fprint(f.out, e.Output)
		return
	}
	key := e.Package + "\x00" + e.Test
	if f.output[key] == nil {
		f.output[key] = new(strings.Builder)
	}
	f.output[key].WriteString(e.Output)
}

func (f *follower) ended(e event) {
	key := e.Package + "\x00" + e.Test
	held := f.output[key]
	delete(f.output, key)
	if e.Action == "fail" && held != nil {
		fmt.Fprint(f.out, held)
	}
	if e.Test == "" {
		f.packageEnded(e)
		return
	}
	switch e.Action {
	case "pass":
		f.counts.Passed++
	case "skip":
		f.counts.Skipped++
		f.skips[e.Package+": "+reason(held)]++
	case "fail":
		f.counts.Failed++
		f.failed[e.Package] = true
	}
}

func (f *follower) packageEnded(e event) {
	if e.Action == "fail" && !f.failed[e.Package] {
		f.counts.Failed++
	}
	if e.Action != "skip" { // a package without tests
		word := map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action]
		fmt.Fprintf(f.out, "%s\t%s\t%.3fs\n", word, e.Package, e.Elapsed)
	}
}

// reason is what a skipped test said, without the lines around it.
func reason(held *strings.Builder) string {
	if held == nil {
		return ""
	}
	var said []string
	for line := range strings.Lines(held.String()) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "=== ") && !strings.HasPrefix(line, "--- ") {
			said = append(said, line)
		}
	}
	return strings.Join(said, " ")
}

// reportSkips says once for each reason how many tests were skipped for it.
func (f *follower) reportSkips() {
	for _, why := range slices.Sorted(maps.Keys(f.skips)) {
		fmt.Fprintf(f.out, "skipped %d: %s\n", f.skips[why], why)
	}
}

// addTo adds c to the counts in a file, which it creates.
func addTo(name string, c counts) error {
	sum, err := readCounts(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	sum.Passed += c.Passed
	sum.Failed += c.Failed
	sum.Skipped += c.Skipped
	text, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

func readCounts(name string) (counts, error) {
	var c counts
	text, err := os.ReadFile(name)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}
