package httpcallee

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/wamp"
)

// The defaults of the configuration.
const (
	defaultTimeout     = 30 * time.Second
	defaultMaxResponse = 4 << 20 // octets
	mostMaxResponse    = 1 << 30
	defaultConcurrency = 16
	maxConcurrency     = 1024
)

var defaultMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// config is the extra configuration.
type config struct {
	Procedure   wamp.URI       `json:"procedure"`
	BaseURL     string         `json:"baseurl"`
	Timeout     extra.Duration `json:"timeout"`
	MaxResponse int            `json:"max_response"` // octets of a response's content
	Headers     extra.Headers  `json:"headers"`
	Methods     []string       `json:"methods"`
	Concurrency int            `json:"concurrency"`

	base   *url.URL    // BaseURL, its path ending in a slash
	header http.Header // Headers
}

// load reads, checks and completes the extra configuration.
func load(cfg component.Config) (*config, error) {
	c := new(config)
	if err := cfg.Decode(c); err != nil {
		return nil, err
	}
	var err error
	if err = extra.CheckPattern(c.Procedure, 0); err != nil {
		return nil, fmt.Errorf("extra.procedure: %w", err)
	}
	if c.base, err = parseBase(c.BaseURL); err != nil {
		return nil, fmt.Errorf("extra.baseurl: %w", err)
	}
	if c.header, err = c.Headers.Header(); err != nil {
		return nil, fmt.Errorf("extra.headers: %w", err)
	}
	c.useCredentials()
	if c.MaxResponse < 0 || c.MaxResponse > mostMaxResponse {
		return nil, fmt.Errorf("extra.max_response: want 1 to %d octets, got %d", mostMaxResponse, c.MaxResponse)
	}
	if c.Concurrency < 0 || c.Concurrency > maxConcurrency {
		return nil, fmt.Errorf("extra.concurrency: want 1 to %d, got %d", maxConcurrency, c.Concurrency)
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = defaultMaxResponse
	}
	if c.Concurrency == 0 {
		c.Concurrency = defaultConcurrency
	}
	c.Timeout = extra.Duration(c.Timeout.Or(defaultTimeout))
	return c, c.completeMethods()
}

// useCredentials turns a user in the base URL into a header, which callers
// cannot replace, unless that is configured already.
func (c *config) useCredentials() {
	if user := c.base.User; user != nil && c.header.Get("Authorization") == "" {
		password, _ := user.Password()
		req := http.Request{Header: c.header}
		req.SetBasicAuth(user.Username(), password)
	}
	c.base.User = nil
}

func (c *config) completeMethods() error {
	if len(c.Methods) == 0 {
		c.Methods = defaultMethods
		return nil
	}
	for i, m := range c.Methods {
		if c.Methods[i] = strings.ToUpper(m); !extra.IsToken(m) || c.Methods[i] == http.MethodConnect {
			return fmt.Errorf("extra.methods[%d]: %q is no method for a resource; such are %s", i, m, strings.Join(defaultMethods, ", "))
		}
	}
	c.Methods = slices.Clone(c.Methods)
	return nil
}

// parseBase returns the URL that all requests stay below.
func parseBase(text string) (*url.URL, error) {
	base, err := extra.ParseURL(text)
	switch {
	case err != nil:
		return nil, err
	case base.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("has a fragment, which is never sent")
	case leaves(base.Path):
		return nil, errors.New("has . or .. in its path")
	}
	if !strings.HasSuffix(base.Path, "/") {
		base = base.JoinPath("/")
	}
	return base, nil
}
