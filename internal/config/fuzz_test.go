package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/junctorio/junctor/internal/config"
)

func addSeeds(f *testing.F, pattern string) {
	files, _ := filepath.Glob(pattern)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			f.Add(text)
		}
	}
}

// FuzzJSON checks that no JSON text panics, that findings point into the text,
// and that the tree is what encoding/json makes of it.
func FuzzJSON(f *testing.F) {
	addSeeds(f, "testdata/whole/*.json")
	addSeeds(f, "testdata/findings/json_*.txt")
	f.Add([]byte(`{"version": 2, "workers": [{"type": "router", "realms": [{"name": "\u00e4\ud83d\ude00\/"}]}]}`))
	f.Add([]byte(`{"a": [1, 1e3, -0, 1.5, true, null, "", {"b": {}}], "a": 2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		checkFindings(t, text, config.JSON)
		got, problem := config.ParseAny(text, config.JSON)
		if problem != nil {
			return // too deep, or not JSON; encoding/json is asked below only for what was accepted
		}
		decoder := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
		decoder.UseNumber()
		var want any
		if err := decoder.Decode(&want); err != nil {
			t.Fatalf("accepted %q, encoding/json says %v", text, err)
		}
		if want = withCanonicalIntegers(want); !reflect.DeepEqual(got, want) {
			t.Errorf("got %#v, want %#v", got, want)
		}
	})
}

// withCanonicalIntegers writes -0 as 0: the tree holds numbers, not texts.
func withCanonicalIntegers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if v == "-0" {
			return json.Number("0")
		}
	case []any:
		for i := range v {
			v[i] = withCanonicalIntegers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withCanonicalIntegers(v[key])
		}
	}
	return v
}

// FuzzYAML checks that no YAML text panics and that findings point into the
// text.
func FuzzYAML(f *testing.F) {
	addSeeds(f, "testdata/whole/*.yaml")
	addSeeds(f, "testdata/findings/yaml_*.txt")
	f.Add([]byte("version: 2\nworkers: &w [{type: router, <<: *w}]"))
	f.Add([]byte("? [a]\n: !!binary x\n<<: {a: 1}"))
	f.Fuzz(func(t *testing.T, text []byte) { checkFindings(t, text, config.YAML) })
}

func checkFindings(t *testing.T, text []byte, format config.Format) {
	node, findings := config.Parse("f", text, format, surroundings())
	if node == nil && !findings.HasErrors() {
		t.Fatal("no node and no error")
	}
	lines := bytes.Split(bytes.TrimPrefix(text, []byte("\ufeff")), []byte("\n"))
	for _, finding := range findings {
		if finding.Message == "" {
			t.Errorf("a finding says nothing: %#v", finding)
		}
		// A YAML parser may count other line breaks too, and points behind the
		// end of the text where something is missing.
		if format == config.JSON && finding.Line > 0 {
			if finding.Line > len(lines) || finding.Column > utf8.RuneCount(lines[finding.Line-1])+1 {
				t.Errorf("%s is outside of the text", finding)
			}
		}
	}
}
