package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

var update = flag.Bool("update", false, "rewrite golden files, the reference and the schema")

const (
	referenceFile = "../../docs/configuration.md"
	schemaFile    = "../../docs/config.schema.json"
)

var generated = regexp.MustCompile(`(?s)<!-- generated:.*?-->.*?<!-- end -->`)

// The reference's text is written by hand; all that the tables know stands
// between two marks.
func TestReferenceIsWhatTheTablesSay(t *testing.T) {
	t.Parallel()
	var tables strings.Builder
	tables.WriteString("<!-- generated: go test ./internal/config -update -->\n")
	for _, s := range config.Reference() {
		fmt.Fprintf(&tables, "\n## %s\n\n%s", s.Title, s.Markdown)
	}
	tables.WriteString("\n<!-- end -->")

	have, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if !generated.Match(have) {
		t.Fatalf("%s has no generated part", referenceFile)
	}
	want := generated.ReplaceAllLiteral(have, []byte(tables.String()))
	compareOrUpdate(t, referenceFile, want)
}

func TestExampleInTheReferenceHasNoFindings(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	if example == nil {
		t.Fatalf("%s has no example", referenceFile)
	}
	if _, findings := config.Parse("example", example[1], config.YAML, config.Options{}); len(findings) > 0 {
		t.Error(findings)
	}
}

func TestSchemaFileIsWhatTheTablesSay(t *testing.T) {
	t.Parallel()
	compareOrUpdate(t, schemaFile, config.Schema())
}

func compareOrUpdate(t *testing.T, file string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s is out of date: run go test ./internal/config -update", file)
	}
}

// Editors say what check says.
func TestSchemaMarksWhatIsIgnoredOrNotYetSupported(t *testing.T) {
	t.Parallel()
	var whole struct {
		Defs map[string]struct {
			Properties map[string]struct {
				Deprecated  bool
				Enum        []any
				Description string
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema(), &whole); err != nil {
		t.Fatal(err)
	}
	ignored := whole.Defs["tlsListen"].Properties["dhparam"]
	if !ignored.Deprecated || !strings.HasPrefix(ignored.Description, "Ignored: ") {
		t.Errorf("dhparam: %+v, want it deprecated, and why", ignored)
	}
	later := whole.Defs["realm"].Properties["rlinks"]
	if len(later.Enum) != 2 || !strings.Contains(later.Description, "Not yet supported: ") {
		t.Errorf("rlinks: %+v, want nothing but empty objects and lists, and why", later)
	}
}

func TestSchemaRefersOnlyToWhatItDefines(t *testing.T) {
	t.Parallel()
	var whole struct {
		Defs map[string]any `json:"$defs"`
	}
	if err := json.Unmarshal(config.Schema(), &whole); err != nil {
		t.Fatal(err)
	}
	for _, ref := range regexp.MustCompile(`"#/\$defs/([^"]+)"`).FindAllSubmatch(config.Schema(), -1) {
		if whole.Defs[string(ref[1])] == nil {
			t.Errorf("the schema refers to %s, which it does not define", ref[1])
		}
	}
	if len(whole.Defs) < 20 {
		t.Errorf("the schema defines %d objects, want all of them", len(whole.Defs))
	}
}

func TestReferenceLinksLeadToItsSections(t *testing.T) {
	t.Parallel()
	anchors := map[string]bool{}
	for _, s := range config.Reference() {
		anchors[strings.ReplaceAll(strings.ToLower(s.Title), " ", "-")] = true
	}
	for _, s := range config.Reference() {
		for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(s.Markdown, -1) {
			if !anchors[link[1]] {
				t.Errorf("section %q links to #%s, which is no section", s.Title, link[1])
			}
		}
	}
}
