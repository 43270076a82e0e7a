package cli

import (
	"runtime"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the version of junctor, of the Go it was built with, and the platform.",
		Args:  noArguments,
	}
	out := a.outputFlags(cmd)
	out.textByDefault(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		p, err := out.printer()
		if err != nil {
			return err
		}
		platform := runtime.GOOS + "/" + runtime.GOARCH
		if p.json {
			p.line(map[string]string{"version": a.env.Version, "go": runtime.Version(), "platform": platform})
		}
		p.text("junctor %s %s %s", a.env.Version, runtime.Version(), platform)
		return nil
	}
	return cmd
}
