//go:build !linux

package transport

import "errors"

// CanSeePrograms says whether Process.Program works on this system.
const CanSeePrograms = false

// Program returns an error: this system does not tell.
func (p *Process) Program() (string, error) { return "", errors.ErrUnsupported }
