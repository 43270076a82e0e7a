package router

import (
	"fmt"

	"github.com/junctorio/junctor/wamp"
)

// The methods below read the arguments of a meta procedure: the i-th positional
// one, or the one with that name, as Crossbar.io takes them too. Further
// arguments are ignored (META-3).

// kwarg is the position of an argument that has none.
const kwarg = -1

// arg returns an argument, nil if it is not given.
func (c *metaCall) arg(i int, name string) any {
	if i != kwarg && i < len(c.args) {
		return c.args[i]
	}
	return c.kwargs[name]
}

// id returns an argument that is an ID.
func (c *metaCall) id(i int, name string) (wamp.ID, error) {
	n, ok := c.arg(i, name).(int64)
	if !ok || n < 1 || n > int64(wamp.MaxID) {
		return 0, badArgument("%s: want an ID, an integer from 1 to 2^53", argument(i, name))
	}
	return wamp.ID(n), nil
}

// text returns an argument that is a string.
func (c *metaCall) text(i int, name string) (string, error) {
	s, ok := c.arg(i, name).(string)
	if !ok {
		return "", badArgument("%s: want a string", argument(i, name))
	}
	return s, nil
}

// optionalText returns a string that need not be given.
func (c *metaCall) optionalText(i int, name string) (s string, given bool, err error) {
	if c.arg(i, name) == nil {
		return "", false, nil
	}
	s, err = c.text(i, name)
	return s, true, err
}

// optionalTexts returns a list of strings that need not be given.
func (c *metaCall) optionalTexts(i int, name string) (texts []string, given bool, err error) {
	switch list := c.arg(i, name).(type) {
	case nil:
		return nil, false, nil
	case []any:
		for _, v := range list {
			s, ok := v.(string)
			if !ok {
				return nil, true, badArgument("%s: want a list of strings", argument(i, name))
			}
			texts = append(texts, s)
		}
		return texts, true, nil
	default:
		return nil, true, badArgument("%s: want a list of strings", argument(i, name))
	}
}

// argument names an argument in an error.
func argument(i int, name string) string {
	if i == kwarg {
		return name
	}
	return fmt.Sprintf("argument %d (%s)", i+1, name)
}
