package router_test

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/inproc"
)

// journal is a log to read.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(b)
}

// lines returns the lines that contain all of parts.
func (j *journal) lines(parts ...string) (found []string) {
	j.mu.Lock()
	defer j.mu.Unlock()
lines:
	for line := range strings.Lines(j.buf.String()) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue lines
			}
		}
		found = append(found, line)
	}
	return found
}

func newLoggedBench(t *testing.T, cfg router.RealmConfig) (*bench, *journal) {
	j := &journal{}
	return newBenchOf(t, router.Options{Logger: slog.New(slog.NewTextHandler(j, nil))}, cfg), j
}

// RS-20: an event that is left out is counted and logged, and flooding a slow
// subscriber does not flood the log.
func TestTheFirstEventThatASessionDoesNotGetIsLogged(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{})
	poor, publisher := b.join(inproc.Config{MaxMessage: [2]int{1000, 0}}), b.join(inproc.Config{})
	poor.send(`[32,1,{},"com.example.topic"]`)
	poor.expect(`^\[33,`)
	for i := range 5 {
		publisher.send(`[16,%d,{"acknowledge":true},"com.example.topic",[%s]]`, i+1, quoted(strings.Repeat("x", 2000)))
		publisher.expect(`^\[17,`)
	}
	if got := log.lines("level=WARN", "realm=realm1", "session=", "larger than its receiver accepts"); len(got) != 1 {
		t.Errorf("5 events left out were logged %d times, want once", len(got))
	}
}

func TestASessionEndedForItsFullOutboxIsLogged(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{OutboxBytes: 10_000, DisconnectSlow: true})
	slow, publisher := b.join(inproc.Config{Buffer: 1000}), b.join(inproc.Config{})
	slow.send(`[32,1,{},"com.example.topic"]`)
	slow.expect(`^\[33,`)
	for i := range 20 {
		publisher.send(`[16,%d,{"acknowledge":true},"com.example.topic",[%s]]`, i+1, quoted(strings.Repeat("x", 1000)))
		publisher.expect(`^\[17,`)
	}
	<-slow.ended
	if got := log.lines("level=WARN", "session ended", "outbox is full"); len(got) != 1 {
		t.Errorf("logged %q, want one line", got)
	}
}

// unixConn is a connection as one of a Unix socket, whose clients have no name.
type unixConn struct {
	transport.Conn
	info transport.Info
}

func (c *unixConn) Info() *transport.Info { return &c.info }

func TestAClientOfAUnixSocketIsLoggedAsSuch(t *testing.T) {
	t.Parallel()
	b, log := newLoggedBench(t, router.RealmConfig{})
	mine, theirs := inproc.PairOf(inproc.Config{})
	conn := &unixConn{Conn: theirs, info: *theirs.Info()}
	conn.info.RemoteAddr = &net.UnixAddr{Net: "unix"}
	b.wait.Go(func() { _ = b.r.Attach(context.Background(), conn, router.Access{}) })
	if err := mine.Write([][]byte{mine.AppendHeader(nil, 2), []byte("[]")}); err != nil {
		t.Fatal(err)
	}
	for { // until the router has closed the connection
		if _, _, err := mine.Read(nil); err != nil {
			break
		}
	}
	if got := log.lines("session aborted", "peer=unix"); len(got) != 1 {
		t.Errorf("logged %q, want one line", got)
	}
}
