package rawsocket

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/junctorio/junctor/transport"
)

// processAt returns the process that connected the socket, or nil where the
// system does not tell.
func processAt(fd uintptr) *transport.Process {
	c, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil || int32(c.Uid) == -1 { // not connected through a process
		return nil
	}
	return &transport.Process{UID: c.Uid, GID: c.Gid, Groups: peerGroups(fd), PID: int(c.Pid)}
}

// usualGroups is for how many groups there is room at the first attempt.
const usualGroups = 32

// peerGroups returns the supplementary groups of the process that connected
// the socket.
func peerGroups(fd uintptr) []uint32 {
	groups := make([]uint32, usualGroups)
	for {
		size := uint32(len(groups)) * uint32(unsafe.Sizeof(groups[0]))
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		count := int(size) / int(unsafe.Sizeof(groups[0]))
		switch {
		case errno == unix.ERANGE && count > len(groups): // size says how much is needed
			groups = make([]uint32, count)
		case errno != 0 || count == 0:
			return nil
		default:
			return append([]uint32(nil), groups[:count]...) // without the room
		}
	}
}
