//go:build interop && unix

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

const (
	newsTopic  = "com.example.news"
	heardTopic = "com.example.heard"
)

// guestProgram is a guest worker whose program is js/guest.js or its like.
type guestProgram struct {
	name      string // a part of its procedure's URI
	argv      []string
	vars      map[string]string
	transport string // how it reaches the router
	restart   string
	after     []string
}

// guestPrograms are started one after the other, over different transports, and
// restarted by different policies.
func guestPrograms(t *testing.T) []guestProgram {
	t.Helper()
	cache := cacheDir(t)
	return []guestProgram{{
		name: "js", argv: []string{"node", "--no-deprecation", absolute(t, "js/guest.js")},
		vars:      map[string]string{"JUNCTOR_NODE_MODULES": filepath.Join(cache, "node_modules")},
		transport: "tcp", restart: "restart-on-failed", after: []string{},
	}, {
		name: "python", argv: []string{filepath.Join(cache, "venv", "bin", "python"), absolute(t, "python/guest.py")},
		vars:      map[string]string{},
		transport: "unix", restart: "restart-always", after: []string{"js_guest"},
	}}
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	name, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

func (g guestProgram) procedure() string { return "com.example." + g.name + ".describe" }

func (g guestProgram) worker() map[string]any {
	transports := map[string]string{"tcp": "plain", "unix": "local"}
	return map[string]any{
		"type": "guest", "id": g.name + "_guest",
		"executable": g.argv[0], "arguments": g.argv[1:],
		"options": map[string]any{
			"env":        map[string]any{"vars": g.vars},
			"restart":    g.restart,
			"backoff":    map[string]any{"initial": 0.05},
			"stop_grace": 20,
			"after":      g.after,
			"connect":    map[string]any{"transport": transports[g.transport]},
			"ready":      map[string]any{"procedure": g.procedure()},
		},
	}
}

// TestGuests: a node runs programs written with other people's clients, starts
// them again when they die, and leaves nothing of them behind.
func TestGuests(t *testing.T) {
	t.Parallel()
	programs := guestPrograms(t)
	var workers []map[string]any
	for _, g := range programs {
		workers = append(workers, g.worker())
	}
	r := startNode(t, nil, workers...)
	s := &guestStage{client: join(deadline(t), t, r, variant{goClient, "unix", "cbor"}, "test"), pids: make(map[string]int)}
	if err := s.client.subscribe(deadline(t), heardTopic, nil); err != nil {
		t.Fatal(err)
	}

	// Python's guest starts when JavaScript's is ready: both are there now.
	js, python := programs[0], programs[1]
	s.awaitLife(t, r, python)
	got, err := s.client.call(deadline(t), js.procedure(), nil, nil)
	if err != nil {
		t.Fatalf("the guest was started before the one that it comes after was ready: %v", err)
	}
	s.note(t, r, js, got)
	s.tell(t, "they are up")

	for _, g := range programs {
		if err := syscall.Kill(s.pids[g.name], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.awaitLife(t, r, g)
		s.tell(t, g.name+" is back")
	}

	if err := r.terminate(); err != nil {
		t.Fatal(err)
	}
	if err := r.stop(context.Background()); err != nil {
		t.Errorf("the node ended with %v, want status 0", err)
	}
	for _, group := range s.groups {
		if err := syscall.Kill(-group, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("the node left processes of group %d behind (%v)", group, err)
		}
	}
}

// guestStage is a client of the guests that remembers their processes.
type guestStage struct {
	client *client
	pids   map[string]int // by guest
	groups []int          // of all processes there have been
}

// awaitLife waits until the guest answers calls from another process than last.
func (s *guestStage) awaitLife(t *testing.T, r *router, g guestProgram) {
	t.Helper()
	ctx := deadline(t)
	got, err := callWhenThere(ctx, s.client, g.procedure(), func(out outcome) bool {
		return pidOf(out) != s.pids[g.name]
	})
	if err != nil {
		t.Fatal(err)
	}
	s.note(t, r, g, got)
}

// note remembers the process that described itself, and checks what it was told
// about its router.
func (s *guestStage) note(t *testing.T, r *router, g guestProgram, described outcome) {
	t.Helper()
	pid := pidOf(described)
	want := []any{map[string]any{"pid": int64(pid), "url": r.url(g.transport), "realm": "realm1"}}
	if err := same("description of "+g.name, described.args, want); err != nil {
		t.Fatal(err)
	}
	group, err := syscall.Getpgid(pid)
	if err != nil {
		t.Fatalf("process %d of %s: %v", pid, g.name, err)
	}
	s.pids[g.name] = pid
	s.groups = append(s.groups, group)
}

func pidOf(described outcome) int {
	if len(described.args) != 1 {
		return 0
	}
	pid, _ := as[map[string]any](described.args[0])["pid"].(int64)
	return int(pid)
}

// tell publishes news to the guests, and waits until each of them has said that
// it has heard it.
func (s *guestStage) tell(t *testing.T, news string) {
	t.Helper()
	ctx := deadline(t)
	if _, err := s.client.publish(ctx, newsTopic, []any{news}, nil, nil); err != nil {
		t.Fatal(err)
	}
	got, want := make(map[string]any), make(map[string]any)
	for name, pid := range s.pids {
		want[name] = []any{name, int64(pid), news}
		heard, err := s.client.event(ctx, heardTopic)
		if err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprint(heard.Args[0])] = heard.Args
	}
	if err := same("what the guests heard", got, want); err != nil {
		t.Fatal(err)
	}
}

// callWhenThere calls a procedure until it has a callee whose result will do.
func callWhenThere(ctx context.Context, c *client, uri string, will func(outcome) bool) (outcome, error) {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		got, err := c.call(ctx, uri, nil, nil)
		if err == nil && will(got) {
			return got, nil
		}
		if err != nil && !passes(err) {
			return outcome{}, err
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return outcome{}, fmt.Errorf("no callee of %s will do, the last call: %w", uri, orSuccess(err))
		}
	}
}

