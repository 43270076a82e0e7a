package dialogue

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// What a script's messages are made of, besides nil, bool, int64, float64 and
// string.
type (
	variable  string   // $name
	anything  struct{} // _
	timestamp struct{} // timestamp
	list      struct {
		items []any
		rest  bool // ended by ...
	}
	dict struct {
		keys   []string
		values []any
		rest   bool
	}
)

// parseMessage parses a list in the notation of scripts.
func parseMessage(text string) (list, error) {
	p := parser{rest: text}
	v, err := p.value()
	if err != nil {
		return list{}, err
	}
	p.space()
	if p.rest != "" {
		return list{}, fmt.Errorf("%q follows the message", p.rest)
	}
	l, ok := v.(list)
	if !ok {
		return list{}, fmt.Errorf("a message is a list, not %s", text)
	}
	return l, nil
}

// parser consumes a text from the front.
type parser struct {
	rest string
}

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// take consumes the token if it comes next.
func (p *parser) take(token string) bool {
	p.space()
	rest, ok := strings.CutPrefix(p.rest, token)
	p.rest = rest
	return ok
}

func (p *parser) value() (any, error) {
	switch {
	case p.take("["):
		return p.list()
	case p.take("{"):
		return p.dict()
	case p.take("$"):
		return p.variable()
	}
	p.space()
	if strings.HasPrefix(p.rest, `"`) {
		return p.string()
	}
	if name := call.FindString(p.rest); name != "" {
		return p.call(strings.TrimSuffix(name, "("))
	}
	return p.word()
}

// call is how a function call begins.
var call = regexp.MustCompile(`^[a-z][a-z0-9_]*\(`)

func (p *parser) call(name string) (any, error) {
	f, ok := proofs[name]
	if !ok {
		return nil, fmt.Errorf("unknown function %q", name)
	}
	p.take(name + "(")
	c := called{name: name}
	_, err := p.elements(")", func() error {
		arg, err := p.value()
		c.args = append(c.args, arg)
		return err
	})
	if err == nil && len(c.args) != f.args {
		err = fmt.Errorf("%s has %d arguments, want %d", name, len(c.args), f.args)
	}
	return c, err
}

func (p *parser) list() (v any, err error) {
	var l list
	l.rest, err = p.elements("]", func() error {
		item, err := p.value()
		l.items = append(l.items, item)
		return err
	})
	return l, err
}

func (p *parser) dict() (v any, err error) {
	var d dict
	d.rest, err = p.elements("}", func() error {
		key, err := p.string()
		if err != nil {
			return err
		}
		if !p.take(":") {
			return fmt.Errorf(`no ":" after key %q`, key)
		}
		value, err := p.value()
		d.keys, d.values = append(d.keys, key), append(d.values, value)
		return err
	})
	return d, err
}

// elements parses what stands in brackets; rest says that ... ended it.
func (p *parser) elements(end string, element func() error) (rest bool, err error) {
	if p.take(end) {
		return false, nil
	}
	for {
		if p.take("...") {
			if !p.take(end) {
				return true, fmt.Errorf(`"..." comes last, before %q`, end)
			}
			return true, nil
		}
		if err := element(); err != nil {
			return false, err
		}
		if p.take(end) {
			return false, nil
		}
		if !p.take(",") {
			return false, fmt.Errorf("want \",\" or %q at %q", end, p.rest)
		}
	}
}

func (p *parser) variable() (any, error) {
	name := p.span(func(c byte) bool { return c == '.' || c == '_' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' })
	if name == "" {
		return nil, fmt.Errorf("want a name after $ at %q", p.rest)
	}
	return variable(name), nil
}

// span consumes the longest prefix of octets that are in a set.
func (p *parser) span(in func(byte) bool) string {
	n := 0
	for n < len(p.rest) && in(p.rest[n]) {
		n++
	}
	s := p.rest[:n]
	p.rest = p.rest[n:]
	return s
}

func (p *parser) string() (string, error) {
	p.space()
	d := json.NewDecoder(strings.NewReader(p.rest))
	var s string
	if err := d.Decode(&s); err != nil {
		return "", fmt.Errorf("want a string at %q: %w", p.rest, err)
	}
	p.rest = p.rest[d.InputOffset():]
	return s, nil
}

// word parses what is written without quotes or brackets.
func (p *parser) word() (any, error) {
	switch w := p.span(func(c byte) bool { return !strings.ContainsRune(" \t,:[](){}", rune(c)) }); w {
	case "null":
		return nil, nil
	case "true", "false":
		return w == "true", nil
	case "_":
		return anything{}, nil
	case "timestamp":
		return timestamp{}, nil
	default:
		if i, err := strconv.ParseInt(w, 10, 64); err == nil {
			return i, nil
		}
		f, err := strconv.ParseFloat(w, 64)
		if err != nil {
			return nil, fmt.Errorf("want a value at %q", w+p.rest)
		}
		return f, nil
	}
}
