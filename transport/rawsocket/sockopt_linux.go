package rawsocket

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	canSetUserTimeout = true
	maxSocketPath     = 107
)

func setUserTimeout(fd uintptr, d time.Duration) error {
	millis := max(1, int(d/time.Millisecond))
	return os.NewSyscallError("setsockopt TCP_USER_TIMEOUT", unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, millis))
}

// prepareSocketFile gives the file that fd will be bound to its mode from the
// first moment on: Linux takes it from the unbound socket, less the umask.
func prepareSocketFile(fd uintptr, mode fs.FileMode) error {
	return os.NewSyscallError("fchmod", unix.Fchmod(int(fd), uint32(mode)))
}
