package config_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

// TestDocumentedSnippetsHaveNoFindings has every piece of configuration of the
// documentation read where it belongs.
func TestDocumentedSnippetsHaveNoFindings(t *testing.T) {
	t.Parallel()
	files := []string{"../../README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../examples/*/*.md"} {
		found, err := filepath.Glob(filepath.FromSlash(pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	fence := regexp.MustCompile("(?s)```(?:json|yaml)\n(.*?)```")
	read := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, snippet := range fence.FindAllStringSubmatch(string(text), -1) {
			whole, ok := wholeConfiguration(snippet[1])
			if !ok {
				continue
			}
			read++
			_, findings := config.Parse(file, []byte(whole), config.YAML, config.Options{})
			for _, f := range findings {
				t.Errorf("%v\nin:\n%s", f, whole)
			}
		}
	}
	if read < 8 {
		t.Errorf("read %d snippets; docs/components.md alone has five", read)
	}
}

// realms has the roles that snippets speak of.
const realms = `version: 2
workers:
- type: router
  realms:
  - name: realm1
    roles:
    - {name: anonymous, permissions: &all [{uri: com.example., match: prefix, allow: {call: true}}]}
    - {name: backend, permissions: *all}
    - {name: frontend, permissions: *all}
`

// wholeConfiguration returns the smallest configuration around a snippet, or
// false for what is no configuration, such as an event. JSON is YAML.
func wholeConfiguration(snippet string) (string, bool) {
	switch {
	case strings.HasPrefix(snippet, "version:"):
		return snippet, true
	case strings.HasPrefix(snippet, "auth:"):
		return realms + "  transports:\n  - type: rawsocket\n    endpoint: {type: unix, path: s.sock}\n" +
			regexp.MustCompile("(?m)^").ReplaceAllString(strings.TrimSpace(snippet), "    "), true
	case strings.Contains(snippet, `"type": "class"`), strings.Contains(snippet, `"type": "function"`):
		return realms + "  components: [" + snippet + "]\n", true
	}
	return "", false
}
