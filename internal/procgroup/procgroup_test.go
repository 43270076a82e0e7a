//go:build unix

package procgroup_test

import (
	"bufio"
	"context"
	"io"
	"os/exec"
	"testing"

	"github.com/junctorio/junctor/internal/procgroup"
)

// family starts a shell and two children of it, which all hold standard output
// open and do not end by themselves.
func family(ctx context.Context, t *testing.T) (*exec.Cmd, io.Reader) {
	t.Helper()
	cmd := exec.CommandContext(ctx, "sh", "-c", "sleep 1000 & echo ready; sleep 1000; wait")
	procgroup.Isolate(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	output := bufio.NewReader(stdout)
	if _, err := output.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, output
}

func TestEndOfTheContextKillsTheGroup(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cmd, output := family(ctx, t)
	cancel()
	if _, err := io.ReadAll(output); err != nil { // until nobody has it open
		t.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the command ended by itself")
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "true")
	procgroup.Isolate(cmd)
	if err := procgroup.Kill(cmd); err != nil {
		t.Errorf("got error %v before the start", err)
	}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	if err := procgroup.Kill(cmd); err != nil {
		t.Errorf("got error %v after the end", err)
	}
}
