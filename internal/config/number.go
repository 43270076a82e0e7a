package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// number is a number, with or without a fraction, between low and high, both
// included.
func number(low, high float64) form[float64] {
	return fraction(low, high, fmt.Sprintf("a number from %s to %s", decimal(low), decimal(high)))
}

// seconds is a time between shortest and longest, as a number of seconds.
func seconds(shortest, longest time.Duration) form[time.Duration] {
	low, high := shortest.Seconds(), longest.Seconds()
	f := fraction(low, high, fmt.Sprintf("a number from %s to %s (seconds)", decimal(low), decimal(high)))
	return form[time.Duration]{
		words: f.words, schema: f.schema,
		read: func(c *checker, v *value) (time.Duration, bool) {
			n, ok := f.read(c, v)
			return time.Duration(math.Round(n * float64(time.Second))), ok
		},
	}
}

func fraction(low, high float64, words string) form[float64] {
	return form[float64]{
		words:  words,
		schema: schema{"type": "number", "minimum": low, "maximum": high},
		read: func(c *checker, v *value) (float64, bool) {
			n, ok := v.number()
			switch {
			case !ok:
				c.wrongType(v, words, "")
				return 0, false
			case !(low <= n && n <= high): // so that NaN is refused
				c.fail(BadValue, v.position(), "", "must be %s, is %s", words, v)
				return 0, false
			}
			return n, true
		},
	}
}

// number returns the value of a number, and whether it is one.
func (v *value) number() (float64, bool) {
	switch v.kind {
	case isInteger:
		return float64(v.integer), true
	case isNumber:
		return parseNumber(v.text)
	}
	return 0, false
}

// parseNumber reads a number as JSON or YAML writes it.
func parseNumber(text string) (float64, bool) {
	text = strings.ReplaceAll(text, "_", "")
	switch strings.ToLower(strings.TrimLeft(text, "+-")) {
	case ".inf":
		return math.Inf(1), true // of either sign: no place for it anywhere
	case ".nan":
		return math.NaN(), true
	}
	n, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return n, true
	}
	i, err := strconv.ParseUint(text, 0, 64) // hexadecimal and such, too large for an int64
	return float64(i), err == nil
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
