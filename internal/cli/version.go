package cli

import (
	"fmt"
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
		if p.json {
			p.line(map[string]string{"version": a.env.Version, "go": runtime.Version(), "platform": platform})
		}
		p.text("%s", a.version())
		return nil
	}
	return cmd
}

const platform = runtime.GOOS + "/" + runtime.GOARCH

// version is what "junctor version" and "junctor --version" print.
func (a *app) version() string {
	return fmt.Sprintf("junctor %s %s %s", a.env.Version, runtime.Version(), platform)
}
