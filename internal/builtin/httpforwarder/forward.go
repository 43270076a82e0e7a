package httpforwarder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/internal/builtin/backlog"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// maxDrained is how much of a response is read so that its connection can
// serve the next request.
const maxDrained = 64 << 10

// forwarder forwards the events of one subscription, one after the other.
type forwarder struct {
	config *config
	subscription
	http  *http.Client
	log   *slog.Logger
	queue *backlog.Backlog[post]

	unsent int // events that the end cut off; for Close, once run has returned
}

// post is an event that waits to be forwarded.
type post struct {
	publication wamp.ID
	body        []byte
}

// take is the subscription's handler.
func (f *forwarder) take(_ context.Context, ev *client.Event) {
	if ev.Lost > 0 {
		f.log.Warn("events were lost before they could be queued", "lost", ev.Lost)
	}
	body, err := encode(ev)
	if err != nil {
		f.log.Warn("event is not forwarded, it has no JSON form", "publication", ev.Publication, "err", err)
		return
	}
	taken, dropped := f.queue.Push(post{ev.Publication, body})
	switch {
	case !taken && dropped == 1:
		f.log.Warn("events are dropped, the receiver is too slow", "publication", ev.Publication)
	case taken && dropped > 0:
		f.log.Warn("events were dropped, now there is room again", "dropped", dropped)
	}
}

// encode returns what is posted for an event.
func encode(ev *client.Event) ([]byte, error) {
	args, kwargs, err := ev.Values()
	if err != nil {
		return nil, err
	}
	if args == nil {
		args = []any{}
	}
	p, err := serializer.JSON.EncodePayload([]any{wamp.Dict{
		"args": args, "kwargs": kwargs, "topic": ev.Topic, "publication": ev.Publication,
	}}, nil)
	if err != nil {
		return nil, err
	}
	return p.Bytes[1 : len(p.Bytes)-1], nil // without the list around it
}

// run forwards until the queue is closed and empty, or ctx ends.
func (f *forwarder) run(ctx context.Context) {
	for {
		p, ok := f.queue.Pop(ctx)
		if !ok {
			f.unsent += f.queue.Len()
			return
		}
		f.forward(ctx, p)
	}
}

// forward posts one event, as often as it takes and is allowed.
func (f *forwarder) forward(ctx context.Context, p post) {
	for attempt := 1; ; attempt++ {
		err := f.attempt(ctx, p)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			f.unsent++
			return
		}
		var again *temporaryError
		if !errors.As(err, &again) || attempt == f.config.Retry.Attempts {
			f.log.Error("event was not forwarded", "publication", p.publication, "attempts", attempt, "err", err)
			return
		}
		delay := max(f.config.Retry.Delay(attempt), min(again.after, time.Duration(f.config.Retry.Max)))
		f.log.Info("event is forwarded again", "publication", p.publication, "attempt", attempt, "err", err, "delay", delay)
		if extra.Sleep(ctx, delay) != nil {
			f.unsent++
			return
		}
	}
}

// temporaryError is a failure that may be over at the next attempt.
type temporaryError struct {
	error
	after time.Duration // how long the receiver asked to wait
}

func (e *temporaryError) Unwrap() error { return e.error }

// attempt posts an event once.
func (f *forwarder) attempt(ctx context.Context, p post) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(f.config.Timeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, f.config.Method, f.target.String(), bytes.NewReader(p.body))
	if err != nil {
		return extra.RequestError(err)
	}
	req.Header = f.config.header.Clone()
	resp, err := f.http.Do(req)
	if err != nil {
		return &temporaryError{error: extra.RequestError(err)}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, maxDrained) // the status is all that counts
	_ = resp.Body.Close()
	return f.judge(resp)
}

// judge says what a response means.
func (f *forwarder) judge(resp *http.Response) error {
	code := resp.StatusCode
	expected := code == f.config.ExpectedCode
	if f.config.ExpectedCode == 0 {
		expected = code >= 200 && code <= 299
	}
	if expected {
		return nil
	}
	err := fmt.Errorf("the receiver answered %s", resp.Status)
	if code == http.StatusTooManyRequests || code >= 500 {
		return &temporaryError{err, retryAfter(resp.Header, time.Now())}
	}
	return err
}

// retryAfter reads the header of that name, which has seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
