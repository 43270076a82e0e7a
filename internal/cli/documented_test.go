package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/cli"
)

// TestDocumentedCommandLinesAreRight holds every command line of the README
// and the documentation against the commands and flags that there are.
func TestDocumentedCommandLinesAreRight(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	lines := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range commandLines(string(text)) {
			lines++
			if err := cli.CheckCommandLine(words(line)[1:]); err != nil {
				t.Errorf("%s: %q: %v", file, line, err)
			}
		}
	}
	if lines < 20 {
		t.Errorf("found %d command lines; docs/cli.md alone has more", lines)
	}
}

// TestSecuringStepByStep holds what docs/security.md says step by step against
// the script that does it.
func TestSecuringStepByStep(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile(filepath.Join("..", "..", "docs", "security.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, steps, _ := strings.Cut(string(doc), "\n## Step by step\n")
	steps, _, _ = strings.Cut(steps, "\n## ")
	script, err := os.ReadFile(filepath.Join("testdata", "script", "secure.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	commands, config, _ := strings.Cut(string(script), "\n-- config.yaml --\n")
	if !strings.Contains(steps, "```yaml\n"+config+"```\n") {
		t.Errorf("the documented configuration is not the script's:\n%s", config)
	}
	commands = strings.ReplaceAll(commands, "''", "'")
	lines := commandLines(steps)
	if len(lines) < 10 {
		t.Errorf("found %d command lines", len(lines))
	}
	for _, line := range lines {
		_, after, found := strings.Cut(commands, line)
		if !found {
			t.Errorf("the script does not run next: %s", line)
			continue
		}
		commands = after
	}
}

// commandLines returns the lines within code fences that run the program. A
// line of a synopsis, with "[flags]", is none.
func commandLines(markdown string) []string {
	var lines []string
	fenced := false
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") {
			fenced = !fenced
		}
		line = strings.TrimPrefix(line, "$ ")
		if i := strings.Index(line, "| junctor "); i >= 0 {
			line = line[i+2:]
		}
		if fenced && strings.HasPrefix(line, "junctor ") && !strings.Contains(line, "[") {
			lines = append(lines, line)
		}
	}
	return lines
}

// words splits a line as a shell does, as far as documentation needs it, up to
// where another command, a redirection or a comment begins.
func words(line string) []string {
	var (
		all   []string
		word  strings.Builder
		begun bool
		quote rune
	)
	end := func() {
		if begun {
			all = append(all, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, begun = c, true
		case c == ' ':
			end()
		case strings.ContainsRune("|&;<>", c), c == '#' && !begun:
			end()
			return all
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	end()
	return all
}

func TestWrongCommandLinesAreFound(t *testing.T) {
	t.Parallel()
	for line, right := range map[string]bool{
		`junctor call com.example.add 1 -k a=2 | jq .`: true,
		`junctor register a.b --reply '"hi"' & # c`:    true,
		`junctor call --frobnicate a.b`:                false,
		`junctor frobnicate`:                           false,
		`junctor call`:                                 false,
	} {
		if err := cli.CheckCommandLine(words(line)[1:]); (err == nil) != right {
			t.Errorf("%s: %v", line, err)
		}
	}
}
