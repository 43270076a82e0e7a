package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
)

func (a *app) checkCommand() *cobra.Command {
	var files configFlags
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say everything that is wrong with a configuration",
		Long: `Say everything that is wrong or doubtful about a configuration, each with its
place in the file. What start builds is built here too: certificates and keys
are read, addresses and sockets are taken for a moment. An address that is in
use draws a warning, since it may be the running node's.

` + configHelp + `

The exit code is 0 without errors (warnings do not count), else 78.`,
		Example: `  junctor check
  junctor check -c /etc/junctor/config.yaml --json`,
		Args: noArguments,
	}
	files.add(a, cmd)
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		cfg, findings, err := files.load()
		if err != nil {
			return err
		}
		findings = append(findings, node.Check(cfg, findings, node.Options{})...)
		findings.Sort()
		printFindings(p, findings, a.colours(p))
		if findings.HasErrors() {
			return &exitError{code: ExitConfig}
		}
		return nil
	}
	return cmd
}

// findingLine is a finding as a line of JSON.
type findingLine struct {
	Severity string `json:"severity"`
	Kind     string `json:"kind"`
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Path     string `json:"path,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func printFindings(p *printer, findings config.Findings, colours palette) {
	count := map[config.Severity]int{}
	for _, f := range findings {
		count[f.Severity]++
		if p.json {
			p.line(findingLine{f.Severity.String(), string(f.Kind), f.File, f.Line, f.Column, f.Path, f.Message, f.Hint})
		}
		p.text("%s", colours.finding(f))
	}
	switch {
	case count[config.Error] > 0:
		p.text("%s, %s", plural(count[config.Error], "error"), plural(count[config.Warning], "warning"))
	case count[config.Warning] > 0:
		p.text("OK, %s", plural(count[config.Warning], "warning"))
	default:
		p.text("OK")
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// palette colours text for a terminal; the zero palette does not.
type palette struct{ on bool }

// colours returns colours if p prints text on a terminal, and the user has
// not set NO_COLOR.
func (a *app) colours(p *printer) palette {
	return palette{on: !p.json && isTerminal(p.w) && a.env.Getenv("NO_COLOR") == ""}
}

func (c palette) finding(f config.Finding) string {
	switch {
	case !c.on:
		return f.String()
	case f.Severity == config.Error:
		return "\x1b[31m" + f.String() + "\x1b[0m"
	}
	return "\x1b[33m" + f.String() + "\x1b[0m"
}
