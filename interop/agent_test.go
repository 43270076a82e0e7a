//go:build interop

package interop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// agent is a session of some WAMP client that carries out commands. Its
// methods are safe for concurrent use.
type agent interface {
	// do carries out a command and waits for its outcome. A refusal by the
	// router or by the callee is a *refusal.
	do(ctx context.Context, c command) (outcome, error)
	// reports is where the session's reports go.
	reports() *reports
}

// command is what an agent is asked to do; README.md lists them.
type command struct {
	ID        int            `json:"id"`
	Do        string         `json:"do"`
	URI       string         `json:"uri,omitempty"`
	Behaviour string         `json:"behaviour,omitempty"`
	Call      int            `json:"call,omitempty"`
	Args      []any          `json:"args,omitempty"`
	Kwargs    map[string]any `json:"kwargs,omitempty"`
	Options   *options       `json:"options,omitempty"`
}

// options are those of all commands together, under their names on the wire.
type options struct {
	Match           string `json:"match,omitempty"`
	Invoke          string `json:"invoke,omitempty"`
	Acknowledge     bool   `json:"acknowledge,omitempty"`
	ExcludeMe       *bool  `json:"exclude_me,omitempty"`
	ReceiveProgress bool   `json:"receive_progress,omitempty"`
	DiscloseMe      bool   `json:"disclose_me,omitempty"`
	Timeout         int    `json:"timeout,omitempty"` // milliseconds
	ForceReregister bool   `json:"force_reregister,omitempty"`
	Retain          bool   `json:"retain,omitempty"`
	GetRetained     bool   `json:"get_retained,omitempty"`

	Exclude         []uint64 `json:"exclude,omitempty"`
	ExcludeAuthRole []string `json:"exclude_authrole,omitempty"`
	Eligible        []uint64 `json:"eligible,omitempty"`
	EligibleAuthID  []string `json:"eligible_authid,omitempty"`
}

// outcome is what a command led to. Which fields are set depends on it.
type outcome struct {
	id       uint64 // of a registration, subscription or publication
	args     []any
	kwargs   map[string]any
	progress []any
}

// refusal is a WAMP ERROR as the client saw it. Without a URI, it is what went
// wrong in the client.
type refusal struct {
	URI    string         `json:"uri"`
	Args   []any          `json:"args"`
	Kwargs map[string]any `json:"kwargs"`
	Text   string         `json:"text"`
}

func (r *refusal) Error() string {
	if r.URI == "" {
		return "client: " + r.Text
	}
	return fmt.Sprintf("%s %v %v", r.URI, r.Args, r.Kwargs)
}

// joinReport is what a client was told in WELCOME.
type joinReport struct {
	Session    uint64              `json:"session"`
	Realm      string              `json:"realm"`
	AuthID     string              `json:"authid"`
	AuthRole   string              `json:"authrole"`
	AuthMethod string              `json:"authmethod"`
	AuthExtra  map[string]any      `json:"authextra"` // told by the sign-in programs alone
	Features   map[string][]string `json:"features"`  // by role; nil where the client hides them
}

// eventReport is an EVENT as a client's handler got it.
type eventReport struct {
	Subscription string         `json:"subscription"` // the URI given to subscribe
	Topic        string         `json:"topic"`        // as published, where the client tells
	Publisher    uint64         `json:"publisher"`    // zero unless disclosed
	Retained     bool           `json:"retained"`
	Args         []any          `json:"args"`
	Kwargs       map[string]any `json:"kwargs"`
}

// leaveReport is the end of a session as the client saw it.
type leaveReport struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// reports collects what an agent says unasked.
type reports struct {
	welcome chan joinReport  // capacity 1
	left    chan leaveReport // capacity 1
	gone    chan struct{}    // closed with the agent
	once    sync.Once

	mu          sync.Mutex // guards the fields below
	events      map[string]chan eventReport
	interrupted map[string]chan struct{}
}

// burst is more events than any scenario leaves waiting.
const burst = 1024

func newReports() *reports {
	return &reports{
		welcome:     make(chan joinReport, 1),
		left:        make(chan leaveReport, 1),
		gone:        make(chan struct{}),
		events:      make(map[string]chan eventReport),
		interrupted: make(map[string]chan struct{}),
	}
}

func (r *reports) close() { r.once.Do(func() { close(r.gone) }) }

func (r *reports) eventsOf(uri string) chan eventReport {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.events[uri] == nil {
		r.events[uri] = make(chan eventReport, burst)
	}
	return r.events[uri]
}

func (r *reports) interruptionsOf(uri string) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.interrupted[uri] == nil {
		r.interrupted[uri] = make(chan struct{}, burst)
	}
	return r.interrupted[uri]
}

var errGone = errors.New("the client ended")

// await takes the next report from one of an agent's channels.
func await[T any](ctx context.Context, r *reports, from chan T, what string) (T, error) {
	var zero T
	select {
	case v := <-from:
		return v, nil
	case <-ctx.Done():
		return zero, fmt.Errorf("waiting for %s: %w", what, ctx.Err())
	case <-r.gone:
	}
	select { // what came before the end counts
	case v := <-from:
		return v, nil
	default:
		return zero, fmt.Errorf("waiting for %s: %w", what, errGone)
	}
}

// client is an agent with a name, and words for what it does.
type client struct {
	agent
	kind    kind
	name    string
	welcome joinReport
}

func (c *client) register(ctx context.Context, uri, behaviour string, opts *options) error {
	_, err := c.do(ctx, command{Do: "register", URI: uri, Behaviour: behaviour, Options: opts})
	return c.explain(err, "register", uri)
}

func (c *client) unregister(ctx context.Context, uri string) error {
	_, err := c.do(ctx, command{Do: "unregister", URI: uri})
	return c.explain(err, "unregister", uri)
}

func (c *client) call(ctx context.Context, uri string, args []any, kwargs map[string]any) (outcome, error) {
	out, err := c.do(ctx, command{Do: "call", URI: uri, Args: args, Kwargs: kwargs})
	return out, c.explain(err, "call", uri)
}

func (c *client) subscribe(ctx context.Context, uri string, opts *options) error {
	_, err := c.do(ctx, command{Do: "subscribe", URI: uri, Options: opts})
	return c.explain(err, "subscribe", uri)
}

func (c *client) unsubscribe(ctx context.Context, uri string) error {
	_, err := c.do(ctx, command{Do: "unsubscribe", URI: uri})
	return c.explain(err, "unsubscribe", uri)
}

func (c *client) publish(ctx context.Context, uri string, args []any, kwargs map[string]any, opts *options) (uint64, error) {
	out, err := c.do(ctx, command{Do: "publish", URI: uri, Args: args, Kwargs: kwargs, Options: opts})
	return out.id, c.explain(err, "publish", uri)
}

// event returns the next event of a subscription, given the URI it is for.
func (c *client) event(ctx context.Context, uri string) (eventReport, error) {
	ev, err := await(ctx, c.reports(), c.reports().eventsOf(uri), "an event of "+uri)
	return ev, c.explain(err, "", "")
}

func (c *client) explain(err error, verb, uri string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.TrimSpace(c.name+": "+verb+" "+uri), err)
}
