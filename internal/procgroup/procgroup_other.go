//go:build !unix

package procgroup

import (
	"errors"
	"os"
	"os/exec"
)

func lead(*exec.Cmd) {}

func kill(cmd *exec.Cmd) error {
	err := cmd.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}
