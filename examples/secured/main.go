// Command secured is junctor with a gatekeeper compiled in: a component that
// the router asks who a device is, and what it may do.
package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/junctorio/junctor"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/wamp"
)

func main() {
	component.Register("com.example.Gatekeeper", newGatekeeper)
	junctor.Main()
}

// gatekeeper admits the devices whose public keys are in a directory.
type gatekeeper struct {
	keys string
}

func newGatekeeper(cfg component.Config) (component.Component, error) {
	var extra struct {
		Keys string `json:"keys"`
	}
	if err := cfg.Decode(&extra); err != nil {
		return nil, err
	}
	return &gatekeeper{keys: filepath.Join(cfg.Dir, extra.Keys)}, nil
}

// Join is called whenever the component has joined its realm.
func (g *gatekeeper) Join(ctx context.Context, s *client.Session) error {
	if _, err := s.Register(ctx, "com.example.gate.authenticate", g.authenticate, nil); err != nil {
		return err
	}
	_, err := s.Register(ctx, "com.example.gate.authorize", authorize, nil)
	return err
}

// deviceName keeps an authid from being anything else than a file's name, or
// more than one part of a URI.
var deviceName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// authenticate answers with the key that the device must have; null refuses.
// Its arguments are realm, authid and details.
func (g *gatekeeper) authenticate(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	var args []any
	if err := inv.Decode(&args, nil); err != nil || len(args) < 2 {
		return client.Reply{}, fmt.Errorf("want realm, authid and details: %w", wamp.ErrInvalidArgument)
	}
	authid, _ := args[1].(string)
	if !deviceName.MatchString(authid) {
		return client.Return(nil), nil
	}
	key, err := os.ReadFile(filepath.Join(g.keys, authid+".key.pub"))
	if errors.Is(err, fs.ErrNotExist) {
		return client.Return(nil), nil
	} else if err != nil {
		return client.Reply{}, err
	}
	return client.Return(client.Dict{"pubkey": strings.TrimSpace(string(key)), "role": "device"}), nil
}

// authorize lets a device offer and publish what is below its own name, which
// authenticate has found to be but one part of a URI. Its arguments are
// session, URI, action and options.
func authorize(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	var args []any
	if err := inv.Decode(&args, nil); err != nil || len(args) < 3 {
		return client.Reply{}, fmt.Errorf("want session, URI, action and options: %w", wamp.ErrInvalidArgument)
	}
	session, _ := args[0].(client.Dict)
	authid, _ := session["authid"].(string)
	uri, _ := args[1].(string)
	own := authid != "" && strings.HasPrefix(uri, "com.example.device."+authid+".")
	allow := own && (args[2] == "register" || args[2] == "publish")
	return client.Return(client.Dict{"allow": allow, "cache": true}), nil
}
