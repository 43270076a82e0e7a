package bench

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// Connect opens a session of its own for each role that a scenario plays.
type Connect func(context.Context) (*client.Session, error)

// RPCOptions describe who calls whom.
type RPCOptions struct {
	Callers   int           // sessions that call, at least 1
	Callees   int           // sessions that offer the procedure; 0: it is there already
	Procedure wamp.URI      // what is called
	Size      int           // octets of the only argument, which comes back as the result
	Timeout   time.Duration // for one call; 0: none
}

// RPC calls a procedure. Without callees of its own, it calls what others
// offer. More than one callee share the procedure in turn.
func RPC(ctx context.Context, connect Connect, o RPCOptions, l Load) (*Report, error) {
	if o.Callers < 1 || o.Callees < 0 || o.Size < 0 {
		return nil, impossible("%d callers, %d callees, %d octets: want at least one caller, and no negative numbers", o.Callers, o.Callees, o.Size)
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	var s sessions
	defer s.close()
	if err := s.offer(ctx, connect, o); err != nil {
		return nil, err
	}
	callers, err := s.open(ctx, connect, o.Callers)
	if err != nil {
		return nil, err
	}
	args := client.Args{strings.Repeat("x", o.Size)}
	report, err := Run(ctx, l, func(ctx context.Context, worker int, observe func(time.Time)) error {
		ctx, cancel := within(ctx, o.Timeout)
		defer cancel()
		if _, err := callers[worker%len(callers)].Call(ctx, o.Procedure, args, nil); err != nil {
			return err
		}
		observe(time.Now())
		return nil
	})
	if report != nil {
		report.Kind = "rpc"
	}
	return report, err
}

// offer opens the callees.
func (s *sessions) offer(ctx context.Context, connect Connect, o RPCOptions) error {
	callees, err := s.open(ctx, connect, o.Callees)
	if err != nil {
		return err
	}
	var opts client.RegisterOptions
	if len(callees) > 1 {
		opts.Invoke = wamp.InvokeRoundRobin
	}
	for _, callee := range callees {
		if _, err := callee.Register(ctx, o.Procedure, echo, &opts); err != nil {
			return fmt.Errorf("register %s: %w", o.Procedure, err)
		}
	}
	return nil
}

func echo(_ context.Context, inv *client.Invocation) (client.Reply, error) {
	args, _, err := inv.Values()
	return client.Reply{Args: args}, err
}

// sessions are those that a scenario has opened.
type sessions struct {
	all []*client.Session
}

func (s *sessions) open(ctx context.Context, connect Connect, n int) ([]*client.Session, error) {
	opened := make([]*client.Session, 0, n)
	for range n {
		session, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		s.all = append(s.all, session)
		opened = append(opened, session)
	}
	return opened, nil
}

// close leaves nothing behind; that leaving failed is of no interest any more.
func (s *sessions) close() {
	for _, session := range s.all {
		_ = session.Close()
		session.Wait()
	}
}

func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	if d == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, d)
}
