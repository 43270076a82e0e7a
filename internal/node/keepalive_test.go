package node_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/transport/rawsocket"
	"github.com/junctorio/junctor/wamp"
)

// The options of a transport under which a silent peer does not last a second.
const impatient = `"options": {"keepalive": {"mode": "always", "interval": 0.1, "timeout": 0.1, "attempts": 1}}`

// playDead reads what comes, writes nothing, and returns whether there was a
// PING before the end.
func playDead(conn transport.Conn) (pinged bool) {
	for {
		_, control, err := conn.Read(nil)
		pinged = pinged || len(control) > 0
		if err != nil {
			return pinged
		}
	}
}

func say(t *testing.T, conn transport.Conn, message string) {
	t.Helper()
	if err := conn.Write([][]byte{conn.AppendHeader(nil, len(message)), []byte(message)}); err != nil {
		t.Error(err)
	}
}

func TestListeningTransportKeepsAliveAsConfigured(t *testing.T) {
	t.Parallel()
	n := open(t, parse(t, fmt.Sprintf(`{"type": "rawsocket", %s, %s, "endpoint": {"type": "unix", "path": %q}}`, anonymous, impatient, socket(t))), node.Options{})
	start(t, n)
	conn, err := rawsocket.Dial(t.Context(), rawsocket.DialConfig{Network: "unix", Address: n.Endpoints()[0].Addr.String(), Serializer: wamp.SerializerJSON})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say(t, conn, `[1,"realm1",{"roles":{"caller":{}}}]`)
	if !playDead(conn) {
		t.Error("the connection ended without a PING")
	}
}

func TestConnectingTransportKeepsAliveAsConfigured(t *testing.T) {
	t.Parallel()
	path := socket(t)
	ln, err := rawsocket.Listen(rawsocket.ListenConfig{Network: "unix", Address: path})
	if err != nil {
		t.Fatal(err)
	}
	pinged := make(chan bool, 100)
	served := make(chan error)
	go func() {
		served <- ln.Serve(func(conn transport.Conn) {
			defer conn.Close()
			if _, _, err := conn.Read(nil); err != nil { // HELLO
				return
			}
			say(t, conn, `[2,1,{"roles":{"broker":{},"dealer":{}}}]`)
			pinged <- playDead(conn)
		})
	}()
	text := strings.Replace(componentText("deaf", path, ""), `"cbor"`, `"json", `+impatient, 1)
	n := open(t, workers(t, "", containerText("", text)), node.Options{Components: classes(map[string]component.Factory{
		"deaf": factoryOf(func(context.Context, *client.Session) error { return nil }),
	})})
	stop := start(t, n)
	if !<-pinged {
		t.Error("the connection ended without a PING")
	}
	stop()
	_ = ln.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
