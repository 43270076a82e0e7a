package component

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Decode decodes Extra into what v points to, as encoding/json does, but
// refuses keys that v has no field for; their case counts. Errors name the
// place: "extra.procedures[0].comand: unknown key …". Without Extra, and for
// null, v is left as it is.
func (c Config) Decode(v any) error {
	if len(c.Extra) == 0 || isNull(c.Extra) {
		return nil
	}
	if !json.Valid(c.Extra) {
		return fmt.Errorf("extra: %w", json.Unmarshal(c.Extra, &json.RawMessage{}))
	}
	if err := checkValue("extra", c.Extra, reflect.TypeOf(v)); err != nil {
		return err
	}
	if err := json.Unmarshal(c.Extra, v); err != nil {
		return fmt.Errorf("extra: %w", err)
	}
	return nil
}

func isNull(raw json.RawMessage) bool { return string(bytes.TrimSpace(raw)) == "null" }

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// checkValue reports what is wrong with a value that is to become a t, and
// where: encoding/json tells neither the index in a list nor the place of an
// unknown key.
func checkValue(at string, raw json.RawMessage, t reflect.Type) error {
	for t.Kind() == reflect.Pointer && !t.Implements(unmarshaler) {
		t = t.Elem()
	}
	if isNull(raw) || reflect.PointerTo(t).Implements(unmarshaler) {
		return checkLeaf(at, raw, t)
	}
	switch t.Kind() {
	case reflect.Struct:
		return checkStruct(at, raw, t)
	case reflect.Map:
		return checkKeys(at, raw, func(string) (reflect.Type, error) { return t.Elem(), nil })
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // else a string of base64, or raw JSON
			return checkList(at, raw, t.Elem())
		}
	}
	return checkLeaf(at, raw, t)
}

func checkStruct(at string, raw json.RawMessage, t reflect.Type) error {
	fields := make(map[string]reflect.Type)
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "", name == "-", !f.IsExported():
			continue
		case name == "":
			name = f.Name
		}
		fields[name] = f.Type
	}
	return checkKeys(at, raw, func(key string) (reflect.Type, error) {
		if field, ok := fields[key]; ok {
			return field, nil
		}
		return nil, fmt.Errorf("unknown key; known are %s", strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	})
}

func checkKeys(at string, raw json.RawMessage, typeOf func(key string) (reflect.Type, error)) error {
	var values map[string]json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		return mismatch(at, "an object", raw)
	}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		place := at + "." + key
		t, err := typeOf(key)
		if err != nil {
			return fmt.Errorf("%s: %w", place, err)
		}
		if err := checkValue(place, values[key], t); err != nil {
			return err
		}
	}
	return nil
}

func checkList(at string, raw json.RawMessage, t reflect.Type) error {
	var values []json.RawMessage
	if json.Unmarshal(raw, &values) != nil {
		return mismatch(at, "a list", raw)
	}
	for i, value := range values {
		if err := checkValue(fmt.Sprintf("%s[%d]", at, i), value, t); err != nil {
			return err
		}
	}
	return nil
}

func checkLeaf(at string, raw json.RawMessage, t reflect.Type) error {
	err := json.Unmarshal(raw, reflect.New(t).Interface())
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &wrong):
		return mismatch(at, noun(t), raw)
	}
	return fmt.Errorf("%s: %w", at, err)
}

func mismatch(at, want string, raw json.RawMessage) error {
	const most = 40
	got := string(raw)
	if len(got) > most {
		got = strings.ToValidUTF8(got[:most], "") + "…"
	}
	return fmt.Errorf("%s: want %s, got %s", at, want, got)
}

// noun says in JSON's words what a Go type is read from.
func noun(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, not negative"
	}
	return "a " + t.String()
}
