package dialogue

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/junctorio/junctor/wamp"
)

// bindings are the values of the variables.
type bindings map[string]any

// fill returns the value that a script's value stands for when it is sent.
func (b bindings) fill(v any) (any, error) {
	switch v := v.(type) {
	case variable:
		bound, ok := b[string(v)]
		if !ok {
			return nil, fmt.Errorf("$%s has no value yet", v)
		}
		return bound, nil
	case anything:
		return nil, fmt.Errorf("_ cannot be sent")
	case timestamp:
		return nil, fmt.Errorf("timestamp cannot be sent")
	case called:
		return b.evaluate(v)
	case list:
		return b.fillList(v)
	case dict:
		return b.fillDict(v)
	}
	return v, nil
}

func (b bindings) fillList(l list) ([]any, error) {
	if l.rest {
		return nil, fmt.Errorf("... cannot be sent")
	}
	filled := make([]any, len(l.items))
	for i, item := range l.items {
		var err error
		if filled[i], err = b.fill(item); err != nil {
			return nil, err
		}
	}
	return filled, nil
}

func (b bindings) fillDict(d dict) (wamp.Dict, error) {
	if d.rest {
		return nil, fmt.Errorf("... cannot be sent")
	}
	filled := wamp.Dict{}
	for i, key := range d.keys {
		var err error
		if filled[key], err = b.fill(d.values[i]); err != nil {
			return nil, err
		}
	}
	return filled, nil
}

// match compares a received value with what the script wants, and binds the
// variables that are met first. The error says where they differ.
func (b bindings) match(want, got any, where string) error {
	switch want := want.(type) {
	case anything:
		return nil
	case timestamp:
		return isTimestamp(got, where)
	case called:
		proof, err := b.evaluate(want)
		if err != nil {
			return err
		}
		return equal(proof, got, where)
	case variable:
		bound, ok := b[string(want)]
		if !ok {
			b[string(want)] = normal(got)
			return nil
		}
		return equal(bound, got, where)
	case list:
		items, ok := got.([]any)
		if !ok {
			return fmt.Errorf("%s is %v, want a list", where, got)
		}
		return b.matchList(want, items, where)
	case dict:
		entries, ok := got.(wamp.Dict)
		if !ok {
			return fmt.Errorf("%s is %v, want a dictionary", where, got)
		}
		return b.matchDict(want, entries, where)
	}
	return equal(want, got, where)
}

func (b bindings) matchList(want list, got []any, where string) error {
	if len(got) < len(want.items) || len(got) > len(want.items) && !want.rest {
		return fmt.Errorf("%s has %d elements, want %d", where, len(got), len(want.items))
	}
	for i, item := range want.items {
		if err := b.match(item, got[i], fmt.Sprintf("%s[%d]", where, i)); err != nil {
			return err
		}
	}
	return nil
}

func (b bindings) matchDict(want dict, got wamp.Dict, where string) error {
	for i, key := range want.keys {
		value, ok := got[key]
		if !ok {
			return fmt.Errorf("%s has no key %q", where, key)
		}
		if err := b.match(want.values[i], value, fmt.Sprintf("%s[%q]", where, key)); err != nil {
			return err
		}
	}
	for key := range got {
		if !want.rest && !slices.Contains(want.keys, key) {
			return fmt.Errorf("%s has the unexpected key %q", where, key)
		}
	}
	return nil
}

// isTimestamp checks for a time in UTC as the meta API tells it (RM-1).
func isTimestamp(got any, where string) error {
	text, _ := got.(string)
	at, err := time.Parse(time.RFC3339, text)
	if _, offset := at.Zone(); err != nil || offset != 0 {
		return fmt.Errorf("%s is %#v, want a time in UTC such as 2006-01-02T15:04:05Z", where, got)
	}
	return nil
}

func equal(want, got any, where string) error {
	if !reflect.DeepEqual(normal(want), normal(got)) {
		return fmt.Errorf("%s is %#v, want %#v", where, normal(got), normal(want))
	}
	return nil
}

// normal makes equal numbers the same, whatever serializer they came through.
func normal(v any) any {
	switch v := v.(type) {
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
	case float64:
		if i := int64(v); float64(i) == v {
			return i
		}
	case wamp.ID:
		return int64(v)
	}
	return v
}
