package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/junctorio/junctor/internal/config"
)

// surroundings are those in which the configurations of the tests are read.
func surroundings() config.Options {
	environment := map[string]string{
		"PORT": "8080", "BIG_PORT": "80800", "OFF": "false", "EMPTY": "", "RUN": "/run",
	}
	return config.Options{
		Dir: "/node",
		LookupEnv: func(name string) (string, bool) {
			s, ok := environment[name]
			return s, ok
		},
	}
}

// Each file in testdata/findings is one configuration, config.json or
// config.yaml, and all that there is to say about it.
func TestFindings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/findings/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			testFindings(t, file)
		})
	}
}

// A file of testdata/findings: a comment, which may be missing, and two parts.
var findingsFile = regexp.MustCompile(`(?s)^((?:[^\n]*\n)??-- (config\.\w+) --\n)(.*?)-- findings --\n(.*)$`)

func testFindings(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := findingsFile.FindStringSubmatch(string(text))
	if parts == nil {
		t.Fatalf("%s must hold a configuration and its findings", file)
	}
	head, name, source, want := parts[1], parts[2], parts[3], parts[4]
	format, ok := config.FormatOf(name)
	if !ok {
		t.Fatalf("unknown format: %s", name)
	}
	node, findings := config.Parse(name, []byte(source), format, surroundings())
	if node == nil && !findings.HasErrors() {
		t.Error("no node, and no error that says why")
	}
	var got strings.Builder
	for _, f := range findings {
		got.WriteString(f.String() + "\n")
	}
	if *update {
		if err := os.WriteFile(file, []byte(head+source+"-- findings --\n"+got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("findings of %s (-want +got):\n%s", file, diff)
	}
}
