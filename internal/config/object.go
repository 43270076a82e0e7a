package config

import (
	"fmt"
	"reflect"
)

// object describes the objects that fill a T: which keys there are, what each
// may hold and what it means.
type object[T any] struct {
	name   string // in the JSON schema
	title  string // in the reference
	fields []field[T]

	// lenient says that Crossbar.io accepts unknown keys here without a word,
	// so that they are no error.
	lenient bool

	// strangers are keys that do not belong here although people try them, and
	// what to do instead.
	strangers map[string]string

	begin  func(t *T)                       // makes room for what the fields fill; may be nil
	finish func(c *checker, v *value, t *T) // checks that need several keys; may be nil
}

// field describes one key of an object.
type field[T any] struct {
	key      string
	is       binding[T]
	required bool
	def      string // the default, as JSON, read as if it stood in the file
	absent   string // in words, what happens without the key; instead of def
	doc      string // what it means
	note     string // what Crossbar.io does differently
	added    bool   // unknown to Crossbar.io
}

// binding connects a form with the place in a T that it fills.
type binding[T any] struct {
	words  string // see form
	link   string // see form
	schema schema
	defs   []definition
	read   func(c *checker, v *value, t *T)
	target func() target
}

// target names the struct field that a binding fills.
type target struct {
	owner reflect.Type
	field string
}

// into reads a value of the form into the part of T that at points to.
func into[T, V any](f form[V], at func(*T) *V) binding[T] {
	return binding[T]{
		words: f.words, link: f.describe(), schema: f.schema, defs: f.defs,
		read: func(c *checker, v *value, t *T) {
			if element, ok := f.read(c, v); ok {
				*at(t) = element
			}
		},
		target: func() target {
			t := new(T)
			return targetAt(reflect.ValueOf(t).Elem(), reflect.ValueOf(at(t)).Pointer())
		},
	}
}

func targetAt(owner reflect.Value, address uintptr) target {
	if owner.Kind() != reflect.Struct {
		return target{owner: owner.Type()}
	}
	for i := range owner.NumField() {
		if f := owner.Type().Field(i); owner.Field(i).Addr().Pointer() == address && f.Type.Size() > 0 && !f.Anonymous {
			return target{owner.Type(), f.Name}
		}
	}
	return target{owner: owner.Type()}
}

// ignored is anything, without effect. The sentence says why.
func ignored[T any](why string) binding[T] {
	return binding[T]{
		link: "ignored: " + why, schema: schema{"deprecated": true, "description": "Ignored: " + why + "."},
		read: func(c *checker, v *value, _ *T) {
			c.warn(Ignored, v.keyPosition(), "", "ignored: %s", why)
		},
	}
}

// silent is anything, without effect and without a finding.
func silent[T any]() binding[T] {
	return binding[T]{link: "anything", schema: schema{}, read: func(*checker, *value, *T) {}}
}

// later is part of the format that junctor does not have yet. Nothing changes
// without it where it is empty.
func later[T any](what string) binding[T] {
	return binding[T]{
		link:   "not yet supported: " + what,
		schema: schema{"enum": []any{[]any{}, map[string]any{}}, "description": "Not yet supported: " + what + "."},
		read: func(c *checker, v *value, _ *T) {
			if (v.kind == isList || v.kind == isObject) && len(v.items) == 0 {
				return
			}
			c.fail(NotSupported, v.keyPosition(), "", "%s: not yet supported by junctor", what)
		},
	}
}

// typeIs is the key type of an object that is chosen by it.
func typeIs[T any](name string, at func(*T) *string) field[T] {
	return field[T]{
		key: "type", required: true,
		is: into(oneOf(word[string]{name, name}), at),
	}
}

// typeOnly is the same where the type need not be kept.
func typeOnly[T any](name string) field[T] {
	return field[T]{key: "type", required: true, is: fixed[T](name)}
}

// fixed is a word without an alternative, which need not be kept.
func fixed[T any](name string) binding[T] {
	b := into(oneOf(word[string]{name, name}), func(*T) *string { return new(string) })
	b.target = nil
	return b
}

