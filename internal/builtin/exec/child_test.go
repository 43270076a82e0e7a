package exec_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	osexec "os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// childVariable makes this test binary a command for the component: its value
// says which.
const childVariable = "JUNCTOR_EXEC_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childVariable); role != "" {
		os.Exit(child(role))
	}
	goleak.VerifyTestMain(m)
}

// request is what a command reads.
type request struct {
	ID      uint64         `json:"id"`
	Args    []any          `json:"args"`
	Kwargs  map[string]any `json:"kwargs"`
	Details map[string]any `json:"details"`
	Cancel  uint64         `json:"cancel"`
}

func child(role string) int {
	in := bufio.NewReader(os.Stdin)
	if role == "server" {
		return serve(in)
	}
	if role == "stubborn" {
		attend("ready")
		select {}
	}
	line, err := in.ReadBytes('\n')
	if err != nil {
		fmt.Fprintln(os.Stderr, "no request:", err)
		return 1
	}
	if more, err := io.ReadAll(in); len(more) > 0 || err != nil {
		fmt.Fprintln(os.Stderr, "more than a request:", string(more), err)
		return 1
	}
	switch role {
	case "mirror":
		fmt.Printf(`{"args":[%s]}`+"\n", strings.TrimSpace(string(line)))
	case "environment":
		dir, _ := os.Getwd()
		answer(os.Getenv("GREETING"), dir)
	case "print":
		fmt.Print(os.Getenv("OUTPUT"))
	case "fail":
		fmt.Fprint(os.Stderr, "first\nlast\n\n")
		return 3
	case "long stderr":
		fmt.Fprint(os.Stderr, strings.Repeat("x", 5000))
	case "linger":
		answer("early")
		select {}
	case "family":
		grandchild()
		attend("parent")
		select {}
	case "alone":
		return alone()
	case "event":
		attend(strings.TrimSpace(string(line)))
	default:
		fmt.Fprintln(os.Stderr, "unknown role")
		return 1
	}
	return 0
}

// alone fails if another process is at it in the same directory. It takes as
// long as running a command does.
func alone() int {
	f, err := os.OpenFile("lock", os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	err = errors.Join(osexec.CommandContext(context.Background(), "true").Run(), f.Close(), os.Remove("lock"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func answer(args ...any) {
	text, _ := json.Marshal(map[string]any{"args": args})
	fmt.Println(string(text))
}

// grandchild starts another process of the same group, which never ends.
func grandchild() {
	exe, _ := os.Executable()
	cmd := osexec.CommandContext(context.Background(), exe)
	cmd.Env = append(os.Environ(), childVariable+"=stubborn")
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// attend tells the test something over a connection, which ends with this process.
func attend(text string) net.Conn {
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", os.Getenv("ATTEND"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(conn, text)
	return conn
}

// serve is a long-lived process. It does what the first argument says.
func serve(in *bufio.Reader) int {
	var witness net.Conn
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return 0
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		switch {
		case r.Cancel != 0:
			fmt.Fprintln(witness, "cancelled", r.Cancel)
		case r.ID == 0:
			if witness == nil {
				witness = attend("begin")
			}
			fmt.Fprintln(witness, "event", r.Args[0])
			if r.Args[0] == "die" {
				return 7
			}
		default:
			witness = obey(r, witness)
		}
	}
}

func obey(r request, witness net.Conn) net.Conn {
	switch r.Args[0] {
	case "echo":
		fmt.Printf(`{"id":%d,"args":[%q]}`+"\n", r.ID, r.Args[1])
	case "pid":
		fmt.Printf(`{"id":%d,"args":[%d]}`+"\n", r.ID, os.Getpid())
	case "count":
		for i := range 3 {
			fmt.Printf(`{"id":%d,"progress":true,"args":[%d]}`+"\n", r.ID, i)
		}
		fmt.Printf(`{"id":%d,"kwargs":{"done":true}}`+"\n", r.ID)
	case "noise":
		fmt.Printf("noise\n{\"id\":99}\n{\"args\":[]}\n{\"id\":%d}\n", r.ID)
	case "wrong":
		fmt.Printf(`{"id":%d,"args":5}`+"\n", r.ID)
	case "refuse":
		fmt.Printf(`{"id":%d,"error":"com.example.error","args":["no"],"kwargs":{"n":1}}`+"\n", r.ID)
	case "flood":
		fmt.Println(strings.Repeat("x", 2000))
	case "die":
		os.Exit(7)
	case "wait":
		return attend("waiting")
	}
	return witness
}
