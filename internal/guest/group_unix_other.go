//go:build unix && !linux

package guest

import "syscall"

// attributes make a process the leader of its own group, so that signals reach
// all of it and Ctrl-C on the terminal does not.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// onlyZombies leaves it to the system's first process, which collects orphans.
func onlyZombies(int) bool { return false }
