//go:build unix

package cli

import (
	"context"
	"os/exec"

	"github.com/junctorio/junctor/internal/procgroup"
)

// shell returns the command that has sh run a line, with words as $1, $2 ….
// It gets a process group of its own: when ctx ends the whole of it is killed,
// and Ctrl-C on the terminal reaches junctor alone, which ends in order.
func shell(ctx context.Context, line string, words []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", line, "sh"}, words...)...)
	procgroup.Isolate(cmd)
	return cmd
}
