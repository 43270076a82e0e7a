package httpforwarder

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
	defaultTimeout      = 10 * time.Second // for one attempt
	defaultAttempts     = 5
	maxAttempts         = 1_000_000
	defaultRetryInitial = 500 * time.Millisecond
	defaultRetryMax     = 30 * time.Second
	defaultQueue        = 1000 // events
	maxQueue            = 1_000_000
	defaultQueueBytes   = 16 << 20
	maxQueueBytes       = 1 << 30
)

var methods = []string{http.MethodPost, http.MethodPut, http.MethodPatch}

// config is the extra configuration.
type config struct {
	Subscriptions []subscription `json:"subscriptions"`
	Method        string         `json:"method"`
	ExpectedCode  int            `json:"expectedcode"` // 0: any from 200 to 299
	Headers       extra.Headers  `json:"headers"`
	Timeout       extra.Duration `json:"timeout"` // of one attempt
	Retry         retry          `json:"retry"`
	Queue         int            `json:"queue"`       // events that wait, per subscription
	QueueBytes    int            `json:"queue_bytes"` // octets that wait, per subscription

	header http.Header // Headers
}

// subscription forwards the events of a topic to a URL.
type subscription struct {
	Topic wamp.URI    `json:"topic"`
	Match extra.Match `json:"match"`
	URL   string      `json:"url"`

	target *url.URL
}

type retry struct {
	Attempts int `json:"attempts"` // in all
	extra.Backoff
}

// load reads, checks and completes the extra configuration.
func load(cfg component.Config) (*config, error) {
	c := new(config)
	if err := cfg.Decode(c); err != nil {
		return nil, err
	}
	if len(c.Subscriptions) == 0 {
		return nil, errors.New("extra.subscriptions: is required: a list of topic and url")
	}
	for i := range c.Subscriptions {
		if err := c.Subscriptions[i].complete(); err != nil {
			return nil, fmt.Errorf("extra.subscriptions[%d].%w", i, err)
		}
	}
	if err := c.complete(); err != nil {
		return nil, fmt.Errorf("extra.%w", err)
	}
	return c, nil
}

func (s *subscription) complete() (err error) {
	if err := extra.CheckPattern(s.Topic, s.Match); err != nil {
		return fmt.Errorf("topic: %w", err)
	}
	if s.target, err = extra.ParseURL(s.URL); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	return nil
}

func (c *config) complete() (err error) {
	if c.Method = strings.ToUpper(c.Method); c.Method == "" {
		c.Method = http.MethodPost
	}
	if !slices.Contains(methods, c.Method) {
		return fmt.Errorf("method: want one of %s, got %q", strings.Join(methods, ", "), c.Method)
	}
	if c.ExpectedCode != 0 && (c.ExpectedCode < 200 || c.ExpectedCode > 599) {
		return fmt.Errorf("expectedcode: want 200 to 599, got %d", c.ExpectedCode)
	}
	if c.header, err = c.Headers.Header(); err != nil {
		return fmt.Errorf("headers: %w", err)
	}
	if c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/json")
	}
	c.Timeout = extra.Duration(c.Timeout.Or(defaultTimeout))
	for _, n := range []struct {
		key                  string
		value                *int
		most, meansIfMissing int
	}{
		{"retry.attempts", &c.Retry.Attempts, maxAttempts, defaultAttempts},
		{"queue", &c.Queue, maxQueue, defaultQueue},
		{"queue_bytes", &c.QueueBytes, maxQueueBytes, defaultQueueBytes},
	} {
		if *n.value < 0 || *n.value > n.most {
			return fmt.Errorf("%s: want 1 to %d, got %d", n.key, n.most, *n.value)
		}
		if *n.value == 0 {
			*n.value = n.meansIfMissing
		}
	}
	b := &c.Retry.Backoff
	b.Initial = extra.Duration(b.Initial.Or(defaultRetryInitial))
	b.Max = extra.Duration(b.Max.Or(max(defaultRetryMax, time.Duration(b.Initial))))
	if err := b.Check(); err != nil {
		return fmt.Errorf("retry: %w", err)
	}
	return nil
}
