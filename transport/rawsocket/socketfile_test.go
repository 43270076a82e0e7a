//go:build unix

package rawsocket_test

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
)

// onSocket is a configuration for a Unix socket in a directory of its own.
func onSocket(t testing.TB) rawsocket.ListenConfig {
	return rawsocket.ListenConfig{Network: "unix", Address: filepath.Join(t.TempDir(), "s")}
}

// staleSocket leaves a socket at path on which nobody listens, as a process
// does that was killed.
func staleSocket(t *testing.T, path string) {
	t.Helper()
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	config := onSocket(t)
	ln := listen(t, config, echo)
	c := dial(t, ln, rawsocket.DialConfig{Serializer: cbor})
	if err := c.Write([][]byte{message("over a Unix socket")}); err != nil {
		t.Fatal(err)
	}
	if got := readUntil(c, 1); got.err != nil || string(got.messages[0]) != "over a Unix socket" {
		t.Errorf("%q, %v", got.messages, got.err)
	}
	if i := c.Info(); i.RemoteAddr.Network() != "unix" || i.RemoteAddr.String() != config.Address {
		t.Errorf("%+v", i)
	}
}

func TestModeOfASocketFile(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mode, want fs.FileMode }{{0, 0o660}, {0o600, 0o600}, {0o666, 0o666}} {
		config := onSocket(t)
		config.Mode = test.mode
		listen(t, config, echo)
		info, err := os.Lstat(config.Address)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode(); got != fs.ModeSocket|test.want {
			t.Errorf("mode %v gives %v, want %v", test.mode, got, fs.ModeSocket|test.want)
		}
	}
}

func TestOwnerOfASocketFile(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only the superuser may give files away")
	}
	config := onSocket(t)
	config.Owner, config.Group = "12345", "23456"
	listen(t, config, echo)
	info, err := os.Lstat(config.Address)
	if err != nil {
		t.Fatal(err)
	}
	if stat := info.Sys().(*syscall.Stat_t); stat.Uid != 12345 || stat.Gid != 23456 {
		t.Errorf("owner %d, group %d", stat.Uid, stat.Gid)
	}
}

func TestOwnGroupMayAlwaysBeGiven(t *testing.T) {
	t.Parallel()
	config := onSocket(t)
	config.Owner, config.Group = strconv.Itoa(os.Getuid()), strconv.Itoa(os.Getgid())
	listen(t, config, echo)
}

func TestStaleSocketIsReplaced(t *testing.T) {
	t.Parallel()
	config := onSocket(t)
	staleSocket(t, config.Address)
	ln := listen(t, config, echo)
	dial(t, ln, rawsocket.DialConfig{})
}

func TestNothingElseIsRemoved(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		make func(t *testing.T, path string)
		word string
	}{
		{"a socket on which somebody listens", func(t *testing.T, path string) {
			ln, err := net.Listen("unix", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ln.Close() })
		}, "another process listens"},
		{"a datagram socket", func(t *testing.T, path string) {
			c, err := net.ListenPacket("unixgram", path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
		}, "cannot be told"},
		{"a file", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "a regular file"},
		{"a directory", func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, "a directory"},
		{"a symbolic link to a stale socket", func(t *testing.T, path string) {
			staleSocket(t, path+"2")
			if err := os.Symlink(path+"2", path); err != nil {
				t.Fatal(err)
			}
		}, "a symbolic link"},
		{"a symbolic link to nowhere", func(t *testing.T, path string) {
			if err := os.Symlink("nowhere", path); err != nil {
				t.Fatal(err)
			}
		}, "a symbolic link"},
		{"a named pipe", func(t *testing.T, path string) {
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "a named pipe"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			config := onSocket(t)
			test.make(t, config.Address)
			before, err := os.Lstat(config.Address)
			if err != nil {
				t.Fatal(err)
			}
			ln, err := rawsocket.Listen(config)
			if err == nil {
				_ = ln.Close()
				t.Fatal("Listen succeeded")
			}
			if !strings.Contains(err.Error(), test.word) || !strings.Contains(err.Error(), config.Address) {
				t.Errorf("%v: want the path and %q", err, test.word)
			}
			after, err := os.Lstat(config.Address)
			if err != nil || !os.SameFile(before, after) {
				t.Errorf("it is no longer there: %v", err)
			}
		})
	}
}

func TestLiveSocketIsAddressInUse(t *testing.T) {
	t.Parallel()
	config := onSocket(t)
	listen(t, config, echo)
	if _, err := rawsocket.Listen(config); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("listening twice: %v", err)
	}
}

func TestSocketFileIsRemovedIfItIsStillOurs(t *testing.T) {
	t.Parallel()
	t.Run("it is", func(t *testing.T) {
		t.Parallel()
		config := onSocket(t)
		ln, err := rawsocket.Listen(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := ln.Close(); err != nil || exists(config.Address) {
			t.Errorf("after Close, %v, exists: %v", err, exists(config.Address))
		}
	})
	t.Run("another one took its place", func(t *testing.T) {
		t.Parallel()
		config := onSocket(t)
		old, err := rawsocket.Listen(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(config.Address); err != nil {
			t.Fatal(err)
		}
		listen(t, config, echo)
		if err := old.Close(); err != nil {
			t.Error(err)
		}
		nc, err := net.Dial("unix", config.Address)
		if err != nil {
			t.Fatalf("closing the old listener removed the new one's file: %v", err)
		}
		_ = nc.Close()
	})
	t.Run("it is gone", func(t *testing.T) {
		t.Parallel()
		config := onSocket(t)
		ln, err := rawsocket.Listen(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Remove(config.Address), ln.Close()); err != nil {
			t.Error(err)
		}
	})
}

// Of several that find a stale socket at the same time, exactly one wins and
// keeps its file.
func TestRaceForAStaleSocket(t *testing.T) {
	t.Parallel()
	for range 20 {
		config := onSocket(t)
		staleSocket(t, config.Address)
		var group sync.WaitGroup
		var won atomic.Int32
		winners := make(chan transport.Listener, 8)
		for range cap(winners) {
			group.Go(func() {
				if ln, err := rawsocket.Listen(config); err == nil {
					won.Add(1)
					winners <- ln
				}
			})
		}
		group.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d listeners have the path", won.Load())
		}
		nc, err := net.Dial("unix", config.Address)
		if err != nil {
			t.Errorf("the winner cannot be reached: %v", err)
		} else {
			_ = nc.Close()
		}
		_ = (<-winners).Close()
	}
}

func TestAbstractSocket(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has abstract sockets")
	}
	config := rawsocket.ListenConfig{Network: "unix", Address: "@junctor-test-" + strconv.Itoa(os.Getpid())}
	ln := listen(t, config, echo)
	dial(t, ln, rawsocket.DialConfig{})
	if exists(config.Address) {
		t.Error("a file was made")
	}
	config.Mode = 0o600
	if err := config.Check(); err == nil {
		t.Error("a mode for an abstract socket is accepted")
	}
}

func TestProbeIsNoNews(t *testing.T) {
	t.Parallel()
	config := onSocket(t)
	logs := newLog()
	config.Logger = logs.logger()
	ln := listen(t, config, echo)
	if _, err := rawsocket.Listen(config); err == nil {
		t.Fatal("listening twice succeeded")
	}
	nc := connect(t, ln) // after the probe, and logged
	if _, err := io.WriteString(nc, "\x7f\xf0\x00\x00"); err != nil {
		t.Fatal(err)
	}
	if lines := logs.wait(t, 1); len(lines) != 1 {
		t.Errorf("the probe was logged: %q", lines)
	}
}
