package config

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yaml parses the data as YAML: one document, with anchors, aliases and merge
// keys. Plain words that mean booleans to Crossbar.io's YAML 1.1 parser (yes,
// no, on, off) are booleans here too.
func (p *parser) yaml() (*value, *Finding) {
	documents := yaml.NewDecoder(bytes.NewReader(p.data))
	var document yaml.Node
	err := documents.Decode(&document)
	if errors.Is(err, io.EOF) || err == nil && len(document.Content) == 0 {
		return nil, p.problem(1, 1, "the smallest configuration is version: 2", "the file is empty")
	}
	if err != nil {
		return nil, p.yamlSyntax(err)
	}
	var second yaml.Node
	if err := documents.Decode(&second); err == nil {
		return nil, p.problem(second.Line, second.Column, "remove the line ---", "a second YAML document begins here")
	} else if !errors.Is(err, io.EOF) {
		return nil, p.yamlSyntax(err)
	}
	root := &value{}
	return root, p.yamlValue(root, document.Content[0], 1)
}

var (
	yamlLine   = regexp.MustCompile(`^line (\d+): `)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// yamlSyntax says what the parser says, with a line; it knows no column.
func (p *parser) yamlSyntax(err error) *Finding {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlAnchor.FindStringSubmatch(text); m != nil {
		at := bytes.Index(p.data, []byte("*"+m[1]))
		return p.problemAt(at, "define it before with &"+m[1], "the alias *%s stands for nothing", m[1])
	}
	line := p.yamlErrorLine()
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if line == 0 {
			line, _ = strconv.Atoi(m[1])
		}
		text = strings.TrimPrefix(text, m[0])
	}
	return p.problem(line, 0, yamlHint(text), "%s", text)
}

// yamlErrorLine returns the first line that no text beginning like this one can
// go on with, or 0 for long texts. The parser itself names the line where what
// it was reading began, and for some errors the one before.
func (p *parser) yamlErrorLine() int {
	const most = 1000
	lines := bytes.SplitAfter(p.data, []byte("\n"))
	if len(lines) > most {
		return 0
	}
	end := len(p.data)
	for line := len(lines); line > 1; line-- {
		end -= len(lines[line-1])
		if isYAML(p.data[:end]) {
			return line
		}
	}
	return 1
}

func isYAML(data []byte) bool {
	documents := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var document yaml.Node
		if err := documents.Decode(&document); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

func yamlHint(text string) string {
	switch {
	case strings.Contains(text, "cannot start any token"):
		return "indent with spaces, and quote text that begins with @, ` or %"
	case strings.Contains(text, "did not find expected"):
		return "look at the indentation, and for brackets that are not closed"
	}
	return ""
}

// yamlValue turns a YAML node into v.
func (p *parser) yamlValue(v *value, n *yaml.Node, depth int) *Finding {
	v.line, v.column = n.Line, n.Column
	if problem := p.count(depth, n.Line, n.Column); problem != nil {
		return problem
	}
	switch n.Kind {
	case yaml.AliasNode:
		// An alias within what it names ends at the limit of the depth.
		return p.yamlValue(v, n.Alias, depth+1)
	case yaml.SequenceNode:
		return p.yamlList(v, n, depth)
	case yaml.MappingNode:
		return p.yamlObject(v, n, depth)
	default:
		return p.yamlScalar(v, n)
	}
}

func (p *parser) yamlList(v *value, n *yaml.Node, depth int) *Finding {
	v.kind = isList
	for _, content := range n.Content {
		item := &value{}
		if problem := p.yamlValue(item, content, depth+1); problem != nil {
			return problem
		}
		v.add(item)
	}
	return p.yamlTag(n, "!!seq")
}

func (p *parser) yamlObject(v *value, n *yaml.Node, depth int) *Finding {
	v.kind = isObject
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, content)
			continue
		}
		item := &value{}
		if problem := p.yamlKey(item, key); problem != nil {
			return problem
		}
		if problem := p.yamlValue(item, content, depth+1); problem != nil {
			return problem
		}
		v.add(item)
	}
	for _, content := range merged {
		if problem := p.yamlMerge(v, content, depth+1); problem != nil {
			return problem
		}
	}
	return p.yamlTag(n, "!!map")
}

func (p *parser) yamlKey(item *value, key *yaml.Node) *Finding {
	for key.Kind == yaml.AliasNode {
		key = key.Alias
	}
	if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!str" {
		return p.problem(key.Line, key.Column, "put it in quotes if it is a name", "a key must be a string")
	}
	item.key, item.keyLine, item.keyColumn = key.Value, key.Line, key.Column
	return nil
}

// yamlMerge adds the members of a merge key's object, or list of objects, that
// v does not have itself.
func (p *parser) yamlMerge(v *value, n *yaml.Node, depth int) *Finding {
	from := &value{}
	if problem := p.yamlValue(from, n, depth); problem != nil {
		return problem
	}
	objects := []*value{from}
	if from.kind == isList {
		objects = from.items
	}
	for _, object := range objects {
		if object.kind != isObject {
			return p.problem(object.line, object.column, "", "<< merges objects, and this is %s", object.kind)
		}
		for _, item := range object.items {
			if v.get(item.key) == nil {
				v.add(item)
			}
		}
	}
	return nil
}

// yaml11Booleans are the plain words that YAML 1.1 reads as booleans and YAML
// 1.2 as strings.
var yaml11Booleans = map[string]bool{"yes": true, "on": true, "no": false, "off": false}

func (p *parser) yamlScalar(v *value, n *yaml.Node) *Finding {
	plain := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0
	if b, ok := yaml11Booleans[strings.ToLower(n.Value)]; ok && plain && isOneCase(n.Value) {
		v.kind, v.boolean = isBool, b
		return nil
	}
	var err error
	switch n.ShortTag() {
	case "!!null":
		v.kind = isNull
	case "!!bool":
		v.kind, err = isBool, n.Decode(&v.boolean)
	case "!!int":
		if err = n.Decode(&v.integer); err == nil {
			v.kind = isInteger
			return nil
		}
		v.kind, v.text, err = isNumber, n.Value, nil
	case "!!float":
		v.kind, v.text = isNumber, n.Value
	case "!!str", "!!timestamp":
		v.kind, v.text = isText, n.Value
	default:
		return p.yamlTag(n, "a plain value")
	}
	if err != nil {
		return p.problem(n.Line, n.Column, "", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return nil
}

// yamlTag refuses tags that would make something else of a node.
func (p *parser) yamlTag(n *yaml.Node, want string) *Finding {
	if n.ShortTag() == want {
		return nil
	}
	return p.problem(n.Line, n.Column, "remove the tag", "the tag %s has no meaning here", n.ShortTag())
}

// isOneCase reports whether s is written like yes, Yes or YES.
func isOneCase(s string) bool {
	rest := s[1:]
	return rest == strings.ToLower(rest) || s == strings.ToUpper(s)
}
