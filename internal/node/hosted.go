package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/config"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// hosted is a component with what keeps it alive. Its router being away, or
// gone, is no failure: client.Client joins again. What ends a life of the
// component is that it closes its session, that it crashes, or that the router
// refuses it for good; the restart policy says what follows.
type hosted struct {
	id       string
	factory  component.Factory
	config   component.Config
	session  client.Options
	dial     func(context.Context) (transport.Conn, error)
	patience time.Duration // for connecting, joining included
	restart  config.Restart
	endsNode bool // if it fails for good
	log      *slog.Logger
}

// errStopped is why a life ended whose component closed its session.
var errStopped = errors.New("the component has left")

// run hosts the component until ctx ends or its policy says that nothing
// follows. The error says how it failed; it is nil if the component left in
// order, or ctx ended. Settled is called whenever the component has joined and
// whenever a life has ended.
func (h *hosted) run(ctx context.Context, settled func()) error {
	past := lives{rules: h.restart}
	for {
		began := time.Now()
		err := h.live(ctx, settled)
		settled()
		if ctx.Err() != nil {
			return nil
		}
		delay, again, final := past.next(err, time.Now(), time.Since(began))
		if !again {
			return final
		}
		h.log.Warn("component restarts", "delay", delay, "err", err)
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil
		}
	}
}

// live is one life of the component: from its making, over its sessions, to
// its Close.
func (h *hosted) live(parent context.Context, joined func()) error {
	c, err := h.build()
	if err != nil {
		return err
	}
	ctx, end := context.WithCancelCause(parent)
	defer end(nil)
	supervised, err := client.New("", h.session, client.Supervision{
		Dial:        h.dial,
		Backoff:     backoff(h.restart.Backoff),
		StepTimeout: h.patience,
		// The client joins again after OnUp has returned.
		OnUp: func(s *client.Session) { h.play(ctx, c, s, joined, end) },
	})
	if err != nil {
		return err
	}
	err = supervised.Run(ctx)
	closing, cancel := context.WithTimeout(context.WithoutCancel(parent), component.LeaveTimeout)
	defer cancel()
	if closed := h.close(closing, c); closed != nil {
		h.log.Warn("component did not close in order", "err", closed)
	}
	if errors.Is(err, errStopped) || parent.Err() != nil {
		h.log.Info("component stopped")
		return nil
	}
	h.logCrash(err)
	return err
}

// build makes the component.
func (h *hosted) build() (c component.Component, err error) {
	defer recovered("making it", &err)
	return h.factory(h.config)
}

func (h *hosted) close(ctx context.Context, c component.Component) (err error) {
	defer recovered("closing it", &err)
	return component.Close(ctx, c)
}

// recovered turns a panic of application code into an error.
func recovered(op string, err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("%s: panic: %v", op, v)
	}
}

// play plays the component's part in one session, and ends the life if the
// component ended it.
func (h *hosted) play(ctx context.Context, c component.Component, s *client.Session, joined func(), end context.CancelCauseFunc) {
	err := component.Run(ctx, c, s, func() {
		h.log.Info("component joined", "session", uint64(s.ID()), "authid", s.Details().AuthID, "role", s.Details().AuthRole)
		joined()
	})
	var crash *component.CrashError
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, wamp.ErrProcedureAlreadyExists):
		// The router often has not noticed yet that a predecessor is dead.
		h.log.Warn("component will join again: somebody else has its procedure", "err", err)
	case errors.As(err, &crash):
		end(err)
	case errors.Is(err, client.ErrClosed):
		end(errStopped)
	}
}

func (h *hosted) logCrash(err error) {
	var crash *component.CrashError
	if errors.As(err, &crash) && crash.Stack != nil {
		h.log.Error("component panicked", "err", err, "stack", string(crash.Stack))
	}
}

func backoff(b config.Backoff) client.Backoff {
	return client.Backoff{Initial: b.Initial, Max: b.Max, Factor: b.Factor}
}
