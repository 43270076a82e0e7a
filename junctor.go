// Package junctor is the program of the same name: a WAMP router and a client
// for the command line. It has no API of its own beyond Main, which a program
// with compiled-in additions calls, and Version.
//
// To speak WAMP from Go see package client, to embed a router package router.
package junctor

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/junctorio/junctor/internal/cli"
)

// version is set by the linker in released binaries.
var version string

// Main runs the program with the process's arguments, environment and
// standard streams, and ends the process with the code that docs/cli.md
// lists. The first SIGINT, SIGTERM or SIGHUP ends it in order, the second one at once.
func Main() {
	ctx, cancel := context.WithCancelCause(context.Background())
	go watchSignals(notifySignals(), cancel)
	os.Exit(cli.Run(ctx, cli.Env{
		Args:    os.Args[1:],
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
		Getenv:  os.Getenv,
		Version: Version(),
	}))
}

// notifySignals catches signals from when it returns.
func notifySignals() <-chan os.Signal {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	return signals
}

// watchSignals lives as long as the process.
func watchSignals(signals <-chan os.Signal, cancel context.CancelCauseFunc) {
	cancel(cli.Interrupted{Signal: <-signals})
	fmt.Fprintf(os.Stderr, "junctor: second signal (%v): not waiting any longer\n", <-signals)
	os.Exit(cli.ExitInterrupted)
}

// Version returns the version of the program, such as "v0.3.1". Builds that
// are no release return what the Go tool recorded: a pseudo-version, or
// "devel" followed by the commit where it is known.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	return "devel" + revision(info.Settings)
}

// revision returns " (commit)" from the recorded build settings, or nothing.
func revision(settings []debug.BuildSetting) string {
	for _, s := range settings {
		if s.Key == "vcs.revision" {
			return fmt.Sprintf(" (%.12s)", s.Value)
		}
	}
	return ""
}
