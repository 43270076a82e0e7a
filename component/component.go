// Package component is the contract between a junctor node and application
// code that it hosts.
//
// A Component is made by a Factory from a Config and is told of every session
// that the node joins for it. Programs that compile components in call
// Register (or RegisterFunc, for components of type function) before
// junctor.Main; the node looks them up by the name in its configuration.
//
// # Life of a component
//
// The Factory makes a component without any effect on the outside: checking a
// configuration calls it too. Then, as often as there is a session: Join, and
// once that session has ended Leave, if the component is a Leaver. At last, if
// it is a Closer, Close. These calls never overlap; one component has one
// session at a time. After a crash there is no other Join: whoever wants to
// restart the component closes it and makes a new one. Run plays one session's
// part of all this, Close the last.
package component

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// Component is application code hosted by a junctor node.
type Component interface {
	// Join is called each time the component's session has joined its realm:
	// it registers and subscribes, then returns. The context ends when the
	// session ends. An error, or a panic, is a crash of the component, unless
	// the session ended meanwhile.
	Join(ctx context.Context, s *client.Session) error
}

// Leaver is a Component that wants to know when a session of its has ended.
type Leaver interface {
	// Leave is called once after each Join, a failed one included, when the
	// session has ended (Session.Err says why) and all its handlers have
	// returned. The context ends after LeaveTimeout. An error, or a panic, is
	// a crash of the component.
	Leave(ctx context.Context, s *client.Session) error
}

// Closer is a Component that holds what outlives a session: processes, queues,
// goroutines.
type Closer interface {
	// Close ends what the component holds and waits for its goroutines. It is
	// called once, after the last session has ended; when the context ends,
	// what could not be finished is given up, and the error says so.
	Close(ctx context.Context) error
}

// Config is what a Factory makes a component from.
type Config struct {
	// ID is the component's id in the node's configuration, empty if it has none.
	ID string

	// Realm is what the component's sessions join.
	Realm wamp.URI

	// Dir is what relative paths in Extra are relative to, the node's
	// directory; empty means the working directory.
	Dir string

	// Extra is the component's own configuration, as JSON; see Decode. It is
	// empty if there is none.
	Extra json.RawMessage

	// Logger is never nil in what a node passes; see Log.
	Logger *slog.Logger
}

// Factory makes a component. It checks its configuration and has no effects:
// it starts nothing and opens nothing.
type Factory func(Config) (Component, error)

// Log returns the Logger, or one that discards everything.
func (c Config) Log() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// Close closes c if it is a Closer.
func Close(ctx context.Context, c Component) error {
	if closer, ok := c.(Closer); ok {
		return closer.Close(ctx)
	}
	return nil
}
