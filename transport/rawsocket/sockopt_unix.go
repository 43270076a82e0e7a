//go:build unix

package rawsocket

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const canReusePort = true

// prepareTCP sets options of a TCP socket before it is bound or connected. On
// Linux, what a listening socket has, its connections inherit.
func prepareTCP(fd uintptr, reusePort bool, userTimeout time.Duration) error {
	if reusePort {
		if err := unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return os.NewSyscallError("setsockopt SO_REUSEPORT", err)
		}
	}
	if userTimeout > 0 && canSetUserTimeout {
		return setUserTimeout(fd, userTimeout)
	}
	return nil
}

// setBacklog changes the backlog of a socket that listens already, which is
// the only way to give package net one.
func setBacklog(fd uintptr, backlog int) error {
	return os.NewSyscallError("listen", unix.Listen(int(fd), backlog))
}
