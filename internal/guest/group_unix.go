//go:build unix

package guest

import (
	"os"
	"syscall"
)

// terminate asks the group that p leads to end.
func terminate(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGTERM) }

// kill ends the group that p leads.
func kill(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }

// groupAlive reports whether the group that p led has members that run. It is
// for groups whose leader has been waited for.
func groupAlive(p *os.Process) bool {
	alive := syscall.Kill(-p.Pid, 0) == nil && !onlyZombies(p.Pid)
	reapOrphans(p.Pid) // afterwards, so that none is left when the answer is no
	return alive
}

// reapOrphans collects members of a group that became children of this process
// because it is the first of its system or container, and nobody else would.
func reapOrphans(group int) {
	for {
		pid, err := syscall.Wait4(-group, nil, syscall.WNOHANG, nil)
		if pid <= 0 && err != syscall.EINTR {
			return
		}
	}
}

// signalOf names the signal that ended a process; empty if none did.
func signalOf(state *os.ProcessState) string {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal().String()
	}
	return ""
}
