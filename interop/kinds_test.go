//go:build interop

package interop_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// kind is a client library, on one of its back ends.
type kind string

const (
	twisted    kind = "autobahn-python/twisted"
	asyncio    kind = "autobahn-python/asyncio"
	javascript kind = "autobahn-js"
	goClient   kind = "junctor-go"
)

var (
	kinds       = []kind{twisted, asyncio, javascript, goClient}
	transports  = []string{"tcp", "tls", "unix"}
	serializers = []string{"json", "msgpack", "cbor"}
)

// variant is how a client talks to the router: a row of the matrix.
type variant struct {
	kind       kind
	transport  string
	serializer string
}

func (v variant) String() string {
	return fmt.Sprintf("%s %s %s", v.kind, v.transport, v.serializer)
}

// word is a part of a URI that is v's alone.
func (v variant) word() string {
	return strings.NewReplacer("/", "_", "-", "_", " ", "_").Replace(v.String())
}

// variants are all rows, those that a client cannot fill included.
func variants() []variant {
	var all []variant
	for _, k := range kinds {
		for _, transport := range transports {
			for _, serializer := range serializers {
				all = append(all, variant{k, transport, serializer})
			}
		}
	}
	return all
}

// unable says why the client cannot talk like this, or nothing.
func (v variant) unable() string {
	switch {
	case v.kind != javascript:
		return ""
	case v.transport == "tls":
		return "Autobahn|JS has no TLS over RawSocket"
	case v.serializer != "json":
		return "Autobahn|JS speaks nothing but JSON over RawSocket"
	}
	return ""
}

// hubs are whom every row talks to: each client once, in different serializers
// over different transports.
var hubs = []variant{
	{twisted, "tcp", "msgpack"},
	{asyncio, "unix", "cbor"},
	{javascript, "tcp", "json"},
	{goClient, "tls", "cbor"},
}

// join starts a client of the variant that joins realm1, and waits until it
// has. The client ends with the test.
func join(ctx context.Context, t *testing.T, r *router, v variant, name string) *client {
	t.Helper()
	c, err := attempt(ctx, t, r, v, name, "realm1")
	if err != nil {
		t.Fatalf("%s: %v", v, err)
	}
	return c
}

// attempt starts a client that tries to join a realm.
func attempt(ctx context.Context, t *testing.T, r *router, v variant, name, realm string) (*client, error) {
	t.Helper()
	c := &client{kind: v.kind, name: name}
	if v.kind == goClient {
		var err error
		if c.agent, err = connectGo(ctx, t, r, v, name, realm); err != nil {
			return c, err
		}
	} else {
		argv, env := program(t, v.kind)
		argv = append(argv,
			"--url", r.url(v.transport), "--serializer", v.serializer, "--realm", realm, "--name", name)
		if v.transport == "tls" {
			argv = append(argv, "--ca", r.ca)
		}
		c.agent = startProcess(t, argv, env...)
	}
	var err error
	c.welcome, err = await(ctx, c.reports(), c.reports().welcome, "WELCOME")
	return c, err
}

// program returns how a kind's agent is started.
func program(t *testing.T, k kind) (argv, env []string) {
	t.Helper()
	cache := cacheDir(t)
	switch k {
	case twisted, asyncio:
		_, backend, _ := strings.Cut(string(k), "/")
		return []string{filepath.Join(cache, "venv", "bin", "python"), "python/agent.py", "--backend", backend}, nil
	case javascript:
		return []string{"node", "--no-deprecation", "js/agent.js"},
			[]string{"JUNCTOR_NODE_MODULES=" + filepath.Join(cache, "node_modules")}
	}
	panic("no program for " + string(k))
}

// cacheDir is where setup.sh has installed the clients.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("JUNCTOR_INTEROP_CACHE")
	if dir == "" {
		dir = filepath.Join("..", ".cache", "interop")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, stamp := range []string{"python.stamp", "js.stamp"} {
		if _, err := os.Stat(filepath.Join(dir, stamp)); err != nil {
			t.Fatalf("the clients are not installed (%v): run interop/setup.sh", err)
		}
	}
	return dir
}

// announces reports whether the router told this client of a feature. Clients
// that hide what they were told are no witness.
func (c *client) announces(role, feature string) (told, witness bool) {
	return slices.Contains(c.welcome.Features[role], feature), c.welcome.Features != nil
}
