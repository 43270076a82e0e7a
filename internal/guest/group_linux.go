package guest

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// attributes make a process the leader of its own group, so that signals reach
// all of it and Ctrl-C on the terminal does not, and have it told to end when
// this program dies: TERM, because only the process itself gets it, and with
// KILL it could not end its own children any more.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// onlyZombies reports whether all members of a group have ended and merely wait
// to be collected. They do so for ever in containers whose first process
// collects nobody.
func onlyZombies(group int) bool {
	dir, err := os.Open("/proc")
	if err != nil {
		return false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return false
	}
	seen := false
	for _, name := range names {
		if _, err := strconv.Atoi(name); err != nil {
			continue
		}
		its, dead := stat(name)
		if its != group {
			continue
		}
		if !dead {
			return false
		}
		seen = true
	}
	return seen
}

// stat returns a process's group, 0 if it is gone, and whether it has ended. A
// process whose first thread ended while others run looks like a zombie, too,
// but for their number.
func stat(pid string) (group int, dead bool) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, false
	}
	// "pid (name) state parent group …", where the name may contain anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const state, pgrp, threads = 0, 2, 17
	if len(fields) <= threads {
		return 0, false
	}
	group, _ = strconv.Atoi(fields[pgrp])
	running, _ := strconv.Atoi(fields[threads])
	return group, strings.Contains("ZX", fields[state]) && running <= 1
}
