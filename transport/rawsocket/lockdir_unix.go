//go:build unix

package rawsocket

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const (
	lockWait  = 3 * time.Second
	lockRetry = 10 * time.Millisecond
)

// lockDir takes an advisory lock on a directory, so that of two processes that
// listen at the same path one looks, removes, binds and listens before the
// other begins. A directory that cannot be opened is not locked. The lock is
// on the directory since a lock file would have to stay behind. It is polled
// for, since flock cannot wait for a limited time.
func lockDir(dir string) (unlock func(), err error) {
	d, err := os.Open(dir)
	if err != nil {
		return func() {}, nil
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(lockRetry) {
		err = unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return func() { _ = d.Close() }, nil
		case err != unix.EWOULDBLOCK && err != unix.EINTR: // the file system has no locks
			_ = d.Close()
			return func() {}, nil
		case time.Now().After(deadline):
			_ = d.Close()
			return nil, fmt.Errorf("directory %s is locked by another process, perhaps one that starts to listen there", dir)
		}
	}
}
