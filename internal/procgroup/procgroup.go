// Package procgroup runs commands in process groups of their own, so that a
// command ends together with the processes that it has started.
//
// Where the system has no process groups (Windows), only the command itself is
// ended.
package procgroup

import "os/exec"

// Isolate makes cmd, which must come from exec.CommandContext, lead a group of
// its own. It must be called before Start. Signals for this program's group,
// such as Ctrl-C on a terminal, do not reach the command then. When its
// context ends, the whole group is killed, unless the caller sets cmd.Cancel
// to something else afterwards.
func Isolate(cmd *exec.Cmd) {
	lead(cmd)
	cmd.Cancel = func() error { return Kill(cmd) }
}

// Kill kills the group of a command that has been started. After Wait it kills
// what the command has left behind; a group that is gone is no error.
//
// Call it at once after Wait or not at all: the system may give the number of
// a group that is empty to somebody else, though it takes new numbers in turn.
func Kill(cmd *exec.Cmd) error {
	if cmd.Process == nil {
		return nil
	}
	return kill(cmd)
}
