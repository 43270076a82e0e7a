//go:build !linux

package rawsocket

import (
	"errors"
	"io/fs"
	"time"
)

const (
	canSetUserTimeout = false
	maxSocketPath     = 103
)

func setUserTimeout(uintptr, time.Duration) error { return errors.ErrUnsupported }

// prepareSocketFile does nothing: the file gets its mode after it was bound.
func prepareSocketFile(uintptr, fs.FileMode) error { return nil }
