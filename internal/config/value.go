package config

import (
	"fmt"
	"strconv"
	"strings"
)

// kindOf is what a value in a file is, independent of the file's format.
type kindOf uint8

const (
	isNull kindOf = iota
	isBool
	isInteger
	isNumber // with a fraction or an exponent, or too big for 64 bits
	isText
	isList
	isObject
)

// String returns the kind with its article, for messages.
func (k kindOf) String() string {
	return [...]string{"null", "a boolean", "a whole number", "a number", "a string", "a list", "an object"}[k]
}

// value is a node of the tree in which JSON and YAML meet. Nothing changes it
// once it is parsed.
type value struct {
	kind         kindOf
	line, column int // where the value begins

	boolean bool
	integer int64
	text    string // of strings; of isNumber, as written
	items   []*value
	byKey   map[string]*value // of objects: the item that counts for each key

	parent    *value // nil for the root
	file      string // of the root
	index     int    // in a list
	key       string // in an object
	keyLine   int
	keyColumn int
	fromTable bool // a default, not in the file
}

// get returns the member of an object, or nil. Of members given twice the last
// one counts, as in Crossbar.io.
func (v *value) get(key string) *value {
	if v == nil || v.kind != isObject {
		return nil
	}
	return v.byKey[key]
}

// add adds an item to a list, or a member whose key is set to an object.
func (v *value) add(item *value) {
	item.parent, item.index = v, len(v.items)
	v.items = append(v.items, item)
	if v.kind == isObject {
		if v.byKey == nil {
			v.byKey = map[string]*value{}
		}
		v.byKey[item.key] = item
	}
}

func (v *value) root() *value {
	for v.parent != nil {
		v = v.parent
	}
	return v
}

func (v *value) position() Position {
	if v == nil {
		return Position{}
	}
	return Position{File: v.root().file, Line: v.line, Column: v.column, Path: v.path()}
}

// keyPosition is where the key of an object's member stands.
func (v *value) keyPosition() Position {
	p := v.position()
	p.Line, p.Column = v.keyLine, v.keyColumn
	return p
}

func (v *value) path() string {
	var steps []string
	for ; v.parent != nil; v = v.parent {
		steps = append(steps, v.step())
	}
	var b strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		if b.Len() > 0 && steps[i][0] != '[' {
			b.WriteByte('.')
		}
		b.WriteString(steps[i])
	}
	return b.String()
}

// step names v within its parent.
func (v *value) step() string {
	if v.parent.kind == isList {
		return "[" + strconv.Itoa(v.index) + "]"
	}
	if isPlainKey(v.key) {
		return v.key
	}
	return "[" + strconv.Quote(v.key) + "]"
}

func isPlainKey(key string) bool {
	for _, c := range key {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '$') {
			return false
		}
	}
	return key != ""
}

// String describes the value for messages: short, in one line.
func (v *value) String() string {
	switch v.kind {
	case isBool:
		return strconv.FormatBool(v.boolean)
	case isInteger:
		return strconv.FormatInt(v.integer, 10)
	case isNumber:
		return v.text
	case isText:
		return quote(v.text)
	default:
		return v.kind.String()
	}
}

// quote quotes s for a message and cuts it where it gets long.
func quote(s string) string {
	const limit = 60
	if runes := []rune(s); len(runes) > limit {
		return fmt.Sprintf("%q…", string(runes[:limit]))
	}
	return strconv.Quote(s)
}

// inList returns a list that holds only v, at v's place.
func (v *value) inList() *value {
	list := *v
	list.kind, list.items = isList, []*value{v}
	return &list
}
