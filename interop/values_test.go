//go:build interop

package interop_test

import (
	"encoding/base64"
	"math"
)

// binaryKey marks an octet string in the JSON lines spoken with an agent.
const binaryKey = "$binary"

// toAgent returns v with each octet string in the form that agents read.
func toAgent[T any](v T) T { return as[T](convert(v, packed)) }

// fromAgent undoes toAgent, and turns whole numbers into int64, so that values
// compare equal whichever client reported them.
func fromAgent[T any](v T) T { return as[T](convert(v, unpacked)) }

func as[T any](v any) T {
	t, _ := v.(T) // nil stays nil
	return t
}

func packed(v any) any {
	if octets, ok := v.([]byte); ok {
		return map[string]any{binaryKey: base64.StdEncoding.EncodeToString(octets)}
	}
	return v
}

func unpacked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if text, ok := v[binaryKey].(string); ok && len(v) == 1 {
			if octets, err := base64.StdEncoding.DecodeString(text); err == nil {
				return octets
			}
		}
	case float64:
		if whole := math.Trunc(v); whole == v && math.Abs(v) < 1<<60 {
			return int64(whole)
		}
	case int:
		return int64(v)
	case uint64:
		if v <= math.MaxInt64 {
			return int64(v)
		}
	}
	return v
}

// convert applies each to v, then to everything in it.
func convert(v any, each func(any) any) any {
	switch v := each(v).(type) {
	case []any:
		if v == nil {
			return v
		}
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = convert(item, each)
		}
		return list
	case map[string]any:
		if v == nil {
			return v
		}
		dict := make(map[string]any, len(v))
		for key, item := range v {
			if key == binaryKey {
				dict[key] = item
				continue
			}
			dict[key] = convert(item, each)
		}
		return dict
	default:
		return v
	}
}
