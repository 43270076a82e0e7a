package guest_test

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/junctorio/junctor/internal/guest"
)

// obeyMore does what only puppets on Linux can.
func obeyMore(word string) (string, error) {
	switch word {
	case "adopt": // becomes the parent of orphans below it, like a container's first process
		return "ok", unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	case "children": // tells whether it has any, dead ones included
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		return fmt.Sprint(err == nil), nil
	}
	return "", fmt.Errorf("what is %s?", word)
}

func TestAGuestEndsWhenItsNodeIsKilled(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.run(s.config())
	node := s.next()
	node.must("ok", "guest")
	inner := s.next()
	if inner.Parent != node.PID {
		t.Fatalf("the inner guest is a child of %d, want %d", inner.Parent, node.PID)
	}
	node.tell("die")
	node.gone()
	inner.gone()
}

func TestTheFirstProcessOfAContainerCollectsOrphans(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.run(s.config())
	node := s.next()
	node.must("ok", "adopt")
	node.must("ok", "guest")
	inner := s.next()
	inner.must("ok", "spawn")
	orphan := s.next()
	inner.tell("exit 0")
	orphan.gone()
	if got := node.hear(); got != "<nil>" {
		t.Errorf("the inner guest's Run returned %s", got)
	}
	node.must("false", "children")
}

func TestAGroupOfZombiesIsGone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	cfg := s.config()
	cmd := exec.Command(cfg.Executable)
	cmd.Env = append(os.Environ(), puppetVar+"="+cfg.Env.Vars[puppetVar])
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := s.next()
	if guest.OnlyZombies(p.Group) {
		t.Error("a process that runs is no zombie")
	}
	p.tell("exit 0")
	// Waits until it has ended and leaves it uncollected.
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, p.PID, &info, unix.WEXITED|unix.WNOWAIT, nil); err != nil {
		t.Fatal(err)
	}
	if !guest.OnlyZombies(p.Group) {
		t.Error("a zombie counts as a process that runs")
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if guest.OnlyZombies(p.Group) {
		t.Error("a group without members has zombies")
	}
}
