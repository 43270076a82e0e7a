package config

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// Keys describes each key of the format for tests.
func Keys() []Key {
	var keys []Key
	walk(&nodeObject, map[string]bool{}, func(d definition) {
		if o, ok := d.(interface{ testKeys() []Key }); ok {
			keys = append(keys, o.testKeys()...)
		}
	})
	return keys
}

// Key is a key of an object.
type Key struct {
	Object, Key, Doc string
	Owner            reflect.Type // of the struct that it fills; nil if none
	Field            string       // of Owner; "" if it fills something else
	DefaultFindings  Findings     // of its default
	Words            string
}

func (o *object[T]) testKeys() []Key {
	var keys []Key
	for _, f := range o.fields {
		k := Key{Object: o.name, Key: f.key, Doc: f.doc, Words: f.is.link}
		if f.is.target != nil {
			t := f.is.target()
			k.Owner, k.Field = t.owner, t.field
		}
		if f.def != "" {
			c := &checker{}
			t := new(T)
			if o.begin != nil {
				o.begin(t)
			}
			f.is.read(c, defaultValue(f.def, &value{kind: isObject}, f.key), t)
			k.DefaultFindings = c.findings
		}
		keys = append(keys, k)
	}
	return keys
}

// ParseAny parses a text into the values that encoding/json would make of it,
// numbers as json.Number or text.
func ParseAny(data []byte, format Format) (any, *Finding) {
	root, problem := parseTree("f", data, format)
	if problem != nil {
		return nil, problem
	}
	return root.any(), nil
}

func (v *value) any() any {
	switch v.kind {
	case isNull:
		return nil
	case isBool:
		return v.boolean
	case isInteger:
		return json.Number(fmt.Sprint(v.integer))
	case isNumber:
		return json.Number(v.text)
	case isText:
		return v.text
	case isList:
		list := make([]any, len(v.items))
		for i, item := range v.items {
			list[i] = item.any()
		}
		return list
	default:
		object := map[string]any{}
		for _, item := range v.items {
			object[item.key] = v.get(item.key).any()
		}
		return object
	}
}

// Suggest is suggest.
var Suggest = suggest
