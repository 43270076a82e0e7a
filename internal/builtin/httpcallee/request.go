package httpcallee

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/internal/serializer"
	"github.com/junctorio/junctor/wamp"
)

// request returns the HTTP request that a call asks for. Errors are the caller's.
func (c *config) request(ctx context.Context, p wamp.Payload) (*http.Request, error) {
	args, kwargs, err := p.Values()
	if err != nil {
		return nil, err
	}
	if len(args) > 0 {
		return nil, errors.New("takes keyword arguments only: method, url, params, headers, body")
	}
	for key := range kwargs {
		if !slices.Contains([]string{"method", "url", "params", "headers", "body"}, key) {
			return nil, fmt.Errorf("unknown keyword argument %q; known are method, url, params, headers, body", key)
		}
	}
	method, err := c.method(kwargs["method"])
	if err != nil {
		return nil, err
	}
	target, err := c.target(kwargs["url"], kwargs["params"])
	if err != nil {
		return nil, err
	}
	body, kind, err := content(kwargs["body"])
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, target.String(), body)
	if err != nil {
		return nil, extra.RequestError(err)
	}
	return req, c.setHeader(req.Header, kind, kwargs["headers"])
}

// method is GET unless the caller names another one that is allowed.
func (c *config) method(v any) (string, error) {
	name := http.MethodGet
	if v != nil {
		s, ok := v.(string)
		if !ok {
			return "", fmt.Errorf("method: want a string, got %T", v)
		}
		name = strings.ToUpper(s)
	}
	if !slices.Contains(c.Methods, name) {
		return "", fmt.Errorf("method: %q is not among those allowed, %s", name, strings.Join(c.Methods, ", "))
	}
	return name, nil
}

// target resolves what the caller gave as url, and appends params to its query.
func (c *config) target(v, params any) (*url.URL, error) {
	text, ok := v.(string)
	if !ok && v != nil {
		return nil, fmt.Errorf("url: want a string, got %T", v)
	}
	target, err := c.resolve(text)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	fields, err := multi(params)
	if err != nil {
		return nil, fmt.Errorf("params: %w", err)
	}
	var queries []string
	for _, q := range []string{target.RawQuery, url.Values(fields).Encode()} {
		if q != "" {
			queries = append(queries, q)
		}
	}
	target.RawQuery = strings.Join(queries, "&")
	return target, nil
}

// resolve returns the URL of a path below the base URL. It never leaves that:
// not by another host, not by "..", encoded or not. A leading slash means the
// base URL too.
func (c *config) resolve(text string) (*url.URL, error) {
	ref, err := url.Parse(strings.TrimLeft(text, "/"))
	switch {
	case err != nil:
		return nil, extra.RequestError(err)
	case ref.Scheme != "" || ref.Opaque != "" || ref.Host != "" || ref.User != nil:
		return nil, errors.New("want a path below the component's base URL, with a query perhaps")
	case leaves(ref.Path):
		return nil, errors.New("has a path with . or .. or a backslash")
	}
	target := *c.base
	target.Path = c.base.Path + ref.Path
	target.RawPath = c.base.EscapedPath() + ref.EscapedPath()
	if ref.RawQuery != "" {
		target.RawQuery = strings.TrimPrefix(c.base.RawQuery+"&"+ref.RawQuery, "&")
	}
	return &target, nil
}

// leaves reports whether a decoded path has an element that a server may take
// for its parent. Some take a backslash for a slash.
func leaves(path string) bool {
	for element := range strings.SplitSeq(path, "/") {
		element, _, _ = strings.Cut(element, ";") // some take what follows for a parameter
		if element == "." || element == ".." || strings.Contains(element, `\`) {
			return true
		}
	}
	return false
}

// below reports whether u may be requested, where a redirect leads to it.
func (c *config) below(u *url.URL) bool {
	return u.Scheme == c.base.Scheme && u.Host == c.base.Host && !leaves(u.Path) &&
		strings.HasPrefix(u.Path, c.base.Path) && strings.HasPrefix(u.EscapedPath(), c.base.EscapedPath())
}

// content returns a request's body and, where it is not the caller's to know,
// its type.
func content(v any) (body io.Reader, kind string, err error) {
	switch v := v.(type) {
	case nil:
		return nil, "", nil
	case string:
		return strings.NewReader(v), "text/plain; charset=utf-8", nil
	case []byte:
		return bytes.NewReader(v), "application/octet-stream", nil
	case []any, wamp.Dict:
		p, err := serializer.JSON.EncodePayload([]any{v}, nil)
		if err != nil {
			return nil, "", err
		}
		return bytes.NewReader(p.Bytes[1 : len(p.Bytes)-1]), "application/json", nil
	}
	return nil, "", fmt.Errorf("want a string, binary, a list or an object, got %T", v)
}

// setHeader sets the configured fields and the caller's, who must not touch
// the configured ones.
func (c *config) setHeader(h http.Header, kind string, v any) error {
	fields, err := multi(v)
	if err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if _, ours := c.header[http.CanonicalHeaderKey(name)]; ours {
			return fmt.Errorf("headers: %s is set by the component's configuration", http.CanonicalHeaderKey(name))
		}
		for _, value := range fields[name] {
			if err := extra.CheckHeader(name, value); err != nil {
				return fmt.Errorf("headers: %w", err)
			}
			h.Add(name, value)
		}
	}
	maps.Copy(h, c.header)
	if kind != "" && h.Get("Content-Type") == "" {
		h.Set("Content-Type", kind)
	}
	return nil
}

// multi reads a dictionary whose values are scalars or lists of them.
func multi(v any) (map[string][]string, error) {
	if v == nil {
		return nil, nil
	}
	dict, ok := v.(wamp.Dict)
	if !ok {
		return nil, fmt.Errorf("want an object, got %T", v)
	}
	fields := make(map[string][]string, len(dict))
	for key, v := range dict {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, v := range list {
			text, err := scalar(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			fields[key] = append(fields[key], text)
		}
	}
	return fields, nil
}

func scalar(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case bool, int64, uint64, float64, *big.Int:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("want a string, number or boolean or a list of such, got %T", v)
}
