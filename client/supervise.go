package client

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Run connects, joins, and keeps doing so until ctx ends or it gives up (see
// Supervision.Permanent and Backoff.Attempts). It returns why it ended: the
// cause of ctx's end, or what it gave up on. It then leaves the realm in
// order, fails whoever waits with ErrDown, and waits for all handlers to
// return, which must not wait for Run. It may run again afterwards, but not
// twice at once.
func (c *Client) Run(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return err
	}
	err := c.supervise(ctx)
	c.finish(err)
	if ctx.Err() == nil {
		c.log.Error("client gives up", "err", err)
		if c.supervision.OnGivenUp != nil {
			c.supervision.OnGivenUp(err)
		}
	}
	return err
}

func (c *Client) begin() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running {
		return errors.New("client: run: the client runs already")
	}
	c.running, c.over, c.reason = true, nil, nil
	return nil
}

// finish tells whoever waits, and waits for the handlers.
func (c *Client) finish(err error) {
	c.mu.Lock()
	c.over = err
	c.changedLocked()
	c.mu.Unlock()
	c.ended.Wait()
	c.mu.Lock()
	c.running = false
	c.mu.Unlock()
}

func (c *Client) supervise(ctx context.Context) error {
	var p pause
	for {
		lasted, err := c.live(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if c.isFinal(err) {
			return fmt.Errorf("client: given up: %w", err)
		}
		if lasted > p.latest {
			p.reset()
		}
		delay, more := p.next(c.supervision.Backoff)
		if !more {
			return fmt.Errorf("client: given up after %d attempts: %w", p.failures, err)
		}
		if !c.wait(ctx, Retry{Attempt: p.failures, Delay: delay, Err: err}) {
			return context.Cause(ctx)
		}
	}
}

// isFinal reports whether to give up because of why a session ended, or never
// began.
func (c *Client) isFinal(err error) bool {
	var refused *refusedError
	if errors.As(err, &refused) { // decided already
		return true
	}
	c.mu.Lock()
	joined := c.joined
	c.mu.Unlock()
	return c.permanent(err, joined)
}

// wait waits for the time of the next attempt.
func (c *Client) wait(ctx context.Context, r Retry) bool {
	c.log.Warn("client will connect again", "attempt", r.Attempt, "delay", r.Delay, "err", r.Err)
	if c.supervision.OnRetry != nil {
		c.supervision.OnRetry(r)
	}
	timer := time.NewTimer(r.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// live lives through one session, from dialing to its end, and returns how
// long it lasted and why it ended.
func (c *Client) live(ctx context.Context) (lasted time.Duration, err error) {
	s, err := c.join(ctx)
	if err != nil {
		c.note(err)
		return 0, err
	}
	began := time.Now()
	err = c.serve(ctx, s)
	c.ended.Go(s.Wait)
	return time.Since(began), err
}

// note keeps why there is no session, for those who wait for one.
func (c *Client) note(reason error) {
	c.mu.Lock()
	c.reason = reason
	c.mu.Unlock()
}

func (c *Client) join(ctx context.Context) (*Session, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.supervision.StepTimeout, errStep)
	defer cancel()
	s, err := c.connect(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return s, err
}

func (c *Client) connect(ctx context.Context) (*Session, error) {
	if c.supervision.Dial == nil {
		return Connect(ctx, c.url, c.opts)
	}
	conn, err := c.supervision.Dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("client: dial: %w", err)
	}
	return Join(ctx, conn, c.opts)
}

// serve looks after a session's declarations until it ends, and returns why.
// It ends it if ctx ends, if a declaration is refused for good, or if the
// router does not answer.
func (c *Client) serve(ctx context.Context, s *Session) error {
	s.onRevocation(c.poke)
	c.equip()
	wasUp := false
	for {
		next, err := c.declare(ctx, s)
		if err != nil {
			c.leave(s, err)
			return c.fall(s, wasUp, err)
		}
		if !wasUp {
			wasUp = true
			c.rise(s)
		}
		if !c.idle(ctx, s, next) {
			c.leave(s, ctx.Err())
			return c.fall(s, wasUp, s.Err())
		}
	}
}

// idle waits for something to do: a declaration that is new, was revoked, or
// is to be tried again at the given time. It returns false at the end of the
// session or of ctx.
func (c *Client) idle(ctx context.Context, s *Session, next time.Time) bool {
	var due <-chan time.Time
	if !next.IsZero() {
		timer := time.NewTimer(time.Until(next))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-due:
	case <-c.work:
	case <-s.Done():
		return false
	case <-ctx.Done():
		return false
	}
	return true
}

// poke makes serve look at the declarations.
func (c *Client) poke() {
	select {
	case c.work <- struct{}{}:
	default:
	}
}

// rise hands the session to those who wait for one.
func (c *Client) rise(s *Session) {
	c.mu.Lock()
	c.up, c.reason = s, nil
	c.changedLocked()
	c.mu.Unlock()
	c.log.Info("client is up", "session", s.ID())
	if c.supervision.OnUp != nil {
		c.supervision.OnUp(s)
	}
}

// leave ends a session, in order unless the router keeps silent.
func (c *Client) leave(s *Session, err error) {
	if errors.Is(err, errStep) {
		s.abandon()
		return
	}
	if err := s.Close(); err != nil { // the session has ended all the same
		c.log.Debug("client left", "err", err)
	}
}

// fall takes note of the end of a session and returns why it ended.
func (c *Client) fall(s *Session, wasUp bool, err error) error {
	var refused *refusedError
	if !errors.As(err, &refused) && !errors.Is(err, errStep) {
		err = s.Err()
	}
	c.mu.Lock()
	c.up, c.reason = nil, err
	c.forgetLocked()
	c.changedLocked()
	c.mu.Unlock()
	if wasUp {
		c.log.Warn("client is down", "session", s.ID(), "err", err)
		if c.supervision.OnDown != nil {
			c.supervision.OnDown(err)
		}
	}
	return err
}
