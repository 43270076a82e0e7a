package rawsocket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// socketFile is the file of a Unix socket that is listened on.
type socketFile struct {
	path string
	info fs.FileInfo
}

// bindSocketFile listens on the Unix socket at c.Address and gives its file
// the mode and owner asked for.
func bindSocketFile(c ListenConfig) (net.Listener, *socketFile, error) {
	uid, gid, err := ownership(c.Owner, c.Group)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := lockDir(filepath.Dir(c.Address))
	if err != nil {
		return nil, nil, err
	}
	defer unlock()
	if err := removeStale(c.Address); err != nil {
		return nil, nil, err
	}
	ln, err := listenNet(c, func(fd uintptr) error { return prepareSocketFile(fd, c.Mode) })
	if err != nil {
		return nil, nil, err
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	file := &socketFile{path: c.Address}
	if file.info, err = os.Lstat(file.path); err == nil {
		err = errors.Join(os.Chmod(file.path, c.Mode), chown(file.path, uid, gid))
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.removeLocked(), ln.Close())
	}
	return ln, file, nil
}

func chown(path string, uid, gid int) error {
	if uid < 0 && gid < 0 {
		return nil
	}
	return os.Lchown(path, uid, gid)
}

// probeTime is how long a connection to a socket that may be stale may take.
const probeTime = time.Second

// removeStale makes room for a socket at path. It removes a socket of which it
// has proved that nobody listens on it; anything else there is an error.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s exists and is %s, not a socket; remove it or choose another path", path, fileKind(info.Mode()))
	}
	conn, err := net.DialTimeout("unix", path, probeTime)
	switch {
	case err == nil:
		_ = conn.Close()
		return fmt.Errorf("%s: %w: another process listens on it", path, syscall.EADDRINUSE)
	case errors.Is(err, syscall.ECONNREFUSED):
		return os.Remove(path)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return fmt.Errorf("%s exists, and whether somebody listens on it cannot be told: %w", path, err)
}

func fileKind(mode fs.FileMode) string {
	switch mode.Type() {
	case 0:
		return "a regular file"
	case fs.ModeDir:
		return "a directory"
	case fs.ModeSymlink:
		return "a symbolic link"
	case fs.ModeNamedPipe:
		return "a named pipe"
	}
	return "a special file"
}

// remove removes the file if it is still the one that was made. It must be
// called while the socket is open. f may be nil.
func (f *socketFile) remove() error {
	if f == nil {
		return nil
	}
	if unlock, err := lockDir(filepath.Dir(f.path)); err == nil {
		defer unlock()
	}
	return f.removeLocked()
}

// removeLocked is remove with the directory locked.
func (f *socketFile) removeLocked() error {
	info, err := os.Lstat(f.path)
	if err != nil || f.info == nil || !os.SameFile(info, f.info) {
		return nil
	}
	if err := os.Remove(f.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// ownership turns the names or numbers of a user and a group into numbers; -1
// means to leave it as it is.
func ownership(owner, group string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if owner != "" {
		if uid, err = lookup(owner, userID); err != nil {
			return 0, 0, fmt.Errorf("owner %q: %w", owner, err)
		}
	}
	if group != "" {
		if gid, err = lookup(group, groupID); err != nil {
			return 0, 0, fmt.Errorf("group %q: %w", group, err)
		}
	}
	return uid, gid, nil
}

func lookup(name string, find func(string) (string, error)) (int, error) {
	if n, err := strconv.ParseUint(name, 10, 31); err == nil {
		return int(n), nil
	}
	id, err := find(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(id)
}

func userID(name string) (string, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return "", err
	}
	return u.Uid, nil
}

func groupID(name string) (string, error) {
	g, err := user.LookupGroup(name)
	if err != nil {
		return "", err
	}
	return g.Gid, nil
}
