//go:build !unix

package rawsocket

import "time"

const canReusePort = false

func prepareTCP(uintptr, bool, time.Duration) error { return nil }

// setBacklog does nothing: here the system alone chooses the backlog.
func setBacklog(uintptr, int) error { return nil }

// lockDir locks nothing: here the system has no locks on directories.
func lockDir(string) (unlock func(), err error) { return func() {}, nil }
