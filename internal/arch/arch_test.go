package arch_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/junctorio/junctor/internal/arch"
)

const root = "../.."

func TestRepositoryKeepsItsImportRules(t *testing.T) {
	t.Parallel()
	packages, err := arch.Load(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 5 {
		t.Fatalf("found %d packages below %s; the repository has more", len(packages), root)
	}
	for _, finding := range arch.Check(packages) {
		t.Error(finding)
	}
}

func TestTrackedFilesNameNoMachineOrRegistry(t *testing.T) {
	t.Parallel()
	findings, err := arch.CheckText(os.DirFS(root), trackedFiles(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range findings {
		t.Error(finding)
	}
}

// trackedFiles asks git, and skips the test where the sources came without it.
func trackedFiles(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", "ls-files", "-z")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("no list of tracked files: git ls-files: %v", err)
	}
	var files []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		// A file may be deleted and not yet committed; a link has no text.
		if info, err := os.Lstat(root + "/" + name); errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue
		}
		files = append(files, name)
	}
	if len(files) < 20 {
		t.Fatalf("git lists %d files; the repository has more", len(files))
	}
	return files
}

func TestCheckFinds(t *testing.T) {
	t.Parallel()
	const module = `"github.com/junctorio/junctor/`
	tests := []struct {
		name string
		path string
		code string
		want string // a part of the only finding; empty means none
	}{
		{"nothing in the vocabulary using the standard library", "wamp/uri.go", `package wamp; import "strings"; var _ = strings.ToLower`, ""},
		{"vocabulary importing the network", "wamp/uri.go", `package wamp; import _ "net"`, "imports net; wamp is pure"},
		{"vocabulary importing a package below a banned one", "wamp/uri.go", `package wamp; import _ "sync/atomic"`, "imports sync/atomic"},
		{"vocabulary importing randomness of the second version", "wamp/id.go", `package wamp; import _ "math/rand/v2"`, "imports math/rand/v2"},
		{"vocabulary asking for the time", "wamp/id.go", `package wamp; import "time"; var T = time.Now()`, "uses time.Now"},
		{"vocabulary asking for the time under another name", "wamp/id.go", `package wamp; import clock "time"; var T = clock.Now`, "uses time.Now"},
		{"nothing in values of time", "internal/core/dealer/call.go", `package dealer; import "time"; var T time.Time`, ""},
		{"vocabulary importing a layer above", "wamp/id.go", `package wamp; import _ ` + module + `internal/core"`, "package wamp must not import internal/core"},
		{"core with a lock", "internal/core/broker/publish.go", `package broker; import _ "sync"`, "imports sync"},
		{"core with a context", "internal/core/dealer/call.go", `package dealer; import _ "context"`, "imports context"},
		{"core starting a timer", "internal/core/dealer/call.go", `package dealer; import "time"; var T = time.AfterFunc`, "uses time.AfterFunc"},
		{"core importing the router", "internal/core/dealer/call.go", `package dealer; import _ ` + module + `router"`, "must not import router"},
		{"router importing the client", "router/router.go", `package router; import _ ` + module + `client"`, "package router must not import client"},
		{"client importing the router", "client/client.go", `package client; import _ ` + module + `router"`, "package client must not import router"},
		{"router importing a concrete transport", "router/router.go", `package router; import _ ` + module + `transport/rawsocket"`, "must not import transport/rawsocket"},
		{"client importing a concrete transport", "client/session.go", `package client; import _ ` + module + `transport/rawsocket"`, "must not import transport/rawsocket"},
		{"nothing in the file that picks the transport", "client/dial.go", `package client; import _ ` + module + `transport/rawsocket"`, ""},
		{"one transport importing another", "transport/websocket/conn.go", `package websocket; import _ ` + module + `transport/rawsocket"`, "must not import transport/rawsocket"},
		{"node importing the command line", "internal/node/node.go", `package node; import _ ` + module + `internal/cli"`, "must not import internal/cli"},
		{"command doing more than calling Main", "cmd/junctor/main.go", `package main; import _ ` + module + `internal/cli"`, "must not import internal/cli"},
		{"nothing in the command calling Main", "cmd/junctor/main.go", `package main; import _ "github.com/junctorio/junctor"`, ""},
		{"cobra outside the command line", "internal/node/node.go", `package node; import _ "github.com/spf13/cobra"`, "belongs in internal/cli only"},
		{"nothing in cobra inside the command line", "internal/cli/root.go", `package cli; import _ "github.com/spf13/cobra"`, ""},
		{"YAML outside the configuration", "internal/cli/init.go", `package cli; import _ "go.yaml.in/yaml/v3"`, "belongs in internal/config only"},
		{"a library nobody decided on", "internal/cli/init.go", `package cli; import _ "github.com/pkg/errors"`, "has no home"},
		{"cgo", "transport/rawsocket/conn.go", `package rawsocket; import "C"`, "imports C"},
		{"func init", "router/router.go", "package router; func init() {}", "has a func init"},
		{"nothing in a method named init", "router/router.go", "package router; type R int; func (R) init() {}", ""},
		{"a vague package name", "internal/core/util/x.go", "package util", `package name "util"`},
		{"a package without a place", "internal/odds/x.go", "package odds", "no place in the layers"},
		{"nothing in tests", "wamp/uri_test.go", `package wamp_test; import _ "net"`, ""},
		{"nothing in test data", "wamp/testdata/x.go", `package x; import _ "net"`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			packages, err := arch.Load(fstest.MapFS{tt.path: {Data: []byte(tt.code)}})
			if err != nil {
				t.Fatal(err)
			}
			wantFindings(t, arch.Check(packages), tt.want)
		})
	}
}

