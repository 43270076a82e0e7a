//go:build interop

package interop_test

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// ways are one variant for each client and transport.
func ways() []variant {
	var some []variant
	for _, v := range variants() {
		if v.serializer == "json" && v.unable() == "" {
			some = append(some, v)
		}
	}
	return some
}

// TestUnknownRealm: every client learns why it may not join.
func TestUnknownRealm(t *testing.T) {
	t.Parallel()
	r := startRouter(t)
	for _, v := range ways() {
		t.Run(v.word(), func(t *testing.T) {
			ctx := deadline(t)
			c, err := attempt(ctx, t, r, v, v.String(), "com.example.nowhere")
			if err == nil {
				t.Fatalf("%s joined a realm that does not exist: %+v", v, c.welcome)
			}
			reason := err.Error() // the Go client says it at once
			if v.kind != goClient {
				left, err := await(ctx, c.reports(), c.reports().left, "the router's ABORT")
				if err != nil {
					t.Fatal(err)
				}
				reason = left.Reason
			}
			if !strings.Contains(reason, "wamp.error.no_such_realm") {
				t.Errorf("%s was refused with %q, want wamp.error.no_such_realm", v, reason)
			}
		})
	}
}

// TestShutdown: a router that is told to stop says goodbye to every client,
// and ends with status 0.
func TestShutdown(t *testing.T) {
	t.Parallel()
	r := startRouter(t)
	var clients []*client
	for _, v := range ways() {
		clients = append(clients, join(deadline(t), t, r, v, v.String()))
	}
	if err := r.terminate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range clients {
		left, err := await(deadline(t), c.reports(), c.reports().left, "GOODBYE")
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if left.Reason != "wamp.close.system_shutdown" {
			t.Errorf("%s was told %q, want wamp.close.system_shutdown", c.name, left.Reason)
		}
	}
	if err := r.stop(context.Background()); err != nil {
		t.Errorf("the router ended with %v, want status 0", err)
	}
}

// TestLostClient: a call ends when the process of its callee is killed.
func TestLostClient(t *testing.T) {
	t.Parallel()
	r := startRouter(t)
	caller := join(deadline(t), t, r, variant{goClient, "unix", "cbor"}, "caller")
	for _, v := range ways() {
		callee, isProcess := "com.example.lost."+v.word(), v.kind != goClient
		if !isProcess || v.kind == javascript { // which cannot wait
			continue
		}
		t.Run(v.word(), func(t *testing.T) {
			ctx := deadline(t)
			c := join(ctx, t, r, v, v.String())
			if err := c.register(ctx, callee, "wait", nil); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() {
				_, err := caller.call(ctx, callee, nil, nil)
				ended <- err
			}()
			if _, err := c.event(ctx, callee); err != nil {
				t.Fatal(err)
			}
			c.agent.(*process).kill()
			if _, err := refusedWith(<-ended, "wamp.error.canceled"); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestPing: Autobahn|JS closes a connection whose PONG differs from its PING.
func TestPing(t *testing.T) {
	t.Parallel()
	r := startRouter(t)
	for _, transport := range []string{"tcp", "unix"} {
		t.Run(transport, func(t *testing.T) {
			cmd := exec.CommandContext(deadline(t), "node", "--no-deprecation", "js/ping.js", r.url(transport))
			cmd.Env = append(cmd.Environ(), "JUNCTOR_NODE_MODULES="+filepath.Join(cacheDir(t), "node_modules"))
			out, err := cmd.CombinedOutput()
			if err != nil || !bytes.Contains(out, []byte("4 PINGs answered")) {
				t.Errorf("ping.js: %v\n%s", err, out)
			}
		})
	}
}

// TestRefusedSerializer: a client learns that a transport does not offer its
// serializer, and other clients still get in.
func TestRefusedSerializer(t *testing.T) {
	t.Parallel()
	r := startRouter(t, func(transport map[string]any) { transport["serializers"] = []string{"cbor"} })
	for _, v := range variants() {
		if v.unable() != "" || v.transport == "tls" {
			continue
		}
		t.Run(v.word(), func(t *testing.T) {
			_, err := attempt(deadline(t), t, r, v, v.String(), "realm1")
			if offered := v.serializer == "cbor"; offered != (err == nil) {
				t.Error(fmt.Errorf("%s: joining a transport for cbor only: %w", v, orSuccess(err)))
			}
		})
	}
}
