package config

import (
	"bytes"
	"fmt"
	"path/filepath"
	"unicode/utf8"
)

// Limits of what is parsed. They are far above any real configuration and keep
// a wrong or malicious file from costing more than a moment.
const (
	maxFileSize = 4 << 20
	maxDepth    = 64
	maxValues   = 200_000 // after YAML aliases are followed
)

// Format is how a configuration is written down.
type Format uint8

// The formats.
const (
	JSON Format = iota
	YAML
)

// FormatOf returns the format of a file by its name's extension: .json, .yaml
// or .yml (the latter is unknown to Crossbar.io).
func FormatOf(name string) (Format, bool) {
	switch filepath.Ext(name) {
	case ".json":
		return JSON, true
	case ".yaml", ".yml":
		return YAML, true
	}
	return 0, false
}

// parseTree returns the file as a tree. A nil value comes with a finding that
// says why.
func parseTree(name string, data []byte, format Format) (*value, *Finding) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	p := &parser{file: name, data: data}
	if len(data) > maxFileSize {
		return nil, p.problem(0, 0, "", "larger than %d octets", maxFileSize)
	}
	if !utf8.Valid(data) {
		return nil, p.problemAt(invalidUTF8(data), "save the file as UTF-8", "the file is not UTF-8 text")
	}
	parse := p.json
	if format == YAML {
		parse = p.yaml
	}
	root, problem := parse()
	if problem != nil {
		return nil, problem
	}
	root.file = name
	return root, nil
}

// parser is what the parsers of both formats share.
type parser struct {
	file   string
	data   []byte
	values int    // made so far
	last   cursor // see lineColumn
}

// count accounts for one more value and refuses what is too much.
func (p *parser) count(depth, line, column int) *Finding {
	if p.values++; p.values > maxValues {
		return p.problem(line, column, "", "more than %d values", maxValues)
	}
	if depth > maxDepth {
		return p.problem(line, column, "", "nested more than %d levels deep", maxDepth)
	}
	return nil
}

func (p *parser) problem(line, column int, hint, format string, args ...any) *Finding {
	return &Finding{
		Position: Position{File: p.file, Line: line, Column: column},
		Severity: Error, Kind: Syntax, Message: fmt.Sprintf(format, args...), Hint: hint,
	}
}

func (p *parser) problemAt(offset int, hint, format string, args ...any) *Finding {
	line, column := p.lineColumn(offset)
	return p.problem(line, column, hint, format, args...)
}

// lineColumn returns where the octet at offset stands, for a reader of the
// text: columns count characters. It counts on from the last offset it was
// asked for, so that asking in order costs one walk through the text.
func (p *parser) lineColumn(offset int) (line, column int) {
	offset = min(max(offset, 0), len(p.data))
	if offset < p.last.offset {
		p.last = cursor{}
	}
	walked := p.data[p.last.offset:offset]
	p.last.offset = offset
	p.last.line += bytes.Count(walked, []byte("\n"))
	if i := bytes.LastIndexByte(walked, '\n'); i >= 0 {
		p.last.column, walked = 0, walked[i+1:]
	}
	p.last.column += utf8.RuneCount(walked)
	return p.last.line + 1, p.last.column + 1
}

// cursor is a place in the text, counted from 0.
type cursor struct {
	offset, line, column int
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}
