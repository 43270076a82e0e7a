package node_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The line between a router and both a container of three components and a Go
// client swallows everything, without a FIN, several times. Both sides find
// out by PINGs; after each time every procedure can be called and every
// subscription delivers, and no call made meanwhile is left without an answer.
func TestContainerAndClientSurviveABlackHole(t *testing.T) {
	t.Parallel()
	const keepAlive = `"options": {"keepalive": {"interval": 0.2, "timeout": 0.6, "attempts": 2}}`
	router := open(t, parse(t, fmt.Sprintf(`{"type": "rawsocket", %s, %s,
		"endpoint": {"type": "tcp", "interface": "127.0.0.1", "port": 0}}`, anonymous, keepAlive)), node.Options{})
	start(t, router)
	at, err := url.Parse(router.Endpoints()[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	line := newLine(t, at.Host)

	uris := []wamp.URI{"com.example.one", "com.example.two", "com.example.three"}
	var components []string
	for _, uri := range uris {
		text := componentText("echo", "PATH", fmt.Sprintf(`"extra": {"uri": %q},`, uri))
		text = strings.Replace(text, `{"type": "unix", "path": "PATH"}`,
			fmt.Sprintf(`{"type": "tcp", "host": "127.0.0.1", "port": %d}, %s`, line.port(), keepAlive), 1)
		components = append(components, text)
	}
	start(t, open(t, workers(t, "", containerText("", components...)), node.Options{Components: classes(nil)}))
	c := newSurvivorOf(t, fmt.Sprintf("rs://127.0.0.1:%d", line.port()), client.Options{
		Realm: "realm1", KeepAlive: transport.KeepAlive{Interval: 200 * time.Millisecond, Timeout: 600 * time.Millisecond},
	}, uris)

	over := make(chan struct{})
	var callers sync.WaitGroup
	var answered atomic.Int64
	for _, uri := range uris {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-over:
					return
				default:
				}
				if c.answered(t, uri, fmt.Sprint(i)) {
					answered.Add(1)
				}
			}
		})
	}
	const rounds = 3
	for round := range rounds + 1 {
		for _, uri := range append(uris, ownURI) {
			c.works(t, uri, fmt.Sprintf("round %d", round))
		}
		if round < rounds {
			line.swallow()
		}
	}
	close(over)
	callers.Wait()
	c.stop()
	if answered.Load() == 0 {
		t.Error("no call was answered with a result")
	}
}

// line forwards connections to an address. What it has swallowed stays open
// and silent until the test is over; later connections pass.
type line struct {
	ln    net.Listener
	over  context.Context
	pumps sync.WaitGroup

	mu   sync.Mutex    // guards the field below
	dark chan struct{} // closed to swallow the present connections
}

func newLine(t *testing.T, target string) *line {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over, end := context.WithCancel(context.Background())
	l := &line{ln: ln, over: over, dark: make(chan struct{})}
	l.pumps.Go(func() { l.accept(target) })
	t.Cleanup(func() {
		ln.Close()
		end()
		l.pumps.Wait()
	})
	return l
}

func (l *line) port() int { return l.ln.Addr().(*net.TCPAddr).Port }

func (l *line) swallow() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.dark)
	l.dark = make(chan struct{})
}

func (l *line) accept(target string) {
	for {
		near, err := l.ln.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", target)
		if err != nil {
			near.Close()
			continue
		}
		l.mu.Lock()
		dark := l.dark
		l.mu.Unlock()
		stop := context.AfterFunc(l.over, func() { near.Close(); far.Close() })
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			l.pumps.Go(func() {
				defer stop()
				l.pump(way[0], way[1], dark)
			})
		}
	}
}

func (l *line) pump(from, to net.Conn, dark chan struct{}) {
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		select {
		case <-dark:
			<-l.over.Done()
			return
		default:
		}
		if _, werr := to.Write(buf[:n]); err != nil || werr != nil {
			from.Close()
			to.Close()
			return
		}
	}
}
