package transport

import (
	"fmt"
	"os"
)

// CanSeePrograms says whether Process.Program works on this system.
const CanSeePrograms = true

// Program returns the path of the file that the process runs now. The system
// tells it only to the same user and to root. It tells apart programs of a
// user who means well: a user can make any program do anything.
func (p *Process) Program() (string, error) {
	if p.PID <= 0 {
		return "", fmt.Errorf("transport: the peer's process is not known")
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", p.PID))
	if err != nil {
		return "", fmt.Errorf("transport: program of process %d: %w", p.PID, err)
	}
	return path, nil
}