// nested lets the fields of a U fill the U that a T points to.
func nested[T, U any](at func(*T) *U, fields ...field[U]) []field[T] {
	list := make([]field[T], len(fields))
	for i, f := range fields {
		read := f.is.read
		list[i] = field[T]{
			key: f.key, required: f.required, def: f.def, absent: f.absent, doc: f.doc, note: f.note, added: f.added,
			is: binding[T]{
				words: f.is.words, link: f.is.link, schema: f.is.schema, defs: f.is.defs, target: f.is.target,
				read: func(c *checker, v *value, t *T) { read(c, v, at(t)) },
			},
		}
	}
	return list
}

// form returns the object as the form of a value.
func (o *object[T]) form() form[T] {
	return form[T]{
		words:  "an object",
		link:   linkTo(o.title),
		schema: schema{"$ref": "#/$defs/" + o.name},
		defs:   []definition{o},
		read: func(c *checker, v *value) (T, bool) {
			var t T
			return t, o.readInto(c, v, &t)
		},
	}
}

// placer is a struct of a Node that knows its place.
type placer interface{ setPlace(v *value) }

func (p *Place) setPlace(v *value) { p.v = v }

// readInto fills t from v. It reads on after a problem, to find all of them.
func (o *object[T]) readInto(c *checker, v *value, t *T) bool {
	if v.kind != isObject {
		c.wrongType(v, "an object", "")
		return false
	}
	if p, ok := any(t).(placer); ok {
		p.setPlace(v)
	}
	if o.begin != nil {
		o.begin(t)
	}
	o.checkKeys(c, v)
	for _, f := range o.fields {
		f.readInto(c, v, t)
	}
	if o.finish != nil {
		o.finish(c, v, t)
	}
	return true
}

func (f *field[T]) readInto(c *checker, v *value, t *T) {
	member := v.get(f.key)
	switch {
	case member != nil:
		f.is.read(c, member, t)
	case f.required:
		c.fail(MissingKey, v.position(), "it must be "+f.is.words, "the key %s is missing", quote(f.key))
	case f.def != "":
		f.is.read(c, defaultValue(f.def, v, f.key), t)
	}
}

// checkKeys reports keys that are unknown or stand twice.
func (o *object[T]) checkKeys(c *checker, v *value) {
	for _, item := range v.items {
		if v.get(item.key) != item {
			c.warnDuplicate(v, item)
			continue
		}
		if !o.has(item.key) {
			o.unknown(c, item)
		}
	}
}

// warnDuplicate reports a member of v that a later one with its key replaces.
func (c *checker) warnDuplicate(v, item *value) {
	c.warn(Duplicate, item.keyPosition(), "remove one of the two",
		"the key stands here and in line %d; the last one counts", v.get(item.key).keyLine)
}

func (o *object[T]) has(key string) bool {
	for _, f := range o.fields {
		if f.key == key {
			return true
		}
	}
	return false
}

func (o *object[T]) unknown(c *checker, item *value) {
	hint, known := o.strangers[item.key]
	if !known {
		hint = suggest(item.key, o.keys())
	}
	if o.lenient {
		c.warn(UnknownKey, item.keyPosition(), hint, "unknown key, ignored (by Crossbar.io too)")
		return
	}
	c.fail(UnknownKey, item.keyPosition(), hint, "unknown key")
}

func (o *object[T]) keys() []string {
	keys := make([]string, len(o.fields))
	for i, f := range o.fields {
		keys[i] = f.key
	}
	return keys
}

// defaultValue returns a default as if it stood in the object under the key.
// Its position is the object's.
func defaultValue(text string, parent *value, key string) *value {
	p := &parser{data: []byte(text)}
	v, problem := p.json()
	if problem != nil {
		panic(fmt.Sprintf("config: the default %s of %s is not JSON", text, key)) // a mistake in a table
	}
	v.moveTo(parent.line, parent.column)
	v.fromTable = true
	v.parent, v.key, v.keyLine, v.keyColumn = parent, key, parent.line, parent.column
	return v
}

func (v *value) moveTo(line, column int) {
	v.line, v.column, v.keyLine, v.keyColumn = line, column, line, column
	for _, item := range v.items {
		item.moveTo(line, column)
	}
}
