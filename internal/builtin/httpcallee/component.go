// Package httpcallee is the built-in component junctor.HTTPCallee: a procedure
// that performs HTTP requests below one base URL. docs/components.md describes
// its configuration and the procedure.
//
// config.go reads the configuration, request.go makes requests of calls and
// keeps them below the base URL, and this file performs them. The component
// starts no goroutines; those of net/http's idle connections end with Close.
package httpcallee

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/wamp"
)

// maxRedirects is how many redirects below the base URL are followed.
const maxRedirects = 10

// Component performs HTTP requests for callers.
type Component struct {
	config *config
	log    *slog.Logger
	http   *http.Client
}

// New is the component.Factory of junctor.HTTPCallee.
func New(cfg component.Config) (component.Component, error) {
	c, err := load(cfg)
	if err != nil {
		return nil, err
	}
	return &Component{
		config: c,
		log:    cfg.Log(),
		http:   &http.Client{Transport: extra.Transport(c.Concurrency), CheckRedirect: c.redirect},
	}, nil
}

// redirect lets requests follow where they may go; else the caller gets the
// response that redirects.
func (c *config) redirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || !c.below(req.URL) {
		return http.ErrUseLastResponse
	}
	return nil
}

// Join registers the procedure.
func (c *Component) Join(ctx context.Context, s *client.Session) error {
	_, err := s.Register(ctx, c.config.Procedure, c.perform, &client.RegisterOptions{MaxHandlers: c.config.Concurrency})
	return err
}

// Close closes idle connections.
func (c *Component) Close(context.Context) error {
	c.http.CloseIdleConnections()
	return nil
}

func (c *Component) perform(ctx context.Context, inv *client.Invocation) (client.Reply, error) {
	timeout := time.Duration(c.config.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("%w: no response within %v", wamp.ErrTimeout, timeout))
	defer cancel()
	req, err := c.config.request(ctx, inv.Payload)
	if err != nil {
		return client.Reply{}, fmt.Errorf("%w: %w", wamp.ErrInvalidArgument, err)
	}
	c.log.Debug("performing an HTTP request", "method", req.Method, "path", req.URL.Path)
	reply, err := c.exchange(req)
	if ctx.Err() != nil {
		return client.Reply{}, context.Cause(ctx)
	}
	return reply, err
}

func (c *Component) exchange(req *http.Request) (client.Reply, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		err = extra.RequestError(err)
		c.log.Warn("HTTP request failed", "method", req.Method, "path", req.URL.Path, "err", err)
		return client.Reply{}, fmt.Errorf("%w: %w", wamp.ErrNetworkFailure, err)
	}
	defer func() { _ = resp.Body.Close() }()
	content, err := c.read(resp.Body)
	if err != nil {
		return client.Reply{}, err
	}
	return client.Return(client.Dict{"code": resp.StatusCode, "content": content, "headers": headers(resp.Header)}), nil
}

// read returns a response's content: a string if it is UTF-8, else binary.
func (c *Component) read(body io.Reader) (any, error) {
	content, err := io.ReadAll(io.LimitReader(body, int64(c.config.MaxResponse)+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: response: %w", wamp.ErrNetworkFailure, err)
	case len(content) > c.config.MaxResponse:
		return nil, fmt.Errorf("%w: the response has more than %d octets", wamp.ErrPayloadSizeExceeded, c.config.MaxResponse)
	case utf8.Valid(content):
		return string(content), nil
	}
	return content, nil
}

// headers returns a response's fields as lists of strings.
func headers(h http.Header) client.Dict {
	dict := make(client.Dict, len(h))
	for name, values := range h {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = text(v)
		}
		dict[text(name)] = list
	}
	return dict
}

// text reads a field as HTTP of old did, as Latin-1, unless it is UTF-8.
func text(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}
