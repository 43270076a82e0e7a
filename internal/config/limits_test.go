package config_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/internal/config"
)

func TestTooMuchIsRefused(t *testing.T) {
	t.Parallel()
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 10; i++ {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i-1), 10), ","))
	}
	tests := []struct {
		name   string
		format config.Format
		text   string
		want   string
	}{
		{"JSON of 16 MB", config.JSON, `{"version": 2` + strings.Repeat(" ", 16<<20) + `}`, "larger than 4194304 octets"},
		{"YAML of 16 MB", config.YAML, "version: 2" + strings.Repeat("\n", 16<<20), "larger than 4194304 octets"},
		{"JSON with very many values", config.JSON, "[" + strings.Repeat("0,", 300_000) + "0]", "more than 200000 values"},
		{"JSON nested deeply", config.JSON, strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested more than 64 levels deep"},
		{"JSON nested very deeply", config.JSON, strings.Repeat("[", 1_000_000), "exceeded max depth"},
		{"YAML nested deeply", config.YAML, strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested more than 64 levels deep"},
		{"YAML nested very deeply", config.YAML, strings.Repeat("[", 1_000_000), "exceeded max depth"},
		{"YAML whose aliases multiply", config.YAML, bomb, "more than 200000 values"},
		{"JSON that is not UTF-8", config.JSON, "{\"version\": \"\xff\"}", "not UTF-8"},
		{"YAML that is not UTF-8", config.YAML, "version: \xff", "not UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			node, findings := config.Parse("f", []byte(test.text), test.format, config.Options{})
			if node != nil || len(findings) != 1 || findings[0].Kind != config.Syntax {
				t.Fatalf("got node %v and %v, want one syntax error", node, findings)
			}
			if !strings.Contains(findings[0].Message, test.want) {
				t.Errorf("got %q, want %q", findings[0].Message, test.want)
			}
		})
	}
}

func TestByteOrderMarkIsSkipped(t *testing.T) {
	t.Parallel()
	for _, format := range []config.Format{config.JSON, config.YAML} {
		_, findings := config.Parse("f", []byte("\ufeff{\"version\": 2}"), format, config.Options{})
		if len(findings) > 0 {
			t.Errorf("format %d: %v", format, findings)
		}
	}
}

// Reading takes time in proportion to the text, also where it is one object:
// otherwise this test would run for minutes.
func TestManyKeysAreReadInTime(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`{"version": 2`)
	for i := range 30_000 {
		fmt.Fprintf(&text, `, "k%d": 0`, i)
	}
	text.WriteString("}")
	_, findings := config.Parse("f", []byte(text.String()), config.JSON, config.Options{})
	if len(findings) != 30_000 {
		t.Errorf("got %d findings, want one for each unknown key", len(findings))
	}
}
