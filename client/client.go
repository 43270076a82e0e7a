package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// ErrDown is in the chain of what Client's methods return when they could do
// nothing for want of a session. Nothing was sent.
var ErrDown = errors.New("not connected to the router")

// Client keeps a session alive: it joins again whenever the session has ended,
// with everything that was declared by Register and Subscribe, in the order of
// the declarations. Make one with New, and have Run run. All its methods are
// safe for concurrent use.
//
// Its parts: declare.go (declarations and their life),
// supervise.go (Run), supervision.go (how it is set up) and permanent.go (when
// to give up).
type Client struct {
	url         string
	opts        Options // as given: those of each session
	supervision Supervision
	log         *slog.Logger

	mu           sync.Mutex // guards the fields below; a Session's is never taken within it
	running      bool
	up           *Session // joined and equipped with the declarations, else nil
	reason       error    // why there is no session, if known
	over         error    // why Run returned; nil before and while it runs
	declarations []*Declaration
	joined       bool          // there was a session once
	news         chan struct{} // closed and replaced when anything above changes

	work  chan struct{}  // capacity 1: serve has declarations to look after
	ended sync.WaitGroup // handlers of sessions that have ended
}

// New returns a client of the router at url, as for Connect; it is not
// connected before Run runs. The error says what is wrong with the arguments.
func New(url string, opts Options, v Supervision) (*Client, error) {
	c, err := newClient(url, opts, v)
	if err != nil {
		return nil, fmt.Errorf("client: new: %w", err)
	}
	return c, nil
}

func newClient(url string, opts Options, v Supervision) (*Client, error) {
	complete, err := opts.complete()
	if err != nil {
		return nil, err
	}
	if v, err = v.complete(); err != nil {
		return nil, err
	}
	if err := checkTarget(url, &opts, &v); err != nil {
		return nil, err
	}
	opts.AuthExtra, opts.Signers = complete.AuthExtra, complete.Signers // copies
	return &Client{
		url:         url,
		opts:        opts,
		supervision: v,
		log:         complete.Logger.With("realm", opts.Realm),
		news:        make(chan struct{}),
		work:        make(chan struct{}, 1),
	}, nil
}

// checkTarget reports what keeps every attempt to connect from succeeding.
func checkTarget(url string, opts *Options, v *Supervision) error {
	if v.Dial == nil {
		_, err := transport.ParseURL(url)
		return err
	}
	switch {
	case url != "":
		return errors.New("both a URL and Supervision.Dial are given; want one of them")
	case opts.TLS != nil:
		return errors.New("Options.TLS is set, but Supervision.Dial makes the connections")
	case opts.MaxMessageSize != 0:
		return errors.New("Options.MaxMessageSize is set, but Supervision.Dial makes the connections")
	}
	return nil
}

// Session returns the present session, or nil while there is none. What is
// registered and subscribed through it is gone when it ends.
func (c *Client) Session() *Session {
	c.mu.Lock()
	s := c.up
	c.mu.Unlock()
	if s == nil || s.ending() {
		return nil
	}
	return s
}

// Call is Session.Call on the present session. While there is none it waits
// until ctx ends or Run returns, or fails at once, as Supervision.FailWhenDown
// says; errors.Is(err, ErrDown) then holds.
//
// It never sends a call twice. If the session ends while the call is under
// way, the error has an *InFlightError in its chain: the call may or may not
// have been executed.
func (c *Client) Call(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (Result, error) {
	var res Result
	err := c.do(ctx, "call", procedure, func(s *Session) (err error) {
		res, err = s.Call(ctx, procedure, args, opts)
		return err
	})
	return res, err
}

// CallProgressively is Session.CallProgressively on the present session, and
// waits for one as Call does. The call belongs to that session: its chunks are
// never sent on another one.
func (c *Client) CallProgressively(ctx context.Context, procedure wamp.URI, args []any, opts *CallOptions) (*ProgressiveCall, error) {
	var call *ProgressiveCall
	err := c.do(ctx, "call", procedure, func(s *Session) (err error) {
		call, err = s.CallProgressively(ctx, procedure, args, opts)
		return err
	})
	return call, err
}

// Publish is Session.Publish on the present session, always with
// PublishOptions.Acknowledge: if it returns no error, the router has the
// event. For the rest see Call. A program that would rather be fast than know
// uses Session.
func (c *Client) Publish(ctx context.Context, topic wamp.URI, args []any, opts *PublishOptions) (wamp.ID, error) {
	var acknowledged PublishOptions
	if opts != nil {
		acknowledged = *opts
	}
	acknowledged.Acknowledge = true
	var id wamp.ID
	err := c.do(ctx, "publish to", topic, func(s *Session) (err error) {
		id, err = s.Publish(ctx, topic, args, &acknowledged)
		return err
	})
	return id, err
}

// do has f use a session, and another one if that ended before anything was
// sent. The errors of f name the operation already.
func (c *Client) do(ctx context.Context, operation string, uri wamp.URI, f func(*Session) error) error {
	var spent *Session
	for {
		s, err := c.await(ctx, spent)
		if err != nil {
			return fmt.Errorf("client: %s %s: %w", operation, uri, err)
		}
		if err = f(s); !unsent(err) {
			return err
		}
		spent = s
	}
}

// unsent reports whether err means that the session had ended before anything
// was sent.
func unsent(err error) bool {
	var inFlight *InFlightError
	return errors.Is(err, net.ErrClosed) && !errors.As(err, &inFlight)
}

// await returns the present session, if it is another one than spent.
func (c *Client) await(ctx context.Context, spent *Session) (s *Session, err error) {
	err = c.until(ctx, func() (bool, error) {
		if c.up != nil && c.up != spent {
			s = c.up
			return true, nil
		}
		if c.over != nil || c.supervision.FailWhenDown {
			return false, c.downLocked()
		}
		return false, nil
	})
	return s, err
}

// until waits until done, which is called with c.mu held, reports true or an
// error.
func (c *Client) until(ctx context.Context, done func() (bool, error)) error {
	for {
		c.mu.Lock()
		ok, err := done()
		news := c.news
		c.mu.Unlock()
		if ok || err != nil {
			return err
		}
		select {
		case <-news:
		case <-ctx.Done():
			return fmt.Errorf("%w while %w", ctx.Err(), c.down())
		}
	}
}

// changedLocked wakes all who wait in until.
func (c *Client) changedLocked() {
	close(c.news)
	c.news = make(chan struct{})
}

func (c *Client) down() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.downLocked()
}

// downLocked returns an ErrDown that tells the reason.
func (c *Client) downLocked() error {
	switch {
	case c.over != nil:
		return &downError{c.over}
	case c.reason != nil:
		return &downError{c.reason}
	}
	return ErrDown
}

// downError is an ErrDown with a reason. The reason is told but not unwrapped:
// it is about the session, and means nothing for what was to be sent.
type downError struct{ reason error }

func (e *downError) Error() string { return ErrDown.Error() + ": " + e.reason.Error() }
func (e *downError) Unwrap() error { return ErrDown }
