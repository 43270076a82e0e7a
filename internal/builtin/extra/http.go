package extra

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ParseURL returns an absolute URL of http or https.
func ParseURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("is required")
	}
	u, err := url.Parse(text)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) { // its text may hold a password
			err = parse.Err
		}
		return nil, fmt.Errorf("no valid URL: %w", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errors.New("want an absolute URL such as https://example.com/path")
	}
	return u, nil
}

// Headers are fields that a configuration adds to HTTP requests.
type Headers map[string]string

// Header returns them as an http.Header, or what is wrong with them.
func (h Headers) Header() (http.Header, error) {
	header := make(http.Header, len(h))
	for _, name := range slices.Sorted(maps.Keys(h)) {
		if err := CheckHeader(name, h[name]); err != nil {
			return nil, err
		}
		if header.Get(name) != "" {
			return nil, fmt.Errorf("%s is given twice", http.CanonicalHeaderKey(name))
		}
		header.Set(name, h[name])
	}
	return header, nil
}

// CheckHeader reports a field that cannot be sent, or that net/http alone
// decides since it is about the connection and not the request.
func CheckHeader(name, value string) error {
	if !IsToken(name) {
		return fmt.Errorf("%q is no name of a header", name)
	}
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Te", "Trailer",
		"Proxy-Authorization", "Proxy-Connection":
		return fmt.Errorf("%s cannot be set", http.CanonicalHeaderKey(name))
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return fmt.Errorf("%s has a control character in its value", name)
	}
	return nil
}

// IsToken reports whether s is a token of HTTP, such as a method or the name
// of a header.
func IsToken(s string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || strings.ContainsRune(marks, r))
	})
}

// Transport returns an http.Transport of its own: with the defaults of
// net/http, the proxies of the environment among them, but as many idle
// connections to its one host as requests at the same time.
func Transport(concurrency int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = concurrency
	return t
}

// RequestError returns the cause of an error of an http.Client, without the
// URL, which is nothing for callers and may hold secrets in its query.
func RequestError(err error) error {
	var failed *url.Error
	if errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
