package config

import (
	"encoding/json"
	"math"
	"strconv"
)

// anything is any value, kept as JSON for somebody else to read.
var anything = form[json.RawMessage]{
	words: "anything", schema: schema{},
	read: func(c *checker, v *value) (json.RawMessage, bool) { return c.appendJSON(nil, v) },
}

// extra is an object for a component to read.
var extra = form[json.RawMessage]{
	words: "an object", schema: schema{"type": "object"},
	read: func(c *checker, v *value) (json.RawMessage, bool) {
		if v.kind != isObject {
			c.wrongType(v, "an object", "")
			return nil, false
		}
		return c.appendJSON(nil, v)
	},
}

// appendJSON appends the value as JSON. It reports what JSON cannot say.
func (c *checker) appendJSON(b []byte, v *value) ([]byte, bool) {
	switch v.kind {
	case isBool:
		return strconv.AppendBool(b, v.boolean), true
	case isInteger:
		return strconv.AppendInt(b, v.integer, 10), true
	case isNumber:
		return c.appendNumber(b, v)
	case isText:
		return appendText(b, v.text), true
	case isList:
		return c.appendItems(b, v, '[', ']')
	case isObject:
		return c.appendItems(b, v, '{', '}')
	}
	return append(b, "null"...), true
}

// appendNumber writes the number as the file does, if that is JSON.
func (c *checker) appendNumber(b []byte, v *value) ([]byte, bool) {
	if json.Valid([]byte(v.text)) {
		return append(b, v.text...), true
	}
	n, ok := parseNumber(v.text)
	if !ok || math.IsInf(n, 0) || math.IsNaN(n) {
		c.fail(BadValue, v.position(), "put it in quotes if it is a string", "JSON, which this is turned into, has no number %s", v.text)
		return b, false
	}
	return strconv.AppendFloat(b, n, 'g', -1, 64), true
}

func (c *checker) appendItems(b []byte, v *value, begin, end byte) ([]byte, bool) {
	all, first := true, true
	b = append(b, begin)
	for _, item := range v.items {
		if v.kind == isObject && v.get(item.key) != item {
			c.warnDuplicate(v, item)
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		if v.kind == isObject {
			b = append(appendText(b, item.key), ':')
		}
		var ok bool
		b, ok = c.appendJSON(b, item)
		all = all && ok
	}
	return append(b, end), all
}

func appendText(b []byte, s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can always be said
	}
	return append(b, text...)
}
