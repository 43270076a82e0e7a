package cli

import (
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

//go:embed template/config.yaml
var templates embed.FS

func (a *app) initCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a commented configuration to start from",
		Long: `Write a commented configuration, in Crossbar.io's format, to start from: a
router with one realm, RawSocket on loopback TCP and on a Unix socket. Files
that exist are never overwritten.`,
		Example: `  junctor init
  junctor init --appdir ./node1`,
		Args: noArguments,
	}
	cmd.Flags().StringVar(&dir, "appdir", ".", "the directory to write .crossbar/config.yaml in; it is made if need be")
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		path, err := writeTemplate(filepath.Join(dir, ".crossbar"))
		if err != nil {
			return err
		}
		if p.json {
			p.line(map[string]string{"config": path})
			return nil
		}
		at := ""
		if dir != "." {
			at = " --cbdir " + filepath.Join(dir, ".crossbar")
		}
		p.text("wrote %s\n\nNext:\n  junctor check%s\n  junctor start%s", path, at, at)
		return nil
	}
	return cmd
}

// writeTemplate writes the configuration into the node directory.
func writeTemplate(dir string) (string, error) {
	for _, name := range []string{"config.yaml", "config.json"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			return "", fmt.Errorf("%s exists; it is not overwritten", filepath.Join(dir, name))
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	text, err := fs.ReadFile(templates, "template/config.yaml")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "config.yaml")
	return path, writeNew(path, string(text), 0o644)
}
