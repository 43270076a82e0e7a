package link

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/junctorio/junctor/client"
	"github.com/junctorio/junctor/component"
	"github.com/junctorio/junctor/internal/builtin/extra"
	"github.com/junctorio/junctor/transport"
	"github.com/junctorio/junctor/wamp"
)

// The defaults and bounds of the configuration.
const (
	defaultConcurrency      = 256 // calls at once, per procedure and way
	maxConcurrency          = 65536
	defaultQueue            = 1000 // events that wait, per way
	maxQueue                = 1_000_000
	defaultQueueBytes       = 16 << 20
	maxQueueBytes           = 1 << 30
	defaultMaxHops          = 1
	mostMaxHops             = 16
	defaultReconnectInitial = 200 * time.Millisecond
	defaultReconnectMax     = 30 * time.Second
)

// config is the extra configuration.
type config struct {
	Upstream   upstream    `json:"upstream"`
	Topics     []topic     `json:"topics"`
	Procedures []procedure `json:"procedures"`
	Queue      int         `json:"queue"`       // events that wait, per way
	QueueBytes int         `json:"queue_bytes"` // octets of payload that wait, per way
	Keep       bool        `json:"keep"`        // events, while the upstream realm is away
	MaxHops    int         `json:"max_hops"`    // links that an event may pass
}

// upstream is where the other realm is.
type upstream struct {
	URL        string        `json:"url"`
	Realm      wamp.URI      `json:"realm"`
	Serializer serializer    `json:"serializer"`
	TLS        *tlsFiles     `json:"tls"`
	Auth       *login        `json:"auth"`
	Reconnect  extra.Backoff `json:"reconnect"`

	dir string // what paths are relative to
}

// topic has events that are passed on.
type topic struct {
	URI         wamp.URI    `json:"uri"`
	Match       extra.Match `json:"match"`
	Direction   direction   `json:"direction"`
	Acknowledge bool        `json:"acknowledge"`
}

// procedure has calls that are passed on.
type procedure struct {
	URI         wamp.URI     `json:"uri"`
	Match       extra.Match  `json:"match"`
	Direction   direction    `json:"direction"`
	Invoke      extra.Invoke `json:"invoke"`
	Concurrency int          `json:"concurrency"` // calls at once, per way
}

// direction is which way events or calls are passed on, as a set of bits.
type direction uint8

const (
	up   direction = 1 << iota // from the local realm to the upstream one
	down                       // from the upstream realm to the local one
	both = up | down
)

var directions = map[direction]string{up: "up", down: "down", both: "both"}

// UnmarshalJSON reads the word.
func (d *direction) UnmarshalJSON(raw []byte) error {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		for value, name := range directions {
			if name == word {
				*d = value
				return nil
			}
		}
	}
	return fmt.Errorf("want up, down or both, got %s", raw)
}

// serializer is named by a word, as everywhere in configurations.
type serializer wamp.SerializerNumber

// UnmarshalJSON reads the word.
func (s *serializer) UnmarshalJSON(raw []byte) error {
	var word string
	if json.Unmarshal(raw, &word) == nil {
		for _, n := range []wamp.SerializerNumber{wamp.SerializerJSON, wamp.SerializerMsgPack, wamp.SerializerCBOR} {
			if n.String() == word {
				*s = serializer(n)
				return nil
			}
		}
	}
	return fmt.Errorf("want json, msgpack or cbor, got %s", raw)
}

// load reads, checks and completes the extra configuration.
func load(cfg component.Config) (*config, error) {
	c := new(config)
	if err := cfg.Decode(c); err != nil {
		return nil, err
	}
	if err := c.Upstream.complete(cfg); err != nil {
		return nil, fmt.Errorf("extra.upstream.%w", err)
	}
	if len(c.Topics)+len(c.Procedures) == 0 {
		return nil, errors.New("extra: neither topics nor procedures to link")
	}
	for i, t := range c.Topics {
		if err := checkEntry(t.URI, t.Match, t.Direction); err != nil {
			return nil, fmt.Errorf("extra.topics[%d].%w", i, err)
		}
		if first := slices.IndexFunc(c.Topics, t.meets); first < i {
			return nil, fmt.Errorf("extra.topics[%d].uri: %q has that direction in topics[%d] already", i, t.URI, first)
		}
	}
	for i := range c.Procedures {
		p := &c.Procedures[i]
		if err := p.complete(); err != nil {
			return nil, fmt.Errorf("extra.procedures[%d].%w", i, err)
		}
		if first := slices.IndexFunc(c.Procedures, p.meets); first < i {
			return nil, fmt.Errorf("extra.procedures[%d].uri: %q has that direction in procedures[%d] already", i, p.URI, first)
		}
	}
	return c, c.completeLimits()
}

