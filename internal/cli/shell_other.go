//go:build !unix

package cli

import (
	"context"
	"os/exec"

	"github.com/junctorio/junctor/internal/procgroup"
)

// shell returns the command that has the shell run a line. This system's shell
// has no positional parameters: words reach the command on standard input and
// in the environment only.
func shell(ctx context.Context, line string, _ []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "cmd", "/C", line)
	procgroup.Isolate(cmd)
	return cmd
}
