package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/internal/node"
	"github.com/junctorio/junctor/wamp"
)

// localNode describes a router for this machine alone, without any file.
type localNode struct {
	realm  wamp.URI
	ports  config.PortRange // TCP on loopback: the first free one; Low 0: the system chooses
	socket string           // path of a Unix socket; empty: none
	size   int              // max_message_size
}

// config is what a file would say. Anonymous sessions may do everything.
func (l localNode) config() *config.Node {
	all := config.Permission{Match: wamp.MatchPrefix, Allow: config.Allow{Call: true, Register: true, Publish: true, Subscribe: true}}
	meta := all
	meta.URI = "wamp." // where acting on others must be named
	r := &config.Router{Realms: []config.Realm{{
		Name:    l.realm,
		Options: config.RealmOptions{MetaAPI: true},
		Roles:   []config.Role{{Name: "anonymous", Permissions: []config.Permission{all, meta}}},
	}}}
	tcp := &config.TCPListen{Interface: "127.0.0.1", PortRange: l.ports}
	r.Transports = append(r.Transports, l.transport("tcp", config.ListenEndpoint{TCP: tcp}))
	if l.socket != "" {
		unix := &config.UnixListen{Path: l.socket, Mode: 0o600}
		r.Transports = append(r.Transports, l.transport("unix", config.ListenEndpoint{Unix: unix}))
	}
	return &config.Node{Workers: []config.Worker{{ID: "router", Type: "router", Router: r}}}
}

func (l localNode) transport(id string, at config.ListenEndpoint) config.Transport {
	return config.Transport{ID: id, Type: "rawsocket", Endpoint: at, RawSocket: &config.RawSocket{
		Serializers:    []wamp.SerializerNumber{wamp.SerializerCBOR, wamp.SerializerMsgPack, wamp.SerializerJSON},
		MaxMessageSize: l.size,
		Auth:           config.Auth{Anonymous: &config.Anonymous{Role: "anonymous"}},
	}}
}

// open opens the node. Its findings have no places, since there is no file.
func (l localNode) open(opts node.Options) (*node.Node, error) {
	if !l.realm.Valid(wamp.URILoose) {
		return nil, usagef("--realm %s: not a valid URI", quote(string(l.realm)))
	}
	n, findings := node.Open(l.config(), opts)
	for _, f := range findings {
		if f.Severity == config.Error {
			return nil, fmt.Errorf("%s", f.Message)
		}
	}
	return n, nil
}

// serve runs the node until stop is called, which waits for its end.
func serve(n *node.Node) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// socketPath returns where a development router's Unix socket goes, and what
// removes the directory that may have been made for it: the user's runtime
// directory, where there is one, has a stable name.
func (a *app) socketPath() (path string, remove func(), err error) {
	if dir := a.env.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		dir = filepath.Join(dir, "junctor")
		if err := os.MkdirAll(dir, 0o700); err == nil && !answers(filepath.Join(dir, "junctor.sock")) {
			return filepath.Join(dir, "junctor.sock"), func() {}, nil
		}
	}
	dir, err := os.MkdirTemp("", "junctor-")
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(dir, "junctor.sock"), func() { _ = os.RemoveAll(dir) }, nil
}

// answers reports whether somebody listens on the socket.
func answers(path string) bool {
	conn, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
