package transport

import (
	"runtime"
	"slices"
)

// KnowsProcesses says whether this system tells which process is at the other
// end of a Unix socket. Where it does not, Info.Process is always nil.
const KnowsProcesses = runtime.GOOS == "linux" || runtime.GOOS == "darwin" || runtime.GOOS == "freebsd"

// Process is the process at the other end of a Unix socket, as the system
// vouches for it. It was so when the socket was connected: a process that
// has since changed its user, or handed its socket to another process, is
// still seen as it was.
type Process struct {
	UID    uint32   // effective; 65534 where the peer's user has no number in this user namespace
	GID    uint32   // effective
	Groups []uint32 // supplementary groups; nil where the system does not tell
	PID    int      // 0 where the system does not tell, or the process is in another PID namespace
}

// In reports whether the process belongs to the group, be it by its effective
// group or by a supplementary one.
func (p *Process) In(gid uint32) bool { return p.GID == gid || slices.Contains(p.Groups, gid) }
