package config

import "fmt"

// Place says where in the file a part of the configuration stands, so that
// whoever uses the part can report what is wrong with it. Every struct of a
// Node embeds one. The zero Place, of data not read from a file, has the zero
// Position.
type Place struct {
	v *value
}

// At returns where the value reached by the given steps from here begins: keys
// (string) and list indexes (int), as the file has them. For a value that the
// file leaves out (a default) it is the position of the innermost object that
// is there, with the full path.
func (p Place) At(steps ...any) Position {
	v, missing := p.v, ""
	for _, step := range steps {
		next := v.child(step)
		if next == nil || missing != "" {
			missing += stepText(step)
			continue
		}
		v = next
	}
	pos := v.position()
	if pos.Path == "" && missing != "" && missing[0] == '.' {
		missing = missing[1:]
	}
	pos.Path += missing
	return pos
}

func (v *value) child(step any) *value {
	switch step := step.(type) {
	case string:
		return v.get(step)
	case int:
		if v != nil && v.kind == isList && step >= 0 && step < len(v.items) {
			return v.items[step]
		}
	}
	return nil
}

func stepText(step any) string {
	if i, ok := step.(int); ok {
		return fmt.Sprintf("[%d]", i)
	}
	return fmt.Sprintf(".%v", step)
}

// Problem returns an error finding of kind Unusable at the position.
func (p Position) Problem(hint, format string, args ...any) Finding {
	return Finding{Position: p, Severity: Error, Kind: Unusable, Message: fmt.Sprintf(format, args...), Hint: hint}
}

// Doubt returns a warning finding of kind Unusable at the position.
func (p Position) Doubt(hint, format string, args ...any) Finding {
	f := p.Problem(hint, format, args...)
	f.Severity = Warning
	return f
}
