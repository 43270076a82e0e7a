package dialogue_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/dialogue"
)

const root = "../.."

var (
	heading  = regexp.MustCompile(`^(##|###) ([0-9])[.0-9]* (.*)$`)
	listed   = regexp.MustCompile(`\*\*([A-Z][A-Z0-9]*-[0-9]+)\*\*`)
	label    = regexp.MustCompile(`\b[A-Z][A-Z0-9]*-[0-9]+\b`)
	nameLike = regexp.MustCompile(`^([a-z][a-z0-9]*-[0-9]+)-[a-z0-9-]+$`)
)

// section is a part of docs/rules.md.
type section struct {
	chapter string // such as "3"
	title   string // such as "3.1 Progressive call results"
	rules   []string
}

// protocol are the chapters of docs/rules.md about messages: what each of their
// rules asks can be said in a dialogue, or is listed in elsewhere.
var protocol = []string{"2", "3", "4"}

func readRules(t *testing.T) (text string, sections []section) {
	t.Helper()
	octets, err := os.ReadFile(root + "/docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	text = string(octets)
	for line := range strings.Lines(text) {
		if m := heading.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			sections = append(sections, section{chapter: m[2], title: strings.TrimLeft(m[0], "# ")})
		}
		for _, m := range listed.FindAllStringSubmatch(line, -1) {
			last := &sections[len(sections)-1]
			last.rules = append(last.rules, m[1])
		}
	}
	return text, sections
}

// cited returns which scripts are about each rule.
func cited(t *testing.T) map[string][]*dialogue.Script {
	t.Helper()
	scripts, err := dialogue.Scripts()
	if err != nil {
		t.Fatal(err)
	}
	about := map[string][]*dialogue.Script{}
	for _, s := range scripts {
		rules := label.FindAllString(s.Rules, -1)
		for _, rule := range rules {
			about[rule] = append(about[rule], s)
		}
		m := nameLike.FindStringSubmatch(s.Name)
		if m == nil || !slices.Contains(rules, strings.ToUpper(m[1])) {
			t.Errorf("%s.txt is not named after a rule that its first comment cites: %q", s.Name, s.Rules)
		}
	}
	return about
}

func TestEveryRuleOfTheProtocolHasADialogueOrAReason(t *testing.T) {
	t.Parallel()
	_, sections := readRules(t)
	cited, known := cited(t), map[string]bool{}
	for _, s := range sections {
		for _, rule := range s.rules {
			known[rule] = true
			if !slices.Contains(protocol, s.chapter) {
				continue
			}
			if _, reason := elsewhere[rule]; (len(cited[rule]) > 0) == reason {
				t.Errorf("%s: cited by %d dialogues, listed as shown elsewhere: %v", rule, len(cited[rule]), reason)
			}
		}
	}
	for rule := range cited {
		if !known[rule] {
			t.Errorf("a dialogue cites %s, which docs/rules.md does not have", rule)
		}
	}
	if len(known) < 200 {
		t.Errorf("docs/rules.md has %d rules, want all of them", len(known))
	}
}