// meets reports whether a session would have to subscribe to both.
func (t topic) meets(other topic) bool {
	return t.URI == other.URI && t.Match == other.Match && t.Direction&other.Direction != 0
}

// meets reports whether a session would have to register both.
func (p procedure) meets(other procedure) bool {
	return p.URI == other.URI && p.Match == other.Match && p.Direction&other.Direction != 0
}

func checkEntry(uri wamp.URI, m extra.Match, d direction) error {
	if err := extra.CheckPattern(uri, m); err != nil {
		return fmt.Errorf("uri: %w", err)
	}
	if uri.Reserved() {
		return fmt.Errorf("uri: %q is below wamp, which each router keeps for itself (URI-3)", uri)
	}
	if d == 0 {
		return errors.New("direction: is required: up, down or both")
	}
	return nil
}

func (p *procedure) complete() error {
	if err := checkEntry(p.URI, p.Match, p.Direction); err != nil {
		return err
	}
	return limit("concurrency", &p.Concurrency, maxConcurrency, defaultConcurrency)
}

func (c *config) completeLimits() error {
	for _, n := range []struct {
		key               string
		value             *int
		most, meansIfZero int
	}{
		{"queue", &c.Queue, maxQueue, defaultQueue},
		{"queue_bytes", &c.QueueBytes, maxQueueBytes, defaultQueueBytes},
		{"max_hops", &c.MaxHops, mostMaxHops, defaultMaxHops},
	} {
		if err := limit(n.key, n.value, n.most, n.meansIfZero); err != nil {
			return fmt.Errorf("extra.%w", err)
		}
	}
	return nil
}

// limit checks a number whose zero means a default.
func limit(key string, n *int, most, meansIfZero int) error {
	if *n < 0 || *n > most {
		return fmt.Errorf("%s: want 1 to %d, got %d", key, most, *n)
	}
	if *n == 0 {
		*n = meansIfZero
	}
	return nil
}

func (u *upstream) complete(cfg component.Config) error {
	if err := u.completeURL(cfg.Dir); err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if u.Realm == "" {
		u.Realm = cfg.Realm
	}
	if !u.Realm.Valid(wamp.URILoose) {
		return fmt.Errorf("realm: %q is no valid URI", u.Realm)
	}
	if u.Serializer == 0 {
		u.Serializer = serializer(client.DefaultSerializer)
	}
	b := &u.Reconnect
	b.Initial = extra.Duration(b.Initial.Or(defaultReconnectInitial))
	b.Max = extra.Duration(b.Max.Or(max(defaultReconnectMax, time.Duration(b.Initial))))
	if err := b.Check(); err != nil {
		return fmt.Errorf("reconnect: %w", err)
	}
	u.dir = cfg.Dir
	if err := u.Auth.check(u.TLS != nil && u.TLS.Certificate != ""); err != nil {
		return err
	}
	return u.TLS.check()
}

func (u *upstream) completeURL(dir string) error {
	if u.URL == "" {
		return errors.New("is required, for example rss://router.example.com:8443")
	}
	a, err := transport.ParseURL(u.URL)
	if err != nil {
		return err
	}
	if a.Transport != "rawsocket" {
		return fmt.Errorf("%s is not supported yet; use rs://, rss:// or unix://", a.Transport)
	}
	if a.TLS && u.TLS == nil {
		u.TLS = new(tlsFiles)
	}
	if !a.TLS && u.TLS != nil {
		return errors.New("does not ask for TLS, but tls is given; write rss://host:port")
	}
	if a.Network != "unix" || a.Path[0] == '@' {
		return nil
	}
	a.Path, err = filepath.Abs(absolute(dir, a.Path))
	u.URL = a.String()
	return err
}
