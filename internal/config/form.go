package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// form is what a value may look like and the Go value that it stands for. All
// three views come from one place: for readers, for editors, for the program.
type form[V any] struct {
	words  string // for messages: "a whole number from 1 to 65535"
	link   string // for the reference, where it says more than words
	schema schema // the same as JSON schema
	defs   []definition

	// read returns the value, or reports why v is none and returns false.
	read func(c *checker, v *value) (V, bool)
}

// schema is a piece of JSON schema.
type schema map[string]any

// describe returns the words for the reference.
func (f form[V]) describe() string {
	if f.link != "" {
		return f.link
	}
	return f.words
}

// text is a string that is not empty and, if pattern is not nil, matches it.
func text(words string, pattern *regexp.Regexp) form[string] {
	f := form[string]{words: words, schema: schema{"type": "string", "minLength": 1}}
	if pattern != nil {
		f.schema = schema{"type": "string", "pattern": pattern.String()}
	}
	f.read = func(c *checker, v *value) (string, bool) {
		switch {
		case v.kind != isText:
			c.wrongType(v, words, "")
			return "", false
		case v.text == "":
			c.fail(BadValue, v.position(), "", "must be %s, is empty", words)
			return "", false
		case pattern != nil && !pattern.MatchString(v.text):
			c.fail(BadValue, v.position(), "", "must be %s, is %s", words, v)
			return "", false
		}
		return v.text, true
	}
	return f
}

// anyText is a string without further demands.
var anyText = text("a string", nil)

// itemID is the id of an item as Crossbar.io wants it.
var itemID = text("an id: 3 to 64 of a-z, 0-9 and _, beginning with a letter", regexp.MustCompile(`^[a-z][a-z0-9_]{2,63}$`))

// boolean is true or false; strings and numbers are refused.
var boolean = form[bool]{
	words:  "true or false",
	schema: schema{"type": "boolean"},
	read: func(c *checker, v *value) (bool, bool) {
		if v.kind != isBool {
			c.wrongType(v, "true or false", "")
		}
		return v.boolean, v.kind == isBool
	},
}

// integer is a whole number between low and high, both included. The unit may
// be empty.
func integer(low, high int64, unit string) form[int] {
	words := fmt.Sprintf("a whole number from %d to %d", low, high)
	if unit != "" {
		words += " (" + unit + ")"
	}
	return form[int]{
		words:  words,
		schema: schema{"type": "integer", "minimum": low, "maximum": high},
		read: func(c *checker, v *value) (int, bool) {
			if v.kind != isInteger {
				c.wrongType(v, words, "")
				return 0, false
			}
			if v.integer < low || v.integer > high {
				c.fail(BadValue, v.position(), "", "must be %s, is %d", words, v.integer)
				return 0, false
			}
			return int(v.integer), true
		},
	}
}

// duration is a whole number of the given unit.
func duration(low, high int64, unit time.Duration, name string) form[time.Duration] {
	number := integer(low, high, name)
	return form[time.Duration]{
		words:  number.words,
		schema: number.schema,
		read: func(c *checker, v *value) (time.Duration, bool) {
			n, ok := number.read(c, v)
			return time.Duration(n) * unit, ok
		},
	}
}

// word is one word of an enumeration.
type word[V any] struct {
	word  string
	value V
}

// oneOf is one of the given words.
func oneOf[V any](words ...word[V]) form[V] {
	valid := make([]string, len(words))
	for i, w := range words {
		valid[i] = w.word
	}
	return form[V]{
		words:  "one of " + strings.Join(quoteAll(valid), ", "),
		schema: schema{"enum": valid},
		read: func(c *checker, v *value) (none V, ok bool) {
			if v.kind != isText {
				c.wrongType(v, "one of "+strings.Join(quoteAll(valid), ", "), "")
				return none, false
			}
			i := slices.Index(valid, v.text)
			if i < 0 {
				c.fail(BadValue, v.position(), suggest(v.text, valid), "%s is not valid here", v)
				return none, false
			}
			return words[i].value, true
		},
	}
}

func quoteAll(words []string) []string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return quoted
}

// listOf is a list of values of one form.
func listOf[V any](f form[V]) form[[]V] {
	return form[[]V]{
		words:  "a list of " + f.words,
		link:   "list, each " + f.describe(),
		schema: schema{"type": "array", "items": f.schema},
		defs:   f.defs,
		read: func(c *checker, v *value) ([]V, bool) {
			if v.kind != isList {
				c.wrongType(v, "a list", "")
				return nil, false
			}
			list, all := make([]V, 0, len(v.items)), true
			for _, item := range v.items {
				element, ok := f.read(c, item)
				all = all && ok
				if ok {
					list = append(list, element)
				}
			}
			return list, all
		},
	}
}

// pointer is the same form where its absence is told from its zero value.
func pointer[V any](f form[V]) form[*V] {
	return form[*V]{
		words: f.words, link: f.link, schema: f.schema, defs: f.defs,
		read: func(c *checker, v *value) (*V, bool) {
			element, ok := f.read(c, v)
			return &element, ok
		},
	}
}

// then is a form whose value is looked at once more after it was read.
func (f form[V]) then(check func(c *checker, v *value, element V) (V, bool)) form[V] {
	read := f.read
	f.read = func(c *checker, v *value) (V, bool) {
		element, ok := read(c, v)
		if !ok {
			return element, false
		}
		return check(c, v, element)
	}
	return f
}
