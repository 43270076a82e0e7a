package router

import (
	"slices"

	"github.com/junctorio/junctor/internal/core"
	"github.com/junctorio/junctor/wamp"
)

// Registrations and subscriptions are told of in the same shapes (section 3.25).

// byPolicy is the result of a list procedure: IDs in the order in which they
// were given.
func byPolicy(ids [3][]wamp.ID) wamp.Dict {
	d := wamp.Dict{}
	for m := wamp.MatchExact; m <= wamp.MatchWildcard; m++ {
		slices.Sort(ids[m])
		d[m.String()] = idValues(ids[m])
	}
	return d
}

// lookup reads the arguments of a lookup procedure.
func (c *metaCall) lookup(name string) (uri wamp.URI, m wamp.Match, err error) {
	text, err := c.text(0, name)
	if err != nil {
		return "", 0, err
	}
	var options wamp.Dict
	switch o := c.arg(1, "options").(type) {
	case nil:
	case wamp.Dict:
		options = o
	default:
		return "", 0, badArgument("argument 2 (options): want a dictionary")
	}
	if word := options["match"]; word != nil {
		text, _ := word.(string)
		var ok bool
		if m, ok = wamp.ParseMatch(text); !ok {
			return "", 0, badArgument("options: match: want exact, prefix or wildcard")
		}
	}
	return wamp.URI(text), m, nil
}

// found is the result of a procedure that answers with an ID or null.
func found(e core.Entry, ok bool) []any {
	if !ok {
		return []any{nil}
	}
	return []any{e.ID}
}

// describe is what is told of an Entry.
func describe(e core.Entry, of wamp.Code) wamp.Dict {
	d := wamp.Dict{
		"id":      e.ID,
		"created": e.Created.UTC().Format(isoTime),
		"uri":     e.URI,
		"match":   e.Match.String(),
	}
	if of == wamp.CodeRegister {
		d["invoke"] = e.Invoke.String()
	}
	return d
}

// isoTime is ISO 8601 as Crossbar.io writes it (RM-1).
const isoTime = "2006-01-02T15:04:05.000Z07:00"

// removal reads the arguments of a procedure that revokes (REV-4, REV-5).
func (c *metaCall) removal(what, whose string) (id, session wamp.ID, reason string, err error) {
	if id, err = c.id(0, what); err != nil {
		return 0, 0, "", err
	}
	if session, err = c.id(1, whose); err != nil {
		return 0, 0, "", err
	}
	reason, _, err = c.optionalText(2, "reason")
	return id, session, reason, err
}

// removed is the answer of such a procedure.
func removed(exists, removed bool, missing wamp.ErrorURI) ([]any, error) {
	switch {
	case !exists:
		return nil, missing
	case !removed:
		return nil, wamp.ErrNoSuchSession
	}
	return nil, nil
}
