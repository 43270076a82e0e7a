package link

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/wamp"
)

// forward returns the handler of what is registered at the one end and called
// at the other. Results and errors are passed on as they are, and an INTERRUPT,
// be it for the caller's CANCEL or its timeout, as CANCEL.
//
// Who called is not passed on. The called realm sees a call of the link; it
// could not check what the link says about sessions of another realm.
func (b *bridge) forward(from, to *end) client.InvocationHandler {
	return func(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
		source, err := from.await(ctx) // upstream's is there a moment after its first call
		if err != nil {
			return client.Reply{}, err
		}
		if err := b.refuse(inv); err != nil {
			return client.Reply{}, err
		}
		target := to.present()
		if target == nil {
			return client.Reply{}, errAway(to)
		}
		res, err := pass(ctx, target, inv, onward(inv.Attributes, source))
		if err != nil {
			return client.Reply{}, explain(to, err)
		}
		return reply(res), nil
	}
}

// refuse returns why a call is not passed on.
func (b *bridge) refuse(inv *client.Invocation) error {
	switch {
	case inv.Procedure.Reserved(): // a pattern matched it; each router answers for itself (URI-3)
		return refusal(wamp.ErrNoSuchProcedure, "what is below wamp is not passed on by a link")
	case b.passed(inv.Attributes):
		return refusal(wamp.ErrNoSuchProcedure, "no realm has it along the links that the call has passed")
	case hops(inv.Attributes) >= maxCallHops:
		return refusal(wamp.ErrNoSuchProcedure, "the call has passed %d links, which is the most", maxCallHops)
	}
	return nil
}

// pass calls the procedure at the other end, and passes on its progress.
func pass(ctx context.Context, target *client.Session, inv *client.Invocation, a *wamp.Attributes) (client.Result, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	opts := &client.CallOptions{Payload: inv.Payload, Attributes: a}
	if inv.ReceiveProgress {
		opts.OnProgress = func(res client.Result) {
			if err := inv.ProgressReply(ctx, reply(res)); err != nil {
				stop(err)
			}
		}
	}
	res, err := target.Call(ctx, inv.Procedure, nil, opts)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		err = context.Cause(ctx)
	}
	return res, err
}

func reply(res client.Result) client.Reply {
	return client.Reply{Payload: res.Payload, Attributes: res.Attributes}
}

// explain returns the error for a caller whose call was made at an end. What
// the called realm said is passed on as it is.
func explain(to *end, err error) error {
	var inFlight *client.InFlightError
	switch {
	case errors.As(err, &inFlight):
		return refusal(wamp.ErrNetworkFailure, "the %s realm was lost before it answered; it is unknown whether the call was carried out", to.name)
	case errors.Is(err, net.ErrClosed):
		return errAway(to)
	case errors.Is(err, client.ErrSlowProgress): // PCR-10
		return refusal(wamp.ErrNetworkFailure, "%v", client.ErrSlowProgress)
	}
	return err
}

// refusal returns an error of the link itself.
func refusal(uri wamp.ErrorURI, format string, args ...any) error {
	return client.NewError(uri, client.Args{fmt.Sprintf(format, args...)}, nil)
}
