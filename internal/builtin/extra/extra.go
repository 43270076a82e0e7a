// Package extra has the kinds of values that the extra configuration of
// several built-in components shares. Each reads itself from JSON and refuses
// what it is not, naming what would be right.
package extra

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// Duration is a time span: a number of seconds, or a string such as "250ms".
// It is never negative.
type Duration time.Duration

// maxDuration keeps a Duration far from overflow.
const maxDuration = 10 * 365 * 24 * time.Hour

// UnmarshalJSON reads both forms.
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	var span time.Duration
	switch v := v.(type) {
	case nil:
		return nil
	case float64:
		if v < 0 || v > maxDuration.Seconds() {
			return fmt.Errorf("want 0 to %.0f seconds, got %v", maxDuration.Seconds(), v)
		}
		span = time.Duration(v * float64(time.Second))
	case string:
		var err error
		if span, err = time.ParseDuration(v); err != nil {
			return fmt.Errorf(`want a number of seconds or a duration such as "250ms", got %q`, v)
		}
		if span < 0 || span > maxDuration {
			return fmt.Errorf("want 0s to %v, got %s", maxDuration, v)
		}
	default:
		return fmt.Errorf(`want a number of seconds or a duration such as "250ms", got %s`, raw)
	}
	*d = Duration(span)
	return nil
}

// Or returns d, or what it means if it is zero.
func (d Duration) Or(otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return time.Duration(d)
}

// Match is WAMP's word for a matching policy.
type Match wamp.Match

// UnmarshalJSON reads the word.
func (m *Match) UnmarshalJSON(raw []byte) error {
	match, err := word(raw, wamp.ParseMatch, "exact, prefix or wildcard")
	*m = Match(match)
	return err
}

// Invoke is WAMP's word for an invocation policy.
type Invoke wamp.Invoke

// UnmarshalJSON reads the word.
func (i *Invoke) UnmarshalJSON(raw []byte) error {
	invoke, err := word(raw, wamp.ParseInvoke, "single, roundrobin, random, first, last or leastpending")
	*i = Invoke(invoke)
	return err
}

// word reads a string that parse knows; null is the zero value.
func word[T any](raw []byte, parse func(string) (T, bool), want string) (v T, err error) {
	var s *string
	if json.Unmarshal(raw, &s) == nil {
		if s == nil {
			return v, nil
		}
		if v, ok := parse(*s); ok {
			return v, nil
		}
	}
	return v, fmt.Errorf("want %s, got %s", want, raw)
}

// CheckPattern reports whether uri may be registered or subscribed to.
func CheckPattern(uri wamp.URI, m Match) error {
	match := wamp.Match(m)
	switch {
	case uri == "" && match == wamp.MatchExact:
		return errors.New("is required")
	case !uri.ValidPattern(match, wamp.URILoose):
		return fmt.Errorf("%q is no valid URI to match by %s", uri, match)
	}
	return nil
}

// Backoff says how long to wait before a failed operation is tried again.
type Backoff struct {
	Initial Duration `json:"initial"` // before the first further attempt
	Max     Duration `json:"max"`     // doubling ends there
}

// Check reports a Max that is below Initial.
func (b Backoff) Check() error {
	if b.Max < b.Initial {
		return fmt.Errorf("max %v is shorter than initial %v", time.Duration(b.Max), time.Duration(b.Initial))
	}
	return nil
}

// Delay returns how long to wait after a number of failures in a row, counted
// from 1: Initial, doubled with each but never above Max, and of that a random
// part between a half and the whole, so that many who failed together do not
// come back together.
func (b Backoff) Delay(failures int) time.Duration {
	delay, most := time.Duration(b.Initial), time.Duration(b.Max)
	for ; failures > 1 && delay < most; failures-- {
		delay *= 2
	}
	delay = min(delay, most)
	return delay - rand.N(delay/2+1)
}

// Sleep waits, or returns the context's error once that has ended.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
