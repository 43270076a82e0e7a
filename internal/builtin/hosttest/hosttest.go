// Package hosttest hosts components on a router inside the process, for their
// tests. Everything it starts has ended when the test is over.
package hosttest

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/junctorio/junctor/auth"
	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/router"
	"github.com/junctorio/junctor/transport/inproc"
	"github.com/junctorio/junctor/wamp"
)

// Realm is the router's only realm, in which everybody may do everything.
const Realm wamp.URI = "com.example.realm"

// Router is a router for one test.
type Router struct {
	t       testing.TB
	router  *router.Router
	clients sync.WaitGroup
}

// New starts a router.
func New(t testing.TB) *Router {
	t.Helper()
	r := &Router{t: t, router: router.New(router.Options{})}
	_, err := r.router.AddRealm(router.RealmConfig{Name: Realm, Roles: []router.Role{{
		Name: auth.DefaultRole,
		Permissions: []router.Permission{{
			Match: wamp.MatchPrefix,
			Allow: router.ActionCall | router.ActionRegister | router.ActionPublish | router.ActionSubscribe,
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.router.Close()
		r.clients.Wait()
	})
	return r
}

// Join returns a session.
func (r *Router) Join() *client.Session {
	r.t.Helper()
	ours, theirs := inproc.Pair(client.DefaultSerializer)
	r.clients.Go(func() {
		// How a session ends, its own side says.
		_ = r.router.Attach(context.Background(), theirs, router.Access{Methods: auth.Set{auth.Anonymous{}}})
	})
	s, err := client.Join(r.t.Context(), ours, client.Options{Realm: Realm})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = s.Close() // the test looks at what matters to it
		s.Wait()
	})
	return s
}

// Hosted is a component with a session.
type Hosted struct {
	Component component.Component
	Session   *client.Session
	Logs      *Logs

	stop context.CancelFunc
	done chan struct{} // closed once err is set
	err  error
}

// Host makes a component from its extra configuration, hosts it and returns
// when it has joined.
func (r *Router) Host(f component.Factory, extra string) *Hosted {
	r.t.Helper()
	logs := newLogs()
	c, err := f(component.Config{ID: "tested", Realm: Realm, Extra: json.RawMessage(extra), Logger: slog.New(logs)})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = component.Close(ctx, c) // tests of Close call it themselves
	})
	h := &Hosted{Component: c, Logs: logs}
	if err := r.Rejoin(h); err != nil {
		r.t.Fatal(err)
	}
	return h
}

// Rejoin gives the component a session, once more if it had one. It returns
// how the component crashed if it does not join.
func (r *Router) Rejoin(h *Hosted) error {
	r.t.Helper()
	h.Session = r.Join()
	ctx, stop := context.WithCancel(context.Background())
	h.stop, h.done = stop, make(chan struct{})
	joined := make(chan struct{})
	go func() {
		defer close(h.done)
		h.err = component.Run(ctx, h.Component, h.Session, func() { close(joined) })
	}()
	r.t.Cleanup(func() { h.Stop() })
	select {
	case <-joined:
		return nil
	case <-h.done:
		return h.err
	}
}

// Stop ends the component's session, and returns what Run returned.
func (h *Hosted) Stop() error {
	h.stop()
	<-h.done
	return h.err
}

// Logs collects what a component logs.
type Logs struct {
	attrs []slog.Attr
	*records
}

type records struct {
	mu    sync.Mutex // guards the fields below
	added *sync.Cond
	list  []map[string]string
}

func newLogs() *Logs {
	r := new(records)
	r.added = sync.NewCond(&r.mu)
	return &Logs{records: r}
}

// Enabled takes all levels.
func (l *Logs) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs is part of slog.Handler.
func (l *Logs) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Logs{append(l.attrs[:len(l.attrs):len(l.attrs)], attrs...), l.records}
}

// WithGroup is part of slog.Handler; groups are not told apart.
func (l *Logs) WithGroup(string) slog.Handler { return l }

// Handle keeps a record.
func (l *Logs) Handle(_ context.Context, r slog.Record) error {
	entry := map[string]string{slog.MessageKey: r.Message, slog.LevelKey: r.Level.String()}
	for _, a := range l.attrs {
		entry[a.Key] = a.Value.String()
	}
	r.Attrs(func(a slog.Attr) bool {
		entry[a.Key] = a.Value.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, entry)
	l.added.Broadcast()
	return nil
}

// Await waits for the first record with that message, and returns its
// attributes by their keys.
func (l *Logs) Await(message string) map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for next := 0; ; l.added.Wait() {
		for ; next < len(l.list); next++ {
			if l.list[next][slog.MessageKey] == message {
				return l.list[next]
			}
		}
	}
}
