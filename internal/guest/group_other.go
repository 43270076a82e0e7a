//go:build !unix

package guest

import (
	"os"
	"syscall"
)

func attributes() *syscall.SysProcAttr { return nil }

// terminate ends the process; there is no way to ask.
func terminate(p *os.Process) { _ = p.Kill() }

func kill(p *os.Process) { _ = p.Kill() }

func groupAlive(*os.Process) bool { return false }

func signalOf(*os.ProcessState) string { return "" }
