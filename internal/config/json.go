package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// json parses the data as JSON. The syntax is checked in one go first, because
// that is where encoding/json knows the exact offset of an error; the tokens
// then give the tree and, by the decoder's offsets, its positions.
func (p *parser) json() (*value, *Finding) {
	if problem := p.jsonSyntax(); problem != nil {
		return nil, problem
	}
	d := &jsonReader{parser: p, tokens: json.NewDecoder(bytes.NewReader(p.data))}
	d.tokens.UseNumber()
	root := &value{}
	return root, d.read(root, 1)
}

func (p *parser) jsonSyntax() *Finding {
	var whole json.RawMessage
	err := json.Unmarshal(p.data, &whole)
	if err == nil {
		return nil
	}
	offset := len(p.data)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		offset = int(syntax.Offset) - 1
	}
	if len(bytes.TrimSpace(p.data)) == 0 {
		return p.problem(1, 1, `the smallest configuration is {"version": 2}`, "the file is empty")
	}
	if offset+1 >= len(p.data) && strings.Contains(err.Error(), "unexpected end") {
		return p.problemAt(len(p.data), "is a closing bracket or quote missing?", "the JSON text ends too early")
	}
	return p.problemAt(offset, p.jsonHint(offset), "%s", err)
}

// jsonHint recognises what people try in JSON that is not JSON.
func (p *parser) jsonHint(offset int) string {
	if offset < 0 || offset >= len(p.data) {
		return ""
	}
	before := bytes.TrimSpace(p.data[:offset])
	switch c := p.data[offset]; {
	case c == '/' || c == '#':
		return "JSON has no comments; YAML has"
	case c == '\'':
		return "strings stand between double quotes"
	case (c == '}' || c == ']') && bytes.HasSuffix(before, []byte(",")):
		return "remove the comma before it"
	case c == '"':
		return "is a comma missing before it?"
	case offset == 0:
		return "a file named .json must hold JSON"
	}
	return ""
}

// jsonReader builds the tree from tokens. The data is known to be well formed.
type jsonReader struct {
	*parser
	tokens *json.Decoder
}

// read reads one value into v.
func (d *jsonReader) read(v *value, depth int) *Finding {
	v.line, v.column = d.next()
	if problem := d.count(depth, v.line, v.column); problem != nil {
		return problem
	}
	token, err := d.tokens.Token()
	if err != nil {
		return d.problem(v.line, v.column, "", "%s", err)
	}
	switch token := token.(type) {
	case json.Delim:
		return d.container(v, token, depth)
	case string:
		v.kind, v.text = isText, token
	case bool:
		v.kind, v.boolean = isBool, token
	case json.Number:
		v.setNumber(token.String())
	}
	return nil
}

func (d *jsonReader) container(v *value, open json.Delim, depth int) *Finding {
	v.kind = isList
	if open == '{' {
		v.kind = isObject
	}
	for d.tokens.More() {
		item := &value{}
		if v.kind == isObject {
			item.keyLine, item.keyColumn = d.next()
			key, _ := d.tokens.Token()
			item.key, _ = key.(string)
		}
		if problem := d.read(item, depth+1); problem != nil {
			return problem
		}
		v.add(item)
	}
	_, _ = d.tokens.Token() // the closing bracket, known to be there
	return nil
}

// next returns where the next token begins: the decoder stands behind the last
// one, so what separates them is skipped.
func (d *jsonReader) next() (line, column int) {
	offset := int(d.tokens.InputOffset())
	for offset < len(d.data) && strings.IndexByte(" \t\r\n,:", d.data[offset]) >= 0 {
		offset++
	}
	return d.lineColumn(offset)
}

// setNumber sets v from a decimal number as JSON writes it.
func (v *value) setNumber(s string) {
	i, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		v.kind, v.text = isNumber, s
		return
	}
	v.kind, v.integer = isInteger, i
}
