//go:build darwin || freebsd

package rawsocket

import (
	"golang.org/x/sys/unix"

	"github.com/junctorio/junctor/transport"
)

// processAt returns the process that connected the socket, or nil where the
// system does not tell.
func processAt(fd uintptr) *transport.Process {
	c, err := unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil || c.Ngroups < 1 || int(c.Ngroups) > len(c.Groups) {
		return nil
	}
	groups := c.Groups[:c.Ngroups]
	return &transport.Process{UID: c.Uid, GID: groups[0], Groups: append([]uint32(nil), groups[1:]...)}
}
