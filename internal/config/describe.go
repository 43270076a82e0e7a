package config

import (
	"encoding/json"
	"fmt"
	"strings"
)

// definition is an object or a choice of objects: what gets a section in the
// reference and a definition in the JSON schema.
type definition interface {
	section() Section
	schema() schema
	id() string
	below() []definition // the definitions that this one refers to
}

// Section is a part of the configuration reference.
type Section struct {
	Name     string // unique
	Title    string // of the heading, to which other sections link
	Markdown string // the keys as a table, or the types to choose from
}

// Reference returns the reference of the whole format, from the top level
// down.
func Reference() []Section {
	var sections []Section
	walk(&nodeObject, map[string]bool{}, func(d definition) { sections = append(sections, d.section()) })
	return sections
}

// Schema returns a JSON schema (2020-12) of the whole format, for editors. It
// knows what keys there are and what they hold; what needs more than one key,
// or the environment, only Load checks.
func Schema() []byte {
	defs := schema{}
	walk(&nodeObject, map[string]bool{}, func(d definition) { defs[d.id()] = d.schema() })
	whole := schema{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Configuration of a junctor node",
		"$ref":    "#/$defs/" + nodeObject.name,
		"$defs":   defs,
	}
	text, err := json.MarshalIndent(whole, "", "  ")
	if err != nil {
		panic(err) // the tables hold only strings, numbers, lists and maps
	}
	return append(text, '\n')
}

func walk(d definition, seen map[string]bool, visit func(definition)) {
	if seen[d.id()] {
		return
	}
	seen[d.id()] = true
	visit(d)
	for _, sub := range d.below() {
		walk(sub, seen, visit)
	}
}

func (o *object[T]) id() string { return o.name }

func (o *object[T]) below() []definition {
	var defs []definition
	for _, f := range o.fields {
		defs = append(defs, f.is.defs...)
	}
	return defs
}

func (o *object[T]) section() Section {
	var b strings.Builder
	b.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	for _, f := range o.fields {
		name := "`" + f.key + "`"
		if f.added {
			name += " ⁺"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, cell(f.is.link), cell(f.defaultWords()), cell(f.meaning()))
	}
	return Section{Name: o.name, Title: o.title, Markdown: b.String()}
}

func (f *field[T]) defaultWords() string {
	switch {
	case f.required:
		return "**required**"
	case f.def == "{}":
		return ""
	case f.def != "":
		return "`" + f.def + "`"
	}
	return f.absent
}

func (f *field[T]) meaning() string {
	if f.note == "" {
		return f.doc
	}
	return strings.TrimSpace(f.doc + " *Crossbar.io: " + f.note + "*")
}

// linkTo returns a link to the section with the title, as GitHub and others
// make anchors from headings.
func linkTo(title string) string {
	return "[" + title + "](#" + strings.ReplaceAll(strings.ToLower(title), " ", "-") + ")"
}

// cell makes text fit into a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

func (o *object[T]) schema() schema {
	properties, required := schema{}, []string{}
	for _, f := range o.fields {
		properties[f.key] = f.schema()
		if f.required {
			required = append(required, f.key)
		}
	}
	s := schema{"type": "object", "title": o.title, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	if !o.lenient {
		s["additionalProperties"] = false
	}
	return s
}

func (f *field[T]) schema() schema {
	s := schema{}
	for k, v := range f.is.schema {
		s[k] = v
	}
	if d := f.meaning(); d != "" {
		said, _ := s["description"].(string)
		s["description"] = strings.TrimSpace(plain(d) + " " + said)
	}
	if f.def != "" && f.def != "{}" {
		s["default"] = json.RawMessage(f.def)
	}
	return s
}

// plain removes the few marks of Markdown that the tables use.
func plain(s string) string { return strings.NewReplacer("`", "", "*", "").Replace(s) }

func (vs *variants[T]) id() string { return vs.name }

func (vs *variants[T]) below() []definition {
	defs := make([]definition, len(vs.objects))
	for i, v := range vs.objects {
		defs[i] = v.object
	}
	return defs
}

func (vs *variants[T]) section() Section {
	var b strings.Builder
	b.WriteString("| `type` | |\n|---|---|\n")
	for _, v := range vs.objects {
		fmt.Fprintf(&b, "| `%s` | %s |\n", v.name, linkTo(v.object.title))
	}
	for _, name := range vs.later {
		fmt.Fprintf(&b, "| `%s` | not yet supported |\n", name)
	}
	return Section{Name: vs.name, Title: vs.title, Markdown: b.String()}
}

// schema lets editors check an object against the variant that its type names,
// so that they complain about what is wrong in it and not about the choice.
func (vs *variants[T]) schema() schema {
	names, choices := []string{}, []schema{}
	for _, v := range vs.objects {
		names = append(names, v.name)
		choices = append(choices, schema{
			"if":   schema{"properties": schema{"type": schema{"const": v.name}}, "required": []string{"type"}},
			"then": schema{"$ref": "#/$defs/" + v.object.name},
		})
	}
	return schema{
		"type": "object", "title": vs.title, "required": []string{"type"},
		"properties": schema{"type": schema{"enum": names}},
		"allOf":      choices,
	}
}
