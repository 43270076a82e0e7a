package config

import "slices"

// variants describes objects whose key type says which other keys they have.
type variants[T any] struct {
	name    string // in the JSON schema, and
	title   string // in the reference
	noun    string // in messages: "transport"
	objects []variant[T]

	// later are types of the format that junctor does not have yet.
	later []string

	// hints are for types that people try although there are none.
	hints map[string]string

	// unwanted reports whether the object will not be used anyway, so that a
	// type that is not supported does no harm; may be nil.
	unwanted func(c *checker, v *value) bool
}

// variant is one type.
type variant[T any] struct {
	name   string
	object *object[T]
}

func (vs *variants[T]) form() form[T] {
	return form[T]{
		words:  "an object",
		link:   linkTo(vs.title),
		schema: schema{"$ref": "#/$defs/" + vs.name},
		defs:   []definition{vs},
		read:   vs.read,
	}
}

func (vs *variants[T]) read(c *checker, v *value) (T, bool) {
	var t T
	if v.kind != isObject {
		c.wrongType(v, "an object", "")
		return t, false
	}
	if p, ok := any(&t).(placer); ok {
		p.setPlace(v)
	}
	name, ok := vs.typeOf(c, v)
	if !ok {
		return t, false
	}
	for _, candidate := range vs.objects {
		if candidate.name == name.text {
			return t, candidate.object.readInto(c, v, &t)
		}
	}
	if slices.Contains(vs.later, name.text) {
		return t, vs.reportLater(c, v, name)
	}
	vs.reportUnknown(c, name)
	return t, false
}

func (vs *variants[T]) typeOf(c *checker, v *value) (*value, bool) {
	name := v.get("type")
	switch {
	case name == nil:
		c.fail(MissingKey, v.position(), "valid here: "+joinWords(vs.types()), "the key \"type\" is missing")
	case name.kind != isText:
		c.wrongType(name, "the type of a "+vs.noun, "valid here: "+joinWords(vs.types()))
	default:
		return name, true
	}
	return nil, false
}

// reportLater reports a type that junctor does not have yet. The result is
// whether the object counts nevertheless.
func (vs *variants[T]) reportLater(c *checker, v, name *value) bool {
	if vs.unwanted != nil && vs.unwanted(c, v) {
		c.warn(NotSupported, name.position(), "", "the %s type %s is not yet supported by junctor; it is disabled", vs.noun, name)
		return true
	}
	c.fail(NotSupported, name.position(), "supported: "+joinWords(vs.types()), "the %s type %s is not yet supported by junctor", vs.noun, name)
	return false
}

func (vs *variants[T]) reportUnknown(c *checker, name *value) {
	hint, known := vs.hints[name.text]
	if !known {
		hint = suggest(name.text, vs.allTypes())
	}
	c.fail(BadValue, name.position(), hint, "there is no %s type %s", vs.noun, name)
}

// types returns the types that are supported.
func (vs *variants[T]) types() []string {
	var names []string
	for _, v := range vs.objects {
		names = append(names, v.name)
	}
	return names
}

// allTypes returns the types that the format has.
func (vs *variants[T]) allTypes() []string { return append(vs.types(), vs.later...) }