// passes: nobody is there yet, the callee was lost during the call, or it has
// not started its command.
func passes(err error) bool {
	var refused *refusal
	return errors.As(err, &refused) && slices.Contains([]string{
		"wamp.error.no_such_procedure", "wamp.error.canceled", "wamp.error.unavailable",
	}, refused.URI)
}

// TestCommandInAContainer: every client can call procedures that a container
// serves by commands, one process for all calls and one for each.
func TestCommandInAContainer(t *testing.T) {
	t.Parallel()
	r := startNode(t, nil, commandContainer(t))
	for _, v := range hubs {
		t.Run(v.word(), func(t *testing.T) {
			c := join(deadline(t), t, r, v, v.String())
			// It is registered last.
			_, err := callWhenThere(deadline(t), c, "com.example.command.echo", func(outcome) bool { return true })
			if err != nil {
				t.Fatal(err)
			}
			if err := callCommands(deadline(t), c); err != nil {
				t.Error(err)
			}
		})
	}
}

// callCommands: values survive JSON on the way to a command and back, and its
// error is the call's.
func callCommands(ctx context.Context, c *client) error {
	args := append([]any{allOctets, scripts}, everyKind...)
	kwargs := map[string]any{"octets": allOctets, "all": everyKind}
	got, err := c.call(ctx, "com.example.command.echo", args, kwargs)
	if err != nil {
		return err
	}
	_, err = c.call(ctx, "com.example.command.refuse", args, kwargs)
	refused, err := refusedWith(err, "com.example.error.refused")
	if err != nil {
		return err
	}
	return errors.Join(
		same("args of the result", got.args, args),
		same("kwargs of the result", got.kwargs, kwargs),
		same("args of the error", refused.Args, args),
		same("kwargs of the error", refused.Kwargs, kwargs),
	)
}

// commandContainer serves python/command.py over MessagePack.
func commandContainer(t *testing.T) map[string]any {
	t.Helper()
	command := []string{filepath.Join(cacheDir(t), "venv", "bin", "python"), absolute(t, "python/command.py")}
	return map[string]any{
		"type": "container",
		"components": []any{map[string]any{
			"type": "class", "classname": "junctor.Exec", "realm": "realm1",
			"transport": map[string]any{
				"type": "rawsocket", "serializer": "msgpack",
				"endpoint": map[string]any{"type": "unix", "path": "router.sock"},
				"options":  map[string]any{"max_message_size": 4 << 20},
			},
			"extra": map[string]any{"procedures": []any{
				map[string]any{"uri": "com.example.command.refuse", "command": command},
				map[string]any{"uri": "com.example.command.echo", "command": command, "mode": "long-lived"},
			}},
		}},
	}
}