func TestLoadRefusesWhatIsNotGo(t *testing.T) {
	t.Parallel()
	if _, err := arch.Load(fstest.MapFS{"wamp/uri.go": {Data: []byte("package")}}); err == nil {
		t.Error("Load took a broken file")
	}
}

func TestCheckTextFinds(t *testing.T) {
	t.Parallel()
	// The samples are put together here, or this file would be a finding.
	tests := []struct {
		name string
		text string
		want string
	}{
		{"a folder at the root of a machine", "see /wor" + "k/main/x.go", "somebody's machine"},
		{"the home of root", "cd /roo" + "t/src", "somebody's machine"},
		{"somebody's home", `"/hom` + `e/ann/junctor"`, "somebody's machine"},
		{"nothing in a relative path of that name", "frame/wor" + "k/x.go ./roo" + "t/x", ""},
		{"nothing in a socket of the documentation", "/tmp/mysocket1 /run/junctor/junctor.sock", ""},
		{"npm's host", "https://registry.npm" + "js.org/autobahn", "host of a package registry"},
		{"Python's host", "https://pyp" + "i.org/simple", "host of a package registry"},
		{"Go's host", "proxy.golan" + "g.org", "host of a package registry"},
		{"nothing in Go's site", "https://go.dev/doc and https://golang.org", ""},
		{"a lock file's entry", `"resolve` + `d": "https://example.com/a.tgz"`, "address of a package registry"},
		{"an index as an option", "pip install --index-ur" + "l x", "address of a package registry"},
		{"a proxy in the environment", "GOPROX" + "Y=x", "address of a package registry"},
		{"nothing in binary files", "\x00 /wor" + "k/x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := fstest.MapFS{"notes.md": {Data: []byte("first line\n" + tt.text + "\n")}}
			findings, err := arch.CheckText(tree, []string{"notes.md"})
			if err != nil {
				t.Fatal(err)
			}
			wantFindings(t, findings, tt.want)
			if len(findings) == 1 && findings[0].Where != "notes.md:2" {
				t.Errorf("finding is at %s, want notes.md:2", findings[0].Where)
			}
		})
	}
}

func wantFindings(t *testing.T, got []arch.Finding, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("got %v, want no finding", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0].String(), want)):
		t.Errorf("got %v, want one finding with %q", got, want)
	}
}
